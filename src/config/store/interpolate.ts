// Resolves every `${…}` of a merged tree, once: what comes out of one is never read as another. Lazy, so the order of the
// keys does not count; a circle is an error. It calls oc.env, oc.select and oc.decode, and nothing else.
import { shown } from "../fault.ts";
import type { MapTree, Origin, ScalarTree, Tree } from "../tree.ts";
import { callOf } from "./calls.ts";
import { storeFaultAt, type ConfigStoreError } from "./fault.ts";
import { parseText, type Part } from "./interpolation.ts";
import { keysOf } from "./key-path.ts";
import { isInterpolation, isUnset, made, type Env, type Found, type Scope } from "./scope.ts";
import { pythonText } from "./words.ts";

export interface Interpolated {
  /** The whole tree, resolved. */
  whole(): MapTree;
  /** What stands at a path, after following the interpolations that stand in its place. */
  follow(found: Found): Found;
}

/** Throws `interpolation`, with the place of the text that cannot be resolved. */
export function interpolated(root: MapTree, env: Env): Interpolated {
  const done = new Map<string, Tree>();
  const followed = new Map<string, Found>();
  const sizes = new WeakMap<Tree, number>();
  const following = new Set<string>();
  const resolving = new Set<string>();

  function follow(found: Found): Found {
    const { tree, path } = found;
    if (path === undefined || !isInterpolation(tree)) return found;
    const key = JSON.stringify(path);
    const known = followed.get(key);
    if (known !== undefined) return known;
    return guarded(following, key, tree.origin, () => {
      const scope = scopeAt(path, tree.origin);
      const parts = partsOf(tree);
      const result = orUnset(() => scope.evaluate(parts), tree);
      const given = typeof result === "string" ? made(result, tree.origin) : result;
      followed.set(key, given);
      return given;
    });
  }

  function resolved(found: Found): Tree {
    const { tree, path } = follow(found);
    if (path === undefined || tree.kind === "scalar") return tree;
    const key = JSON.stringify(path);
    const known = done.get(key);
    if (known !== undefined) return known;
    return guarded(resolving, key, tree.origin, () => {
      const result = withChildren(tree, path);
      if (sizeOf(result, sizes) > MOST_VALUES) throw storeFaultAt("interpolation", tree.origin, TOO_MANY);
      done.set(key, result);
      return result;
    });
  }

  function withChildren(tree: Exclude<Tree, ScalarTree>, path: readonly string[]): Tree {
    const child = (value: Tree, key: string): Tree => {
      const result = resolved({ tree: value, path: [...path, key] });
      return value.kind === "scalar" ? { ...result, origin: value.origin } : result;
    };
    if (tree.kind === "list") {
      return { ...tree, items: tree.items.map((item, index) => child(item, String(index))) };
    }
    return { ...tree, entries: new Map([...tree.entries].map(([key, value]) => [key, child(value, key)])) };
  }

  function scopeAt(path: readonly string[], origin: Origin): Scope {
    const fault = (message: string, hint?: string): ConfigStoreError =>
      storeFaultAt("interpolation", origin, message, hint);
    const one = (part: Part): Found => {
      if (typeof part === "string") return made(part, origin);
      if (part.kind === "call") return callOf(part, scope, origin);
      const key = part.key.map((piece) => keyOf(one(piece).tree, fault)).join("");
      const found = scope.select(key);
      if (found === undefined) throw fault(`there is nothing at ${shown(key)}`, MISSING);
      if (isUnset(found.tree)) throw UNSET;
      return found;
    };
    const scope: Scope = {
      env,
      fault,
      select: (key) => select(key, path, fault),
      evaluate(parts) {
        const [only] = parts;
        if (parts.length === 1 && only !== undefined && typeof only !== "string") return one(only);
        return scope.text(parts);
      },
      text(parts) {
        const pieces = parts.map((part) => textOf(one(part).tree, fault));
        if (pieces.reduce((sum, piece) => sum + piece.length, 0) > LONGEST) throw fault(TOO_LONG);
        return pieces.join("");
      },
    };
    return scope;
  }

  function select(
    key: string,
    path: readonly string[],
    fault: (message: string) => ConfigStoreError,
  ): Found | undefined {
    const up = /^\.*/.exec(key)?.[0].length ?? 0;
    if (up > path.length) throw fault(`${shown(key)} leads above the top`);
    const from = up === 0 ? [] : path.slice(0, path.length - up);
    let found: Found | undefined = { tree: at(root, from), path: from };
    for (const step of keysOf(key.slice(up))) {
      found = follow(found);
      if (isUnset(found.tree)) throw UNSET;
      if (found.tree.kind === "scalar") throw fault(`${shown(key)} leads into a value that holds nothing`);
      found = childOf(found, step);
      if (found === undefined) return undefined;
    }
    return follow(found);
  }

  return { whole: () => resolved({ tree: root, path: [] }) as MapTree, follow };
}

