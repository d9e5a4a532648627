// Asks again and again until a person has decided, at the pace that the host wants. It knows no protocol: what an answer
// means it is told.
import { asKeywrightError, type KeywrightError } from "../../errors.ts";
import type { Clock } from "../../io/clock.ts";

/** Seconds by which the pace is slower after each `slow_down` (RFC 8628 §3.5). */
const SLOWER = 5;
/** Seconds: nobody waits longer than this between two questions, however often the network fails. */
const SLOWEST = 60;

export type Polled<T> =
  | { readonly is: "pending" }
  | { readonly is: "slow_down" }
  /** The host is there and cannot answer now, as after a connection that timed out. */
  | { readonly is: "failing"; readonly fault: KeywrightError }
  | { readonly is: "done"; readonly result: T };

export interface Pace {
  readonly clock: Clock;
  /** Resolves after that many seconds. */
  readonly wait: (seconds: number) => Promise<void>;
  readonly interval: number;
  /** Epoch seconds. */
  readonly expiresAt: number;
  /** The error when nobody decided in time. */
  readonly expired: () => KeywrightError;
}

/** The first question comes after one interval, the last when the code has expired. What `ask` throws ends it, but for the network. */
export async function polled<T>(ask: () => Promise<Polled<T>>, pace: Pace): Promise<T> {
  const { clock, wait, expiresAt } = pace;
  let { interval } = pace;
  let failures = 0;
  for (;;) {
    // RFC 8628 §3.5: twice as slow after each connection that timed out.
    const next = Math.min(interval * 2 ** failures, Math.max(interval, SLOWEST));
    await wait(Math.max(1, Math.min(next, expiresAt - clock.now())));
    const answer = await forgiving(ask);
    if (answer.is === "done") return answer.result;
    if (answer.is === "slow_down") interval += SLOWER;
    failures = answer.is === "failing" ? failures + 1 : 0;
    if (clock.now() < expiresAt) continue;
    throw answer.is === "failing" ? answer.fault : pace.expired();
  }
}

async function forgiving<T>(ask: () => Promise<Polled<T>>): Promise<Polled<T>> {
  try {
    return await ask();
  } catch (thrown) {
    const fault = asKeywrightError(thrown);
    if (fault.code !== "network" && fault.code !== "timed_out") throw thrown;
    return { is: "failing", fault };
  }
}
