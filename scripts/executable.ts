// Compiles the whole program to one file with Bun, for this machine or for another. It fetches nothing: the runtime of
// another platform is passed in (bun-runtime.ts). The last four flags are what keeps the executable from reading .env,
// bunfig.toml, tsconfig.json and package.json of the folder it is started in.
import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";

export const ROOT = join(import.meta.dirname, "..");

const FLAGS = [
  "build",
  "--compile",
  "--format=esm",
  "--bytecode",
  "--minify",
  "--splitting",
  "--no-compile-autoload-dotenv",
  "--no-compile-autoload-bunfig",
  "--no-compile-autoload-tsconfig",
  "--no-compile-autoload-package-json",
];

export interface Compilation {
  readonly outfile: string;
  /** What is compiled; undefined: keywright. */
  readonly entry?: string | undefined;
  /** Bun's name of another platform, and the file of its runtime; undefined: this machine, this Bun. */
  readonly other?: { readonly target: string; readonly runtime: string } | undefined;
}

/** Throws what Bun said when it fails, also when an import is left unresolved. */
export function compileExecutable({ outfile, entry, other }: Compilation): void {
  mkdirSync(dirname(outfile), { recursive: true });
  const cross =
    other === undefined ? [] : [`--target=${other.target}`, `--compile-executable-path=${other.runtime}`];
  bun([...FLAGS, ...cross, `--outfile=${outfile}`, entry ?? join(ROOT, "src/cli/main.ts")]);
}

/** Runs the Bun of the dev dependencies in the checkout. */
export function bun(args: readonly string[]): void {
  const program = join(ROOT, "node_modules", ".bin", "bun");
  const { status, error, stderr } = spawnSync(program, args, { cwd: ROOT, encoding: "utf8" });
  if (status !== 0) throw new Error(`bun ${args[0]} ended with ${status}\n${error ?? stderr}`);
}