/** A few lines of references to references could stand for billions of values. */
const MOST_VALUES = 100_000;
const TOO_MANY = `references make more than ${MOST_VALUES} values of it`;
const DEEPEST = 100;
const LONGEST = 1024 * 1024;
const TOO_LONG = `references make a text of more than ${LONGEST} characters of it`;

function sizeOf(tree: Tree, sizes: WeakMap<Tree, number>): number {
  if (tree.kind === "scalar") return 1;
  const known = sizes.get(tree);
  if (known !== undefined) return known;
  const inner = tree.kind === "list" ? tree.items : [...tree.entries.values()];
  const size = inner.reduce((sum, one) => sum + sizeOf(one, sizes), 1);
  sizes.set(tree, size);
  return size;
}

/** A mandatory value that nobody gave: it stays `???`, and so does what refers to it, as in OmegaConf. */
const UNSET = new Error("unset");
const ESCAPE = "Write \\${ for the characters themselves.";
const MISSING = "A path begins at the top; with a dot before it, at the mapping that holds the value.";

/** Throws `interpolation` for the first text of the tree that is not well formed, whether it is in force or not. */
export function checkInterpolations(tree: Tree): void {
  if (tree.kind === "scalar") {
    if (isInterpolation(tree)) partsOf(tree);
    return;
  }
  for (const inner of tree.kind === "list" ? tree.items : tree.entries.values()) checkInterpolations(inner);
}

function partsOf({ value, origin }: ScalarTree & { readonly value: string }): readonly Part[] {
  const parts = parseText(value);
  if (parts !== undefined) return parts;
  throw storeFaultAt("interpolation", origin, "an interpolation is not well formed", ESCAPE);
}

function orUnset(evaluate: () => Found | string, tree: ScalarTree): Found | string {
  try {
    return evaluate();
  } catch (thrown) {
    if (thrown !== UNSET) throw thrown;
    return { tree: { ...tree, value: "???" }, path: undefined };
  }
}

function guarded<T>(busy: Set<string>, key: string, origin: Origin, act: () => T): T {
  if (busy.has(key)) throw storeFaultAt("interpolation", origin, "the interpolation leads back to itself");
  if (busy.size >= DEEPEST)
    throw storeFaultAt("interpolation", origin, `references more than ${DEEPEST} deep`);
  busy.add(key);
  try {
    return act();
  } finally {
    busy.delete(key);
  }
}

function textOf(tree: Tree, fault: (message: string) => ConfigStoreError): string {
  if (tree.kind === "scalar") return pythonText(tree);
  throw fault(`a ${tree.kind === "map" ? "mapping" : "list"} cannot be part of a text`);
}

function keyOf(tree: Tree, fault: (message: string) => ConfigStoreError): string {
  if (tree.kind === "scalar" && typeof tree.value === "string") return tree.value;
  throw fault("what stands for a key has to be text");
}

function childOf({ tree, path }: Found, step: string): Found | undefined {
  const child =
    tree.kind === "map"
      ? tree.entries.get(step)
      : tree.kind === "list" && /^[0-9]+$/.test(step)
        ? tree.items[Number(step)]
        : undefined;
  if (child === undefined) return undefined;
  return { tree: child, path: path === undefined ? undefined : [...path, step] };
}

function at(root: Tree, path: readonly string[]): Tree {
  return path.reduce<Tree>((node, step) => childOf({ tree: node, path: [] }, step)?.tree ?? node, root);
}
