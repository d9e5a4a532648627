// What an id_token has to be (OpenID Connect Core 3.1.3.7): a provider that can be told to sign anything, and one good
// token that each row spoils in one place.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test, type TestContext } from "node:test";
import type { Core } from "../../../src/broker/core.ts";
import { finishProviderLogin, startProviderLogin } from "../../../src/broker/people/provider.ts";
import type { Http } from "../../../src/io/http.ts";
import { DEFAULT_USERS } from "../../../src/config/users.ts";
import { hmacJwt, jwt, part, signer, type Parts, type Signer } from "../jwt/signing.ts";
import { entries, peopleHouse, RULES, visitor } from "./house.ts";

const ISSUER = "https://id.example";
const [ours, theirs] = [signer("ES256"), signer("ES256")];

type Made = (claims: Record<string, unknown>, key: Signer) => string;

/** A provider whose answers are made here. */
function fake(answer: () => Record<string, unknown>, changed: Readonly<Record<string, unknown>> = {}): Http {
  const answers: Readonly<Record<string, () => object>> = {
    "/.well-known/openid-configuration": () => ({
      issuer: ISSUER,
      authorization_endpoint: `${ISSUER}/authorize`,
      token_endpoint: `${ISSUER}/token`,
      jwks_uri: `${ISSUER}/keys`,
      id_token_signing_alg_values_supported: ["ES256", "RS256", "HS256", "none"],
      ...changed,
    }),
    "/keys": () => ({ keys: [{ ...ours.jwk, kid: "1", alg: "ES256", use: "sig" }] }),
    "/token": answer,
  };
  return {
    async request({ url }) {
      const made = answers[new URL(url).pathname];
      assert.ok(made, url);
      return { status: 200, headers: {}, body: JSON.stringify(made()) };
    },
  };
}

/** How a login ends whose id_token was made like this. */
async function ended(
  t: TestContext,
  make: Made,
  answer: Readonly<Record<string, unknown>> = {},
): Promise<{ readonly failure: string; readonly reason: unknown }> {
  let nonce = "";
  const house = peopleHouse(t);
  const now = house.clock.time;
  const claims = (): Record<string, unknown> => ({
    iss: ISSUER,
    sub: "1",
    aud: "broker",
    iat: now,
    exp: now + 300,
    nonce,
    realm_access: { roles: ["developer"] },
  });
  const http = fake(() => ({
    access_token: "a",
    token_type: "Bearer",
    id_token: make(claims(), ours),
    ...answer,
  }));
  const provider = {
    issuer: ISSUER,
    clientId: "broker",
    clientSecretFile: undefined,
    scopes: ["openid"],
    nameClaim: "sub",
    principals: RULES,
    privateNetwork: false,
  };
  const core: Core = { ...house.configured({ users: { ...DEFAULT_USERS, provider } }).core, http };
  const who = visitor({ core });
  const start = await startProviderLogin(core, await who.browser(), "/device");
  assert.ok(start.ok);
  const asked = new URL(start.redirect).searchParams;
  assert.equal(asked.get("prompt"), null, "consent is asked for where offline_access is");
  nonce = asked.get("nonce") ?? "";
  const end = await finishProviderLogin(core, who.incoming(`code=c&state=${asked.get("state")}`));
  return { failure: end.ok ? "in" : end.failure, reason: entries(house, "user_login")[0]?.["reason"] };
}

const signed =
  (
    change: (claims: Record<string, unknown>) => Record<string, unknown>,
    header: Parts = { kid: "1" },
  ): Made =>
  (claims, key) =>
    jwt(key, change(claims), header);
const same = (claims: Record<string, unknown>): Record<string, unknown> => claims;
const halfOf = (text: string): string =>
  createHash("sha256").update(text).digest().subarray(0, 16).toString("base64url");

const GOOD: readonly (readonly [string, Made])[] = [
  ["as it should be", signed(same)],
  ["a list with one audience", signed((claims) => ({ ...claims, aud: ["broker"] }))],
  ["azp is us", signed((claims) => ({ ...claims, azp: "broker" }))],
  ["at_hash fits", signed((claims) => ({ ...claims, at_hash: halfOf("a") }))],
  ["a clock a minute behind", signed((claims) => ({ ...claims, iat: Number(claims["iat"]) + 59 }))],
];

const BAD: readonly (readonly [string, Made, RegExp])[] = [
  ["alg none", (claims) => `${part({ alg: "none" })}.${part(claims)}.`, /algorithm|JWT|signature/],
  [
    "the public key as an HMAC's secret",
    (claims) => hmacJwt(String(ours.publicKey.export({ type: "spki", format: "pem" })), claims, { kid: "1" }),
    /algorithm/,
  ],
  ["another key under the same name", (claims) => jwt(theirs, claims, { kid: "1" }), /signature/],
  ["its own key in the header", (claims) => jwt(theirs, claims, { jwk: theirs.jwk }), /./],
  ["another issuer", signed((claims) => ({ ...claims, iss: `${ISSUER}/` })), /issuer/],
  ["another audience", signed((claims) => ({ ...claims, aud: "other" })), /audience/],
  ["two audiences", signed((claims) => ({ ...claims, aud: ["broker", "other"] })), /audience/],
  ["no audience", signed(({ aud: _gone, ...claims }) => claims), /audience/],
  ["azp is another", signed((claims) => ({ ...claims, azp: "other" })), /another client/],
  ["another nonce", signed((claims) => ({ ...claims, nonce: "x" })), /nonce/],
  ["no nonce", signed(({ nonce: _gone, ...claims }) => claims), /nonce/],
  ["no subject", signed(({ sub: _gone, ...claims }) => claims), /subject/],
  ["an empty subject", signed((claims) => ({ ...claims, sub: "" })), /subject/],
  ["a subject that is no text", signed((claims) => ({ ...claims, sub: 1 })), /subject/],
  ["expired", signed((claims) => ({ ...claims, exp: Number(claims["exp"]) - 361, iat: 1 })), /expired/],
  ["no end", signed(({ exp: _gone, ...claims }) => claims), /end/],
  ["no beginning", signed(({ iat: _gone, ...claims }) => claims), /made/],
  ["made in the future", signed((claims) => ({ ...claims, iat: Number(claims["iat"]) + 61 })), /future/],
  [
    "good for a year",
    signed((claims) => ({ ...claims, exp: Number(claims["exp"]) + 31_536_000 })),
    /too long/,
  ],
  [
    "at_hash of another access token",
    signed((claims) => ({ ...claims, at_hash: halfOf("b") })),
    /access token/,
  ],
  ["no JWT at all", () => "x", /./],
];

test("OpenID Connect Core §3.1.3.7: a good id_token lets in", async (t) => {
  for (const [name, make] of GOOD) assert.equal((await ended(t, make)).failure, "in", name);
});

test("OpenID Connect Core §3.1.3.7, RFC 8725: whatever is wrong with it lets nobody in", async (t) => {
  for (const [name, make, reason] of BAD) {
    const end = await ended(t, make);
    assert.equal(end.failure, "unproven", name);
    assert.match(String(end.reason), reason, name);
  }
});
