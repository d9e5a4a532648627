// Generated cases, always the same: layers of mappings, lists, scalars and interpolations, words of YAML, views, identities,
// contexts. Layers are written as JSON, which both parsers read alike.
import fc from "fast-check";
import { demoFiles, OTHERWISE, WHO, type OracleCase, type Question } from "./case.ts";

const key = fc.constantFrom("a", "b", "c", "d", "e1");
const word = fc.constantFrom("x", "red", "5432", "two words", "ä", "", "yes", "1e3", "a: b", "- x", "#no");
const scalar = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: -20, max: 4000 }) },
  { weight: 4, arbitrary: word },
  { weight: 1, arbitrary: fc.boolean() },
  { weight: 1, arbitrary: fc.constant(null) },
  { weight: 1, arbitrary: fc.constantFrom(1.5, -0.25, 3.125e-7, 12345678.5) },
);
const path = fc.oneof(
  key,
  fc.tuple(key, key).map((keys) => keys.join(".")),
  fc.tuple(key, fc.nat(2)).map(([name, at]) => `${name}[${at}]`),
);
/** What most layers can refer to. */
const BASE = {
  base: {
    x: "ex",
    n: 7,
    f: 2.5,
    yes: true,
    no: null,
    list: ["zero", { in: "list" }],
    deep: { up: "${..n}" },
  },
};
const known = fc.constantFrom(
  "base.x",
  "base.n",
  "base.f",
  "base.yes",
  "base.no",
  "base.list[0]",
  "base[list][1].in",
  "base.deep.up",
);
const interpolation = fc.oneof(
  { weight: 9, arbitrary: known.map((to) => `\${${to}}`) },
  { weight: 3, arbitrary: fc.tuple(known, known).map(([one, two]) => `\${${one}}-\${ ${two} }/post`) },
  { weight: 3, arbitrary: fc.constantFrom("${base}", "${base.list}", "${base.deep}", "${base[deep]}") },
  { weight: 1, arbitrary: path.map((to) => `\${${to}}`) },
  { weight: 1, arbitrary: key.map((to) => `\${.${to}}`) },
  { weight: 1, arbitrary: key.map((to) => `\${..${to}}`) },
  {
    weight: 3,
    arbitrary: fc.constantFrom("${oc.env:KW_A}", "${oc.env:KW_NONE,fallback}", "${oc.env:KW_NONE,null}"),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom("${oc.select:a,none}", "${oc.decode:${oc.env:KW_N}}", "${oc.env:KW_NONE,1_0}"),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      "${oc.env:${oc.env:KW_NAME}}",
      "${base.${oc.env:KW_KEY}}",
      "${oc.env:KW_NONE,'a, ${base.x}'}",
    ),
  },
  { weight: 2, arbitrary: fc.constantFrom("???", "cost: $5", "$a", "a\\b", "{base.x}") },
);
const broken = fc.constantFrom(
  "${a",
  "${}",
  "${a:b}",
  "${oc.env:KW_NONE}",
  "${base.none}",
  "${..........a}",
  "${base.x.y}",
);
/** Scalars without references. */
const { tree: quiet } = fc.letrec<{ tree: unknown }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 3 },
    { weight: 16, arbitrary: scalar },
    { weight: 9, arbitrary: fc.dictionary(key, tie("tree"), { maxKeys: 3 }) },
    { weight: 1, arbitrary: fc.array(tie("tree"), { maxLength: 3 }) },
  ),
}));
const { tree: lively } = fc.letrec<{ tree: unknown }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 3 },
    { weight: 18, arbitrary: scalar },
    { weight: 12, arbitrary: interpolation },
    { weight: 10, arbitrary: fc.dictionary(key, tie("tree"), { maxKeys: 3 }) },
    { weight: 1, arbitrary: fc.array(tie("tree"), { maxLength: 3 }) },
  ),
}));
const mapping = (tree: fc.Arbitrary<unknown>) => fc.dictionary(key, tree, { minKeys: 1, maxKeys: 4 });
const ENV = { KW_A: "from env", KW_N: "42", KW_NAME: "KW_A", KW_KEY: "x" };

function layers(tree: fc.Arbitrary<unknown>): fc.Arbitrary<Record<string, unknown>> {
  const some = mapping(tree);
  return fc.record(
    { default: some, environment: some, machine: some, substrate: some, role: some },
    { requiredKeys: ["default"] },
  );
}

