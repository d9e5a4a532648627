// Reads a chain back: the local files in their order, and the check of any chain. It repairs nothing.
import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import type { Clock } from "../io/clock.ts";
import { withLock } from "../io/lock.ts";
import { CHAIN_START, follow, type ChainHead } from "./chain.ts";
import { lastSeqOf, rotatedFiles } from "./rotated.ts";
import type { Witness } from "./verify-checkpoints.ts";

export interface ChainLine {
  readonly text: string;
  /** Where it stands, for people: `file:line`. */
  readonly place: string;
  /** True for what is behind the last whole line: a crash does that, and so does a change. */
  readonly torn?: boolean;
}

export interface Expected {
  /** True when the chain must be there from its first entry on. */
  readonly whole?: boolean | undefined;
  /** What checkpoints that were kept elsewhere say. */
  readonly witness?: Witness | undefined;
}

export type Verdict =
  | {
      readonly ok: true;
      readonly count: number;
      readonly first: number;
      readonly head: ChainHead | undefined;
    }
  | { readonly ok: false; readonly place: string; readonly seq: number; readonly fault: string };

/**
 * The lines of the local chain behind the entry with the number `after`, oldest first; none when nothing was ever
 * written. A torn last line is among them for `torn` only.
 */
export function* readChain(path: string, clock: Clock, after = 0, torn = false): Generator<ChainLine> {
  const files = openAll(path, clock, after);
  try {
    for (const [at, { name, file, size }] of files.entries()) {
      const lines = textOf(file, size).split("\n");
      const rest = lines.pop() ?? "";
      const last = at === files.length - 1;
      if (rest !== "" && !last) lines.push(rest);
      for (const [number, text] of lines.entries()) {
        if (after === 0 || seqOf(text) > after) yield { text, place: `${name}:${number + 1}` };
      }
      if (rest !== "" && last && torn) yield { text: rest, place: `${name}:${lines.length + 1}`, torn };
    }
  } finally {
    for (const { file } of files) closeSync(file);
  }
}

/** Checks the lines up to the first fault. What was cut off at the end shows by a witness only. */
export function verifyChain(lines: Iterable<ChainLine>, expected: Expected = {}): Verdict {
  const { witness } = expected;
  let head: ChainHead | undefined;
  let count = 0;
  for (const line of lines) {
    const step = stepOver(head, line, expected);
    if (!step.ok) return { ok: false, place: line.place, seq: step.seq, fault: step.fault };
    ({ head } = step);
    count++;
  }
  const first = head === undefined ? 0 : head.seq - count + 1;
  if (witness !== undefined && (head?.seq ?? 0) < witness.count) {
    const fault = `is missing: ${witness.count} entries were there when a checkpoint was signed`;
    return { ok: false, place: "the end", seq: (head?.seq ?? 0) + 1, fault };
  }
  if (witness !== undefined && witness.count < first) {
    return { ok: false, place: "the beginning", seq: first, fault: "is newer than every checkpoint" };
  }
  return { ok: true, count, first, head };
}

/** The number that a line gives itself; 0 when it gives none. */
function seqOf(text: string): number {
  return Number(/^\{"seq":([0-9]{1,15}),/.exec(text)?.[1] ?? 0);
}

type Step = ReturnType<typeof follow>;

function stepOver(head: ChainHead | undefined, { text, torn }: ChainLine, expected: Expected): Step {
  const seq = head === undefined ? 0 : head.seq + 1;
  if (torn === true) return { ok: false, seq, fault: "was cut short, or its end was changed" };
  let step: Step;
  try {
    step = follow(head, text);
  } catch {
    return { ok: false, seq, fault: "is not an audit line" };
  }
  if (!step.ok) return step;
  const fault =
    (head === undefined ? beginningFault(step, expected) : undefined) ?? expected.witness?.faultOf(step.head);
  return fault === undefined ? step : { ok: false, seq: step.head.seq, fault };
}

/** A chain begins with entry 1, or where a rotation left off. */
function beginningFault(
  { head, entry }: Extract<Step, { ok: true }>,
  { whole }: Expected,
): string | undefined {
  if (head.seq === 1) return entry["prev"] === CHAIN_START.hash ? undefined : "does not begin a chain";
  const rotated = whole !== true && entry["continues"] === true;
  return rotated ? undefined : "is the first one: what came before it is gone";
}

interface OpenFile {
  readonly name: string;
  readonly file: number;
  readonly size: number;
}

/** All at one moment, so that a rotation while we read moves nothing. Without the lock if it cannot be had. */
function openAll(path: string, clock: Clock, after: number): readonly OpenFile[] {
  const newer = (name: string): boolean => lastSeqOf(path, name) > after;
  const open = (): readonly OpenFile[] => [...namesOf(path).filter(newer), path].flatMap(openIfThere);
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
