// Proof that a question which is denied, unknown or malformed touches nothing: strace watches a real application, and
// between the marks around such a question it sees no process, no file, no socket; for an allowed one it sees them.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { gopassFolders } from "./oracle/gopass.ts";

const APPLICATION = join(import.meta.dirname, "untouched-application.ts");

/** Every call that takes a path, all that has to do with sockets, all that makes or replaces a process. */
const TRACED = "%file,%network,fork,vfork,clone,clone3,write";

const DENIED = [
  ["by_program", "execution", "denied"],
  ["by_file", "execution", "denied"],
  ["by_network", "execution", "denied"],
  ["by_deny", "research", "denied"],
  ["without_reason", "research", "denied"],
  ["nothing", "research", "unknown"],
  ["../red/by_program", "research", "unknown"],
  ["by_program\n", "research", "unknown"],
  ["", "research", "unknown"],
  ["by_program", "market-data", "configuration"],
  ["by_program", "", "configuration"],
] as const;

const ALLOWED = [
  ["by_program", "research", "answered"],
  ["by_file", "research", "answered"],
  ["by_network", "research", "network"],
] as const;

interface Seen {
  readonly outcome: string;
  /** The system calls, without the marks. */
  readonly calls: readonly string[];
}

function watched(t: TestContext): { readonly seen: ReadonlyMap<string, Seen>; readonly folder: string } {
  const folder = mkdtempSync(join(tmpdir(), "keywright-untouched-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const secrets = join(folder, "secrets");
  mkdirSync(secrets, { mode: 0o700 });
  writeFileSync(join(secrets, "key"), "a value", { mode: 0o600 });
  const trace = join(folder, "trace");
  const questions = JSON.stringify([...DENIED, ...ALLOWED]);
  const command = [process.execPath, APPLICATION, JSON.stringify(configOf(secrets)), questions];
  const watch = ["-f", "-qq", "-e", `trace=${TRACED}`, "-e", "signal=none", "-o", trace];
  const own = { PATH: gopassFolders(folder).there, HOME: folder, VAULT_TOKEN: "t" };
  const env = ["env", "-i", ...Object.entries(own).map((pair) => pair.join("="))];
  const { status, stderr, error } = spawnSync("strace", [...watch, ...env, ...command], {
    encoding: "utf8",
    timeout: 60_000,
  });
  assert.ifError(error);
  assert.equal(status, 0, stderr);
  return { seen: sections(readFileSync(trace, "utf8")), folder };
}

function configOf(folder: string): unknown {
  const vault = { address: "http://127.0.0.1:1", auth: { method: "token", token_env: "VAULT_TOKEN" } };
  return {
    stores: {
      program: { backend: "gopass", root: "mxm/red" },
      files: { backend: "file", options: { folder } },
      network: { backend: "vault", options: vault },
    },
    refs: {
      by_program: { store: "program", path: "marketdata/key", policy: "access" },
      by_file: { store: "files", path: "key", policy: "access" },
      by_network: { store: "network", path: "key", policy: "access" },
      by_deny: { store: "program", path: "marketdata/key", policy: "denying" },
      without_reason: { store: "program", path: "marketdata/key", policy: "reasoned" },
    },
    policies: {
      access: { allowed_principals: ["research"] },
      denying: { allowed_principals: ["research"], deny: [{ name: "not_in_dev", environments: ["dev"] }] },
      reasoned: { grants: [{ name: "with_reason", principals: ["research"], reason_required: true }] },
    },
  };
}

/** What lies between each pair of marks, by the word after `begin`. */
function sections(trace: string): ReadonlyMap<string, Seen> {
  const found = new Map<string, Seen>();
  let name: string | undefined;
  let calls: string[] = [];
  for (const line of trace.split("\n")) {
    const [, kind, which = "", outcome = ""] = /write\(1, "(begin|end) (\w+) ?(\w*)\\n"/.exec(line) ?? [];
    if (kind === "begin") [name, calls] = [which, []];
    else if (kind === "end") {
      found.set(which, { outcome, calls });
      name = undefined;
    } else if (name !== undefined && !isOwnNoise(line)) calls.push(line);
  }
  return found;
}

/** The runtime's threads wake each other by writes to an eventfd; they open nothing. */
function isOwnNoise(line: string): boolean {
  return /^\d+\s+write\(\d+, "\\1\\0\\0\\0\\0\\0\\0\\0", 8\)|resumed>/.test(line);
}

test("denied, unknown and malformed questions start no process, open no file, make no socket; allowed ones do", (t) => {
  const { seen, folder } = watched(t);
  assert.deepEqual(seen.get("load"), { outcome: "loaded", calls: [] });
  for (const [at, [name, role, outcome]] of DENIED.entries())
    assert.deepEqual(seen.get(String(at)), { outcome, calls: [] }, `${name} as ${role}`);
  const [program, file, network] = ALLOWED.map(([name, , outcome], at) => {
    const one = seen.get(String(DENIED.length + at));
    assert.equal(one?.outcome, outcome, `${name}: ${one?.calls.join("\n")}`);
    return one.calls.join("\n");
  });
  assert.match(program ?? "", new RegExp(`execve\\("${folder}/there/gopass", \\[.*"show"`));
  assert.match(file ?? "", /open(at)?\(.*\/secrets\/key"|openat\(.*"key"/);
  assert.match(network ?? "", /connect\(\d+, \{sa_family=AF_INET, sin_port=htons\(1\)/);
});
