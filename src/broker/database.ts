// The broker's database: opening it, and one transaction that writes. It decides nothing. Durable: a transaction that
// returned is on the disk (WAL, synchronous=FULL), and what it revoked is in the ledger, too.
import { closeSync, openSync } from "node:fs";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { CHAIN_START, link, type ChainHead } from "../audit/chain.ts";
import { KeywrightError } from "../errors.ts";
import { createClientCache } from "./client-cache.ts";
import { headOf, reading, type Reading } from "./database-reading.ts";
import { clientWriter, endingWriter, tokenWriter, type Writer } from "./database-writing.ts";
import { openLedger, type Ledger, type LedgerLine } from "./ledger.ts";
import { createLogSync } from "./log-sync.ts";
import { loginWriter } from "./login/login-writing.ts";
import { peopleWriter } from "./people/people-writing.ts";
import { inTransaction, migrate, type Migration } from "./migrations.ts";

export interface Database extends Reading {
  readonly migration: Migration;
  readonly ledger: Ledger;
  /**
   * Runs `work` in one transaction that nobody else can write in between; throws what it throws, with nothing
   * written. Returns where the chain stands then. `syncLater`: nobody may hear of it before `sync` resolved.
   */
  transaction(work: (writer: Writer) => void, syncLater?: boolean): ChainHead;
  /** Resolves when every transaction so far is on the disk. */
  sync(): Promise<void>;
  /** Writes something that changes nothing, and looks at the end of the audit. Throws when either fails. */
  probe(): void;
  /** What is wrong with the pages of the database; undefined: nothing. Reads all of it. */
  damage(): string | undefined;
  close(): void;
}

export function databasePath(folder: string): string {
  return join(folder, "broker.db");
}

/**
 * Hashes lie all over their tables, so that each token touches pages of its own: 16 MB of them are kept in memory, and
 * copied from the log into the database together. What is on the disk before an answer is the log, and stays so.
 */
const FOR_A_CROWD = "PRAGMA cache_size = -16384; PRAGMA wal_autocheckpoint = 4000";

/** Throws `configuration` for a database of a newer keywright. */
export function openDatabase(path: string): Database {
  closeSync(openSync(path, "a", 0o600)); // SQLite gives its -wal and -shm files the mode of this one.
  const db = new DatabaseSync(path);
  try {
    db.exec(
      "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON",
    );
    db.exec(FOR_A_CROWD);
    const migration = migrate(db, path);
    const ledger = openLedger(dirname(path));
    const read = reading(db);
    const cache = createClientCache(db, read.client);
    const transaction = transactions(db, ledger, cache.forget);
    const looks = looking(db, read.auditHead);
    const log = createLogSync(path);
    const close = (): void => {
      log.close();
      db.close();
    };
    return { ...read, ...looks, client: cache.get, migration, ledger, transaction, sync: log.sync, close };
  } catch (thrown) {
    db.close();
    throw thrown;
  }
}

function looking(db: DatabaseSync, head: () => ChainHead): Pick<Database, "probe" | "damage"> {
  const version = Number(db.prepare("PRAGMA user_version").get()?.["user_version"]);
  return {
    probe: () =>
      inTransaction(db, () => {
        head();
        db.exec(`PRAGMA user_version = ${version}`); // Writes its page even though nothing is different.
      }),
    damage() {
      const found = String(db.prepare("PRAGMA quick_check(1)").get()?.["quick_check"]);
      return found === "ok" ? undefined : found;
    },
  };
}

function transactions(db: DatabaseSync, ledger: Ledger, clientsChanged: () => void): Database["transaction"] {
  const audit = appending(db);
  let revocations: LedgerLine[] = [];
  let tokensEnded = false;
  let clientsTouched = false;
  const endedTokens = (line?: LedgerLine): void => {
    tokensEnded = true;
    if (line !== undefined) revocations.push(line);
  };
  const touched = (line?: LedgerLine): void => {
    clientsTouched = true;
    if (line !== undefined) revocations.push(line);
  };
  const writer: Writer = {
    ...clientWriter(db, touched),
    ...endingWriter(db, touched),
    ...tokenWriter(db, () => (tokensEnded = true)),
    ...loginWriter(db, () => (tokensEnded = true)),
    ...peopleWriter(db, endedTokens),
    append: audit.line,
  };
  return (work, syncLater = false) => {
    if (syncLater) db.exec("PRAGMA synchronous = NORMAL");
    [revocations, tokensEnded, clientsTouched] = [[], false, false];
    try {
      inTransaction(db, () => {
        audit.begin();
        work(writer);
      });
    } finally {
      if (syncLater) db.exec("PRAGMA synchronous = FULL");
      if (clientsTouched) clientsChanged();
    }
    if (tokensEnded) revocations.push({ kind: "tokens_revoked", ...audit.head() });
    if (revocations.length > 0) record(ledger, revocations);
    return audit.head();
  };
}

/** After the transaction, so that the ledger never says more than what happened; what a crash left out is added at the next start. */
function record(ledger: Ledger, lines: readonly LedgerLine[]): void {
  try {
    ledger.append(lines);
  } catch (cause) {
    throw new KeywrightError("audit", "it is revoked, but the ledger of revocations could not be written", {
      hint: "Repair the disk and restart the server, which completes the ledger; until then an old backup could bring it back.",
      cause,
    });
  }
}

/** The head is read inside every transaction: nothing is appended to a line that was changed meanwhile. */
function appending(db: DatabaseSync): { begin(): void; head(): ChainHead; line: Writer["append"] } {
  const last = headOf(db);
  const insert = db.prepare("INSERT INTO audit (seq, line) VALUES (?, ?)");
  let head: ChainHead = CHAIN_START;
  return {
    begin() {
      head = last();
    },
    head: () => head,
    line(time, fields) {
      const next = link(head, time, fields);
      insert.run(next.head.seq, next.line);
      head = next.head;
    },
  };
}
