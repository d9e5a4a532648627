// Locks: the paths that the system's layer keeps from every later one. A layer offends when it sets anything at or
// under a locked path, or replaces what is above it, with another value; how it spells that in YAML makes no difference.
import { faultAt, shown, suggestion, where } from "./fault.ts";
import { at, same, type ListTree, type MapTree, type Origin, type Tree } from "./tree.ts";

export interface Lock {
  readonly path: readonly string[];
  /** The entry of the list that locks it. */
  readonly origin: Origin;
}

const NAMED = ["stores", "refs", "policies"];
const LOCKABLE: Readonly<Record<string, readonly string[]>> = {
  identity: ["role", "environment", "app"],
  audit: ["sink", "path", "max_bytes", "max_files"],
  stores: ["backend", "root", "min_life", "options"],
  refs: ["store", "path", "policy", "match", "username"],
  policies: ["allowed_principals", "actions", "grants", "deny"],
};

/** `tree` is the layer that locks, `merged` is what holds with it. A locked ref locks its store and its policy, too. */
export function locksOf(tree: MapTree, merged: MapTree): readonly Lock[] {
  const list = tree.entries.get("locked");
  if (list === undefined) return [];
  const locks = paths(list).map((lock) => checked(lock, tree));
  const refs = at(merged, ["refs"]);
  if (refs?.kind !== "map") return locks;
  const named = [...refs.entries].flatMap(([name, ref]) => {
    const lock = holding(locks, ["refs", name]);
    if (lock === undefined) return [];
    const targets = [["stores", at(ref, ["store"])] as const, ["policies", at(ref, ["policy"])] as const];
    return targets.flatMap(([section, target]) =>
      target?.kind === "scalar" ? [{ path: [section, String(target.value)], origin: lock.origin }] : [],
    );
  });
  return [...locks, ...named];
}

/** True when all of this path is locked. */
export function isLocked(locks: readonly Lock[], path: readonly string[]): boolean {
  return holding(locks, path) !== undefined;
}

/** Throws `configuration`, naming both places, when the layer offends. `held` is what holds below that layer. */
export function holdLocks(locks: readonly Lock[], held: MapTree, layer: MapTree): void {
  for (const { path, origin } of locks) {
    const found = offence(held, layer, path, []);
    if (found === undefined) continue;
    const file = origin === "built-in" ? "the system's configuration" : origin.file;
    throw faultAt(
      found.tree.origin,
      `sets ${found.path.join(".")}, but ${where(origin)} locks ${path.join(".")}`,
      `Take it out of this file; only who administers ${file} can change it.`,
    );
  }
}

interface Offence {
  readonly tree: Tree;
  readonly path: readonly string[];
}

/** Walks down both; anything but a mapping above the locked path replaces all below it. */
function offence(
  held: Tree | undefined,
  layer: Tree,
  rest: readonly string[],
  path: readonly string[],
): Offence | undefined {
  const [key, ...deeper] = rest;
  if (key === undefined || layer.kind !== "map" || (held !== undefined && held.kind !== "map")) {
    return difference(held, layer, path);
  }
  const next = layer.entries.get(key);
  return next === undefined ? undefined : offence(held?.entries.get(key), next, deeper, [...path, key]);
}

/** The first thing that merging `layer` over `held` would change. */
function difference(held: Tree | undefined, layer: Tree, path: readonly string[]): Offence | undefined {
  if (held?.kind === "map" && layer.kind === "map") {
    for (const [key, value] of layer.entries) {
      const found = difference(held.entries.get(key), value, [...path, key]);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  return held !== undefined && same(held, layer) ? undefined : { tree: layer, path };
}

function holding(locks: readonly Lock[], path: readonly string[]): Lock | undefined {
  return locks.find((lock) => lock.path.every((key, index) => path[index] === key));
}

function paths(list: Tree): readonly Lock[] {
  if (list.kind !== "list")
    throw faultAt(list.origin, "locked is a list of dotted paths", "Write locked: [policies].");
  return (list satisfies ListTree).items.map((item) => {
    if (
      item.kind !== "scalar" ||
      typeof item.value !== "string" ||
      !/^[^.\s]+(\.[^.\s]+)*$/.test(item.value)
    ) {
      throw faultAt(item.origin, "locked holds dotted paths, such as policies.registries.deny");
    }
    return { path: item.value.split("."), origin: item.origin };
  });
}

/** A misspelt lock would lock nothing and say nothing, so a path must be one that can be set, and a name must exist. */
function checked(lock: Lock, tree: MapTree): Lock {
  const [section = "", ...rest] = lock.path;
  const fields = Object.hasOwn(LOCKABLE, section) ? (LOCKABLE[section] ?? []) : undefined;
  if (fields === undefined) {
    throw faultAt(
      lock.origin,
      `locked names ${shown(section)}, which cannot be locked`,
      suggestion(section, Object.keys(LOCKABLE)),
    );
  }
  const [name, field] = NAMED.includes(section) ? rest : [undefined, ...rest];
  if (name !== undefined && at(tree, [section, name]) === undefined) {
    const known = at(tree, [section]);
    const names = known?.kind === "map" ? known.entries.keys() : [];
    throw faultAt(
      lock.origin,
      `locked names ${shown(`${section}.${name}`)}, which this file does not have`,
      suggestion(name, names),
    );
  }
  if (field !== undefined && !fields.includes(field)) {
    throw faultAt(
      lock.origin,
      `locked names ${shown(lock.path.join("."))}, which is no setting`,
      suggestion(field, fields),
    );
  }
  return lock;
}
