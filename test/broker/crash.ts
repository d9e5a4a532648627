// kill -9 in the middle of many clients, again and again, on the same data: after each kill every token that somebody
// received has its entry, the chain verifies from where it was verified before, and the next start opens the database.
import assert from "node:assert/strict";
import { follow, type ChainHead } from "../../src/audit/chain.ts";
import { readBrokerAudit } from "../../src/broker/audit-reader.ts";
import { crowd } from "./crowd.ts";
import { startServer, type Place } from "./server-process.ts";

export interface Crashes {
  readonly rounds: number;
  readonly clients: number;
  readonly program: readonly string[];
  /** Told after each round. */
  readonly say?: (text: string) => void;
}

/** Returns how many tokens were received in all. */
export async function crash(place: Place, { rounds, clients, program, say }: Crashes): Promise<number> {
  let head: ChainHead | undefined;
  let total = 0;
  for (let round = 1; round <= rounds; round += 1) {
    const server = await startServer(place, program);
    const { received, reached, gone } = crowd(server.port, place.secret, clients);
    await reached(clients + ((round * 37) % 200)); // In the middle of whatever comes then.
    await server.end("SIGKILL");
    await gone;
    const written = new Set<unknown>();
    for (const line of readBrokerAudit(place.data, head?.seq ?? 0)) {
      const step = follow(head, line);
      if (!step.ok) assert.fail(`round ${round}: entry ${step.seq} ${step.fault}`);
      head = step.head;
      written.add(step.entry["sha256"]);
    }
    const lost = [...received].filter((hash) => !written.has(hash));
    assert.deepEqual(lost, [], `round ${round}: tokens without an entry`);
    total += received.size;
    say?.(`round ${round}: ${received.size} tokens received, ${head?.seq ?? 0} entries`);
  }
  return total;
}