const load = (tree: fc.Arbitrary<unknown>, base: object = {}): fc.Arbitrary<Question> =>
  fc
    .record({ files: layers(tree), overrides: fc.option(mapping(tree), { nil: undefined, freq: 2 }) })
    .map(({ files, overrides }) => ({
      op: "load" as const,
      files: demoFiles({ ...files, default: { ...base, ...(files["default"] as object) } }),
      identity: WHO,
      env: ENV,
      ...(overrides === undefined ? {} : { overrides }),
    }));
const somewhere = fc.oneof(
  path,
  known,
  fc.constantFrom("", "base", "base.deep", "base[deep]", ".base", "base.list", "base.list[1]"),
);
const view = fc.record({ files: layers(quiet), path: somewhere }).map(({ files, path: at }) => ({
  op: "view" as const,
  files: demoFiles({ ...files, default: { ...BASE, ...(files["default"] as object) } }),
  identity: WHO,
  path: at,
}));
const yaml = fc
  .record({ default: mapping(fc.oneof(quiet, fc.string({ unit: "binary", maxLength: 30 }), longText())) })
  .map((files) => ({ op: "yaml" as const, files: demoFiles(files), identity: WHO }));

function longText(): fc.Arbitrary<string> {
  const piece = fc.constantFrom("word", "it's", "long-er", " ", "\n", "ü", '"', "#", ":", "quitealongword");
  return fc.array(piece, { minLength: 10, maxLength: 40 }).map((pieces) => pieces.join(" "));
}

/** Words that mean the same in YAML 1.1 and 1.2. */
const words = fc
  .dictionary(
    key,
    fc
      .constantFrom(
        "1",
        "-7",
        "0",
        "1.5",
        "1e3",
        "2.5e-3",
        "true",
        "False",
        "null",
        "~",
        "text",
        "a-b",
        "0x1f",
        "+3",
        ".5",
      )
      .chain((one) => fc.constantFrom(one, one, one, `"${one}"`, `'${one}'`)),
    { minKeys: 1 },
  )
  .map(wordsFile);
function wordsFile(entries: Readonly<Record<string, string>>): Question {
  const lines = Object.entries(entries).map(([name, text]) => `${name}: ${text}\n`);
  return { op: "load", files: demoFiles({ default: lines.join("") }), identity: WHO };
}
/** Words of which one means something else. */
const otherWords = fc
  .tuple(fc.constantFrom(...OTHERWISE), fc.dictionary(key, fc.constantFrom("1", "text", "0x1f", "1e3")))
  .map(([one, entries]) => wordsFile({ ...entries, odd: one }));
/** A text that is resolved otherwise, next to others that are not. */
const odd = fc.constantFrom(
  "\\${base.x}",
  "pre \\${base.n}/${base.n}",
  "x ${base}",
  "${oc.env:KW_REF}",
  "x-${oc.env:KW_REF}",
  "${oc.create:${base}}",
  "${oc.env:KW_NONE,[1, 2]}",
);
const otherTexts = fc.tuple(odd, mapping(quiet)).map(([one, data]) => ({
  op: "subconfig" as const,
  data: { ...BASE, ...data, odd: one },
  env: { ...ENV, KW_REF: "${base.x}" },
}));
const subview = fc
  .record({ data: mapping(quiet), path: somewhere })
  .map(({ data, path: at }) => ({ op: "subview" as const, data: { ...BASE, ...data }, path: at }));
const subconfig = mapping(lively).map((data) => ({
  op: "subconfig" as const,
  data: { ...BASE, ...data },
  env: ENV,
}));
const change = fc
  .record({ data: mapping(quiet), readonly: fc.boolean(), view_readonly: fc.boolean() })
  .chain((one) =>
    fc
      .constantFrom("", "base", "base.deep", ...Object.keys(one.data))
      .map((at) => ({ op: "change" as const, ...one, data: { ...BASE, ...one.data }, path: at })),
  );

