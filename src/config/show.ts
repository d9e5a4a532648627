// Shows a merged Tree as YAML, on demand with the place that each value comes from beside it. It hides nothing:
// a configuration names places, not secrets.
import { Document, Scalar, YAMLMap, YAMLSeq, Pair } from "yaml";
import { where } from "./fault.ts";
import { isLocked, type Lock } from "./locks.ts";
import type { Origin, Tree } from "./tree.ts";

/** `origins`: a comment beside each value says its file and line, and whether the system locks it. */
export function showTree(tree: Tree, locks: readonly Lock[], origins: boolean): string {
  const document = new Document();
  document.contents = nodeOf(
    tree,
    [],
    origins ? (origin, path) => placeOf(origin, path, locks) : () => undefined,
  );
  return document.toString({ lineWidth: 0, flowCollectionPadding: true });
}

export function placeOf(origin: Origin, path: readonly string[], locks: readonly Lock[]): string {
  return isLocked(locks, path) ? `${where(origin)} (locked)` : where(origin);
}

type Remark = (origin: Origin, path: readonly string[]) => string | undefined;

function nodeOf(tree: Tree, path: readonly string[], remark: Remark): Scalar | YAMLMap | YAMLSeq {
  const leaf =
    tree.kind === "scalar" ||
    (tree.kind === "list" && tree.items.every((item) => item.kind === "scalar")) ||
    (tree.kind === "map" && tree.entries.size === 0);
  const node = bareNode(tree, path, leaf ? () => undefined : remark);
  const text = leaf ? remark(tree.origin, path) : undefined;
  if (text !== undefined) node.comment = ` ${text}`;
  return node;
}

function bareNode(tree: Tree, path: readonly string[], remark: Remark): Scalar | YAMLMap | YAMLSeq {
  if (tree.kind === "scalar") return new Scalar(tree.value);
  if (tree.kind === "list") {
    const list = new YAMLSeq();
    list.items = tree.items.map((item) => nodeOf(item, path, remark));
    list.flow = tree.items.every((item) => item.kind === "scalar");
    return list;
  }
  const map = new YAMLMap();
  map.items = [...tree.entries].map(
    ([key, value]) => new Pair(new Scalar(key), nodeOf(value, [...path, key], remark)),
  );
  return map;
}
