// Reads a chain back: the local files in their order, and the check of any chain. It repairs nothing.
import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import type { Clock } from "../io/clock.ts";
import { withLock } from "../io/lock.ts";
import { follow, type ChainHead } from "./chain.ts";
import { rotatedFiles } from "./rotated.ts";

export interface ChainLine {
  readonly text: string;
  /** Where it stands, for people: `file:line`. */
  readonly place: string;
}

export type Verdict =
  | {
      readonly ok: true;
      readonly count: number;
      readonly first: number;
      readonly head: ChainHead | undefined;
    }
  | { readonly ok: false; readonly place: string; readonly seq: number; readonly fault: string };

/** The lines of the local chain, oldest first; none when nothing was ever written. A torn last line is not among them. */
export function* readChain(path: string, clock: Clock): Generator<ChainLine> {
  const files = openAll(path, clock);
  try {
    for (const [at, { name, file, size }] of files.entries()) {
      const lines = textOf(file, size).split("\n");
      const rest = lines.pop() ?? "";
      if (rest !== "" && at < files.length - 1) lines.push(rest);
      for (const [number, text] of lines.entries()) yield { text, place: `${name}:${number + 1}` };
    }
  } finally {
    for (const { file } of files) closeSync(file);
  }
}

/** Checks the lines up to the first fault. What was cut off at either end does not show. */
export function verifyChain(lines: Iterable<ChainLine>): Verdict {
  let head: ChainHead | undefined;
  let count = 0;
  for (const { text, place } of lines) {
    const step = stepOver(head, text);
    if (!step.ok) return { ok: false, place, seq: step.seq, fault: step.fault };
    ({ head } = step);
    count++;
  }
  return { ok: true, count, first: head === undefined ? 0 : head.seq - count + 1, head };
}

function stepOver(head: ChainHead | undefined, text: string): ReturnType<typeof follow> {
  try {
    return follow(head, text);
  } catch {
    return { ok: false, seq: (head?.seq ?? -1) + 1, fault: "is not an audit line" };
  }
}

interface OpenFile {
  readonly name: string;
  readonly file: number;
  readonly size: number;
}

/** All at one moment, so that a rotation while we read moves nothing. Without the lock if it cannot be had. */
function openAll(path: string, clock: Clock): readonly OpenFile[] {
  const open = (): readonly OpenFile[] => [...namesOf(path), path].flatMap(openIfThere);
  try {
    return withLock(`${path}.lock`, { clock, timeoutMs: 2000 }, open);
  } catch {
    return open();
  }
}

function namesOf(path: string): readonly string[] {
  try {
    return rotatedFiles(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

function openIfThere(name: string): readonly OpenFile[] {
  try {
    const file = openSync(name, constants.O_RDONLY);
    return [{ name, file, size: fstatSync(file).size }];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

function textOf(file: number, size: number): string {
  const bytes = Buffer.alloc(size);
  let read = 0;
  for (let more = -1; more !== 0 && read < size; read += more)
    more = readSync(file, bytes, read, size - read, read);
  return bytes.toString("utf8", 0, read);
}
