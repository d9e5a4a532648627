// The lock on a data folder: a server holds it as long as it lives, a command while it works on its own. It is SQLite's
// exclusive lock on DIR/lock, so the kernel gives it back however its holder ends. It keeps no reader away.
import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

export interface DataLock {
  release(): void;
}

/** undefined: somebody else holds it, and did not give it back within `waitMs`. */
export function lockData(folder: string, waitMs: number): DataLock | undefined {
  const path = join(folder, "lock");
  closeSync(openSync(path, "a", 0o600));
  const db = new DatabaseSync(path);
  try {
    db.exec(`PRAGMA busy_timeout = ${waitMs}; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE`);
    HELD.add(db);
    return {
      release() {
        HELD.delete(db);
        db.close();
      },
    };
  } catch (thrown) {
    db.close();
    if ((thrown as { readonly errcode?: number }).errcode === BUSY) return undefined;
    throw thrown;
  }
}

/** A connection that nothing refers to is closed by the garbage collector, and its lock with it. */
const HELD = new Set<DatabaseSync>();

const BUSY = 5;
