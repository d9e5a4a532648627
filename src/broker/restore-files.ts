// The files of a restore: the keys that lie beside the database, and the exchange of the database itself, which a crash
// finds either done or not begun.
import { copyFileSync, existsSync, linkSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { syncFile } from "../io/files.ts";
import { KEY_FILES } from "./backup.ts";
import { addKey, dropKey, keyPath, readKeys, syncFolder } from "./keys.ts";
import type { LedgerLine } from "./ledger.ts";
import { PEPPER } from "./pepper.ts";

/** The hashes in the backup belong to its peppers; one that was dropped does not come back. An audit key stays as it is. */
export function restoreKeys(
  folder: string,
  keys: ReadonlyMap<string, Uint8Array>,
  ledger: readonly LedgerLine[],
): void {
  const floor = ledger.reduce(
    (max, line) => (line.kind === "peppers_dropped" ? Math.max(max, line.below) : max),
    1,
  );
  const present = readKeys(folder, PEPPER);
  for (const [name, bytes] of keys) {
    if (!KEY_FILES.test(name)) continue;
    const number = numberOf(folder, name);
    if (number === undefined) keepOther(join(folder, name), bytes);
    else if (number >= floor) replace(folder, number, bytes, present.get(number));
  }
  if (readKeys(folder, PEPPER).size === 0) addKey(folder, PEPPER, floor);
  syncFolder(folder);
}

/** Returns where the database that was there is now. */
export function exchangeDatabase(path: string, fresh: string): string | undefined {
  syncFile(fresh);
  const aside = existsSync(path) ? freeName(path) : undefined;
  if (aside !== undefined) {
    settle(path);
    if (existsSync(`${path}-wal`)) copyFileSync(`${path}-wal`, `${aside}-wal`);
    linkSync(path, aside);
  }
  // Before the exchange: SQLite would play an old -wal into the new database.
  for (const name of [`${path}-wal`, `${path}-shm`]) rmSync(name, { force: true });
  renameSync(fresh, path);
  syncFolder(dirname(path));
  return aside;
}

/** Everything into the one file; a damaged database stays as it is, in two. */
function settle(path: string): void {
  try {
    const db = new DatabaseSync(path);
    try {
      db.exec("PRAGMA journal_mode = DELETE");
    } finally {
      db.close();
    }
  } catch {
    // Its -wal is kept beside it.
  }
}

function replace(folder: string, number: number, bytes: Uint8Array, present: Uint8Array | undefined): void {
  if (present !== undefined && Buffer.compare(present, bytes) === 0) return;
  if (present !== undefined) dropKey(folder, PEPPER, number);
  addKey(folder, PEPPER, number, bytes);
}

function keepOther(path: string, bytes: Uint8Array): void {
  if (!existsSync(path)) writeFileSync(path, bytes, { mode: 0o600, flush: true });
}

function numberOf(folder: string, name: string): number | undefined {
  const [, number = "1"] = /^pepper(?:\.([1-9][0-9]*))?$/.exec(name) ?? [undefined, "-"];
  const read = Number(number);
  return keyPath(folder, PEPPER, read) === join(folder, name) ? read : undefined;
}

function freeName(path: string): string {
  for (let number = 1; ; number += 1) {
    const name = `${path}.replaced-${number}`;
    if (!existsSync(name)) return name;
  }
}
