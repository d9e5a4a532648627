// Lets only so many pieces of work run at once; the others wait in the order in which they came. It knows no time limit.

/** What is returned runs a piece of work when it is its turn. */
export function createTurns(most: number): <T>(work: () => Promise<T>) => Promise<T> {
  let free = most;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (free > 0) free -= 1;
    else await new Promise<void>((go) => waiting.push(go));
    try {
      return await work();
    } finally {
      // The turn is handed on, so that nobody who comes now is faster.
      const next = waiting.shift();
      if (next === undefined) free += 1;
      else next();
    }
  };
}
