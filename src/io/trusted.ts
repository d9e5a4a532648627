// Files that somebody named in a configuration and that decide what is handed out: a key, a login, a program. They may be
// links; neither they nor the folders that hold them may be open to other users. It reads, and starts nothing.
import {
  accessSync,
  closeSync,
  constants,
  fstatSync,
  openSync,
  readFileSync,
  realpathSync,
  statSync,
} from "node:fs";
import { dirname } from "node:path";
import { KeywrightError } from "../errors.ts";
import { assertPrivate } from "./files.ts";

export interface TrustedOptions {
  /** True: other users may not read it either. */
  readonly hidden: boolean;
  /** Bytes; undefined: 64 KiB. */
  readonly most?: number | undefined;
}

/** undefined: there is no such file. Throws `configuration` when it is open to others, too large, or cannot be read. */
export function readTrusted(path: string, { hidden, most = 65_536 }: TrustedOptions): Buffer | undefined {
  const real = resolved(path);
  if (real === undefined) return undefined;
  assertFolders(path, real);
  const file = opened(path, real);
  try {
    const stats = fstatSync(file);
    if (!stats.isFile()) throw unusable(path, "is not a regular file");
    assertPrivate(path, stats, "file");
    if (hidden && process.geteuid !== undefined && (stats.mode & 0o044) !== 0) {
      throw unusable(path, "can be read by other users", `Run: chmod go-rwx '${path}'`);
    }
    if (stats.size > most) throw unusable(path, `is larger than ${most} bytes`);
    return readFileSync(file);
  } finally {
    closeSync(file);
  }
}

/** Throws `backend` when there is no program that we may execute, `configuration` when other users could replace it. */
export function assertTrustedProgram(path: string): void {
  const real = resolved(path);
  const stats = real === undefined ? undefined : statSync(real, { throwIfNoEntry: false });
  if (real === undefined || stats === undefined) throw absent(path, "is not there");
  if (!stats.isFile()) throw absent(path, "is not a program");
  assertFolders(path, real);
  assertPrivate(path, stats, "file");
  try {
    accessSync(real, constants.X_OK);
  } catch {
    throw absent(path, "may not be executed");
  }
}

function resolved(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw unusable(path, `cannot be reached (${code})`);
  }
}

/** The folder of the link and the folder of what it leads to: whoever can write there can put another file in its place. */
function assertFolders(path: string, real: string): void {
  for (const folder of new Set([dirname(path), dirname(real)])) {
    const stats = statSync(folder, { throwIfNoEntry: false });
    if (stats !== undefined) assertPrivate(folder, stats, "folder");
  }
}

function opened(path: string, real: string): number {
  try {
    return openSync(real, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    throw unusable(path, `cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
}

function unusable(path: string, fault: string, hint?: string): KeywrightError {
  return new KeywrightError("configuration", `${path} ${fault}`, { hint });
}

function absent(path: string, fault: string): KeywrightError {
  return new KeywrightError("backend", `the program ${path} ${fault}`, {
    hint: "Install it, or correct the command of the store.",
  });
}
