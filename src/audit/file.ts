// The local audit: a chain in a file, appended under a lock by whoever comes, rotated with the chain carried over.
// It does not wait for the disk. Whoever can write the file can cut off its end, or rewrite all of it: no local chain
// can show that; what it shows is a change or a gap in what is there.
import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  renameSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { asKeywrightError, KeywrightError } from "../errors.ts";
import type { Clock } from "../io/clock.ts";
import { assertPrivate, ensurePrivateFolder } from "../io/files.ts";
import { withLock } from "../io/lock.ts";
import type { Ask } from "../resolver/ask.ts";
import type { AuditLog } from "../resolver/audit-log.ts";
import {
  CHAIN_START,
  decisionFields,
  follow,
  issuedFields,
  link,
  type ChainFields,
  type ChainHead,
} from "./chain.ts";
import { rotatedFiles, rotatedName } from "./rotated.ts";

export interface FileAuditOptions {
  readonly path: string;
  readonly clock: Clock;
  newId(): string;
  /** The address of an ask, fit to be written. */
  describe(ask: Ask): string | undefined;
  readonly maxBytes?: number | undefined;
  /** How many files are kept, the current one included. */
  readonly maxFiles?: number | undefined;
  readonly lockTimeoutMs?: number | undefined;
}

/** Longest line, in bytes, without its newline. */
export const LONGEST_LINE = 16 * 1024;

export function fileAudit(options: FileAuditOptions): AuditLog {
  return {
    decision: async (entry) => {
      const id = options.newId();
      append(options, decisionFields(id, entry, options.describe(entry.ask)));
      return id;
    },
    issued: async (entry) => append(options, issuedFields(options.newId(), entry)),
  };
}

function append(options: FileAuditOptions, fields: ChainFields): void {
  const { path, clock, lockTimeoutMs = 10_000 } = options;
  try {
    ensurePrivateFolder(dirname(path));
    withLock(`${path}.lock`, { clock, timeoutMs: lockTimeoutMs }, () => appendLocked(options, fields));
  } catch (thrown) {
    const cause = asKeywrightError(thrown);
    if (cause.code === "audit") throw cause;
    const hint = cause.hint ?? "Make the file writable, or set another `audit` in the configuration.";
    throw new KeywrightError("audit", `the audit entry could not be written: ${cause.message}`, {
      hint,
      cause,
    });
  }
}

function appendLocked(options: FileAuditOptions, fields: ChainFields): void {
  const full = appendUnlessFull(options, fields, options.maxBytes ?? 10_000_000);
  if (full === undefined) return;
  const { path, maxFiles = 10 } = options;
  renameSync(path, rotatedName(path, full.head.seq));
  for (const old of rotatedFiles(path)
    .toReversed()
    .slice(Math.max(maxFiles - 1, 1)))
    unlinkSync(old);
  appendUnlessFull(options, full.fields, Infinity);
}

/** Returns undefined when it is written, else what the first line of the next file must follow and say. */
function appendUnlessFull(
  { path, clock }: FileAuditOptions,
  fields: ChainFields,
  maxBytes: number,
): { readonly head: ChainHead; readonly fields: ChainFields } | undefined {
  const file = openAppending(path);
  try {
    const { head, size, torn } = stateOf(path, file);
    if (torn > 0) ftruncateSync(file, size);
    const told = torn === 0 ? fields : { ...fields, recovered_bytes: torn };
    const bytes = Buffer.from(`${lineAfter(head, clock.now(), told)}\n`);
    if (size > 0 && size + bytes.length > maxBytes) return { head, fields: { ...told, continues: true } };
    writeWhole(path, file, size, bytes);
    return undefined;
  } finally {
    closeSync(file);
  }
}

function openAppending(path: string): number {
  const { O_RDWR, O_APPEND, O_CREAT, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants;
  const file = openSync(path, O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o600);
  try {
    assertPrivate(path, fstatSync(file), "file");
    return file;
  } catch (error) {
    closeSync(file);
    throw error;
  }
}

/**
 * Where the chain stands, how long the file is up to there, and how many bytes of a torn line follow: what a crash cut
 * short was never acknowledged, so it may be dropped; the next entry says so.
 */
function stateOf(
  path: string,
  file: number,
): { readonly head: ChainHead; readonly size: number; readonly torn: number } {
  const length = fstatSync(file).size;
  const tail = tailOf(file, length);
  const end = tail.lastIndexOf(0x0a) + 1;
  const torn = tail.length - end;
  const size = length - torn;
  if (size === 0) return { head: headBefore(path), size, torn };
  const last = tail.subarray(tail.lastIndexOf(0x0a, end - 2) + 1, Math.max(end - 1, 0)).toString();
  return { head: headAt(path, last), size, torn };
}

function headBefore(path: string): ChainHead {
  const newest = rotatedFiles(path).at(-1);
  if (newest === undefined) return CHAIN_START;
  const file = openSync(newest, constants.O_RDONLY);
  try {
    const lines = tailOf(file, fstatSync(file).size).toString().split("\n");
    return headAt(newest, lines.at(-2) ?? "");
  } finally {
    closeSync(file);
  }
}

function headAt(path: string, line: string): ChainHead {
  const step = follow(undefined, line);
  if (step.ok) return step.head;
  throw new KeywrightError("audit", `the last line of the audit file ${path} ${step.fault}`, {
    hint: "Look at it with `keywright audit verify`; once it is understood, move the file away and a new chain begins.",
  });
}

/** Enough of the end to hold a whole line and a torn one behind it: nearly always little is enough. */
function tailOf(file: number, length: number): Buffer {
  const little = endOf(file, length, 2048);
  const last = little.lastIndexOf(0x0a);
  const holdsLine = last > 0 && little.lastIndexOf(0x0a, last - 1) >= 0;
  return holdsLine || little.length === length ? little : endOf(file, length, 2 * (LONGEST_LINE + 1));
}

function endOf(file: number, length: number, most: number): Buffer {
  const tail = Buffer.alloc(Math.min(length, most));
  const read = readSync(file, tail, 0, tail.length, length - tail.length);
  return tail.subarray(0, read);
}

/** A line that would be too long says its texts shortened. */
function lineAfter(head: ChainHead, time: number, fields: ChainFields): string {
  const { line } = link(head, time, fields);
  if (Buffer.byteLength(line) <= LONGEST_LINE) return line;
  return link(head, time, JSON.parse(JSON.stringify(fields, shortened)) as ChainFields).line;
}

function shortened(_key: string, value: unknown): unknown {
  return typeof value === "string" && value.length > 200 ? `${value.slice(0, 200)}…` : value;
}

/** One write, so that no reader sees half of it. What did not fit (a full disk) is taken back. */
function writeWhole(path: string, file: number, size: number, bytes: Buffer): void {
  let fault: unknown;
  try {
    if (writeSync(file, bytes) === bytes.length) return;
  } catch (error) {
    fault = error;
  }
  ftruncateSync(file, size);
  throw (
    fault ??
    new KeywrightError("audit", `no space left for the audit file ${path}`, {
      hint: "Make room on its disk.",
    })
  );
}
