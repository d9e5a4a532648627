// What the broker's database is asked about tokens of workloads. It writes nothing.
import type { DatabaseSync } from "node:sqlite";

export interface WorkloadReading {
  /** Whether `useOnce` has had this hash. */
  wasUsed(hash: Uint8Array): boolean;
}

export function workloadReading(db: DatabaseSync): WorkloadReading {
  const used = db.prepare("SELECT 1 FROM seen WHERE hash = ?");
  return { wasUsed: (hash) => used.get(hash) !== undefined };
}
