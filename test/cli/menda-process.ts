// Runs `menda` from the checkout as a process, with a home folder and nothing else of ours.
import { spawn } from "node:child_process";
import { join } from "node:path";

const BIN = join(import.meta.dirname, "..", "..", "bin");

export interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface RunOptions {
  readonly home: string;
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Of ours; `menda` when undefined. */
  readonly program?: "menda" | "keywright";
  /** Another program that runs it. */
  readonly through?: readonly [string, ...string[]];
}

export function menda(
  argv: readonly string[],
  { home, input = "", env = {}, program: name = "menda", through }: RunOptions,
): Promise<Ran> {
  const [program = "", ...words] = [...(through ?? []), join(BIN, name), ...argv];
  const child = spawn(program, words, { env: { PATH: process.env["PATH"], HOME: home, ...env } });
  const seen = { out: "", err: "" };
  child.stdout.on("data", (part) => (seen.out += part));
  child.stderr.on("data", (part) => (seen.err += part));
  child.stdin.on("error", () => undefined).end(input);
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, ...seen }));
  });
}
