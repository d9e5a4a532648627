import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseText } from "../../../src/config/store/interpolation.ts";
import { makeSubconfig } from "../../../src/config/store/view.ts";
import { storeFault, storePlace } from "./store-place.ts";

test("an escaped interpolation is text, and stays text when something refers to it", () => {
  const config = makeSubconfig({ a: "\\${b}", c: "${a}", d: "x${a}", b: 1 });
  assert.deepEqual(config, { a: "${b}", c: "${b}", d: "x${b}", b: 1 });
});

test("what the environment holds is never read as an interpolation", () => {
  const env = { EVIL: "${secret}", NAME: "EVIL" };
  const data = {
    a: "${oc.env:EVIL}",
    b: "x-${oc.env:EVIL}",
    c: "${a}",
    d: "${oc.env:${oc.env:NAME}}",
    secret: "s",
  };
  const text = "${secret}";
  assert.deepEqual(makeSubconfig(data, { env }), { a: text, b: `x-${text}`, c: text, d: text, secret: "s" });
});

test("only the environment that is given is seen", () => {
  process.env["KW_TEST_LEAK"] = "leaked";
  assert.deepEqual(makeSubconfig({ a: "${oc.env:KW_TEST_LEAK,none}" }), { a: "none" });
  storeFault("interpolation", () => makeSubconfig({ a: "${oc.env:KW_TEST_LEAK}" }));
  delete process.env["KW_TEST_LEAK"];
});

test("an error names file and line, and what is missing, but no value", (t) => {
  const place = storePlace(t, { default: "a: 1\nb:\n  c: ${no.such}\n" });
  const { message, hint } = place.fault("interpolation");
  assert.equal(message, `${place.file("default")}:3: there is nothing at 'no.such'`);
  assert.match(hint ?? "", /begins at the top/);
});

test("circles are errors, references into each other are not", () => {
  for (const data of [{ a: "${a}" }, { a: "${b}", b: "${c}", c: "${a}" }, { a: { b: "${a}" } }]) {
    assert.match(storeFault("interpolation", () => makeSubconfig(data)).message, /back to itself/);
  }
  const data = { a: { x: "${b.y}", z: 1 }, b: { y: 2, w: "${a.z}" } };
  assert.deepEqual(makeSubconfig(data), { a: { x: 2, z: 1 }, b: { y: 2, w: 1 } });
});

test("a chain of references may be long, but not endless", () => {
  const chain = (length: number): Record<string, string> => ({
    ...Object.fromEntries(Array.from({ length }, (_, at) => [`k${at}`, `\${k${at + 1}}`])),
    [`k${length}`]: "end",
  });
  assert.equal(makeSubconfig(chain(90))["k0"], "end");
  assert.match(storeFault("interpolation", () => makeSubconfig(chain(10_000))).message, /more than 100 deep/);
  storeFault("interpolation", () => makeSubconfig({ a: "${".repeat(5000) }));
});

test("a tree of references cannot grow without an end", () => {
  const doubling = Object.fromEntries(
    Array.from({ length: 40 }, (_, at) => [`k${at}`, { l: `\${k${at + 1}}`, r: `\${k${at + 1}}` }]),
  );
  storeFault("interpolation", () => makeSubconfig({ ...doubling, k40: 1 }));
  const texts = Object.fromEntries(
    Array.from({ length: 40 }, (_, at) => [`k${at}`, `\${k${at + 1}}\${k${at + 1}}`]),
  );
  storeFault("interpolation", () => makeSubconfig({ ...texts, k40: "xxxxxxxxxx" }));
});

test("reading any text ends, and a text without ${ is what it is", () => {
  const piece = fc.constantFrom("${", "}", "a", ".", "[", "]", ":", ",", "\\", "'", '"', " ", "oc.env", "$");
  const text = fc.array(piece, { maxLength: 30 }).map((pieces) => pieces.join(""));
  fc.assert(
    fc.property(text, (one) => {
      const parts = parseText(one);
      if (!one.includes("${")) assert.ok(one === "" || parts !== undefined);
    }),
    { numRuns: 2000 },
  );
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (one) => {
      fc.pre(!one.includes("${"));
      assert.deepEqual(makeSubconfig({ a: one }), { a: one });
    }),
    { numRuns: 300 },
  );
});
