// Tree: what a configuration file says, as plain data in which every value knows its file and line. Mappings merge
// deep, lists and scalars replace. Keys live in Maps, so no key (`__proto__`, `constructor`) means anything to JavaScript.

/** Line 0: data that a program gave, which has no lines; `file` says then what it is. */
export type Origin = "built-in" | { readonly file: string; readonly line: number };
export type ScalarValue = string | number | boolean | null;

export type Tree = MapTree | ListTree | ScalarTree;
export interface MapTree {
  readonly kind: "map";
  readonly entries: ReadonlyMap<string, Tree>;
  readonly origin: Origin;
}
export interface ListTree {
  readonly kind: "list";
  readonly items: readonly Tree[];
  readonly origin: Origin;
}
export interface ScalarTree {
  readonly kind: "scalar";
  readonly value: ScalarValue;
  readonly origin: Origin;
  /** The word of the file, when it has no quotes and somebody wants to know it. */
  readonly written?: string | undefined;
}

export type Plain = ScalarValue | readonly Plain[] | { readonly [key: string]: Plain };

/** `upper` over `lower`. */
export function merge(lower: Tree | undefined, upper: Tree): Tree {
  if (lower?.kind !== "map" || upper.kind !== "map") return upper;
  const entries = new Map(lower.entries);
  for (const [key, value] of upper.entries) entries.set(key, merge(entries.get(key), value));
  return { kind: "map", entries, origin: upper.origin };
}

/** The value at this path; undefined when there is none. */
export function at(tree: Tree | undefined, path: readonly string[]): Tree | undefined {
  return path.reduce<Tree | undefined>(
    (node, key) => (node?.kind === "map" ? node.entries.get(key) : undefined),
    tree,
  );
}

export function plain(tree: Tree): Plain {
  if (tree.kind === "scalar") return tree.value;
  if (tree.kind === "list") return tree.items.map(plain);
  return Object.fromEntries([...tree.entries].map(([key, value]) => [key, plain(value)]));
}

/** Plain data (of the program itself) as a tree. */
export function treeOf(data: Plain, origin: Origin = "built-in"): Tree {
  if (Array.isArray(data)) return { kind: "list", items: data.map((item) => treeOf(item, origin)), origin };
  if (typeof data !== "object" || data === null)
    return { kind: "scalar", value: data as ScalarValue, origin };
  const entries = new Map(Object.entries(data).map(([key, value]) => [key, treeOf(value, origin)]));
  return { kind: "map", entries, origin };
}

/** True when both say the same; the order of keys and the origins do not count. */
export function same(a: Tree, b: Tree): boolean {
  if (a.kind === "scalar") return b.kind === "scalar" && a.value === b.value;
  if (a.kind === "list") {
    return (
      b.kind === "list" &&
      a.items.length === b.items.length &&
      a.items.every((item, index) => same(item, b.items[index] as Tree))
    );
  }
  if (b.kind !== "map" || a.entries.size !== b.entries.size) return false;
  return [...a.entries].every(([key, value]) => {
    const other = b.entries.get(key);
    return other !== undefined && same(value, other);
  });
}

/** The origin of every scalar and of every empty list or mapping, by its path: `policies.registries.deny[0].name`. */
export function originsOf(tree: Tree, path = ""): ReadonlyMap<string, Origin> {
  if (tree.kind === "scalar") return new Map([[path, tree.origin]]);
  const parts: (readonly [string, Tree])[] =
    tree.kind === "list"
      ? tree.items.map((item, index) => [`${path}[${index}]`, item])
      : [...tree.entries].map(([key, value]) => [path === "" ? key : `${path}.${key}`, value]);
  if (parts.length === 0) return new Map([[path, tree.origin]]);
  return new Map(parts.flatMap(([key, value]) => [...originsOf(value, key)]));
}
