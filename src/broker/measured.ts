// The same database and journal, with their work told to the metrics. What they do does not change.
import { statSync } from "node:fs";
import type { ChainFields } from "../audit/chain.ts";
import type { Clock } from "../io/clock.ts";
import type { Connections } from "./connections.ts";
import { databasePath, type Database } from "./database.ts";
import type { Writer } from "./database-writing.ts";
import type { Journal } from "./journal.ts";
import type { Metrics } from "./metrics.ts";

/** Tells how long each transaction took, and whether it failed. */
export function measuredDatabase(db: Database, metrics: Metrics, steady: Clock): Database {
  return {
    ...db,
    transaction(work, syncLater) {
      const begun = steady.now();
      let done = false;
      try {
        const head = db.transaction(work, syncLater);
        done = true;
        return head;
      } finally {
        metrics.commit(steady.now() - begun, done);
      }
    },
  };
}

/** Counts what was decided once it is on the disk, and how many wait for that. */
export function measuredJournal(journal: Journal, metrics: Metrics): Journal {
  let waiting = 0;
  metrics.gauge("keywright_journal_waiting", "Requests that wait for the disk.", () => waiting);
  const waited = async <T>(done: Promise<T>): Promise<T> => {
    waiting += 1;
    try {
      return await done;
    } finally {
      waiting -= 1;
    }
  };
  const count = (entries: readonly ChainFields[]): void => {
    for (const { kind, outcome } of entries)
      metrics.decision(kind, typeof outcome === "string" ? outcome : "done");
  };
  return {
    async commit(writes) {
      await waited(journal.commit(writes));
      count(writes.entries);
    },
    async act(work, mayEnd) {
      const entries: ChainFields[] = [];
      const watched = (writer: Writer): Writer => ({
        ...writer,
        append(time, fields) {
          entries.push(fields);
          writer.append(time, fields);
        },
      });
      const result = await waited(journal.act((writer, now) => work(watched(writer), now), mayEnd));
      count(entries);
      return result;
    },
  };
}

export interface Gauged {
  readonly data: string;
  readonly connections: Connections;
  readonly steady: Clock;
}

export function addGauges(metrics: Metrics, { data, connections, steady }: Gauged): void {
  const begun = steady.now();
  const path = databasePath(data);
  const rows: readonly (readonly [string, string, () => number])[] = [
    ["keywright_database_bytes", "Size of the database.", () => sizeOf(path)],
    ["keywright_database_wal_bytes", "Size of its write-ahead log.", () => sizeOf(`${path}-wal`)],
    ["keywright_connections", "Open connections.", () => connections.open],
    ["keywright_connections_refused", "Connections turned away, since the start.", () => connections.refused],
    [
      "keywright_connections_evicted",
      "Connections that made room, since the start.",
      () => connections.evicted,
    ],
    ["keywright_uptime_seconds", "Since the start.", () => steady.now() - begun],
    ["process_resident_memory_bytes", "Memory of the process.", () => process.memoryUsage().rss],
    ["process_cpu_seconds", "Processor time, since the start.", cpuSeconds],
  ];
  for (const [name, help, read] of rows) metrics.gauge(name, help, read);
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}
