// Our programs in both forms in which people run them (from the checkout under Node, and the executable), and a way to
// run them that sees their output, and that never waits for ever.
import { spawn } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { TestContext } from "node:test";

export const ROOT = join(import.meta.dirname, "..", "..");

export type Program = "keyring" | "keywright" | "menda";

export interface Form {
  readonly name: "checkout" | "executable";
  program(name: Program): string;
}

/** `npm test` builds the executable before these tests run. */
const executable = join(ROOT, "build", "keywright");
if (!existsSync(executable)) throw new Error("build/keywright is missing: npm run build:exe");
const links = mkdtempSync(join(realpathSync(tmpdir()), "keywright-names-"));
process.on("exit", () => rmSync(links, { recursive: true, force: true }));
for (const name of ["keyring", "keywright", "menda"]) symlinkSync(executable, join(links, name));

export const FORMS: readonly Form[] = [
  { name: "checkout", program: (name) => join(ROOT, "bin", name) },
  { name: "executable", program: (name) => join(links, name) },
];

export interface RunOptions {
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string | undefined;
  readonly input?: string | undefined;
  /** Only root can become somebody else. */
  readonly uid?: number | undefined;
}

export interface Ran {
  readonly pid: number;
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program that must end within a minute. */
export function run(file: string, argv: readonly string[], options: RunOptions): Promise<Ran> {
  const { env, cwd, input = "", uid } = options;
  const child = spawn(file, argv, {
    env: { PATH: "/usr/bin:/bin", ...env },
    timeout: 60_000,
    killSignal: "SIGKILL",
    ...(cwd === undefined ? {} : { cwd }),
    ...(uid === undefined ? {} : { uid, gid: uid }),
  });
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  child.stdin.on("error", () => undefined);
  child.stdin.end(input);
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ pid: child.pid ?? 0, code, stdout, stderr }));
  });
}

export function temporary(t: TestContext, name: string): string {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), `keywright-${name}-`));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Writes files that only their owner may read, with the folders above them. */
export function plant(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeFileSync(path, text, { mode: 0o600 });
  }
}
