// How often a code may be entered wrongly (RFC 8628 section 5.1): by one browser, one address, one account, and by all
// strangers together. In memory: a restart forgets, which gives each guesser five more.
//
// The odds. A code is one of 20^8 = 25,600,000,000. With one login waiting, five tries hit it once in 5,120,000,000
// attempts (2^-32). However many addresses a guesser has, all strangers together have 30 wrong tries a minute, 300
// within the ten minutes that a code lives: with one login waiting that hits once in 85 million attacks of ten minutes,
// with 5000, more than which never wait, once in 17,000; each account adds five tries. All of it is in the audit. What
// is won is to approve a stranger's login as oneself: the stranger's terminal is then signed in as the guesser.
import type { Clock } from "../../io/clock.ts";
import { limitKey } from "../proxies.ts";

export const TRIES = 5;
export const WINDOW = 600;
/** Wrong codes a minute of all who are not signed in. */
export const STRANGERS = 30;
const MINUTE = 60;
const MOST_KEYS = 10_000;

export interface Guesser {
  readonly browser: Uint8Array;
  readonly address: string | undefined;
  /** undefined: nobody is signed in. */
  readonly user: number | undefined;
}

export type LockedBy = "browser" | "address" | "account" | "strangers";

export interface Lock {
  readonly by: LockedBy;
  /** Until the next try is taken. */
  readonly seconds: number;
}

export interface Guesses {
  /** undefined: a try is taken. */
  lock(guesser: Guesser): Lock | undefined;
  /** Counts a wrong code. Returns what it closed. */
  wrong(guesser: Guesser): readonly LockedBy[];
  size(): number;
}

interface Counter {
  readonly by: LockedBy;
  readonly key: string;
  readonly most: number;
  readonly span: number;
}

export function createGuesses(clock: Clock): Guesses {
  /** Times of wrong codes, oldest first; the end of the map is what was used last. */
  const times = new Map<string, readonly number[]>();

  /** A clock that was put back forgets what it has not seen yet. */
  const recent = ({ key, span }: Counter, now: number): readonly number[] =>
    (times.get(key) ?? []).filter((at) => at > now - span && at <= now);

  return {
    lock(guesser) {
      const now = clock.now();
      const locks = countersOf(guesser).flatMap((one) => {
        const freed = recent(one, now).at(-one.most);
        return freed === undefined ? [] : [{ by: one.by, seconds: Math.ceil(freed + one.span - now) }];
      });
      return locks.toSorted((a, b) => b.seconds - a.seconds)[0];
    },
    wrong(guesser) {
      const now = clock.now();
      const closed: LockedBy[] = [];
      for (const one of countersOf(guesser)) {
        const all = [...recent(one, now), now];
        times.delete(one.key);
        times.set(one.key, all);
        if (all.length === one.most) closed.push(one.by);
      }
      while (times.size > MOST_KEYS) times.delete(times.keys().next().value as string);
      return closed;
    },
    size: () => times.size,
  };
}

/** Who is signed in is not held up by strangers: five tries of each account are little enough. */
function countersOf({ browser, address, user }: Guesser): readonly Counter[] {
  return [
    counter("browser", Buffer.from(browser).toString("base64url")),
    ...(address === undefined ? [] : [counter("address", limitKey(address))]),
    user === undefined
      ? { by: "strangers", key: "strangers", most: STRANGERS, span: MINUTE }
      : counter("account", String(user)),
  ];
}

function counter(by: LockedBy, key: string): Counter {
  return { by, key: `${by} ${key}`, most: TRIES, span: WINDOW };
}
