// The journal: the one writer. Requests hand in what they want written; whatever came in during one turn of the event
// loop is written in one transaction (group commit), and nobody hears back before it is on the disk.
import { KeywrightError } from "../errors.ts";
import type { ChainHead } from "../audit/chain.ts";
import type { Clock } from "../io/clock.ts";
import type { Database } from "./database.ts";
import type { Writer } from "./database-writing.ts";
import type { Writes } from "./records.ts";

export interface Journal {
  /** Resolves once it is on the disk. Throws `audit` when it could not be written; then nothing of it was. */
  commit(writes: Writes): Promise<void>;
  /**
   * Decides and writes in one step that nothing comes in between of, so that what may happen once happens once. `work`
   * may read the database, must not throw, and gets epoch seconds. Resolves to its result once all is on the disk.
   * `mayEnd`: it may end tokens, sessions or users; false: it never does, and is faster in a crowd.
   */
  act<T>(work: (writer: Writer, now: number) => T, mayEnd?: boolean): Promise<T>;
}

interface Waiting {
  work(writer: Writer, now: number): void;
  /** True: it revokes something, which has to be on the disk before the ledger says so. */
  readonly prompt: boolean;
  resolve(): void;
  reject(error: KeywrightError): void;
}

/** Bounds how long one transaction holds the others up. */
const LARGEST_BATCH = 256;
/** From this many on the disk works in another thread; handing over a smaller batch costs more than waiting for it. */
const LARGE_BATCH = 4;
/** How long an expired token is remembered, and how often the forgetting happens, in seconds. */
const REMEMBERED = 3600;
const FORGET_EVERY = 60;
/** Logins that anybody may have begun in a browser without an end. */
const MOST_UNFINISHED = 20_000;

/** `reached` hears where the chain stands after each transaction. */
export function createJournal(
  db: Database,
  clock: Clock,
  reached: (head: ChainHead) => void = () => undefined,
): Journal {
  let waiting: Waiting[] = [];
  let busy = false;
  let lost: unknown;
  let forgotten = 0;

  function write(batch: readonly Waiting[], syncLater: boolean): ChainHead {
    const now = clock.now();
    const head = db.transaction((writer) => {
      for (const { work } of batch) work(writer, now);
      if (now - forgotten >= FORGET_EVERY) {
        writer.forgetTokens(Math.floor(now) - REMEMBERED);
        writer.forgetUnfinished(now, MOST_UNFINISHED);
      }
    }, syncLater);
    if (now - forgotten >= FORGET_EVERY) forgotten = now;
    return head;
  }

  /** After a sync that failed nobody knows what the disk has, so nothing is written behind it until a restart. */
  async function sync(): Promise<void> {
    try {
      await db.sync();
    } catch (cause) {
      lost = cause;
      throw cause;
    }
  }

  /** The disk works while the next requests come in: they are the next batch. */
  async function flush(): Promise<void> {
    const batch = waiting.splice(0, LARGEST_BATCH);
    // A revocation is in the ledger as soon as it is committed, so it has to be on the disk by then.
    const syncLater = batch.length >= LARGE_BATCH && !batch.some(({ prompt }) => prompt);
    try {
      if (lost !== undefined) throw lost;
      const head = write(batch, syncLater);
      if (syncLater) await sync();
      for (const one of batch) one.resolve();
      reached(head);
    } catch (cause) {
      const error = new KeywrightError("audit", "the broker's database could not be written", { cause });
      for (const one of batch) one.reject(error);
    }
    busy = waiting.length > 0;
    if (busy) setImmediate(flush);
  }

  const enter = (work: Waiting["work"], prompt: boolean): Promise<void> =>
    new Promise((resolve, reject) => {
      waiting.push({ work, prompt, resolve, reject });
      if (!busy) setImmediate(flush);
      busy = true;
    });

  return {
    commit: (writes) => enter((writer, now) => apply(writer, writes, now), writes.revoked !== undefined),
    async act(work, mayEnd = true) {
      let result: { readonly value: ReturnType<typeof work> } | undefined;
      await enter((writer, now) => (result = { value: work(writer, now) }), mayEnd);
      if (result === undefined) throw new KeywrightError("internal", "a step of the journal was not taken");
      return result.value;
    },
  };
}

function apply(writer: Writer, { tokens = [], revoked = [], entries }: Writes, now: number): void {
  for (const token of tokens) writer.addToken(token);
  for (const hash of revoked) writer.revokeToken(hash, Math.floor(now));
  for (const entry of entries) writer.append(now, entry);
}
