// The clock, so that everything else can be told the time.

export interface Clock {
  /** Epoch seconds, with fractions. */
  now(): number;
}

export const systemClock: Clock = { now: () => Date.now() / 1000 };
