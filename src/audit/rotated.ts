// The names of rotated audit files: audit.jsonl becomes audit.<number of its last entry>.jsonl.
import { readdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";

export function rotatedName(path: string, lastSeq: number): string {
  const [stem, ending] = split(path);
  return `${stem}.${lastSeq}${ending}`;
}

/** Those that are still there, oldest first. */
export function rotatedFiles(path: string): readonly string[] {
  return readdirSync(dirname(path))
    .map((name) => join(dirname(path), name))
    .filter((name) => lastSeqOf(path, name) > 0)
    .sort((a, b) => lastSeqOf(path, a) - lastSeqOf(path, b));
}

/** The number of the last entry of a rotated file, by its name; 0 when that is not the name of one. */
export function lastSeqOf(path: string, name: string): number {
  const [stem, ending] = split(basename(path));
  const file = basename(name);
  const seq =
    file.startsWith(`${stem}.`) && file.endsWith(ending)
      ? file.slice(stem.length + 1, file.length - ending.length)
      : "";
  return /^[0-9]{1,15}$/.test(seq) ? Number(seq) : 0;
}

function split(path: string): readonly [stem: string, ending: string] {
  return path.endsWith(".jsonl") ? [path.slice(0, -".jsonl".length), ".jsonl"] : [path, ""];
}
