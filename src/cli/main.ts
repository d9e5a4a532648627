#!/usr/bin/env node
// The executable: one program under many names. It finds out by which it was called and runs that; each name loads its
// own part only.
import { realpathSync, writeSync } from "node:fs";
import { basename, isAbsolute, join } from "node:path";
import { systemClock } from "../io/clock.ts";
import type { CliContext } from "./context.ts";

interface Called {
  readonly name: string;
  readonly argv: readonly string[];
  /** Real path of what the user started, so that `keyring` never passes a question on to itself; looked up when asked for. */
  self(): string;
  /** The checkout has a wrapper for each name; everywhere else it is one file. */
  readonly wrappers?: string;
}

const { name, argv, self, wrappers } = called();
const context: CliContext = {
  env: process.env,
  home: homeOf(process.env),
  clock: systemClock,
  get terminal() {
    return process.stdout.isTTY === true;
  },
  log: await logOf(process.env["KEYWRIGHT_LOG"]),
  programFile: (wanted) => (wrappers === undefined ? self() : join(wrappers, wanted)),
  out: (text) => write(1, text),
  err: (text) => write(2, text),
};
process.exitCode = await run();

/** Off, it costs not even the loading. */
async function logOf(level: string | undefined): Promise<CliContext["log"]> {
  if (level === undefined || level === "") return undefined;
  const { createLog } = await import("../io/log.ts");
  return createLog(level, (text) => write(2, text));
}

async function run(): Promise<number> {
  if (name === "keyring") {
    const { runKeyringCommand } = await import("./keyring-command.ts");
    return runKeyringCommand(argv, context, self);
  }
  if (name === "menda") {
    const { runMenda } = await import("./menda.ts");
    return runMenda(argv, context);
  }
  if (name === "mxm-config") {
    const { runMxmConfig } = await import("./mxm-config.ts");
    return runMxmConfig(argv, context);
  }
  if (name === "mxm-secrets") {
    const { runMxmSecrets } = await import("./mxm-secrets.ts");
    return runMxmSecrets(argv, context);
  }
  if (argv.length === 1 && argv[0] === "keyring-backend") {
    const { runKeyringBackend } = await import("./keyring-backend.ts");
    return runKeyringBackend(context);
  }
  const { runKeywright } = await import("./keywright.ts");
  return runKeywright(argv, context);
}

/**
 * bin/checkout.mjs gets the program in its first argument, the wheel without an executable the path of its script there,
 * an installed npm package has it in argv[1], and the executable in argv[0] (Bun keeps it in process.argv0).
 */
function called(): Called {
  const words = process.argv.slice(2);
  const script = process.argv[1] ?? "";
  if (import.meta.url.includes("$bunfs") || import.meta.url.includes("~BUN")) {
    return { name: programName(process.argv0), argv: words, self: () => realpathSync(process.execPath) };
  }
  if (basename(script) === "wheel.mjs") {
    const [started = script, ...rest] = words;
    return { name: programName(started), argv: rest, self: () => realpathSync(started) };
  }
  if (basename(script) !== "checkout.mjs")
    return { name: programName(script), argv: words, self: () => realpathSync(script) };
  const [wrapper = "keywright", ...rest] = words;
  const bin = join(import.meta.dirname, "..", "..", "bin");
  return { name: wrapper, argv: rest, self: () => join(bin, wrapper), wrappers: bin };
}

function programName(path: string): string {
  return basename(path.replaceAll("\\", "/")).replace(/\.(exe|js|cmd)$/i, "");
}

function homeOf(env: NodeJS.ProcessEnv): string | undefined {
  const home = env["HOME"] ?? env["USERPROFILE"];
  // A relative one would let the folder in which somebody stands say where credentials go.
  return home !== undefined && isAbsolute(home) ? home : undefined;
}

/** Writes at once and wholly; a pipe that is full is waited for, one that nobody reads ends the program quietly. */
function write(file: 1 | 2, text: string): void {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length;) {
    try {
      at += writeSync(file, bytes, at);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "EAGAIN") continue;
      if (code === "EPIPE") process.exit(file === 1 ? 141 : 1);
      throw error;
    }
  }
}
