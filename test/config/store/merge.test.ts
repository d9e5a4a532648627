import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { givenTree } from "../../../src/config/store/given.ts";
import { mergeLayers } from "../../../src/config/store/merge.ts";
import { plain } from "../../../src/config/tree.ts";
import { storeFault } from "./store-place.ts";

type Data = { readonly [key: string]: unknown };

function merged(...layers: readonly Data[]): unknown {
  return plain(
    mergeLayers(
      layers.map((layer) => givenTree(layer, "layer")),
      {},
    ),
  );
}

const keys = ["a", "b", "c"] as const;
const leaf = fc.oneof(
  fc.integer(),
  fc.boolean(),
  fc.constantFrom("x", "y", null),
  fc.array(fc.integer(), { maxLength: 2 }),
);
/**
 * Data in which a path is either always a mapping or never: `m…` is one. Where a layer changes that, the original is not
 * associative: null over a mapping forgets it, and what comes over both together does not know it was there.
 */
const { layer } = fc.letrec<{ layer: Data }>((tie) => ({
  layer: fc
    .tuple(
      fc.dictionary(fc.constantFrom(...keys), leaf, { maxKeys: 3 }),
      fc.dictionary(
        fc.constantFrom("ma", "mb"),
        fc.oneof({ maxDepth: 3 }, fc.constant({}), tie("layer")) as fc.Arbitrary<Data>,
        { maxKeys: 2 },
      ),
    )
    .map(([leaves, mappings]) => ({ ...leaves, ...mappings })),
}));

test("layers merge associatively where mappings stay mappings", () => {
  fc.assert(
    fc.property(layer, layer, layer, (a, b, c) => {
      assert.deepEqual(merged(merged(a, b) as Data, c), merged(a, merged(b, c) as Data));
      assert.deepEqual(merged(a, b, c), merged(merged(a, b) as Data, c));
    }),
    { numRuns: 500 },
  );
});

test("where a mapping goes and comes back, they do not, as in the original", () => {
  const [a, b, c] = [{ x: { p: 1 } }, { x: null }, { x: { q: 2 } }];
  assert.deepEqual(merged(merged(a, b) as Data, c), { x: { q: 2 } });
  assert.deepEqual(merged(a, merged(b, c) as Data), { x: { p: 1, q: 2 } });
});

test("nothing over a layer, and a layer over itself, change nothing", () => {
  fc.assert(
    fc.property(layer, (a) => {
      assert.deepEqual([merged(a, {}), merged({}, a), merged(a, a)], [a, a, a]);
    }),
    { numRuns: 200 },
  );
});

test("keys of JavaScript are keys like others", () => {
  assert.deepEqual(merged({ constructor: { a: 1 } }, { constructor: { b: 2 }, toString: 3 }), {
    constructor: { a: 1, b: 2 },
    toString: 3,
  });
});

test("merging changes none of its layers", () => {
  const layers = [{ a: { b: 1 } }, { a: { c: 2 } }].map((data) => givenTree(data, "layer"));
  mergeLayers(layers, {});
  assert.deepEqual(layers.map(plain), [{ a: { b: 1 } }, { a: { c: 2 } }]);
});

test("a list and a mapping do not merge; null between them lets either come", () => {
  storeFault("merge", () => merged({ a: [1] }, { a: { b: 1 } }));
  storeFault("merge", () => merged({ a: { b: 1 } }, { a: [1] }));
  assert.deepEqual(merged({ a: [1] }, { a: null }, { a: { b: 1 } }), { a: { b: 1 } });
});

test("??? gives way to what is below, and to what is above", () => {
  assert.deepEqual(merged({ a: 1, b: { c: 1 }, d: "???" }, { a: "???", b: "???", d: 2, e: "???" }), {
    a: 1,
    b: { c: 1 },
    d: 2,
    e: "???",
  });
});

test("a mapping over a reference goes over a copy of what it refers to, as that is by then", () => {
  const layers = [{ base: { x: 1 }, a: "${base}" }, { base: { x: 2 }, a: { y: 3 } }, { base: { x: 4 } }];
  assert.deepEqual(merged(...layers), { base: { x: 4 }, a: { x: 2, y: 3 } });
  assert.deepEqual(merged({ a: "${none}" }, { a: { y: 3 } }), { a: { y: 3 } });
});
