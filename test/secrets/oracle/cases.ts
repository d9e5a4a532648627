// Cases that are written by hand: every order of checks, every error, every deliberate difference, and what upstream's own
// tests are about.
import { CONFIG, identityOf, question, REF, STORE, type OracleCase } from "./case.ts";

const NAMES = [
  "red",
  "a",
  "a1",
  "a_b",
  "prefect_worker",
  "a_",
  "a".repeat(128),
  "a".repeat(129),
  "",
  " ",
  " a",
  "a ",
  "\u00a0a",
  "A",
  "a-b",
  "a b",
  "a!",
  "-a",
  "1a",
  "_a",
  "a.b",
  "é",
  "x\u200b",
  "a\n",
  "a\u0000",
];
const TEXTS = [
  "a",
  "a b",
  "",
  " ",
  "  a",
  "a  ",
  "\ta",
  "a\n",
  "a\u00a0",
  "/",
  "/a",
  "//",
  "a/",
  "a//",
  "a//b",
  "..",
  "../b",
  "a/../b",
  ".",
  "./a",
  "-c",
  "a/-c",
  "~x",
  "a\nb",
  "a\u0000b",
  "a\\b",
  "…",
];
const WRONG = [null, 7, true, 1.5, [], ["a"], {}, { a: 1 }];

function cross(config: unknown): readonly OracleCase[] {
  return [{ kind: "load", config }];
}

function sectionsWith(section: "stores" | "refs" | "policies", entry: string, value: unknown): unknown {
  return { ...CONFIG, [section]: { ...CONFIG[section], [entry]: value } };
}

function without(fields: object, key: string): object {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => name !== key));
}

const models: readonly OracleCase[] = [
  ...NAMES.flatMap((name): readonly OracleCase[] => [
    { kind: "principal", fields: { name } },
    { kind: "store", fields: { ...STORE, name } },
    { kind: "store", fields: { ...STORE, backend: name } },
    { kind: "ref", fields: { ...REF, name } },
    { kind: "ref", fields: { ...REF, store: name } },
    { kind: "ref", fields: { ...REF, policy: name } },
    { kind: "policy", fields: { name, allowed_principals: ["a"] } },
    { kind: "policy", fields: { name: "p", allowed_principals: ["other", name] } },
    { kind: "registry", of: "refs", names: ["red", "a"], ask: name },
  ]),
  ...TEXTS.flatMap((text): readonly OracleCase[] => [
    { kind: "store", fields: { ...STORE, root: text } },
    { kind: "ref", fields: { ...REF, path: text } },
    { kind: "path", fields: STORE, path: text },
  ]),
  { kind: "policy", fields: { name: "p", allowed_principals: [] } },
  { kind: "policy", fields: { name: "p", allowed_principals: ["a", "b", "a"] } },
];

