// Fault: a configuration error that says where. It never quotes a value that could be a secret.
import { KeywrightError } from "../errors.ts";
import type { Origin } from "./tree.ts";

/** `file:line: message`. */
export function faultAt(origin: Origin, message: string, hint?: string): KeywrightError {
  return new KeywrightError("configuration", `${where(origin)}: ${message}`, { hint });
}

export function where(origin: Origin): string {
  if (origin === "built-in") return "built-in configuration";
  return origin.line === 0 ? origin.file : `${origin.file}:${origin.line}`;
}

/** A key or another word of a file, fit to be printed. */
export function shown(word: string): string {
  return `'${word.slice(0, 80).replace(/[^\u0020-\u007e\u00a1-\u2027\u2030-\uffff]/g, "?")}'`;
}

/** The hint for a word that is not among those known: the nearest of them, or all when none is near. */
export function suggestion(word: string, known: Iterable<string>): string {
  const all = [...known];
  const near = all
    .map((candidate) => ({ candidate, steps: distance(word.slice(0, 64), candidate) }))
    .filter(({ candidate, steps }) => steps <= Math.max(2, candidate.length / 3))
    .sort((a, b) => a.steps - b.steps)[0];
  if (near !== undefined) return `Did you mean '${near.candidate}'?`;
  return all.length === 0 ? "None exists." : `Known here: ${all.join(", ")}.`;
}

/** Levenshtein's distance, one row at a time. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const swap = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(swap, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
