// What a person sees while a login waits: lines, and on a terminal one more that counts down. Everything goes to standard
// error. It also ends the program when the person does not want to go on.
import { setTimeout as timer } from "node:timers/promises";
import { type Browser, findBrowser, openBrowser } from "../io/open-browser.ts";
import type { CliContext } from "./context.ts";
import type { Room } from "./qr.ts";

/** What a login needs of the terminal, the browser and the clock on the wall; a test stands in for it. */
export interface Screen {
  /** undefined: standard error is no terminal, so nothing is drawn and nothing is said twice. */
  readonly room: Room | undefined;
  /** undefined: there is none, or not where the person sits. */
  readonly browser: Browser | undefined;
  /** True: somebody sits here and can be asked. */
  readonly attended: boolean;
  line(text: string): void;
  /** Takes the place of what it said last; without a terminal it is not said. */
  status(text: string): void;
  /** Takes the status line away. */
  done(): void;
  open(page: string): void;
  /** Resolves after that many seconds, or at once when the signal says that nobody waits. */
  wait(seconds: number, signal?: AbortSignal): Promise<void>;
  /** Ctrl-C: says so, and ends with 130. Returns what takes that back. */
  endable(): () => void;
}

export function screenOf({ env, err }: CliContext): Screen {
  const { stderr, stdin } = process;
  const live = stderr.isTTY === true && env["TERM"] !== "dumb";
  const browser = findBrowser(env);
  let drawn = false;
  const done = (): void => {
    if (drawn) err("\r\u001b[K");
    drawn = false;
  };
  const end = (): void => {
    done();
    err("Aborted.\n");
    process.exit(130);
  };
  return {
    room: live ? { columns: stderr.columns || 80, rows: stderr.rows || 24 } : undefined,
    browser,
    attended: stdin.isTTY === true,
    line(text) {
      done();
      err(`${text}\n`);
    },
    status(text) {
      if (!live) return;
      err(`\r\u001b[K${text.slice(0, (stderr.columns || 80) - 1)}`);
      drawn = true;
    },
    done,
    open(page) {
      if (browser !== undefined) openBrowser(browser, page, env);
    },
    wait: (seconds, signal) => timer(seconds * 1000, undefined, { signal }).catch(() => undefined),
    endable() {
      process.once("SIGINT", end);
      return () => void process.off("SIGINT", end);
    },
  };
}

/** Waits like `wait` does, and shows how much time is left. */
export async function countedDown(
  seconds: number,
  {
    screen,
    left,
    signal,
  }: { readonly screen: Screen; readonly left: () => number; readonly signal?: AbortSignal },
): Promise<void> {
  for (let rest = seconds; rest > 0; rest -= 1) {
    if (signal?.aborted === true) return;
    const remaining = Math.max(0, Math.round(left()));
    screen.status(
      `waiting for you, ${Math.floor(remaining / 60)}:${String(remaining % 60).padStart(2, "0")} left (Ctrl-C to stop)`,
    );
    if (screen.room === undefined) return screen.wait(rest, signal);
    await screen.wait(Math.min(1, rest), signal);
  }
}
