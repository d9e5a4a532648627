// A program that runs on beside this one and is spoken to in lines: over its standard input and output. Its error output is
// dropped. It does not keep this process alive, and its input ends when this process does.
import { spawn } from "node:child_process";
import { KeywrightError } from "../errors.ts";
import { endGroup, HAS_GROUPS } from "./process-group.ts";
import type { Environment } from "./spawn.ts";

export interface LineProgramOptions {
  readonly env: Environment;
  /** The folder that it works in. */
  readonly cwd: string;
  /** Characters of one line after which it is ended. */
  readonly most: number;
  /** Hears each line that it writes, without the newline. */
  readonly onLine: (line: string) => void;
  /** Called once, when it cannot be started, has ended by itself or has written a line that is too long; never after `end`. */
  readonly onEnd: (reason: KeywrightError) => void;
}

export interface LineProgram {
  /** Sends a line; `line` holds no newline. */
  send(line: string): void;
  /** Ends it and all that it started, at once. */
  end(): void;
}

export function startLineProgram(
  file: string,
  argv: readonly string[],
  options: LineProgramOptions,
): LineProgram {
  const { env, cwd, most, onLine, onEnd } = options;
  const child = spawn(file, argv, {
    stdio: ["pipe", "pipe", "ignore"],
    env: Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined)),
    cwd,
    detached: HAS_GROUPS,
    shell: false,
    windowsHide: true,
  });
  let over = false;
  const end = (): void => {
    over = true;
    if (child.pid === undefined || child.exitCode !== null) return;
    if (HAS_GROUPS) endGroup(child.pid);
    else child.kill("SIGKILL");
  };
  const failed = (fault: string, hint: string): void => {
    if (over) return;
    end();
    onEnd(new KeywrightError("backend", `${file} ${fault}`, { hint }));
  };
  child.on("error", (error: NodeJS.ErrnoException) =>
    failed(`cannot be started (${error.code})`, START_HINT),
  );
  child.on("close", () =>
    failed("ended before it had answered", "Run it by hand, and look at what it says."),
  );
  child.stdin.on("error", () => undefined); // it does not read any more: `close` follows
  linesOf(
    child.stdout,
    most,
    (line) => over || onLine(line),
    () => failed("wrote a line that is too long", TOO_LONG),
  );
  unref(child, child.stdin, child.stdout);
  return { send: (line) => void child.stdin.write(`${line}\n`), end };
}

const START_HINT = "Check that it is there, executable, and that the interpreter in its first line exists.";
const TOO_LONG = "A value may have 1 MB.";

function linesOf(
  stream: NodeJS.ReadableStream,
  most: number,
  onLine: (line: string) => void,
  tooLong: () => void,
): void {
  let parts: string[] = [];
  let size = 0;
  stream.setEncoding("utf8");
  stream.on("data", (text: string) => {
    const [first = "", ...more] = text.split("\n");
    parts.push(first);
    size += first.length;
    for (const next of more) {
      onLine(parts.join(""));
      parts = [next];
      size = next.length;
    }
    if (size > most) tooLong();
  });
}

/** Whoever waits for an answer has a timer that keeps this process alive; nobody else needs to. */
function unref(...handles: readonly object[]): void {
  for (const handle of handles) (handle as { unref?: () => void }).unref?.();
}
