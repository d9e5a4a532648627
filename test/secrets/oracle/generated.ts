// Generated cases, the same in every run: mostly what people write, with something wrong in it now and then.
import fc from "fast-check";
import { CONFIG, REF, STORE, identityOf, type OracleCase } from "./case.ts";

const SEED = 20_261_122;

const name = fc.stringMatching(/^[a-z][a-z0-9_]{0,12}$/);
/** Near misses: letters that a name may have among some that it may not. */
const nearName = fc.string({ unit: fc.constantFrom(..."ab1_ -.A!é\n\t/"), minLength: 0, maxLength: 6 });
const anyName = fc.oneof({ weight: 3, arbitrary: name }, { weight: 2, arbitrary: nearName });
const segment = fc.stringMatching(/^[a-z0-9_][a-z0-9_. é-]{0,8}[a-z0-9_]$/);
const cleanPath = fc.array(segment, { minLength: 1, maxLength: 4 }).map((all) => all.join("/"));
const padded = fc
  .tuple(fc.constantFrom("", " ", "\t", "\u00a0", "\n"), cleanPath, fc.constantFrom(" ", "\n"))
  .map((all) => all.join(""));
const path = fc.oneof(
  { weight: 14, arbitrary: cleanPath },
  { weight: 3, arbitrary: fc.oneof(padded, fc.constantFrom("", " ", "\t \n")) },
);
/** Some of these leave the root or could; upstream takes most of them. */
const climbing = fc.constantFrom("/a", "../a", "a/../b", "a//b", "a/", "-c", "./a", "a\u0000b", "a\nb");
const joined = fc.oneof({ weight: 15, arbitrary: path }, { weight: 1, arbitrary: climbing });
const root = fc.oneof(
  { weight: 14, arbitrary: cleanPath },
  { weight: 3, arbitrary: cleanPath.map((text) => `${text}/`) },
  { weight: 3, arbitrary: padded },
);

/** One field, now and then, as it should not be. */
function spoilt<T extends object>(
  fields: T,
  values: Readonly<Record<string, fc.Arbitrary<unknown>>>,
): fc.Arbitrary<T> {
  const one = fc
    .constantFrom(...Object.keys(values))
    .chain((key) => (values[key] ?? fc.constant("")).map((value) => ({ ...fields, [key]: value })));
  return one as fc.Arbitrary<T>;
}

const principals = fc.record({
  kind: fc.constant("principal" as const),
  fields: fc.record({ name: anyName }),
});
const stores = spoilt(STORE, { name: anyName, backend: anyName, root }).map((fields) => ({
  kind: "store" as const,
  fields,
}));
const refs = spoilt(REF, { name: anyName, store: anyName, policy: anyName, path: joined }).map((fields) => ({
  kind: "ref" as const,
  fields,
}));
const few = fc.constantFrom("a", "b", "research", "market_data", "prefect_worker", "é", "Ab");
const policies = fc.record({
  kind: fc.constant("policy" as const),
  fields: fc.record({
    name: fc.oneof({ weight: 5, arbitrary: name }, { weight: 1, arbitrary: nearName }),
    allowed_principals: fc.oneof(fc.uniqueArray(name, { maxLength: 4 }), fc.array(few, { maxLength: 4 })),
  }),
});
const paths = fc.record({
  kind: fc.constant("path" as const),
  fields: root.filter((text) => text.trim() === text).map((text) => ({ ...STORE, root: text })),
  path: joined,
});
const registries = fc
  .record({
    kind: fc.constant("registry" as const),
    of: fc.constantFrom("stores" as const, "refs" as const, "policies" as const),
    names: fc.oneof(
      fc.uniqueArray(name, { minLength: 1, maxLength: 5 }),
      fc.array(fc.constantFrom("a", "b", "c", "d", "e"), { maxLength: 3 }),
    ),
    ask: fc.oneof(fc.constant("nothing"), name, nearName),
    first: fc.boolean(),
  })
  .map(({ first, ...one }) => ({ ...one, ask: (first ? one.names[0] : undefined) ?? one.ask }));

