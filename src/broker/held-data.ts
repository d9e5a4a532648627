// The data folder, locked and open: for a server as long as it lives, for a command while it works on its own. A second
// server on the same folder is refused here.
import { KeywrightError } from "../errors.ts";
import type { Clock } from "../io/clock.ts";
import { makeFolder, openData, type OpenData } from "./data-folder.ts";
import { lockData } from "./data-lock.ts";

export interface HeldData {
  readonly data: OpenData;
  /** Closes the database, then gives the lock back. */
  release(): void;
}

/** Long enough for a command that is at work to end. */
const WAIT_MS = 1000;

/** Throws `configuration` when somebody else holds the folder. */
export function holdData(folder: string, clock: Clock): HeldData {
  const held = tryHoldData(folder, clock, WAIT_MS);
  if (held !== undefined) return held;
  throw new KeywrightError("configuration", `another keywright server runs on the data folder ${folder}`, {
    hint: "Stop it first, or give this one a folder of its own with --data DIR.",
  });
}

/** undefined: somebody else holds it. */
export function tryHoldData(folder: string, clock: Clock, waitMs: number): HeldData | undefined {
  makeFolder(folder);
  const lock = lockData(folder, waitMs);
  if (lock === undefined) return undefined;
  try {
    const data = openData(folder, clock);
    return {
      data,
      release() {
        data.db.close();
        lock.release();
      },
    };
  } catch (thrown) {
    lock.release();
    throw thrown;
  }
}

/** One line for the log when an older database was put in place of the last one; undefined: all is as it was left. */
export function warningOf({ reapplied }: OpenData): string | undefined {
  const { clients, secrets, users, tokens } = reapplied;
  if (clients.length + secrets.length + users.length + tokens === 0) return undefined;
  const told = [
    ...(clients.length > 0 ? [`clients revoked again: ${clients.join(", ")}`] : []),
    ...(secrets.length > 0 ? [`clients that need \`keywright client rotate\`: ${secrets.join(", ")}`] : []),
    ...(users.length > 0 ? [`users disabled again: ${users.join(", ")}`] : []),
    ...(tokens > 0 ? [`tokens revoked: ${tokens}`] : []),
  ];
  return `the database is an older one than the last; ${told.join("; ")}`;
}
