// Plain data that a program passes in (overrides, a sub-configuration) as a Tree: copied, and nothing that JSON could not say.
import { shown } from "../fault.ts";
import type { MapTree, Origin, Tree } from "../tree.ts";
import { storeFaultAt, type ConfigStoreError } from "./fault.ts";
import { checkInterpolations } from "./interpolate.ts";

const DEEPEST = 24;

/** Keys whose value is undefined are left out. Throws `value`, `not_a_mapping` when the whole is none, `interpolation`. */
export function givenTree(data: unknown, name: string): MapTree {
  const origin: Origin = { file: name, line: 0 };
  const tree = treeAt(data, "", 0, (fault, message) => storeFaultAt(fault, origin, message), origin);
  if (tree.kind !== "map") throw storeFaultAt("not_a_mapping", origin, "it has to be a mapping");
  checkInterpolations(tree);
  return tree;
}

function treeAt(
  value: unknown,
  path: string,
  depth: number,
  fault: (fault: "value", message: string) => ConfigStoreError,
  origin: Origin,
): Tree {
  const wrong = (is: string): ConfigStoreError => fault("value", `${path === "" ? "it" : shown(path)} ${is}`);
  if (value === null || typeof value === "string" || typeof value === "boolean" || Number.isFinite(value)) {
    return { kind: "scalar", value: value as string | number | boolean | null, origin };
  }
  if (depth >= DEEPEST) throw wrong("is too deep, or holds itself");
  const below = (inner: unknown, at: string): Tree => treeAt(inner, at, depth + 1, fault, origin);
  if (Array.isArray(value)) {
    return { kind: "list", items: value.map((item, index) => below(item, `${path}[${index}]`)), origin };
  }
  const prototype: unknown = typeof value === "object" ? Object.getPrototypeOf(value) : undefined;
  if (prototype !== null && prototype !== Object.prototype) throw wrong("is no plain data");
  const entries = Object.entries(value as object).filter(([, inner]) => inner !== undefined);
  for (const [key] of entries) {
    if (key === "" || key === "__proto__") throw wrong(`has the key ${shown(key)}, which cannot be one`);
  }
  const trees = entries.map(
    ([key, inner]) => [key, below(inner, path === "" ? key : `${path}.${key}`)] as const,
  );
  return { kind: "map", entries: new Map(trees), origin };
}