const wrongType = fc.constantFrom<unknown>(
  null,
  7,
  true,
  "text",
  ["text"],
  [],
  { x: 1 },
  1.5,
  [7],
  [null],
  ["a", "a"],
  ["A"],
);
const SPOTS = [
  ["stores"],
  ["refs"],
  ["policies"],
  ["stores", "red"],
  ["refs", "api_key"],
  ["policies", "access"],
  ["stores", "red", "backend"],
  ["refs", "api_key", "store"],
  ["refs", "api_key", "policy"],
  ["policies", "access", "allowed_principals"],
] as const;
const NON_TEXT = new Set(["backend", "store", "policy"]);
const config: fc.Arbitrary<unknown> = fc
  .tuple(
    fc.constantFrom(...SPOTS),
    fc.option(wrongType, { nil: undefined }),
    fc.boolean(),
    fc.dictionary(name, fc.constant(0), { maxKeys: 3 }),
  )
  .map(([spot, value, whole, more]) => {
    const data = structuredClone(CONFIG) as unknown as Record<string, Record<string, unknown>>;
    for (const extra of Object.keys(more))
      data["policies"] = { ...data["policies"], [extra]: { allowed_principals: [] } };
    // A text in one of these places names something that is not there: that is one of the hand-written cases.
    const last = spot.at(-1) ?? "";
    const empty = typeof value === "string" && NON_TEXT.has(last);
    return whole ? data : replaced(data, spot, empty ? 7 : value);
  });

/** undefined takes the key out. */
function replaced(data: Readonly<Record<string, unknown>>, spot: readonly string[], value: unknown): unknown {
  const [key = "", ...rest] = spot;
  if (rest.length > 0)
    return { ...data, [key]: replaced(data[key] as Readonly<Record<string, unknown>>, rest, value) };
  const { [key]: _, ...others } = data;
  return value === undefined ? others : { ...others, [key]: value };
}

/** An empty section leaves refs without what they name, which only we look at: it takes its refs along. */
function sound(data: unknown): boolean {
  const { stores: all, policies: rules } = data as Record<string, unknown>;
  const isMap = (value: unknown): boolean =>
    typeof value === "object" && value !== null && !Array.isArray(value);
  const loses = (section: unknown, key: string): boolean => isMap(section) && !(key in (section as object));
  return !loses(all, "red") && !loses(rules, "access");
}

const loads = config.filter(sound).map((data) => ({ kind: "load" as const, config: data }));

const ENTRIES = ["marketdata/key", "marketdata/other_key", "broker/password", "marketdata/gone", "nothing"];
const questions = fc
  .record({
    where: fc.record({ store: fc.constantFrom("red", "black"), path: fc.constantFrom(...ENTRIES) }),
    slash: fc.constantFrom("", "/", "//"),
    allowed: fc.uniqueArray(fc.constantFrom("research", "marketdata", "execution", "a1"), { minLength: 2 }),
    role: fc.oneof(
      { weight: 8, arbitrary: fc.constantFrom("research", "marketdata", "execution", "a1") },
      {
        weight: 1,
        arbitrary: fc.constantFrom("market-data", "", "Research", "prefect-worker", "None", "research\n"),
      },
    ),
    asked: fc.oneof(
      { weight: 8, arbitrary: fc.constant("wanted") },
      {
        weight: 1,
        arbitrary: fc.oneof(anyName, fc.constantFrom("api_key", "gone", "__proto__", "constructor")),
      },
    ),
    fallback: fc.constantFrom(null, "", "instead", "übrig"),
    absent: fc.integer({ min: 0, max: 49 }),
  })
  .map(({ where, slash, allowed, role, asked, fallback, absent }): OracleCase => {
    const data = {
      stores: { ...CONFIG.stores, red: { backend: "gopass", root: `mxm/red${slash}` } },
      refs: { ...CONFIG.refs, wanted: { ...where, policy: "wanted_access" } },
      policies: { ...CONFIG.policies, wanted_access: { allowed_principals: allowed } },
    };
    const gopass = absent === 0 ? "absent" : "there";
    return { kind: "get", config: data, name: asked, identity: identityOf(role), default: fallback, gopass };
  });

const PLAN: readonly (readonly [fc.Arbitrary<OracleCase>, number])[] = [
  [principals, 200],
  [stores, 200],
  [refs, 200],
  [policies, 200],
  [paths, 150],
  [registries, 200],
  [loads, 200],
  [questions, 350],
];

/** Different ones only. */
export function generatedCases(): readonly OracleCase[] {
  const all = PLAN.flatMap(([arbitrary, count]) => fc.sample(arbitrary, { numRuns: count, seed: SEED }));
  return [...new Map(all.map((one) => [JSON.stringify(one), one])).values()];
}
