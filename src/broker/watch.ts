// What the broker looks at every second: whether its certificate changed, and whether the clock was put. It serves
// nothing.
import type { Clock } from "../io/clock.ts";
import type { Database } from "./database.ts";
import { newEntryId, type Random } from "./records.ts";
import type { Health } from "./health.ts";
import type { Journal } from "./journal.ts";
import type { Metrics } from "./metrics.ts";
import type { BrokerLog } from "./request-log.ts";
import type { HttpServer } from "./server.ts";
import type { WatchedTls } from "./tls-files.ts";

/** Seconds that clocks may differ. */
const LATE = 60;

/** One line for the log when the clock stands before the last entry of the audit; undefined: it does not. */
export function lateClock(db: Database, clock: Clock): string | undefined {
  const { seq } = db.auditHead();
  const line = seq === 0 ? undefined : db.auditLine(seq);
  if (line === undefined) return undefined;
  const { time } = JSON.parse(line) as { readonly time: string };
  const late = Math.round(Date.parse(time) / 1000 - clock.now());
  return late > LATE
    ? `the system's clock stands ${late} seconds before the last entry of the audit: set it right, tokens live too long`
    : undefined;
}

export interface Watched {
  readonly health: Health;
  readonly journal: Journal;
  readonly metrics: Metrics;
  readonly log: BrokerLog;
  readonly random: Random;
  readonly server: HttpServer;
  readonly tls: WatchedTls | undefined;
  readonly everySeconds: number;
}

/** Returns how to stop it. */
export function startWatch(watched: Watched): () => void {
  const timer = setInterval(() => {
    lookAtTls(watched);
    lookAtClock(watched);
  }, watched.everySeconds * 1000);
  timer.unref();
  return () => clearInterval(timer);
}

function lookAtTls({ tls, server, log }: Watched): void {
  tls?.look(
    (pair) => {
      server.changeTls(pair);
      log.event("info", "the certificate was exchanged");
    },
    (fault) => log.event("error", `the new certificate is not used, the old one stays: ${fault}`),
  );
}

/** What the clock did is part of the audit: without it the times of the entries cannot be read. */
function lookAtClock({ health, journal, metrics, log, random }: Watched): void {
  const jump = health.clockJump();
  if (jump === undefined) return;
  const seconds = Math.round(jump);
  metrics.clockJumped();
  log.event("warn", `the system's clock was put by ${seconds} seconds`);
  journal
    .commit({ entries: [{ kind: "clock_put", id: newEntryId(random), seconds }] })
    .catch(() => undefined); // Told by readyz.
}
