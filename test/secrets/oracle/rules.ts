// The deliberate differences to mxm-secrets 0.3.2 (docs/differences-from-mxm.md has them in words): which inputs each is
// about, what each side answers, and why. A predicate looks at the input only.
import type { OracleCase } from "./case.ts";

export interface Rule {
  readonly id: string;
  readonly reason: string;
  readonly covers: (one: OracleCase) => boolean;
  /** The kind of an answer (`ok`, `invalid`, `unknown`, `denied`, or a code of ours); a text after `ok` is the answer as JSON. */
  readonly theirs: RegExp;
  readonly ours: RegExp;
}

export const rules: readonly Rule[] = [
  {
    id: "path",
    reason:
      "a path that is absolute, climbs, has an empty segment, a leading '-' or a control character never loads",
    covers: (one) =>
      configOf(one) === undefined && pathsOf(one).some((path) => isClean(path) && isUnsafe(path)),
    theirs: /^(ok|invalid)/,
    ours: /^invalid$/,
  },
  {
    id: "root",
    reason: "the same of a store's root, but that it may end in slashes",
    covers: (one) =>
      configOf(one) === undefined && rootsOf(one).some(isUnsafeRoot) && !pathsOf(one).some(isUnsafe),
    theirs: /^ok/,
    ours: /^invalid$/,
  },
  {
    id: "long name",
    reason: "a name has at most 128 characters",
    covers: (one) => JSON.stringify(one).length > 128 && /"[a-z][a-z0-9_]{128,}"/.test(JSON.stringify(one)),
    theirs: /^ok/,
    ours: /^invalid$/,
  },
  {
    id: "loaded",
    reason:
      "stores, policies and backends that do not exist, unknown keys and unsafe paths are found while loading",
    covers: (one) =>
      configOf(one) !== undefined && (isDangling(one) || hasUnknownKey(one) || isUnsafeConfig(one)),
    theirs: /^(ok|denied|unknown|invalid)/,
    ours: /^invalid$/,
  },
  {
    id: "no root",
    reason: "a store needs no root: the env and exec backends have none",
    covers: (one) => entriesOf(one, "stores").some((store) => isMap(store) && !("root" in store)),
    theirs: /^invalid$/,
    ours: /^ok/,
  },
  {
    id: "no principals",
    reason: "a policy may have named grants or denies instead; with no rule at all it allows nobody",
    covers: (one) =>
      entriesOf(one, "policies").some((policy) => isMap(policy) && Object.keys(policy).length === 0),
    theirs: /^invalid$/,
    ours: /^(ok|denied)/,
  },
  {
    id: "no gopass",
    reason: "a backend that is not there, or has no store, is an error; `default` is for what is not found",
    covers: (one) => reaches(one) && one.kind === "get" && ["absent", "broken"].includes(one.gopass),
    theirs: /^ok/,
    ours: /^backend$/,
  },
  {
    id: "not decrypted",
    reason: "what cannot be decrypted is there, so no default is given for it",
    covers: (one) => reaches(one) && one.kind === "get" && one.gopass === "locked",
    theirs: /^ok/,
    ours: /^(authentication|locked)$/,
  },
  {
    id: "first line",
    reason: "the value is the password, the first line; the body is an option of the ref",
    covers: (one) => reaches(one) && pathAsked(one) === "lines",
    theirs: /^ok "first\\nuser: bob"$/,
    ours: /^ok "first"$/,
  },
  {
    id: "white space",
    reason: "a value keeps its spaces",
    covers: (one) => reaches(one) && pathAsked(one) === "padded",
    theirs: /^ok "padded"$/,
    ours: /^ok "  padded "$/,
  },
  {
    id: "folder",
    reason: "a folder is no secret; upstream gives the listing as one",
    covers: (one) => reaches(one) && pathAsked(one) === "marketdata",
    theirs: /^ok "mxm\/red\/marketdata\/\\n└── key"$/,
    ours: /^backend$/,
  },
];

type Mapping = Readonly<Record<string, unknown>>;