const field = fc.oneof(
  {
    weight: 20,
    arbitrary: fc.constantFrom("demo", "dev", "bridge", "Bridge-2", "market-data", "prefect worker", "é"),
  },
  { weight: 1, arbitrary: fc.constantFrom("", " ", "\t") },
);
const identity = fc.record({ app: field, environment: field, machine: field, substrate: field, role: field });
const sights = fc.record({
  hostname: fc.constantFrom("bridge", "bridge.local", "bridge.a.example", "vm-1.a.example", ""),
  docker: fc.boolean(),
});
const built = fc
  .record({
    app: field,
    environment: field,
    role: field,
    machine: fc.option(field),
    substrate: fc.option(field),
  })
  .chain((parts) => sights.map((seen) => ({ op: "identity" as const, parts, sights: seen })));
const attest = fc
  .record({
    identity: fc.record({
      app: fc.constant("demo"),
      environment: fc.constant("dev"),
      machine: fc.constantFrom("bridge", "bridge", "vm-1", "other"),
      substrate: fc.constantFrom("docker-container", "local-process", "local-process", "docker"),
      role: fc.constantFrom("research", "market-data"),
    }),
    sights,
  })
  .map((one) => ({ op: "attest" as const, ...one }));

const folder = fc.constantFrom<unknown>("/data", "~/data", "data/here", "~", "/x/$HOME");
const section = fc.record({
  mxm_secrets: fc.constantFrom<unknown>(
    { stores: {}, refs: {}, policies: {} },
    {
      stores: { red: { backend: "gopass", root: "mxm/red" } },
      refs: { db_main: { store: "red", path: "db/main", policy: "db" } },
      policies: { db: { allowed_principals: ["research"] } },
    },
  ),
  mxm_databases: fc.dictionary(
    fc.constantFrom("main", "archive"),
    fc.record(
      {
        driver: fc.constantFrom("postgresql", "sqlite"),
        host: fc.constantFrom("localhost", "db.example"),
        port: fc.integer({ min: 1, max: 65_535 }),
        name: fc.constantFrom("${mxm_paths.data_root}/x.db", "main"),
      },
      { requiredKeys: ["driver"] },
    ),
  ),
  mxm_paths: fc.record({ data_root: folder, artifact_root: folder, export_root: folder, log_root: folder }),
});
const context = fc
  .tuple(section, fc.constantFrom("none", "no section", "null section", "no folder", "number", "layered"))
  .map(([whole, flaw]) => ({
    op: "context" as const,
    identity: WHO,
    files: demoFiles(withFlaw(whole, flaw)),
  }));

function withFlaw(whole: Readonly<Record<string, unknown>>, flaw: string): Record<string, unknown> {
  const paths = whole["mxm_paths"] as Readonly<Record<string, unknown>>;
  if (flaw === "no section") return { default: { ...whole, mxm_databases: undefined } };
  if (flaw === "null section") return { default: { ...whole, mxm_secrets: null } };
  if (flaw === "no folder") return { default: { ...whole, mxm_paths: { ...paths, log_root: undefined } } };
  if (flaw === "number") return { default: { ...whole, mxm_paths: { ...paths, artifact_root: 7 } } };
  if (flaw === "layered") return { default: whole, machine: { mxm_paths: { data_root: "/machine" } } };
  return { default: whole };
}

const KINDS: readonly (readonly [string, fc.Arbitrary<Question>, number])[] = [
  ["layers", load(quiet), 200],
  ["interpolated layers", load(lively, BASE), 220],
  [
    "broken layers",
    load(fc.oneof({ weight: 9, arbitrary: lively }, { weight: 1, arbitrary: broken }), BASE),
    60,
  ],
  ["view", view, 80],
  ["yaml", yaml, 120],
  ["words", words, 60],
  ["other words", otherWords, 20],
  ["other texts", otherTexts, 25],
  ["sub-configuration", subconfig, 80],
  ["sub-configuration view", subview, 50],
  ["change", change, 40],
  ["identity", built, 60],
  ["validate", identity.map((one) => ({ op: "validate" as const, identity: one })), 20],
  ["attest", attest, 40],
  ["context", context, 80],
];

export const generatedCases: readonly OracleCase[] = KINDS.flatMap(([name, arbitrary, numRuns], seed) =>
  fc
    .sample(arbitrary, { numRuns, seed: seed + 100 })
    .map((question, at) => ({ name: `${name} ${at + 1}`, generated: true, question })),
);
