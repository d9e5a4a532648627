// The keys of a path: `a.b`, `a[b]`, `[a].b`, and leading dots, each of which gives an empty key, as OmegaConf 2.3 has it.

/** `.a[b]` → `["", "a", "b"]`; the empty path has no key. */
export function keysOf(path: string): readonly string[] {
  if (path === "") return [];
  const head = /^\.*[^.[]*/.exec(path)?.[0] ?? "";
  const keys = head.split(".");
  if (path[head.length] === "[" && keys.at(-1) === "") keys.pop();
  for (const [, dotted = "", bracketed = ""] of path.slice(head.length).matchAll(/\.([^.[]*)|\[(.*?)\]/g)) {
    keys.push(dotted === "" ? bracketed : dotted);
  }
  return keys;
}
