// Puts a backup in the place of the database. What the ledger knows as revoked stays revoked, every token ends, and the
// audit goes on where the replaced database ended, if that one continues the backup's. Call it with the lock held.
import { randomBytes } from "node:crypto";
import { copyFileSync, rmSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import type { ChainHead } from "../audit/chain.ts";
import type { Clock } from "../io/clock.ts";
import type { Actor } from "./admin.ts";
import { readBackup } from "./backup-reading.ts";
import { carryAudit } from "./carry-audit.ts";
import { openData } from "./data-folder.ts";
import { databasePath } from "./database.ts";
import { openLedger } from "./ledger.ts";
import type { Reapplied } from "./reapply.ts";
import { newEntryId } from "./records.ts";
import { exchangeDatabase, restoreKeys } from "./restore-files.ts";

export interface Restored extends Reapplied {
  /** False: there was no ledger, so nothing could be held against the backup. */
  readonly ledger: boolean;
  /** Audit entries that were younger than the backup and were kept. */
  readonly carried: number;
  /** Where the database that was there is now. */
  readonly replaced: string | undefined;
}

/** Throws `configuration` for what is no whole backup; then nothing has changed. */
export function restoreBackup(folder: string, file: string, clock: Clock, actor: Actor): Restored {
  const { head, keys } = readBackup(file);
  const ledger = openLedger(folder);
  const path = databasePath(folder);
  const fresh = `${path}.restoring`;
  removeLeftovers(fresh);
  try {
    copyFileSync(file, fresh);
    const carried = carryAudit(path, fresh, head);
    withoutKeys(fresh);
    restoreKeys(folder, keys, ledger.lines());
    const replaced = exchangeDatabase(path, fresh);
    const reapplied = finish(folder, clock, actor, { head, carried });
    return { ...reapplied, ledger: ledger.found, carried, replaced };
  } finally {
    removeLeftovers(fresh);
  }
}

function removeLeftovers(fresh: string): void {
  for (const name of [fresh, `${fresh}-journal`]) rmSync(name, { force: true });
}

/** The keys have their own files again; in the database they would stay for every later backup to see. */
function withoutKeys(file: string): void {
  const db = new DatabaseSync(file);
  try {
    db.exec("PRAGMA secure_delete = ON; DROP TABLE backup_keys; PRAGMA synchronous = FULL");
  } finally {
    db.close();
  }
}

function finish(
  folder: string,
  clock: Clock,
  { by, uid }: Actor,
  { head, carried }: { readonly head: ChainHead; readonly carried: number },
): Reapplied {
  const { db, reapplied } = openData(folder, clock);
  try {
    const now = clock.now();
    let { tokens } = reapplied;
    db.transaction((writer) => {
      tokens += writer.endTokens(Math.floor(now));
      const sessions = writer.endEverybody(Math.floor(now));
      writer.append(now, {
        kind: "backup_restored",
        id: newEntryId(randomBytes),
        backup: head,
        carried,
        tokens,
        sessions,
        by,
        ...(uid === undefined ? {} : { by_uid: uid }),
      });
    });
    return { ...reapplied, tokens };
  } finally {
    db.close();
  }
}
