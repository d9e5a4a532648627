// Rates: a token bucket for each client or address. Memory is bounded: beyond so many buckets the one that was used
// least recently is forgotten, which fills it. The clock may jump; that never locks anybody out.
import type { Clock } from "../io/clock.ts";

export interface Rates {
  /** Takes one; returns undefined when there was one, otherwise the seconds until there is. */
  take(key: string): number | undefined;
  /** The seconds until there is one; undefined: there is one now. Takes nothing. */
  wait(key: string): number | undefined;
  size(): number;
}

interface Bucket {
  left: number;
  at: number;
}

const MOST_BUCKETS = 10_000;
/** Seconds of the rate that a bucket holds. */
const BURST = 10;

export function createRates(clock: Clock, perSecond: () => number, most = MOST_BUCKETS): Rates {
  const buckets = new Map<string, Bucket>();

  /** As it stands now; a bucket that nobody knows is a full one. */
  function filled(key: string): Bucket {
    const now = clock.now();
    const capacity = perSecond() * BURST;
    const bucket = buckets.get(key);
    if (bucket === undefined) return { left: capacity, at: now };
    const passed = Math.max(0, now - bucket.at); // A clock that was put back fills nothing and empties nothing.
    bucket.left = Math.min(capacity, bucket.left + passed * perSecond());
    bucket.at = now;
    return bucket;
  }

  const missing = ({ left }: Bucket): number | undefined =>
    left >= 1 ? undefined : Math.max(1, Math.ceil((1 - left) / perSecond()));

  return {
    take(key) {
      const bucket = filled(key);
      const wait = missing(bucket);
      if (wait === undefined) bucket.left -= 1;
      buckets.delete(key); // The end of the map is what was used last.
      buckets.set(key, bucket);
      if (buckets.size > most) buckets.delete(buckets.keys().next().value as string);
      return wait;
    },
    wait: (key) => (buckets.has(key) ? missing(filled(key)) : undefined),
    size: () => buckets.size,
  };
}
