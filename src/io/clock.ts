// The clock, so that everything else can be told the time.

export interface Clock {
  /** Epoch seconds, with fractions. */
  now(): number;
}

export const systemClock: Clock = { now: () => Date.now() / 1000 };

/** Seconds since some moment; never put forward or back, so fit for durations and for nothing else. */
export const steadyClock: Clock = { now: () => performance.now() / 1000 };
