// Runs the program of `keywright run`: it keeps the terminal, gets every signal, and its exit code is handed back. Its output
// passes through here only when something is to be taken out of it.
import { spawn, type ChildProcess, type SpawnOptions } from "node:child_process";
import { constants } from "node:os";
import { KeywrightError } from "../errors.ts";
import type { Environment } from "./spawn.ts";

export interface Program {
  /** Found on the PATH of `env` when it has no slash. */
  readonly file: string;
  readonly argv: readonly string[];
  readonly env: Environment;
  /** Makes a filter for one stream; undefined: the program writes to our own streams itself. */
  readonly filter?: (() => Filter) | undefined;
}

export interface Filter {
  push(bytes: Uint8Array): Buffer;
  end(): Buffer;
}

const PASSED_ON = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGWINCH"] as const;
/** The terminal itself sends these to every process of the foreground. */
const BY_TERMINAL: readonly NodeJS.Signals[] = ["SIGINT", "SIGQUIT", "SIGWINCH"];

/** Returns the exit code: the program's own, or 128 + n when signal n ended it. Throws `backend` with the exit code of a shell when it cannot be started. */
export async function runProgram({ file, argv, env, filter }: Program): Promise<number> {
  let child: ChildProcess | undefined;
  const handlers = PASSED_ON.map((signal) => {
    const shared = BY_TERMINAL.includes(signal) && process.stdin.isTTY === true;
    return [signal, () => void (shared ? undefined : child?.kill(signal))] as const;
  });
  // Before the start: a signal between the two would end us and leave the program behind.
  for (const [signal, handler] of handlers) process.on(signal, handler);
  try {
    const piped = filter === undefined ? "inherit" : "pipe";
    child = started(file, argv, {
      stdio: ["inherit", piped, piped],
      env: definite(env),
      shell: false,
      windowsHide: true,
    });
    const exit = ended(file, child);
    let lost: NodeJS.ErrnoException | undefined;
    if (filter !== undefined) {
      const failed = (error: NodeJS.ErrnoException): void => void (lost ??= error);
      passOn(child.stdout, process.stdout, filter(), failed);
      passOn(child.stderr, process.stderr, filter(), failed);
    }
    const code = await exit;
    if (filter !== undefined) await Promise.all([process.stdout, process.stderr].map(written));
    if (lost !== undefined && lost.code !== "EPIPE") throw outputLost(lost);
    return code;
  } finally {
    for (const [signal, handler] of handlers) process.off(signal, handler);
  }
}

/** What does not fit (a value is larger than one variable may be) is thrown here, whatever is not there comes as an event. */
function started(file: string, argv: readonly string[], options: SpawnOptions): ChildProcess {
  try {
    return spawn(file, argv, options);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code !== "E2BIG") throw new NotStarted(`${file} cannot be started (${code ?? message})`, 126);
    const hint = "One variable holds at most 128 KiB on Linux: give the values as files (--files).";
    throw new NotStarted(`${file} cannot be started: arguments and variables are too large`, 126, hint);
  }
}

/** All that was given to the stream is written, or it has failed. */
function written(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    if (stream.writableLength === 0 || stream.destroyed) return resolve();
    stream.write("", () => resolve());
  });
}

function outputLost({ code, message }: NodeJS.ErrnoException): KeywrightError {
  return new KeywrightError("backend", `what the program wrote could not be passed on (${code ?? message})`, {
    hint: "It ran, but some of its output is lost: make room where it goes.",
  });
}

/** Waits for a slow reader; a reader that is gone ends the program as it would without us. */
function passOn(
  from: NodeJS.ReadableStream | null,
  to: NodeJS.WriteStream,
  filter: Filter,
  failed: (error: NodeJS.ErrnoException) => void,
): void {
  if (from === null) return;
  to.on("error", (error) => {
    failed(error);
    (from as NodeJS.ReadableStream & { destroy(): void }).destroy();
  });
  from.on("data", (bytes: Buffer) => {
    const passed = filter.push(bytes);
    if (passed.length === 0 || to.write(passed)) return;
    from.pause();
    to.once("drain", () => from.resume());
  });
  from.on("end", () => {
    const rest = filter.end();
    if (rest.length > 0) to.write(rest);
  });
}

function ended(file: string, child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once("error", (cause: NodeJS.ErrnoException) => {
      const absent = cause.code === "ENOENT";
      const what = absent ? "was not found" : `cannot be started (${cause.code ?? cause.message})`;
      reject(new NotStarted(`${file} ${what}`, absent ? 127 : 126));
    });
    child.once("close", (code, signal) =>
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])),
    );
  });
}

/** With the exit code that a shell gives. */
export class NotStarted extends KeywrightError {
  readonly exitCode: 126 | 127;

  constructor(
    message: string,
    exitCode: 126 | 127,
    hint = "Name a program that is on the PATH, or its whole path.",
  ) {
    super("usage", message, { hint });
    this.exitCode = exitCode;
  }
}

function definite(env: Environment): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined));
}
