// Files that only their owner may write: reads them if nobody else could have, writes them whole or not at all.
// It encrypts nothing, and waits for the disk only where it is told to.
import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
  unlinkSync,
  writeFileSync,
  type Stats,
} from "node:fs";
import { dirname } from "node:path";
import { randomHex } from "../digest.ts";
import { KeywrightError } from "../errors.ts";
import { openToOthers, remedyFor } from "./owner.ts";

// Neither follows a link put in its place nor hangs on a pipe; both are 0 on Windows, which has no such flags.
const SAFELY = (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);
const LARGEST = 1024 * 1024;

/**
 * Reads a file that nobody but its owner (we, or root) can write, nor replace in its folder. Returns undefined when
 * there is none. Throws `configuration` when another user can write it, and plain errors for whatever else is in the
 * way: no right to read it, a link, a folder or a pipe in its place, more than `maxBytes`.
 */
export function readPrivate(path: string, maxBytes: number = LARGEST): string | undefined {
  const file = openIfThere(path, constants.O_RDONLY | SAFELY);
  if (file === undefined) return undefined;
  try {
    const stats = fstatSync(file);
    assertPrivate(path, stats, "file");
    if (stats.size > maxBytes) throw new Error(`${path} is larger than ${maxBytes} bytes`);
    assertFolder(dirname(path));
    return readFileSync(file, "utf8");
  } finally {
    closeSync(file);
  }
}

/**
 * Writes a file (0600) whole: a new one beside it takes its place. `lasting`: it is on the disk when this returns. Throws
 * what the system throws, and `configuration`.
 */
export function writePrivate(path: string, text: string, lasting: boolean = false): void {
  ensurePrivateFolder(dirname(path));
  const fresh = `${path}.${randomHex(6)}.new`;
  const file = openSync(fresh, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | SAFELY, 0o600);
  try {
    try {
      writeFileSync(file, text);
      if (lasting) fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(fresh, path);
  } catch (error) {
    unlinkSync(fresh);
    throw error;
  }
  if (lasting) syncFolder(dirname(path));
}

/** The new name itself is on the disk. Windows cannot open a folder, and writes names by itself. */
function syncFolder(path: string): void {
  if (process.platform === "win32") return;
  const folder = openSync(path, constants.O_RDONLY);
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

/** Waits until what the file holds is on the disk. */
export function syncFile(path: string): void {
  const file = openSync(path, "r+");
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Makes the folder (0700) and those above it if they are missing. Throws `configuration` when another user can write it. */
export function ensurePrivateFolder(path: string): void {
  if (!assertFolder(path)) {
    makeFolder(path);
    assertFolder(path);
  }
}

/** Not `recursive: true`: where a folder cannot be made though its parent exists (/proc, autofs), that never returns. */
function makeFolder(path: string): void {
  const parent = dirname(path);
  if (parent !== path && statSync(parent, { throwIfNoEntry: false }) === undefined) makeFolder(parent);
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}

/**
 * For a cache: what cannot be read, understood or written is a miss (undefined), not a failure. Only what another user
 * could have written still throws.
 */
export function orMiss<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (error instanceof KeywrightError) throw error;
    return undefined;
  }
}

/**
 * Throws `configuration` unless this regular file (or folder) belongs to us or to root and nobody else can
 * write it. A folder with the sticky bit counts as not writable: nobody can replace our files there.
 */
export function assertPrivate(path: string, stats: Stats, kind: "file" | "folder"): void {
  if (kind === "file" ? !stats.isFile() : !stats.isDirectory()) {
    throw new Error(`${path} is not a ${kind === "file" ? "regular file" : "folder"}`);
  }
  const open = openToOthers(stats, kind);
  if (open === undefined) return;
  const what =
    open === "owner" ? `belongs to another user (uid ${stats.uid})` : "can be written by other users";
  throw new KeywrightError("configuration", `${path} ${what}`, {
    hint: `Look whether its content is yours, then run: ${remedyFor(path, open)}`,
  });
}

/** True when the folder is there. */
function assertFolder(path: string): boolean {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return false;
  assertPrivate(path, stats, "folder");
  return true;
}

function openIfThere(path: string, flags: number): number | undefined {
  try {
    return openSync(path, flags);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw error;
  }
}

/** Runs `work`, which writes the file. Throws `backend`, with what to do, when the system refuses; everything else passes. */
export function writing<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (thrown) {
    const { code, syscall } = (thrown ?? {}) as NodeJS.ErrnoException;
    if (thrown instanceof KeywrightError || syscall === undefined) throw thrown;
    throw new KeywrightError("backend", `${path} cannot be written (${code ?? syscall})`, {
      hint: "Make room, or make the file and its folder writable for you.",
      cause: thrown,
    });
  }
}
