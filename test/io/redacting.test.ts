import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { sha256 } from "../../src/digest.ts";
import { createRedactor } from "../../src/io/redacting.ts";

/** The stream in pieces of these sizes (the last size again and again). */
function through(values: readonly string[], text: string, sizes: readonly number[]): string {
  const redactor = createRedactor(values);
  const bytes = Buffer.from(text);
  const parts: Buffer[] = [];
  for (let at = 0, index = 0; at < bytes.length; index += 1) {
    const size = sizes[Math.min(index, sizes.length - 1)] ?? bytes.length;
    parts.push(redactor.push(bytes.subarray(at, at + size)));
    at += size;
  }
  return Buffer.concat([...parts, redactor.end()]).toString();
}

const VALUE = "hunter2/+'\"é\\x";

test("a value is taken out as it is, in JSON, percent-encoded, in a shell word, in hex, wherever the writes are cut", () => {
  const forms = {
    plain: VALUE,
    json: JSON.stringify(VALUE).slice(1, -1),
    ascii: "hunter2/+'\\\"\\u00e9\\\\x",
    slashes: "hunter2\\/+'\\\"\\u00e9\\\\x",
    percent: encodeURIComponent(VALUE),
    strict: encodeURIComponent(VALUE).replaceAll("'", "%27"),
    lower: encodeURIComponent(VALUE)
      .replaceAll("'", "%27")
      .replaceAll(/%../g, (code) => code.toLowerCase()),
    shell: VALUE.replaceAll("'", "'\\''"),
    hex: Buffer.from(VALUE).toString("hex"),
    HEX: Buffer.from(VALUE).toString("hex").toUpperCase(),
  };
  for (const [name, form] of Object.entries(forms)) {
    for (const size of [1, 2, 3, 5, 8, 1000]) {
      assert.equal(through([VALUE], `a ${form} b`, [size]), "a [redacted] b", `${name} ${size}`);
    }
  }
});

test("a value is taken out of base64, wherever it stands in the encoded text", () => {
  const value = "correct-horse-battery-staple";
  for (const before of ["", "a", "ab", "abc", "user:"]) {
    for (const after of ["", "z", "zz"]) {
      for (const encoding of ["base64", "base64url"] as const) {
        const text = Buffer.from(before + value + after).toString(encoding);
        const shown = through([value], text, [4]);
        assert.match(shown, /\[redacted\]/, `${before} ${after}`);
        const left = Buffer.from(shown.replace("[redacted]", ""), encoding).toString("latin1");
        assert.ok(!/orrect|staple|horse/.test(left), `${before} ${after} ${shown}`);
      }
    }
  }
});

test("what is not a value comes through unchanged and whole, with every cut (property)", () => {
  const piece = fc.constantFrom("ab", "a", "b", "aab", "abab", "x", "é", "\n");
  fc.assert(
    fc.property(
      fc.array(piece),
      fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1 }),
      (pieces, sizes) => {
        const text = pieces.join("");
        const value = "abab";
        const expected = unioned(text, value);
        assert.equal(through([value], text, sizes), expected);
      },
    ),
    { numRuns: 2000 },
  );
});

/** Overlapping occurrences are one. */
function unioned(text: string, value: string): string {
  let [shown, at] = ["", 0];
  while (at < text.length) {
    const begin = text.indexOf(value, at);
    if (begin === -1) break;
    let end = begin + value.length;
    for (
      let next = text.indexOf(value, begin + 1);
      next !== -1 && next < end;
      next = text.indexOf(value, next + 1)
    )
      end = next + value.length;
    shown += `${text.slice(at, begin)}[redacted]`;
    at = end;
  }
  return shown + text.slice(at);
}

test("each longer line of a value of several lines is taken out by itself", () => {
  const value = "-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG\nshort\n";
  assert.equal(through([value], "> MIIEvQIBADANBgkqhkiG <\n> short <", [3]), "> [redacted] <\n> short <");
});

test("only what could become a value is held back, and the end gives it", () => {
  const redactor = createRedactor(["secret-value"]);
  assert.equal(redactor.push(Buffer.from("password: ")).toString(), "password: ");
  assert.equal(redactor.push(Buffer.from("x secr")).toString(), "x ");
  assert.equal(redactor.push(Buffer.from("ecy")).toString(), "secrecy");
  assert.equal(redactor.push(Buffer.from(" secret-val")).toString(), " ");
  assert.equal(redactor.end().toString(), "secret-val");
});

test("values that overlap are both taken out", () => {
  assert.equal(through(["abcdef", "defghi"], "1abcdefghi2", [1]), "1[redacted]2");
});

test("a value of thousands of lines costs what it is looked for once, not once for each line", () => {
  const lines = Array.from({ length: 4000 }, (_, at) => sha256(String(at)));
  const redactor = createRedactor([lines.join("\n")]);
  const text = Array.from({ length: 30_000 }, (_, at) => sha256(`other ${at}`)).join("\n");
  const before = performance.now();
  const shown = Buffer.concat([redactor.push(Buffer.from(`${text}\n${lines[3999]}\n`)), redactor.end()]);
  assert.equal(shown.toString(), `${text}\n[redacted]\n`);
  assert.ok(performance.now() - before < 20_000); // it took an hour; now less than a second
});

test("several values of one beginning, and of one, two and three bytes, are all found (property)", () => {
  const word = fc.stringMatching(/^[ab]{1,6}$/);
  fc.assert(
    fc.property(
      fc.array(word, { minLength: 1, maxLength: 4 }),
      fc.stringMatching(/^[abx]{0,40}$/),
      fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1 }),
      (values, text, sizes) => {
        assert.equal(through(values, text, sizes), covered(text, values));
      },
    ),
    { numRuns: 1000 },
  );
});

/** Each run of overlapping occurrences is one; two that only touch are two. */
function covered(text: string, values: readonly string[]): string {
  const spans: [number, number][] = [];
  for (let at = 0; at < text.length; at += 1) {
    for (const value of values) if (text.startsWith(value, at)) spans.push([at, at + value.length]);
  }
  let [shown, at] = ["", 0];
  for (const [begin, end] of spans.sort((a, b) => a[0] - b[0] || b[1] - a[1])) {
    if (begin >= at) shown += `${text.slice(at, begin)}[redacted]`;
    at = Math.max(at, end);
  }
  return shown + text.slice(at);
}
