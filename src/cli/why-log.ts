// The private log of what `keyring` could not answer and why: pip from 26.2 on and PDM throw away what it says on standard
// error. Small, bounded, without secrets; it is written on failure only, and a log that cannot be written stops nothing.
import { closeSync, constants, fstatSync, openSync, renameSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import { asKeywrightError, type ErrorCode } from "../errors.ts";
import { assertPrivate, ensurePrivateFolder, readPrivate } from "../io/files.ts";
import { showAddress } from "../resolver/address.ts";

export interface Failure {
  /** Epoch seconds. */
  readonly at: number;
  /** Who was asked: `keyring`, or `python` through the package keywright-keyring. */
  readonly front: "keyring" | "python";
  /** As it may be shown (showAddress). */
  readonly address: string;
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string | undefined;
}

/** Bytes; then the log becomes the old one, and the one before that goes. */
export const LARGEST_LOG = 256 * 1024;
const LONGEST_TEXT = 1000;

export function whyLogPath(home: string): string {
  return join(home, ".local", "state", "keywright", "why.jsonl");
}

/** Adds a failure. `home` undefined: there is no place for it. Never throws. */
export function noteFailure(
  home: string | undefined,
  {
    front,
    service,
    now,
    thrown,
  }: {
    readonly front: Failure["front"];
    readonly service: string;
    readonly now: number;
    readonly thrown: unknown;
  },
): void {
  const { code, message, hint } = asKeywrightError(thrown);
  if (home === undefined || code === "unknown") return;
  const address = showAddress(service);
  const entry = {
    at: Math.floor(now),
    front,
    address,
    code,
    message: short(message),
    hint: hint && short(hint),
  };
  try {
    append(whyLogPath(home), `${JSON.stringify(entry)}\n`);
  } catch {
    // What went wrong was said already; that it cannot be written down as well helps nobody here.
  }
}

function short(text: string): string {
  return text.slice(0, LONGEST_TEXT);
}

/** Oldest first; lines that cannot be read are left out. Throws `configuration` when another user could have written it. */
export function failuresIn(home: string): readonly Failure[] {
  const path = whyLogPath(home);
  const lines = [`${path}.1`, path].flatMap((file) => (readPrivate(file, 2 * LARGEST_LOG) ?? "").split("\n"));
  return lines.flatMap((line) => {
    try {
      const { at, front, address, code, message, hint } = JSON.parse(line) as Failure;
      return [{ at, front, address, code, message, hint }];
    } catch {
      return [];
    }
  });
}

/** One write for one line, so that lines of several programs do not mix. */
function append(path: string, line: string): void {
  ensurePrivateFolder(dirname(path));
  const flags =
    constants.O_WRONLY |
    constants.O_APPEND |
    constants.O_CREAT |
    (constants.O_NOFOLLOW ?? 0) |
    (constants.O_NONBLOCK ?? 0);
  const file = openSync(path, flags, 0o600);
  try {
    const stats = fstatSync(file);
    assertPrivate(path, stats, "file");
    writeSync(file, line);
    if (stats.size + line.length > LARGEST_LOG) renameSync(path, `${path}.1`);
  } finally {
    closeSync(file);
  }
}
