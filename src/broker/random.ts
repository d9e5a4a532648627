// Random bytes in small pieces out of a pool, as crypto.randomUUID does it: asking the system for each piece costs more
// than everything else about a token. No byte is handed out twice, and none stays in the pool.
import { randomFillSync } from "node:crypto";
import type { Random } from "./records.ts";

const POOL = 8192;

export function pooledRandom(): Random {
  const pool = Buffer.alloc(POOL);
  let at = POOL;
  return (count) => {
    if (count > POOL) return randomFillSync(Buffer.alloc(count));
    if (at + count > POOL) {
      randomFillSync(pool);
      at = 0;
    }
    const piece = Buffer.from(pool.subarray(at, at + count)); // A copy.
    pool.fill(0, at, at + count);
    at += count;
    return piece;
  };
}
