// Reads files below a folder and nowhere else: a link may lead to another place in the folder, not out of it. Its errors
// name whose file it is, never a path. It decrypts and decodes nothing.
import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readFileSync,
  realpathSync,
  statSync,
  type Stats,
} from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { KeywrightError } from "../errors.ts";
import { openToOthers } from "./owner.ts";

export type Below =
  | { readonly state: "read"; readonly bytes: Buffer }
  | { readonly state: "missing" }
  | { readonly state: "folder" };

export interface BelowOptions {
  /** For errors: `ref api_key of store red`. */
  readonly whose: string;
  /** Bytes. */
  readonly most: number;
  /** User ids that may own and so change the files, besides ours and root's; undefined: none. */
  readonly owners?: readonly number[] | undefined;
}

/**
 * `path` is relative, without `..`. Throws `backend` when the folder is not there or the file cannot be read, and
 * `configuration` when a link leads out of the folder or other users can write the file or a folder on the way to it.
 */
export function readBelow(folder: string, path: string, options: BelowOptions): Below {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return readOnce(folder, path, options);
    } catch (error) {
      if (error instanceof KeywrightError) throw error;
      // A mount that is renewed (Kubernetes puts another folder behind `..data`) takes the file away between two looks.
      if (codeOf(error) === "ENOENT" && attempt < 3) continue;
      throw unreadable(options.whose, `the file cannot be read (${codeOf(error)})`);
    }
  }
}

function readOnce(folder: string, path: string, { whose, most, owners = [] }: BelowOptions): Below {
  const root = resolved(folder, whose);
  if (root === undefined) throw unreadable(whose, "the folder of the store is not there", NO_FOLDER);
  const real = resolved(join(root, path), whose);
  if (real === undefined) return { state: "missing" };
  if (!inside(root, real)) {
    throw refused(
      whose,
      "a symbolic link leads out of the folder of the store",
      "Put the file itself there.",
    );
  }
  if (statSync(real).isDirectory()) return { state: "folder" };
  for (let at = real; at !== root; at = dirname(at))
    assertOurs(statSync(dirname(at)), "folder", whose, owners);
  return { state: "read", bytes: readFile(real, whose, most, owners) };
}

/** Throws as `readBelow` does when the folder is not there or other users can write it. */
export function assertFolder(folder: string, whose: string, owners: readonly number[] = []): void {
  const real = resolved(folder, whose);
  const stats = real === undefined ? undefined : statSync(real);
  if (stats?.isDirectory() !== true)
    throw unreadable(whose, "the folder of the store is not there", NO_FOLDER);
  assertOurs(stats, "folder", whose, owners);
}

/** True for a folder, or a link to one. */
export function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

const NO_FOLDER = "Make it, mount what holds it, or correct the store's option folder.";

function inside(root: string, path: string): boolean {
  const way = relative(root, path);
  return way === "" || (way !== ".." && !way.startsWith(`..${sep}`));
}

function readFile(real: string, whose: string, most: number, owners: readonly number[]): Buffer {
  const file = openSync(real, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0));
  try {
    const stats = fstatSync(file);
    if (!stats.isFile()) throw unreadable(whose, "there is no regular file");
    assertOurs(stats, "file", whose, owners);
    if (stats.size > most) throw unreadable(whose, `the file is larger than ${most} bytes`);
    return readFileSync(file);
  } finally {
    closeSync(file);
  }
}

function assertOurs(stats: Stats, kind: "file" | "folder", whose: string, owners: readonly number[]): void {
  const { mode, gid } = stats;
  const open = openToOthers({ mode, gid, uid: owners.includes(stats.uid) ? 0 : stats.uid }, kind);
  if (open === undefined) return;
  const what = open === "owner" ? "belongs to another user" : "can be written by other users";
  throw refused(
    whose,
    `its ${kind} ${what}, who could have put another value there`,
    "Look at it, then take those rights away.",
  );
}

function resolved(path: string, whose: string): string | undefined {
  try {
    return realpathSync(path);
  } catch (error) {
    const code = codeOf(error);
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw unreadable(whose, `the file cannot be reached (${code})`);
  }
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? "unknown error";
}

function unreadable(whose: string, fault: string, hint?: string): KeywrightError {
  return new KeywrightError("backend", `${whose}: ${fault}`, { hint });
}

function refused(whose: string, fault: string, hint: string): KeywrightError {
  return new KeywrightError("configuration", `${whose}: ${fault}`, { hint });
}
