// Reads a backup and makes sure of it before anything is changed: a whole database of a schema that is known, a whole
// audit, its keys. It writes nothing.
import { existsSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { CHAIN_START, follow, type ChainHead } from "../audit/chain.ts";
import { KeywrightError } from "../errors.ts";
import { versionOf } from "./migrations.ts";
import { STEPS } from "./schema.ts";

export interface ReadBackup {
  /** Where its audit ends. */
  readonly head: ChainHead;
  /** The files that lay beside the database, by name. */
  readonly keys: ReadonlyMap<string, Uint8Array>;
}

/** Throws `not_found`, or `configuration` for what is no whole backup. */
export function readBackup(file: string): ReadBackup {
  if (!existsSync(file)) throw new KeywrightError("not_found", `there is no ${file}`);
  const db = new DatabaseSync(file, { readOnly: true });
  try {
    const version = versionOf(db);
    if (version > STEPS.length) {
      throw broken(file, `was made by a newer keywright (schema ${version}, this one knows ${STEPS.length})`);
    }
    const [whole] = Object.values(db.prepare("PRAGMA integrity_check(1)").get() ?? {});
    if (whole !== "ok") throw broken(file, "is damaged");
    return { head: headOf(db, file), keys: keysOf(db) };
  } catch (thrown) {
    if (thrown instanceof KeywrightError) throw thrown;
    throw broken(file, "is not a backup of a broker", thrown);
  } finally {
    db.close();
  }
}

function headOf(db: DatabaseSync, file: string): ChainHead {
  let head: ChainHead | undefined;
  for (const row of db.prepare("SELECT line FROM audit ORDER BY seq").iterate()) {
    const step = follow(head, row["line"] as string);
    if (!step.ok) throw broken(file, `holds an audit whose entry ${step.seq} ${step.fault}`);
    ({ head } = step);
  }
  return head ?? CHAIN_START;
}

function keysOf(db: DatabaseSync): ReadonlyMap<string, Uint8Array> {
  const rows = db.prepare("SELECT name, bytes FROM backup_keys").all();
  return new Map(rows.map((row) => [row["name"] as string, row["bytes"] as Uint8Array]));
}

function broken(file: string, what: string, cause?: unknown): KeywrightError {
  return new KeywrightError("configuration", `${file} ${what}`, {
    hint: "Take another backup; nothing was changed.",
    cause,
  });
}
