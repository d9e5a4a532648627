// Runs `menda` from the checkout as a process, with a home folder and nothing else of ours.
import { spawn } from "node:child_process";
import { join } from "node:path";

const MENDA = join(import.meta.dirname, "..", "..", "bin", "menda");

export interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface RunOptions {
  readonly home: string;
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Another program that runs `menda`. */
  readonly through?: readonly [string, ...string[]];
}

export function menda(
  argv: readonly string[],
  { home, input = "", env = {}, through }: RunOptions,
): Promise<Ran> {
  const [program, ...words] = [...(through ?? []), MENDA, ...argv];
  const child = spawn(program ?? MENDA, words, { env: { PATH: process.env["PATH"], HOME: home, ...env } });
  const seen = { out: "", err: "" };
  child.stdout.on("data", (part) => (seen.out += part));
  child.stderr.on("data", (part) => (seen.err += part));
  child.stdin.on("error", () => undefined).end(input);
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, ...seen }));
  });
}