const loads: readonly OracleCase[] = [
  ...cross(CONFIG),
  ...cross({ stores: {}, refs: {}, policies: {} }),
  ...cross({}),
  ...["stores", "refs", "policies"].flatMap((section) => [
    ...cross(without(CONFIG, section)),
    ...WRONG.filter((value) => JSON.stringify(value) !== "{}").flatMap((value) =>
      cross({ ...CONFIG, [section]: value }),
    ),
  ]),
  ...WRONG.flatMap((value) => [
    ...cross(sectionsWith("stores", "more", value)),
    ...cross(sectionsWith("refs", "more", value)),
    ...cross(sectionsWith("policies", "more", value)),
    ...["backend", "root"].flatMap((key) =>
      cross(sectionsWith("stores", "more", { ...CONFIG.stores.red, [key]: value })),
    ),
    ...["store", "path", "policy"].flatMap((key) =>
      cross(sectionsWith("refs", "more", { ...CONFIG.refs.gone, [key]: value })),
    ),
    ...cross(sectionsWith("policies", "more", { allowed_principals: value })),
    ...cross(sectionsWith("policies", "more", { allowed_principals: ["a", value] })),
  ]),
  ...["store", "path", "policy"].flatMap((key) =>
    cross(sectionsWith("refs", "more", without(CONFIG.refs.gone, key))),
  ),
  ...["backend", "root"].flatMap((key) =>
    cross(sectionsWith("stores", "more", without(CONFIG.stores.red, key))),
  ),
  ...cross(sectionsWith("refs", "more", { ...CONFIG.refs.gone, store: "nothing" })),
  ...cross(sectionsWith("refs", "more", { ...CONFIG.refs.gone, policy: "nothing" })),
  ...cross(sectionsWith("stores", "more", { ...CONFIG.stores.red, backend: "nothing" })),
  ...cross(sectionsWith("refs", "more", { ...CONFIG.refs.gone, extra: "x" })),
  ...cross({ ...CONFIG, extra: {} }),
  ...["/a", "../black/key", "a/../../b", "a//b", "-c"].flatMap((path) =>
    cross(sectionsWith("refs", "more", { ...CONFIG.refs.gone, path })),
  ),
  ...["Api", "api-key", "", "1", "__proto__x"].flatMap((name) =>
    cross(sectionsWith("refs", name, CONFIG.refs.gone)),
  ),
];

const red = { ...CONFIG.stores.red };
const odd = (path: string): unknown => sectionsWith("refs", "odd", { store: "red", path, policy: "access" });

const questions: readonly OracleCase[] = [
  question({}),
  question({ role: "marketdata" }),
  question({ name: "password", role: "execution" }),
  question({ name: "gone" }),
  question({ name: "gone", default: "instead" }),
  question({ name: "gone", default: "" }),
  question({ default: "instead" }),
  question({ role: "execution" }),
  question({ role: "execution", default: "instead" }),
  question({ name: "nobodys" }),
  question({ name: "nothing" }),
  question({ name: "nothing", default: "instead" }),
  question({ name: "nothing", role: "market-data" }),
  question({ role: "market-data" }),
  question({ name: "nobodys", role: "market-data" }),
  question({ role: "" }),
  question({ role: "execution", gopass: "absent" }),
  question({ name: "nothing", gopass: "absent" }),
  ...["", "Gone", "../gone", "red:api_key", "gone\n", "__proto__", "toString"].map((name) =>
    question({ name }),
  ),
  ...(["absent", "broken", "locked"] as const).flatMap((gopass) => [
    question({ gopass }),
    question({ gopass, default: "instead" }),
  ]),
  ...["empty", "lines", "padded", "marketdata", "nothing"].map((path) =>
    question({ config: odd(path), name: "odd" }),
  ),
  ...["../black/broker/password", "/mxm/red/marketdata/key", "marketdata//key", "-c"].flatMap((path) => [
    question({ config: odd(path), name: "odd" }),
    question({ config: odd(path), name: "odd", role: "execution" }),
  ]),
  question({ config: sectionsWith("refs", "odd", { ...CONFIG.refs.gone, store: "nothing" }), name: "odd" }),
  question({
    config: sectionsWith("refs", "odd", { ...CONFIG.refs.gone, store: "nothing" }),
    name: "odd",
    role: "execution",
  }),
  question({ config: sectionsWith("refs", "odd", { ...CONFIG.refs.gone, policy: "nothing" }), name: "odd" }),
  question({ config: sectionsWith("stores", "red", { ...red, backend: "vault_of_mine" }) }),
  question({ config: sectionsWith("stores", "red", { ...red, backend: "vault_of_mine" }), gopass: "absent" }),
  question({ config: sectionsWith("stores", "red", { ...red, root: "mxm//red" }) }),
  ...["app", "environment", "machine", "substrate"].map((field): OracleCase => ({
    kind: "get",
    config: CONFIG,
    name: "api_key",
    identity: { ...identityOf("research"), [field]: "" },
    default: null,
    gopass: "there",
  })),
];

export const handWritten: readonly OracleCase[] = [...models, ...loads, ...questions];
