import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { digestOf } from "../../../src/config/store/digest.ts";
import { provenanceOf } from "../../../src/config/store/load.ts";
import { makeSubconfig, makeView, toConfigData, type MXMConfig } from "../../../src/config/store/view.ts";
import { storeFault, storePlace } from "./store-place.ts";

const DATA = { a: { b: { c: 1 }, list: [{ d: 2 }], none: null, text: "t", wanted: "???" } };

test("a sub-configuration is a copy, by attribute and by item, and cannot be changed", () => {
  const data = { a: { b: [1] } };
  const config = makeSubconfig(data);
  data.a.b.push(2);
  assert.deepEqual([config["a"].b, config["a"]["b"][0]], [[1], 1]);
  assert.throws(() => void (config["a"].c = 1), TypeError);
  assert.throws(() => void delete (config as { a?: unknown }).a, TypeError);
  assert.throws(() => config["a"].b.push(3), TypeError);
  assert.deepEqual(makeSubconfig({}), {});
});

test("one that is not read-only can be changed, and a view of it is the same object", () => {
  const config = makeSubconfig(DATA, { readonly: false });
  const view = makeView(config, "a.b", { readonly: false }) as { c: number };
  view.c = 7;
  assert.equal(config["a"].b.c, 7);
  makeView(config, "a.b");
  assert.throws(() => void (view.c = 8), TypeError);
  config["a"].text = "still free";
});

test("references are resolved when it is made", () => {
  assert.deepEqual(makeSubconfig({ a: "${b}", b: 1 }), { a: 1, b: 1 });
  storeFault("interpolation", () => makeSubconfig({ a: "${b}" }));
});

test("a view is the very part of the configuration", (t) => {
  const config = storePlace(t, { default: "a: { b: { c: 1 } }\n" }).load();
  assert.equal(makeView(config, "a"), config["a"]);
  assert.equal(makeView(makeView(config, "a"), "b"), config["a"].b);
  assert.equal(makeView(config, ""), config);
});

test("a view of nothing, null, ???, a value, a list, or of what is no configuration", () => {
  const config = makeSubconfig(DATA);
  for (const path of [
    "none",
    "a.none",
    "a.wanted",
    "a.x.y",
    "a.text.length",
    "constructor",
    "a.__proto__",
    "..a",
  ])
    storeFault("missing_path", () => makeView(config, path));
  for (const path of ["a.b.c", "a.text", "a.list", "a.list.length"])
    storeFault("not_a_mapping", () => makeView(config, path));
  assert.deepEqual(makeView(config, "a.list[0]"), { d: 2 });
  for (const wrong of [{ a: {} }, null, 7, [], config["a"].list])
    storeFault("not_a_mapping", () => makeView(wrong as MXMConfig, ""));
});

test("as data it is a copy that may be changed", () => {
  const config = makeSubconfig(DATA);
  const data = toConfigData(config);
  data["a"].b.c = 9;
  assert.equal(config["a"].b.c, 1);
  assert.deepEqual(toConfigData(makeView(config, "a.b")), { c: 1 });
  storeFault("not_a_mapping", () => toConfigData({ a: 1 }));
});

test("the digest is the same for what says the same, and for nothing else", () => {
  const shuffled = { a: { ...DATA.a, b: { c: 1.0 } } };
  const reversed = Object.fromEntries(Object.entries(shuffled.a).toReversed());
  assert.equal(digestOf(makeSubconfig(DATA)), digestOf(makeSubconfig({ a: reversed })));
  const values = [
    fc.integer({ min: -2, max: 2 }),
    fc.constantFrom("", "1", "x"),
    fc.boolean(),
    fc.constant(null),
  ];
  const value = fc.object({ key: fc.constantFrom("a", "b", "1"), values, maxDepth: 2 });
  fc.assert(
    fc.property(value, value, (one, other) => {
      const [first, second] = [one, other].map((inner) => makeSubconfig({ a: inner }));
      if (first === undefined || second === undefined) return;
      assert.equal(
        digestOf(first) === digestOf(second),
        JSON.stringify(sorted(first)) === JSON.stringify(sorted(second)),
      );
    }),
    { numRuns: 500 },
  );
  const known = "015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862";
  assert.equal(digestOf(makeSubconfig({ a: 1 })), known); // printf '{"a":1}' | sha256sum
});

function sorted(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(sorted);
  const entries = Object.entries(value).map(([key, inner]) => [key, sorted(inner)] as const);
  return { map: entries.sort(([a], [b]) => (a < b ? -1 : 1)) };
}

test("only a whole configuration that was loaded knows where it comes from", (t) => {
  const config = storePlace(t, { default: "a: { b: 1 }\n" }).load();
  assert.equal(provenanceOf(config).get("a.b")?.layer, "default");
  storeFault("not_a_mapping", () => provenanceOf(makeView(config, "a")));
  storeFault("not_a_mapping", () => provenanceOf(makeSubconfig({})));
  storeFault("not_a_mapping", () => provenanceOf({}));
});
