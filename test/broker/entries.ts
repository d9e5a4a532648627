// The entries of a broker's audit, for tests: follows the whole chain, and fails at the first line that does not fit.
import assert from "node:assert/strict";
import { follow, type ChainHead } from "../../src/audit/chain.ts";
import { readBrokerAudit } from "../../src/broker/audit-reader.ts";

export type Entry = Readonly<Record<string, unknown>>;

export function entriesOf(data: string): readonly Entry[] {
  let head: ChainHead | undefined;
  return [...readBrokerAudit(data)].map((line) => {
    const step = follow(head, line);
    if (!step.ok) assert.fail(`line ${step.seq} ${step.fault}`);
    head = step.head;
    return step.entry;
  });
}
