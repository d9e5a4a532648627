// Decides when the head of the audit is signed: every so many entries, at the start and at a graceful stop. A sink that
// fails stops nobody from getting a token (the chain itself is on the disk); it is logged, counted, and tried again with
// the next ones. One write is under way at a time; what comes meanwhile is covered by the next.
import { readAuditKey } from "../audit/audit-key.ts";
import type { ChainHead } from "../audit/chain.ts";
import { signCheckpoint } from "../audit/checkpoint.ts";
import type { CheckpointSink } from "../audit/checkpoint-sink.ts";
import { asKeywrightError } from "../errors.ts";
import type { Clock } from "../io/clock.ts";

export interface Checkpoints {
  /** Where the chain stands now. It costs nothing unless a checkpoint is due. */
  reached(head: ChainHead): void;
  /** Signs what is not signed yet, and waits for it. */
  close(): Promise<void>;
  /** For metrics: the count of the last checkpoint that was kept, and how many could not be written. */
  status(): { readonly signed: number; readonly failures: number };
}

export interface CheckpointOptions {
  readonly every: number;
  readonly sink: CheckpointSink;
  /** The data folder: its key is read each time, so that a rotation holds from the next checkpoint on. */
  readonly data: string;
  readonly clock: Clock;
  log(line: string): void;
}

export function createCheckpoints({ every, sink, data, clock, log }: CheckpointOptions): Checkpoints {
  let latest: ChainHead | undefined;
  let tried = 0;
  let signed = 0;
  let failures = 0;
  let underWay: Promise<void> | undefined;

  async function write(head: ChainHead): Promise<void> {
    tried = head.seq;
    try {
      await sink.write(signCheckpoint(readAuditKey(data), head, clock.now()));
      signed = head.seq;
    } catch (thrown) {
      failures += 1;
      const { code, message } = asKeywrightError(thrown);
      log(`error ${code} the checkpoint over ${head.seq} entries did not get to ${sink.name}: ${message}`);
    }
  }

  async function writeAll(from: ChainHead): Promise<void> {
    await write(from);
    if (latest !== undefined && latest.seq - tried >= every) return writeAll(latest);
    underWay = undefined;
  }

  return {
    reached(head) {
      const first = latest === undefined && head.seq > 0;
      latest = head;
      if (underWay === undefined && (first || head.seq - tried >= every)) underWay = writeAll(head);
    },
    async close() {
      await underWay;
      if (latest !== undefined && latest.seq > signed) await write(latest);
    },
    status: () => ({ signed, failures }),
  };
}

/** For a broker that sends its checkpoints nowhere. */
export const NO_CHECKPOINTS: Checkpoints = {
  reached: () => undefined,
  close: async () => undefined,
  status: () => ({ signed: 0, failures: 0 }),
};
