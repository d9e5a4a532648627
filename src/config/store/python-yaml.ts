// A tree as YAML in the form that mxm-config 0.6.2 prints it in: blocks, lists not indented, keys in the order of the merge.
import type { Tree } from "../tree.ts";
import { pythonScalar } from "./python-scalar.ts";

/** Ends in a line break. */
export function pythonYaml(tree: Tree): string {
  return `${block(tree, 0, 0).replace(/^\n/, "")}\n`;
}

/** `column`: where it begins; a block begins with a line break instead, unless it may stand where it is. */
function block(tree: Tree, indent: number, column: number, inList = false): string {
  const margin = " ".repeat(indent);
  const start = inList ? "" : `\n${margin}`;
  if (tree.kind === "scalar") return pythonScalar(tree, { column, indent });
  if (tree.kind === "list") {
    if (tree.items.length === 0) return "[]";
    return (
      start + tree.items.map((item) => `- ${block(item, indent + 2, indent + 2, true)}`).join(`\n${margin}`)
    );
  }
  if (tree.entries.size === 0) return "{}";
  const entries = [...tree.entries].map(([key, value]) => {
    const word = pythonScalar(
      { kind: "scalar", value: key, origin: "built-in" },
      { column: indent, indent, key: true },
    );
    const inner = value.kind === "list" ? indent : indent + 2;
    const text = block(value, inner, indent + [...word].length + 2);
    return `${word}:${text.startsWith("\n") ? "" : " "}${text}`;
  });
  return start + entries.join(`\n${margin}`);
}
