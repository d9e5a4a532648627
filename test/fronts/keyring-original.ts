// Runs the command line of the real keyring (Python) over many calls in one process, against a backend that knows one service.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A Python that has keyring 25.7.0 installed. */
export const PYTHON =
  process.env["KEYWRIGHT_TEST_MENDA_PYTHON"] ??
  join(import.meta.dirname, "../../node_modules/.cache/keywright/menda/bin/python");

const DRIVER = `
import contextlib, io, json, sys, traceback
import keyring
from keyring import backend, cli, credentials, errors

class Known(backend.KeyringBackend):
    priority = 1
    def get_password(self, service, username):
        return "secret" if service == "https://known.example/simple/" else None
    def get_credential(self, service, username):
        found = self.get_password(service, username)
        return found and credentials.SimpleCredential("user", found)
    def set_password(self, service, username, password):
        if self.get_password(service, username) is None: raise errors.PasswordSetError("unknown")
    def delete_password(self, service, username):
        if self.get_password(service, username) is None: raise errors.PasswordDeleteError("unknown")

keyring.set_keyring(Known())
sys.argv[0] = "keyring"
answers = []
for argv in json.load(sys.stdin):
    out, err, sys.stdin = io.StringIO(), io.StringIO(), io.StringIO("password\\n")
    code = 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            cli.main(argv)
        except SystemExit as end:
            code = end.code or 0
        except Exception:
            traceback.print_exc()
            code = 1
    answers.append(dict(code=code, stdout=out.getvalue(), stderr=err.getvalue()))
json.dump(dict(version=sys.version_info[:3], answers=answers), sys.stdout)
`;

export function askOriginal(calls: readonly (readonly string[])[]): {
  readonly version: readonly [number, number, number];
  readonly answers: readonly Outcome[];
} {
  const run = spawnSync(PYTHON, ["-c", DRIVER], {
    input: JSON.stringify(calls),
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
    env: { PATH: process.env["PATH"] ?? "", HOME: "/nonexistent", COLUMNS: "80" },
  });
  assert.equal(run.error, undefined, `${PYTHON} must be a Python with keyring 25.7.0`);
  assert.equal(run.status, 0, run.stderr);
  return JSON.parse(run.stdout);
}
