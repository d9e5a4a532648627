// The names of rotated audit files: audit.jsonl becomes audit.<number of its last entry>.jsonl.
import { readdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";

export function rotatedName(path: string, lastSeq: number): string {
  const [stem, ending] = split(path);
  return `${stem}.${lastSeq}${ending}`;
}

/** Those that are still there, oldest first. */
export function rotatedFiles(path: string): readonly string[] {
  const [stem, ending] = split(basename(path));
  return readdirSync(dirname(path))
    .flatMap((name) => {
      const seq =
        name.startsWith(`${stem}.`) && name.endsWith(ending)
          ? name.slice(stem.length + 1, name.length - ending.length)
          : "";
      return /^[0-9]{1,15}$/.test(seq) ? [{ seq: Number(seq), name }] : [];
    })
    .sort((a, b) => a.seq - b.seq)
    .map(({ name }) => join(dirname(path), name));
}

function split(path: string): readonly [stem: string, ending: string] {
  return path.endsWith(".jsonl") ? [path.slice(0, -".jsonl".length), ".jsonl"] : [path, ""];
}
