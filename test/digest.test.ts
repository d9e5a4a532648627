import assert from "node:assert/strict";
import { test } from "node:test";
import { randomHex, sha256 } from "../src/digest.ts";

test("random names have the length that was asked for, and chance in every digit", () => {
  for (const bytes of [1, 6, 8, 9, 16, 32]) {
    const all = Array.from({ length: 200 }, () => randomHex(bytes));
    for (const one of all) assert.match(one, new RegExp(`^[0-9a-f]{${bytes * 2}}$`));
    for (let at = 0; at < bytes * 2; at += 1) {
      const digits = new Set(all.map((one) => one[at]));
      assert.ok(digits.size >= 12, `digit ${at} of ${bytes} bytes is one of ${[...digits].join("")}`);
    }
  }
});

test("SHA-256 of a text is that of its UTF-8 bytes", () => {
  // FIPS 180-2, appendix B.1.
  assert.equal(sha256("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  assert.equal(sha256("é"), "4a99557e4033c3539de2eb65472017cad5f9557f7a0625a09f1c3f6e2ba69c4c");
});