function isMap(value: unknown): value is Mapping {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function configOf(one: OracleCase): Mapping | undefined {
  return (one.kind === "load" || one.kind === "get") && isMap(one.config) ? one.config : undefined;
}

function entriesOf(one: OracleCase, section: string): readonly unknown[] {
  const entries = configOf(one)?.[section];
  return isMap(entries) ? Object.values(entries) : [];
}

function pathsOf(one: OracleCase): readonly string[] {
  if (one.kind === "path") return [one.path];
  return one.kind === "ref" ? texts([one.fields["path"]]) : [];
}

function rootsOf(one: OracleCase): readonly string[] {
  return one.kind === "store" || one.kind === "path" ? texts([one.fields["root"]]) : [];
}

function texts(values: readonly unknown[]): readonly string[] {
  return values.filter((value) => typeof value === "string");
}

/** What Python's strip leaves as it is. */
function isClean(text: string): boolean {
  return text !== "" && !/^[\s\u001c-\u001f\u0085]|[\s\u001c-\u001f\u0085]$/.test(text);
}

function isUnsafe(path: string): boolean {
  return /^\/|(^|\/)(\.{1,2}|-[^/]*|)(\/|$)|[\u0000-\u001f\u007f\\]/.test(path);
}

function isUnsafeRoot(root: string): boolean {
  return isClean(root) && (/^\/+$/.test(root) || isUnsafe(root.replace(/\/+$/, "")));
}

function isDangling(one: OracleCase): boolean {
  const { stores, policies } = configOf(one) ?? {};
  const isIn = (section: unknown, name: unknown): boolean =>
    !isMap(section) || typeof name !== "string" || Object.hasOwn(section, name);
  const lost = entriesOf(one, "refs").some(
    (ref) => isMap(ref) && !(isIn(stores, ref["store"]) && isIn(policies, ref["policy"])),
  );
  return lost || entriesOf(one, "stores").some((store) => isMap(store) && isOtherBackend(store["backend"]));
}

function isOtherBackend(backend: unknown): boolean {
  return typeof backend === "string" && backend !== "gopass";
}

const KEYS: readonly (readonly [section: string, keys: readonly string[]])[] = [
  ["stores", ["backend", "root"]],
  ["refs", ["store", "path", "policy"]],
  ["policies", ["allowed_principals"]],
];

function hasUnknownKey(one: OracleCase): boolean {
  const sections = KEYS.map(([section]) => section);
  if (Object.keys(configOf(one) ?? {}).some((key) => !sections.includes(key))) return true;
  return KEYS.some(([section, keys]) =>
    entriesOf(one, section).some(
      (entry) => isMap(entry) && Object.keys(entry).some((key) => !keys.includes(key)),
    ),
  );
}

function isUnsafeConfig(one: OracleCase): boolean {
  const paths = entriesOf(one, "refs").flatMap((ref) => (isMap(ref) ? texts([ref["path"]]) : []));
  const roots = entriesOf(one, "stores").flatMap((store) => (isMap(store) ? texts([store["root"]]) : []));
  return paths.some((path) => isClean(path) && isUnsafe(path)) || roots.some(isUnsafeRoot);
}

/** True for a question that the policy allows, as the plain configuration says. */
function reaches(one: OracleCase): boolean {
  if (one.kind !== "get") return false;
  const { refs, policies } = one.config as Readonly<Record<string, Readonly<Record<string, Mapping>>>>;
  const ref = refs?.[one.name];
  const policy = typeof ref?.["policy"] === "string" ? policies?.[ref["policy"]] : undefined;
  const allowed = policy?.["allowed_principals"];
  return Array.isArray(allowed) && allowed.includes(one.identity.role);
}

function pathAsked(one: OracleCase): unknown {
  if (one.kind !== "get" || one.gopass !== "there") return undefined;
  return (one.config as Readonly<Record<string, Readonly<Record<string, Mapping>>>>)["refs"]?.[one.name]?.[
    "path"
  ];
}
