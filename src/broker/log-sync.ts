// Waits until SQLite's write-ahead log is on the disk, without holding up the event loop: a transaction committed with
// synchronous=NORMAL is in the log but not on the disk; whoever tells somebody of it waits for this first. SQLite itself
// still syncs the log before it copies from it, so nothing can be torn.
import { closeSync, fdatasync, fsyncSync, openSync } from "node:fs";
import { dirname } from "node:path";

export interface LogSync {
  /** Resolves when everything that was committed before the call is on the disk. After one failure it always throws. */
  sync(): Promise<void>;
  close(): void;
}

/** `database`: path of the database; its log exists from the first transaction until the last connection closes. */
export function createLogSync(database: string): LogSync {
  let file: number | undefined;
  let failure: Error | undefined;

  function opened(): number {
    if (file !== undefined) return file;
    file = openSync(`${database}-wal`, "r+");
    const folder = openSync(dirname(database), "r");
    fsyncSync(folder); // The log's name has to be there, too.
    closeSync(folder);
    return file;
  }

  return {
    sync: () =>
      new Promise((resolve, reject) => {
        // A sync that failed may have dropped what it could not write: a later one that succeeds proves nothing.
        if (failure !== undefined) throw failure;
        fdatasync(opened(), (error) => {
          if (error === null) return resolve();
          failure = error;
          reject(error);
        });
      }),
    close() {
      if (file !== undefined) closeSync(file);
      file = undefined;
    },
  };
}
