// What a command may touch, passed in so that a test can stand in for the terminal.
import type { Clock } from "../io/clock.ts";
import type { Log } from "../io/log.ts";

export interface CliContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The home folder; undefined when there is none. */
  readonly home: string | undefined;
  readonly clock: Clock;
  /** undefined: nobody asked for one. */
  readonly log?: Log | undefined;
  /** True: standard output is a terminal, where a secret would be seen and remembered. */
  readonly terminal?: boolean | undefined;
  /** Says the exit code of a command that ends well, when it is not 0. */
  exit?(code: number): void;
  /** The file that has to be started for one of our names (program-names.ts); undefined in tests that start none. */
  readonly programFile?: ((name: string) => string) | undefined;
  /** Writes to standard output, at once. */
  out(text: string): void;
  /** Writes to standard error, at once. */
  err(text: string): void;
}
