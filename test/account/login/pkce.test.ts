// The verifier and its challenge, by the example of RFC 7636.
import assert from "node:assert/strict";
import { test } from "node:test";
import { challengeOf, newPkce } from "../../../src/account/login/pkce.ts";

test("RFC 7636 appendix B: the example", () => {
  assert.equal(
    challengeOf("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
    "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
  );
});

test("RFC 7636 §4.1: 43 to 128 unreserved characters, never the same", () => {
  const made = Array.from({ length: 100 }, newPkce);
  for (const { verifier, challenge } of made) {
    assert.match(verifier.reveal(), /^[A-Za-z0-9._~-]{43,128}$/);
    assert.equal(challenge, challengeOf(verifier.reveal()));
  }
  assert.equal(new Set(made.map(({ verifier }) => verifier.reveal())).size, 100);
});
