// Waiting, and chance for how long: what spreads the attempts of many callers. It decides neither whether nor how often.

/** Resolves after that many seconds. */
export function sleep(seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1000));
}

/** At least 0, less than 1; fit for spreading, not for secrets. */
export function chance(): number {
  return Math.random();
}
