// Brings a database to the schema of this keywright: forward only, all steps in one transaction. A newer one is left
// alone.
import type { DatabaseSync } from "node:sqlite";
import { KeywrightError } from "../errors.ts";
import { STEPS } from "./schema.ts";

export interface Migration {
  /** 0: the database was empty. */
  readonly from: number;
  readonly to: number;
}

/** Throws `configuration` for a database of a newer keywright; whatever it throws, nothing has changed. */
export function migrate(db: DatabaseSync, path: string, steps: readonly string[] = STEPS): Migration {
  const to = steps.length;
  if (versionOf(db) === to) return { from: to, to };
  return inTransaction(db, () => {
    const from = versionOf(db);
    if (from > to) {
      throw new KeywrightError(
        "configuration",
        `${path} was made by a newer keywright (schema ${from}, this one knows ${to})`,
        { hint: "Use the keywright that made it, or another data folder." },
      );
    }
    for (const step of steps.slice(from)) db.exec(step);
    db.exec(`PRAGMA user_version = ${to}`);
    return { from, to };
  });
}

export function versionOf(db: DatabaseSync): number {
  return Number(db.prepare("PRAGMA user_version").get()?.["user_version"]);
}

/** Nobody else can write in between; what throws leaves nothing behind. */
export function inTransaction<T>(db: DatabaseSync, work: () => T): T {
  db.exec("BEGIN IMMEDIATE");
  try {
    const result = work();
    db.exec("COMMIT");
    return result;
  } catch (thrown) {
    if (db.isTransaction !== false) db.exec("ROLLBACK");
    throw thrown;
  }
}
