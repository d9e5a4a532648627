// A backup: one file, a SQLite database that is a copy of the broker's, and in it the keys that lie beside the database.
// It reads as anybody reads, so the server goes on meanwhile; it takes no lock and writes no audit entry.
import { closeSync, existsSync, linkSync, openSync, readdirSync, readFileSync, unlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { KeywrightError } from "../errors.ts";
import { syncFile } from "../io/files.ts";
import { databasePath } from "./database.ts";
import { syncFolder } from "./keys.ts";

export interface BackupSummary {
  readonly entries: number;
  readonly clients: number;
}

/** The keys that a backup holds, by their file names. */
export const KEY_FILES = /^(?:pepper(?:\.[1-9][0-9]*)?|audit-key\.json)$/;

/** Throws `usage` when the file is there already, or its folder is not. */
export function checkTarget(file: string): void {
  if (existsSync(file)) {
    throw new KeywrightError("usage", `${file} is there already`, {
      hint: "Name another file, with a date in it.",
    });
  }
  if (!existsSync(dirname(file))) throw new KeywrightError("usage", `there is no folder ${dirname(file)}`);
}

/** On the disk, whole, when it returns; never half of it under the name. */
export function writeBackup(folder: string, file: string): BackupSummary {
  const fresh = `${file}.${process.pid}.new`;
  closeSync(openSync(fresh, "wx", 0o600)); // VACUUM INTO takes an empty file, and leaves it its mode.
  try {
    const before = keyFiles(folder);
    copy(databasePath(folder), fresh);
    const summary = complete(fresh, new Map([...before, ...keyFiles(folder)]));
    syncFile(fresh);
    linkSync(fresh, file); // Never over another backup.
    syncFolder(dirname(file));
    return summary;
  } finally {
    unlinkSync(fresh);
  }
}

function copy(from: string, to: string): void {
  const db = new DatabaseSync(from, { readOnly: true });
  try {
    db.exec("PRAGMA busy_timeout = 5000");
    db.prepare("VACUUM INTO ?").run(to);
  } finally {
    db.close();
  }
}

function complete(file: string, keys: ReadonlyMap<string, Uint8Array>): BackupSummary {
  const db = new DatabaseSync(file);
  try {
    db.exec(
      "PRAGMA journal_mode = DELETE; CREATE TABLE backup_keys (name TEXT PRIMARY KEY, bytes BLOB NOT NULL) STRICT",
    );
    const add = db.prepare("INSERT INTO backup_keys VALUES (?, ?)");
    for (const [name, bytes] of keys) add.run(name, bytes);
    const count = (what: string): number =>
      Number(db.prepare(`SELECT count(*) AS n FROM ${what}`).get()?.["n"]);
    return { entries: count("audit"), clients: count("clients WHERE revoked_at IS NULL") };
  } finally {
    db.close();
  }
}

function keyFiles(folder: string): ReadonlyMap<string, Uint8Array> {
  const names = readdirSync(folder).filter((name) => KEY_FILES.test(name));
  return new Map(names.map((name) => [name, readFileSync(join(folder, name))]));
}
