// The journal: the one writer. Requests hand in what they want written; whatever came in during one turn of the event
// loop is written in one transaction (group commit), and nobody hears back before it is on the disk.
import { KeywrightError } from "../errors.ts";
import type { Clock } from "../io/clock.ts";
import type { Database } from "./database.ts";
import type { Writes } from "./records.ts";

export interface Journal {
  /** Resolves once it is on the disk. Throws `audit` when it could not be written; then nothing of it was. */
  commit(writes: Writes): Promise<void>;
}

interface Waiting {
  readonly writes: Writes;
  resolve(): void;
  reject(error: KeywrightError): void;
}

/** Bounds how long one transaction holds the others up. */
const LARGEST_BATCH = 256;
/** How long an expired token is remembered, and how often the forgetting happens, in seconds. */
const REMEMBERED = 3600;
const FORGET_EVERY = 60;

export function createJournal(db: Database, clock: Clock): Journal {
  let waiting: Waiting[] = [];
  let forgotten = 0;

  function write(batch: readonly Waiting[]): void {
    const now = clock.now();
    db.transaction((writer) => {
      for (const { writes } of batch) {
        for (const token of writes.tokens ?? []) writer.addToken(token);
        for (const hash of writes.revoked ?? []) writer.revokeToken(hash, Math.floor(now));
        for (const entry of writes.entries) writer.append(now, entry);
      }
      if (now - forgotten >= FORGET_EVERY) writer.forgetTokens(Math.floor(now) - REMEMBERED);
    });
    if (now - forgotten >= FORGET_EVERY) forgotten = now;
  }

  function flush(): void {
    const batch = waiting.splice(0, LARGEST_BATCH);
    if (waiting.length > 0) setImmediate(flush);
    try {
      write(batch);
    } catch (cause) {
      const error = new KeywrightError("audit", "the broker's database could not be written", { cause });
      for (const one of batch) one.reject(error);
      return;
    }
    for (const one of batch) one.resolve();
  }

  return {
    commit: (writes) =>
      new Promise((resolve, reject) => {
        if (waiting.length === 0) setImmediate(flush);
        waiting.push({ writes, resolve, reject });
      }),
  };
}
