// Words that mean something else here (YAML 1.2) than they did for OmegaConf over PyYAML (1.1): each is told with file and
// line, since a configuration that worked before would quietly say something else.
import { shown } from "../fault.ts";
import type { ScalarTree, Tree } from "../tree.ts";
import { storeFaultAt } from "./fault.ts";
import { isFloat, meantBefore, pythonText } from "./words.ts";

/** Throws `yaml` for a number that cannot be kept. `used`: the part of the file that is in force. Keys are told wherever they stand in the file. */
export function changedWords(
  used: Tree,
  keys: readonly { readonly word: string; readonly line: number }[],
  file: string,
): readonly string[] {
  const ofKeys = keys
    .filter(({ word }) => typeof meantBefore(word) !== "string")
    .map(
      ({ word, line }) =>
        `${file}:${line}: the key ${shown(word)} is text here, and was ${told(word)} before`,
    );
  return [...valuesOf(used, file), ...ofKeys];
}

function valuesOf(tree: Tree, file: string): readonly string[] {
  if (tree.kind === "list") return tree.items.flatMap((item) => valuesOf(item, file));
  if (tree.kind === "map") return [...tree.entries.values()].flatMap((item) => valuesOf(item, file));
  const { written, value, origin } = tree;
  if (typeof value === "number" && !isFloat(tree) && !Number.isSafeInteger(value)) {
    throw storeFaultAt("yaml", origin, "a whole number beyond 2^53 loses digits", "Put it into quotes.");
  }
  if (written === undefined || meantBefore(written) === value) return [];
  const line = origin === "built-in" ? 0 : origin.line;
  const now = typeof value === "string" ? "text" : pythonText(tree);
  return [
    `${file}:${line}: ${shown(written)} is ${now} here, and was ${told(written)} before; put it into quotes, or write what you mean`,
  ];
}

function told(word: string): string {
  const value = meantBefore(word);
  const scalar: ScalarTree = { kind: "scalar", value, origin: "built-in" };
  return typeof value === "string" ? "text" : pythonText(scalar);
}
