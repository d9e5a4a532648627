// Reads a file that decides where credentials go, provided that nobody but its owner can write it. It never writes.
import { closeSync, constants, fstatSync, openSync, readFileSync, type Stats } from "node:fs";
import { MendaKeyRingError } from "../errors.ts";
import { openToOthers, remedyFor } from "../io/owner.ts";

export type OwnFile =
  | { readonly state: "read"; readonly text: string }
  | { readonly state: "missing" }
  /** There, but it cannot be opened or is no file; `reason` is a system error code. */
  | { readonly state: "unreadable"; readonly reason: string };

/**
 * Throws `configuration` when another user can write the file, when it is not UTF-8, or when it has more than `maxBytes`
 * (undefined: any size will do).
 */
export function readOwnFile(path: string, maxBytes: number = Infinity): OwnFile {
  let descriptor: number;
  try {
    // Not blocking, so that a pipe in the file's place cannot hold us up.
    descriptor = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    const reason = codeOf(error);
    return reason === "ENOENT" || reason === "ENOTDIR" || reason === "ELOOP"
      ? { state: "missing" }
      : { state: "unreadable", reason };
  }
  try {
    const stats = fstatSync(descriptor);
    if (!stats.isFile())
      return { state: "unreadable", reason: stats.isDirectory() ? "EISDIR" : "not a file" };
    refuseForeign(path, stats);
    if (stats.size > maxBytes) {
      throw new MendaKeyRingError("configuration", `${path} is larger than ${maxBytes} bytes`);
    }
    return { state: "read", text: decoded(path, readFileSync(descriptor)) };
  } finally {
    closeSync(descriptor);
  }
}

function refuseForeign(path: string, stats: Stats): void {
  const open = openToOthers(stats, "file");
  if (open === undefined) return;
  const what = open === "owner" ? "belongs to another user" : "can be written by other users";
  throw new MendaKeyRingError("configuration", `${path} ${what}, so it is not trusted`, {
    hint: `Look at what it says, then run: ${remedyFor(path, open)}`,
  });
}

function decoded(path: string, bytes: Buffer): string {
  const text = bytes.toString("utf8");
  // What is not UTF-8 has become U+FFFD, so it does not come back. (node:buffer would say so too, and costs its loading.)
  if (Buffer.from(text).equals(bytes)) return text;
  throw new MendaKeyRingError("configuration", `${path} is not UTF-8 text`, { hint: "Save it as UTF-8." });
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "error";
}
