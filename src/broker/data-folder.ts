// The data folder: 0700, ours alone. It holds the database, the peppers and the ledger of revocations; this file opens
// them, and holds the one against the other. It takes no lock.
import { randomBytes } from "node:crypto";
import { mkdirSync, statSync } from "node:fs";
import { KeywrightError } from "../errors.ts";
import { systemClock, type Clock } from "../io/clock.ts";
import { databasePath, openDatabase, type Database } from "./database.ts";
import { loadPeppers, type Peppers } from "./pepper.ts";
import { createSealing, type Sealing } from "./people/sealing.ts";
import { reapplyRevocations, type Reapplied } from "./reapply.ts";
import { newEntryId } from "./records.ts";

export interface OpenData {
  readonly folder: string;
  readonly db: Database;
  readonly peppers: Peppers;
  readonly sealing: Sealing;
  /** What had come back to life, and was revoked again while it was opened. */
  readonly reapplied: Reapplied;
}

/** Opens the folder, and makes it when it is missing. Throws `configuration` when other users can read it. */
export function openData(folder: string, clock: Clock = systemClock): OpenData {
  makeFolder(folder);
  const db = openDatabase(databasePath(folder));
  try {
    const peppers = loadPeppers(folder, db.clients().length === 0);
    tellMigration(db, clock.now());
    const sealing = createSealing(folder);
    return { folder, db, peppers, sealing, reapplied: reapplyRevocations(db, clock.now()) };
  } catch (thrown) {
    db.close();
    throw thrown;
  }
}

/** Makes the folder, or checks that nobody else can look into it. */
export function makeFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const stats = statSync(folder);
  const us = process.geteuid?.();
  if (us !== undefined && (stats.uid !== us || (stats.mode & 0o077) !== 0)) {
    throw new KeywrightError(
      "configuration",
      `the data folder ${folder} is open to other users, or belongs to one`,
      {
        hint: `Make it yours alone: chown ${us} '${folder}' && chmod 700 '${folder}'`,
      },
    );
  }
}

function tellMigration(db: Database, now: number): void {
  const { from, to } = db.migration;
  if (from === 0 || from === to) return;
  const entry = { kind: "schema_migrated", id: newEntryId(randomBytes), from, to };
  db.transaction((writer) => writer.append(now, entry));
}
