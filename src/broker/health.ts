// Is it ready, and is the clock what it was: the questions that an operator's tools ask. Being ready means that a token
// could be written now; it is tried, not guessed, but at most so often.
import type { Clock } from "../io/clock.ts";
import { ok, refusal, type Reply } from "./reply.ts";

export interface Health {
  ready(): Reply;
  /** Returns how many seconds the clock was put, undefined when it was not. */
  clockJump(): number | undefined;
}

export interface HealthOptions {
  readonly clock: Clock;
  readonly steady: Clock;
  /** Writes to the database and looks at the end of the audit. Throws when either fails. */
  probe(): void;
}

/** Seconds for which an answer stands. */
const STANDS = 1;
/** Less is what keeping a clock right does to it. */
const JUMP = 5;

export function createHealth({ clock, steady, probe }: HealthOptions): Health {
  let asked = Number.NEGATIVE_INFINITY;
  let reply = READY;
  let offset = clock.now() - steady.now();
  return {
    ready() {
      if (steady.now() - asked < STANDS && steady.now() >= asked) return reply;
      asked = steady.now();
      try {
        probe();
        reply = READY;
      } catch {
        reply = NOT_READY;
      }
      return reply;
    },
    clockJump() {
      const now = clock.now() - steady.now();
      const jump = now - offset;
      if (Math.abs(jump) < JUMP) return undefined;
      offset = now;
      return jump;
    },
  };
}

const READY = ok({ status: "ready", database: "ok", audit: "ok" });
const NOT_READY = refusal(503, "temporarily_unavailable", "The database or the audit cannot be written.", {
  "Retry-After": "5",
});
