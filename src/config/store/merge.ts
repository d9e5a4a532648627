// Merges layers as OmegaConf 2.3 does: mappings deep, scalars and lists replace, `???` gives way, a mapping over a reference
// goes over what that refers to, and a list and a mapping at one place are an error. It resolves nothing for good.
import { shown } from "../fault.ts";
import type { MapTree, Tree } from "../tree.ts";
import { where } from "../fault.ts";
import { storeFaultAt } from "./fault.ts";
import { interpolated } from "./interpolate.ts";
import { isInterpolation, isUnset, type Env } from "./scope.ts";

/** The first layer is the lowest. Throws `merge`. */
export function mergeLayers(layers: readonly MapTree[], env: Env): MapTree {
  const [lowest, ...others] = layers;
  if (lowest === undefined) throw new RangeError("there is no layer to merge");
  const root = growing(lowest);
  for (const layer of others) mergeInto(root, layer, [], { root, env });
  return root;
}

/** Values are replaced in it while a layer is merged: what a reference finds is what is there by then. */
interface GrowingMap extends MapTree {
  readonly entries: Map<string, Tree>;
}

interface Merging {
  readonly root: GrowingMap;
  readonly env: Env;
}

function growing(tree: MapTree): GrowingMap {
  return { ...tree, entries: new Map([...tree.entries].map(([key, value]) => [key, copy(value)])) };
}

function copy(tree: Tree): Tree {
  return tree.kind === "map" ? growing(tree) : tree;
}

function mergeInto(lower: GrowingMap, upper: MapTree, path: readonly string[], merging: Merging): void {
  for (const [key, value] of upper.entries) {
    const at = [...path, key];
    const before = container(lower.entries.get(key), at, merging);
    const after = merged(before, value, at, merging);
    lower.entries.set(key, after);
  }
}

function merged(before: Tree | undefined, value: Tree, path: readonly string[], merging: Merging): Tree {
  if (before === undefined) return copy(value);
  if (isUnset(value)) return before;
  if (
    before.kind === "scalar" ||
    value.kind === "scalar" ||
    (before.kind === "list" && value.kind === "list")
  )
    return copy(value);
  if (before.kind !== value.kind) {
    const [here, there] = [value, before].map(({ kind }) => (kind === "map" ? "a mapping" : "a list"));
    throw storeFaultAt(
      "merge",
      value.origin,
      `${shown(path.join("."))} is ${here} here, and ${there} at ${where(before.origin)}`,
      "Let a layer between them set it to null, or give it another name.",
    );
  }
  mergeInto(before as GrowingMap, value as MapTree, path, merging);
  return { ...before, origin: value.origin };
}

/** A reference to a mapping or a list becomes a copy of that, so that a layer can go over it. */
function container(
  before: Tree | undefined,
  path: readonly string[],
  { root, env }: Merging,
): Tree | undefined {
  if (before === undefined || !isInterpolation(before)) return before;
  try {
    const { tree } = interpolated(root, env).follow({ tree: before, path });
    return tree.kind === "scalar" ? before : copy(tree);
  } catch {
    return before; // it may be resolved once all layers are there; if not, that is said then
  }
}
