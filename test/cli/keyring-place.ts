// A folder with several keyrings in it, for tests that walk along a PATH.
import { spawn } from "node:child_process";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { TestContext } from "node:test";
import { PYTHON } from "../fronts/keyring-original.ts";

const ENTRY = join(import.meta.dirname, "keyring-entry.ts");

export interface Ran {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Place {
  readonly root: string;
  /** Writes an executable shell script; returns its path. */
  script(name: string, body: string): string;
  /** A copy of keywright's keyring; returns its path. */
  ours(name: string): string;
  /** The real keyring with a backend that keeps passwords in a file; returns its path. */
  original(name: string): string;
  /** A fake keyring that writes down how it was called and answers `foreign`. */
  recorder(name: string): string;
  /** How the recorders were called, one line a call. */
  recorded(): readonly string[];
  run(file: string, argv: readonly string[], options: RunOptions): Promise<Ran>;
}

export interface RunOptions {
  readonly path: readonly string[];
  readonly input?: string;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

const BACKEND = `
import json, os
from keyring import backend, errors

class Keyring(backend.KeyringBackend):
    priority = 5
    file = os.environ["FILE_BACKEND"]
    def load(self):
        return json.load(open(self.file)) if os.path.exists(self.file) else {}
    def get_password(self, service, username):
        return self.load().get(service + "|" + username)
    def set_password(self, service, username, password):
        json.dump({**self.load(), service + "|" + username: password}, open(self.file, "w"))
    def delete_password(self, service, username):
        held = self.load()
        if held.pop(service + "|" + username, None) is None:
            raise errors.PasswordDeleteError("not found")
        json.dump(held, open(self.file, "w"))
`;

export function place(t: TestContext): Place {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "keyring-")));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const log = join(root, "log");
  const script = (name: string, body: string): string => {
    const file = join(root, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `#!/bin/sh\n${body}\n`);
    chmodSync(file, 0o755);
    return file;
  };
  return {
    root,
    script,
    ours: (name) => script(name, `exec '${process.execPath}' '${ENTRY}' '${join(root, name)}' "$@"`),
    original(name) {
      writeFileSync(join(root, "filebackend.py"), BACKEND);
      const python = "import sys; sys.argv[0] = 'keyring'; from keyring.cli import main; sys.exit(main())";
      return script(
        name,
        `export PYTHONPATH='${root}' PYTHON_KEYRING_BACKEND=filebackend.Keyring FILE_BACKEND='${root}/held.json'\nexec '${PYTHON}' -c "${python}" "$@"`,
      );
    },
    recorder: (name) => script(name, `echo "${name}: $*" >>'${log}'\necho foreign`),
    recorded() {
      try {
        return readFileSync(log, "utf8").trimEnd().split("\n");
      } catch {
        return [];
      }
    },
    run: (file, argv, options) => ran(file, argv, root, options),
  };
}

function ran(file: string, argv: readonly string[], root: string, options: RunOptions): Promise<Ran> {
  const child = spawn(file, argv, {
    cwd: options.cwd ?? root,
    env: { PATH: options.path.join(":"), HOME: join(root, "home"), ...options.env },
    // Nobody waits longer: a loop of keyrings must end by itself.
    timeout: 5000,
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  child.stdin.on("error", () => {});
  child.stdin.end(options.input ?? "");
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
}
