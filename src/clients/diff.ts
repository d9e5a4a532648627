// What will change in a file, line by line, as people know it from `diff -u`. Secrets in the lines are not shown.
import { hidden } from "./hidden.ts";

const CONTEXT = 2;

/** Empty when nothing changes. `before` undefined: the file is new. */
export function diffText(path: string, before: string | undefined, after: string): string {
  if (before === after) return "";
  const steps = stepsBetween(linesOf(before ?? ""), linesOf(after));
  const shown = steps.map(
    ({ sign }, at) =>
      steps.slice(Math.max(0, at - CONTEXT), at + CONTEXT + 1).some((near) => near.sign !== " ") ||
      sign !== " ",
  );
  const lines = steps.flatMap(({ sign, line }, at) => {
    if (shown[at] === true) return [`${sign}${hidden(line)}`];
    return shown[at - 1] === true && shown.slice(at).includes(true) ? [" …"] : [];
  });
  return [`--- ${before === undefined ? "(no such file)" : path}`, `+++ ${path}`, ...lines, ""].join("\n");
}

interface Step {
  readonly sign: " " | "-" | "+";
  readonly line: string;
}

function linesOf(text: string): readonly string[] {
  const lines = text.split(/\r\n|\r|\n/);
  return lines.at(-1) === "" ? lines.slice(0, -1) : lines;
}

/** What is the same at both ends is left out first; the rest by the longest common part. */
function stepsBetween(before: readonly string[], after: readonly string[]): readonly Step[] {
  let head = 0;
  while (head < before.length && head < after.length && before[head] === after[head]) head += 1;
  let tail = 0;
  while (tail < Math.min(before.length, after.length) - head && before.at(-1 - tail) === after.at(-1 - tail))
    tail += 1;
  return [
    ...same(before.slice(0, head)),
    ...middle(before.slice(head, before.length - tail), after.slice(head, after.length - tail)),
    ...same(before.slice(before.length - tail)),
  ];
}

function same(lines: readonly string[]): readonly Step[] {
  return lines.map((line) => ({ sign: " ", line }));
}

function middle(before: readonly string[], after: readonly string[]): readonly Step[] {
  const longest: number[][] = Array.from({ length: before.length + 1 }, () =>
    Array<number>(after.length + 1).fill(0),
  );
  const at = (i: number, j: number): number => longest[i]?.[j] ?? 0;
  for (let i = before.length - 1; i >= 0; i -= 1) {
    for (let j = after.length - 1; j >= 0; j -= 1)
      longest[i]![j] = before[i] === after[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
  }
  const steps: Step[] = [];
  let [i, j] = [0, 0];
  while (i < before.length || j < after.length) {
    if (i < before.length && before[i] === after[j]) {
      steps.push({ sign: " ", line: before[i]! });
      [i, j] = [i + 1, j + 1];
    } else if (j >= after.length || (i < before.length && at(i + 1, j) >= at(i, j + 1))) {
      steps.push({ sign: "-", line: before[i]! });
      i += 1;
    } else {
      steps.push({ sign: "+", line: after[j]! });
      j += 1;
    }
  }
  return steps;
}
