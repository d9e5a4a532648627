// Starts other programs: always a file with a list of arguments, never a shell. It does not search the PATH.
import { spawn, type ChildProcess } from "node:child_process";
import { constants } from "node:os";
import type { Readable } from "node:stream";
import { KeywrightError } from "../errors.ts";
import { endGroup, guardGroup, HAS_GROUPS } from "./process-group.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Runs a program that takes over standard input, output and error, and returns its exit code (128 + n when signal n ended
 * it). Signals that arrive here meanwhile go to the program. Throws `backend` when it cannot be started.
 */
export async function spawnInherit(file: string, argv: readonly string[], env: Environment): Promise<number> {
  let child: ChildProcess | undefined;
  const pass = (signal: NodeJS.Signals): void => void child?.kill(signal);
  // Before the start: a signal between the two would end us and leave the program behind.
  for (const signal of PASSED_ON) process.on(signal, pass);
  try {
    child = spawn(file, argv, { stdio: "inherit", env: definite(env), shell: false, windowsHide: true });
    return await ended(file, child);
  } finally {
    for (const signal of PASSED_ON) process.off(signal, pass);
  }
}

export interface Captured {
  readonly code: number;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
}

export interface CaptureOptions {
  readonly env: Environment;
  /** What the program reads on standard input; undefined: nothing, it is no pipe (which some programs take for a value). */
  readonly input?: string | Uint8Array | undefined;
  /** Seconds after which the program is killed. */
  readonly limit: number;
  /** Bytes of output (both streams together) after which the program is killed; undefined: 1 MiB. */
  readonly most?: number | undefined;
  /** The folder that it works in; undefined: ours. */
  readonly cwd?: string | undefined;
  /**
   * True: it and all that it starts are a group, which ends as a whole: past a limit, and when a signal ends us. It
   * has no controlling terminal then.
   */
  readonly together?: boolean | undefined;
  /** Ends what works for it outside of its group; told what it wrote on standard error until then. */
  readonly alsoEnd?: ((said: string) => void) | undefined;
}

/** Runs a program and returns what it wrote. Throws `timed_out` past the limit, `backend` when it cannot be started or writes too much. */
export async function spawnCapture(
  file: string,
  argv: readonly string[],
  options: CaptureOptions,
): Promise<Captured> {
  if (options.together !== true || !HAS_GROUPS) return capture(file, argv, options);
  let kill: (() => void) | undefined;
  const unguard = guardGroup(() => kill?.());
  try {
    return await capture(file, argv, options, (started) => (kill = started));
  } finally {
    unguard();
  }
}

/** `started` is told at once how the program is ended. */
async function capture(
  file: string,
  argv: readonly string[],
  { env, input, limit, most = 1024 * 1024, cwd, together = false, alsoEnd }: CaptureOptions,
  started?: (kill: () => void) => void,
): Promise<Captured> {
  const grouped = together && HAS_GROUPS;
  const stdio = [input === undefined ? "ignore" : "pipe", "pipe", "pipe"] as const;
  const how = { env: definite(env), cwd, detached: grouped, shell: false, windowsHide: true };
  const child = spawn(file, argv, { ...how, stdio: [...stdio] });
  const kill = (): void => {
    if (!grouped) child.kill("SIGKILL");
    else if (child.pid !== undefined) endGroup(child.pid);
    alsoEnd?.(Buffer.concat(stderr).toString());
  };
  started?.(kill);
  let fault: KeywrightError | undefined;
  const end = (code: "timed_out" | "backend", message: string): void => {
    fault ??= new KeywrightError(code, message);
    kill();
    // A grandchild may hold the other ends open: what it writes is not waited for.
    child.stdout?.destroy();
    child.stderr?.destroy();
  };
  const [stdout, stderr] = collected([child.stdout, child.stderr], most, () =>
    end("backend", `${file} wrote more than ${most} bytes`),
  );
  // A program that does not read its input closes the pipe: no failure of ours.
  child.stdin?.on("error", () => {});
  child.stdin?.end(input);
  const timer = setTimeout(() => end("timed_out", `${file} took longer than ${limit} s`), limit * 1000);
  try {
    const code = await ended(file, child);
    if (fault !== undefined) throw fault;
    return { code, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr) };
  } finally {
    clearTimeout(timer);
  }
}

type Chunks = readonly Buffer[];

/** What both streams bring; `tooMuch` is called once they bring more than `most` bytes together. */
function collected(
  streams: readonly [Readable | null, Readable | null],
  most: number,
  tooMuch: () => void,
): readonly [Chunks, Chunks] {
  let size = 0;
  const collect = (stream: Readable | null): Chunks => {
    const chunks: Buffer[] = [];
    stream?.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size > most) tooMuch();
      else chunks.push(chunk);
    });
    return chunks;
  };
  return [collect(streams[0]), collect(streams[1])];
}

const PASSED_ON = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

function ended(file: string, child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once("error", (cause: NodeJS.ErrnoException) => {
      reject(
        new KeywrightError("backend", `${file} cannot be started (${cause.code ?? cause.message})`, {
          cause,
          hint: "Check that it is there, executable, and that the interpreter in its first line exists.",
        }),
      );
    });
    child.once("close", (code, signal) => {
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
    });
  });
}

function definite(env: Environment): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined));
}
