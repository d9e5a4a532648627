// The data folder: 0700, ours alone. It holds the database and the pepper; this file opens both, nothing more.
import type { KeyObject } from "node:crypto";
import { mkdirSync, statSync } from "node:fs";
import { KeywrightError } from "../errors.ts";
import { databasePath, openDatabase, type Database } from "./database.ts";
import { loadPepper } from "./pepper.ts";

export interface OpenData {
  readonly db: Database;
  readonly pepper: KeyObject;
}

/** Opens the folder, and makes it when it is missing. Throws `configuration` when other users can read it. */
export function openData(folder: string): OpenData {
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
  const db = openDatabase(databasePath(folder));
  try {
    return { db, pepper: loadPepper(folder, db.clients().length === 0) };
  } catch (thrown) {
    db.close();
    throw thrown;
  }
}
