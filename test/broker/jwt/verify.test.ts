// verifyJwt against the attacks that worked on others. Tokens are signed by node:crypto, keys and clock are given.
import assert from "node:assert/strict";
import fc from "fast-check";
import { before, test } from "node:test";
import { staticJwks } from "../../../src/broker/jwt/jwks.ts";
import { verifyJwt, type JwtRules, type KeySource } from "../../../src/broker/jwt/verify.ts";
import { hmacJwt, jwt, part, signature, signer, type Parts, type Signer } from "./signing.ts";

const NOW = 1_800_000_000;
const ISSUER = "https://issuer.example";
const AUDIENCE = "https://broker.example";
const CLAIMS = { iss: ISSUER, aud: AUDIENCE, sub: "one", iat: NOW, exp: NOW + 300, jti: "a" };
const RULES: JwtRules = {
  issuer: ISSUER,
  audience: AUDIENCE,
  algorithms: ["ES256", "RS256"],
  leeway: 30,
  maxLife: 3600,
};

let own: Signer;
let rsa: Signer;
let stranger: Signer;
let keys: KeySource;

before(() => {
  [own, rsa, stranger] = [signer("ES256"), signer("RS256"), signer("ES256")];
  keys = setOf({ ...own.jwk, kid: "one" }, { ...rsa.jwk, kid: "two" });
});

function setOf(...jwks: readonly object[]): KeySource {
  return staticJwks(JSON.stringify({ keys: jwks }));
}

const verdict = async (
  text: string,
  rules: Partial<JwtRules> = {},
  source = keys,
  now = NOW,
): Promise<string> => {
  const verified = await verifyJwt(text, source, { ...RULES, ...rules }, now);
  return verified.ok ? "ok" : verified.reason;
};

const claimed = (claims: Parts, rules: Partial<JwtRules> = {}): Promise<string> =>
  verdict(jwt(own, claims, { kid: "one" }), rules);

const headed = (header: Parts): Promise<string> => verdict(jwt(own, CLAIMS, header));

/** A source that nobody may ask. */
const untouched: KeySource = { key: () => assert.fail("the keys were asked for") };

test("what the issuer signed for us, now, is good, by every algorithm that is accepted", async () => {
  for (const alg of ["ES256", "ES384", "ES512", "EdDSA", "Ed25519", "RS256", "PS256"]) {
    const by = signer(alg);
    const text = jwt(by, CLAIMS, { kid: "k" });
    const source = setOf({ ...by.jwk, kid: "k", alg, use: "sig" });
    assert.equal(await verdict(text, { algorithms: [alg] }, source), "ok", alg);
    assert.match(
      await verdict(text, {}, keys),
      alg === "ES256" || alg === "RS256" ? /does not have/ : /algorithm/,
    );
  }
  const verified = await verifyJwt(jwt(own, CLAIMS, { kid: "one", typ: "JWT" }), keys, RULES, NOW);
  assert.deepEqual(verified, { ok: true, header: { alg: "ES256", kid: "one", typ: "JWT" }, payload: CLAIMS });
});

test("RFC 8725 §2.1, §3.1, hono CVE-2026-22817, fast-jwt CVE-2023-48223: none, and an HMAC with the public key as secret", async () => {
  for (const alg of [
    "none",
    "None",
    "NONE",
    "nOnE",
    "",
    "HS256",
    "hs256",
    "es256",
    "ES256K",
    "__proto__",
    "toString",
  ]) {
    for (const tail of ["", signature(own, "x"), "AA"]) {
      const text = `${part({ alg, kid: "one" })}.${part(CLAIMS)}.${tail}`;
      assert.notEqual(await verdict(text, { algorithms: [...RULES.algorithms, alg] }), "ok", alg);
    }
  }
  const pem = rsa.publicKey.export({ type: "spki", format: "pem" }) as string;
  const der = rsa.publicKey.export({ type: "spki", format: "der" }).toString("latin1");
  for (const secret of [pem, pem.trim(), der, JSON.stringify(rsa.jwk), String(rsa.jwk["n"])]) {
    const text = hmacJwt(secret, CLAIMS, { kid: "two" });
    assert.match(await verdict(text, { algorithms: ["RS256", "HS256"] }), /algorithm/);
  }
});

test("RFC 8725 §3.1: a key is good for its own algorithm only", async () => {
  const text = jwt(own, CLAIMS, { kid: "two" });
  assert.match(await verdict(text), /does not have/, "an EC signature under the name of the RSA key");
  for (const more of [
    { alg: "ES384" },
    { alg: 7 },
    { use: "enc" },
    { key_ops: ["sign"] },
    { key_ops: "verify" },
  ])
    assert.match(
      await verdict(jwt(own, CLAIMS), {}, setOf({ ...own.jwk, ...more })),
      /does not have/,
      JSON.stringify(more),
    );
  const pss = { ...rsa, alg: "PS256" };
  const bound = setOf({ ...rsa.jwk, alg: "RS256" });
  assert.match(await verdict(jwt(pss, CLAIMS), { algorithms: ["RS256", "PS256"] }, bound), /does not have/);
  assert.equal(await verdict(jwt(rsa, CLAIMS), { algorithms: ["RS256", "PS256"] }, bound), "ok");
});

test("RFC 7518 §3.3: an RSA key of less than 2048 bits is none", async () => {
  const weak = signer("RS256", 1024);
  assert.throws(() => setOf(weak.jwk), { code: "configuration" });
  const beside = setOf({ ...weak.jwk, kid: "w" }, { ...own.jwk, kid: "one" });
  assert.match(await verdict(jwt(weak, CLAIMS, { kid: "w" }), {}, beside), /does not have/);
});

test("a signature by another key, a changed part, a borrowed signature", async () => {
  assert.match(await verdict(jwt(stranger, CLAIMS, { kid: "one" })), /wrong signature/);
  const [header, payload, tail] = jwt(own, CLAIMS, { kid: "one" }).split(".");
  const richer = part({ ...CLAIMS, sub: "admin" });
  assert.match(await verdict(`${header}.${richer}.${tail}`), /wrong signature/);
  assert.match(
    await verdict(`${part({ alg: "ES256", kid: "one", x: 1 })}.${payload}.${tail}`),
    /wrong signature/,
  );
  for (const sum of ["AA", "A".repeat(86), String(tail).slice(0, -2)])
    assert.match(await verdict(`${header}.${payload}.${sum}`), /wrong signature|no JWT/, sum);
  const der = Buffer.alloc(64).toString("base64url");
  assert.match(
    await verdict(`${header}.${payload}.${der}`),
    /wrong signature/,
    "r and s zero (CVE-2022-21449)",
  );
});

test("RFC 8725 §3.10: a kid is compared with what the issuer published, and with nothing else", async () => {
  for (const kid of [
    "../../dev/null",
    "one' OR '1'='1",
    "https://attacker.example/jwks",
    "__proto__",
    "ONE",
    "one ",
    "one\u0000",
    "",
  ])
    assert.match(await headed({ kid }), /does not have/, kid);
  for (const kid of [["one"], { kid: "one" }, 1, true, null, "k".repeat(10_000)])
    assert.match(await headed({ kid: kid as string }), /cannot be/, JSON.stringify(kid).slice(0, 20));
  const two = setOf(own.jwk, stranger.jwk);
  assert.match(await verdict(jwt(own, CLAIMS), {}, two), /does not have/, "two that fit: none is meant");
  const twins = setOf({ ...own.jwk, kid: "one" }, { ...stranger.jwk, kid: "one" });
  assert.match(await verdict(jwt(own, CLAIMS, { kid: "one" }), {}, twins), /does not have/);
});

test("RFC 8725 §3.10, RFC 7515 §4.1: a key, or the place of one, out of the header is not looked at", async () => {
  const certificate = [stranger.publicKey.export({ type: "spki", format: "der" }).toString("base64")];
  for (const header of [
    { jwk: stranger.jwk },
    { jwk: own.jwk },
    { jwk: null },
    { jku: "https://attacker.example/jwks" },
    { x5u: "https://attacker.example/x5u" },
    { x5c: certificate },
  ])
    for (const by of [stranger, own])
      assert.match(await verdict(jwt(by, CLAIMS, { kid: "one", ...header }), {}, untouched), /not accepted/);
});

test("RFC 7515 §4.1.11, RFC 7797: crit and b64 are refused, whatever they name", async () => {
  for (const header of [
    { crit: ["exp"] },
    { crit: [] },
    { crit: "b64" },
    { crit: ["b64"], b64: false },
    { b64: false },
    { b64: true },
    { zip: "DEF" },
  ])
    assert.match(await headed({ kid: "one", ...header }), /not accepted/, JSON.stringify(header));
});

test("jose CVE-2022-36083, CVE-2024-28176: an encrypted token is refused outright", async () => {
  const header = part({ alg: "PBES2-HS256+A128KW", enc: "A128GCM", p2c: 2_000_000_000, p2s: "AA" });
  assert.equal(await verdict(`${header}.AA.AA.AA.AA`, {}, untouched), "is encrypted");
  assert.match(await headed({ kid: "one", enc: "A128GCM" }), /not accepted/);
});

test("what is no compact JWT", async () => {
  const good = jwt(own, CLAIMS, { kid: "one" });
  const [header, payload, tail] = good.split(".");
  for (const text of [
    "",
    ".",
    "..",
    "...",
    "a.b",
    `${good}.`,
    `.${good}`,
    ` ${good}`,
    `${good}\n`,
    `${good}=`,
    `${header}..${tail}`,
    `${header}.${payload}.`,
    `${header}.${payload}+.${tail}`,
    `${header}.${payload}`,
    JSON.stringify({ payload, signatures: [{ protected: header, signature: tail }] }),
  ])
    assert.match(await verdict(text, {}, untouched), /^is (no JWT|encrypted)$/, text.slice(0, 30));
  assert.equal(
    await verdict(jwt(own, { ...CLAIMS, x: "y".repeat(16_384) }, { kid: "one" }), {}, untouched),
    "is too long",
  );
  assert.equal(await claimed({ ...CLAIMS, x: "y".repeat(8_000) }), "ok");
});

test("RFC 4648 §3.5: a signature has one spelling", async () => {
  const text = jwt(own, CLAIMS, { kid: "one" });
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const last = alphabet.indexOf(text.at(-1) ?? "");
  const twin = `${text.slice(0, -1)}${alphabet[last ^ 1]}`;
  assert.deepEqual(
    Buffer.from(twin.split(".")[2] ?? "", "base64url"),
    Buffer.from(text.split(".")[2] ?? "", "base64url"),
  );
  assert.equal(await verdict(text), "ok");
  assert.equal(await verdict(twin), "is no JWT");
});

test("a part that is no object, or that two readers could read differently", async () => {
  for (const text of [
    "null",
    "[]",
    '"x"',
    "7",
    "true",
    "",
    "{",
    "{}x",
    "[{}]",
    "\ufeff{}",
    "{'a':1}",
    '{"a":1,}',
    '{"a":\u00001}',
    '{"a":NaN}',
    '{"a":1e999',
  ])
    assert.match(await claimed(text), /no plain JSON object|no JWT/, text);
  const rest = JSON.stringify(CLAIMS).slice(1);
  for (const text of [
    `{"iss":"https://evil.example",${rest}`,
    `{"sub":"admin",${rest}`,
    `{"\\u0073ub":"admin",${rest}`,
    `{"__proto__":{"sub":"admin"},${rest}`,
    `{"a":{"b":1,"b":2},${rest}`,
    `{"a":[{"b":1,"b":2}],${rest}`,
    `{"a":${"[".repeat(30)}${"]".repeat(30)},${rest}`,
  ])
    assert.match(await claimed(text), /no plain JSON object/, text.slice(0, 30));
  assert.equal(await claimed(`{"a":{"b":1},"c":[{"b":"{\\"b\\":1,"},"b","b"],${rest}`), "ok");
  assert.match(await headed('{"alg":"none","alg":"ES256","kid":"one"}'), /no plain JSON object/);
  const bytes = Buffer.concat([Buffer.from('{"iss":"'), Buffer.from([0xc3, 0x28]), Buffer.from('"}')]);
  const text = `${part({ alg: "ES256" })}.${bytes.toString("base64url")}`;
  assert.match(await verdict(`${text}.${signature(own, text)}`), /no plain JSON object/, "broken UTF-8");
});

test("fast-jwt CVE-2025-30144, RFC 8725 §3.8: the issuer is this text and no other", async () => {
  for (const iss of [
    [ISSUER],
    [ISSUER, "https://evil.example"],
    ["https://evil.example", ISSUER],
    `${ISSUER}/`,
    ISSUER.slice(0, -1),
    `${ISSUER}.evil.example`,
    "HTTPS://ISSUER.EXAMPLE",
    "https://Issuer.example",
    "http://issuer.example",
    "https://issuer.example:443",
    ` ${ISSUER}`,
    `${ISSUER} `,
    `${ISSUER}\u0000`,
    "https://\u0456ssuer.example",
    "https://issuer\uff0eexample",
    null,
    undefined,
    7,
    { toString: ISSUER },
  ])
    assert.equal(await claimed({ ...CLAIMS, iss }), "is by another issuer", JSON.stringify(iss));
});

test("hono CVE-2025-62610, Vault HCSEC-2024-11, RFC 7519 §4.1.3: the audience is us, and nobody else beside us", async () => {
  for (const aud of [
    [AUDIENCE, "https://other.example"],
    ["https://other.example"],
    [],
    "",
    null,
    undefined,
    [[AUDIENCE]],
    [AUDIENCE, null],
    [AUDIENCE, 7],
    { 0: AUDIENCE, length: 1 },
    `${AUDIENCE}/`,
    AUDIENCE.toUpperCase(),
    `${AUDIENCE} https://other.example`,
    "*",
    true,
  ])
    assert.equal(await claimed({ ...CLAIMS, aud }), "is for another audience", JSON.stringify(aud));
  assert.equal(await claimed({ ...CLAIMS, aud: [AUDIENCE] }), "ok");
  const listed = { audiences: ["https://other.example"] };
  assert.equal(await claimed({ ...CLAIMS, aud: ["https://other.example", AUDIENCE] }, listed), "ok");
  assert.equal(
    await claimed({ ...CLAIMS, aud: ["https://other.example"] }, listed),
    "is for another audience",
  );
  assert.equal(await claimed({ ...CLAIMS, aud: "https://other.example" }, listed), "is for another audience");
  assert.equal(
    await claimed({ ...CLAIMS, aud: [AUDIENCE, "https://third.example"] }, listed),
    "is for another audience",
  );
  for (const aud of [[AUDIENCE], [AUDIENCE, AUDIENCE]])
    assert.equal(await claimed({ ...CLAIMS, aud }, { singleAudience: true }), "is for another audience");
  assert.equal(await claimed(CLAIMS, { singleAudience: true }), "ok");
});

test("RFC 8725 §3.11, RFC 9068 §4: a token of another type is none", async () => {
  const typed = (typ: unknown, types: JwtRules["typ"]): Promise<string> =>
    verdict(jwt(own, CLAIMS, typ === undefined ? { kid: "one" } : { kid: "one", typ }), { typ: types });
  for (const typ of ["at+jwt", "AT+JWT", "application/at+jwt", "Application/At+Jwt"])
    assert.equal(await typed(typ, ["at+jwt"]), "ok", typ);
  for (const typ of [
    "JWT",
    "application/jwt",
    "at+jwt ",
    "text/at+jwt",
    "application/x/at+jwt",
    "dpop+jwt",
    "",
    null,
    ["at+jwt"],
    7,
    undefined,
  ])
    assert.equal(await typed(typ, ["at+jwt"]), "is of another type", JSON.stringify(typ));
  for (const typ of [undefined, "JWT", "jwt"]) assert.equal(await typed(typ, [undefined, "JWT"]), "ok");
  for (const typ of ["at+jwt", "", null, 7])
    assert.equal(await typed(typ, [undefined, "JWT"]), "is of another type", String(typ));
  assert.equal(await typed("anything", undefined), "ok");
});

test("RFC 7519 §4.1.4-6: exp, nbf and iat at 30 and 60 seconds of leeway, each second of the edge", async () => {
  const rows: readonly (readonly [number, number, boolean])[] = [
    [30, 29, true],
    [30, 30, false],
    [30, 31, false],
    [30, 300, false],
    [60, 30, true],
    [60, 31, true],
    [60, 59, true],
    [60, 60, false],
    [60, 61, false],
    [0, -1, true],
    [0, 0, false],
    [300, 59, true],
    [300, 61, false],
  ];
  for (const [leeway, past, good] of rows) {
    const text = await claimed({ ...CLAIMS, iat: NOW - 600, exp: NOW - past }, { leeway });
    assert.equal(text, good ? "ok" : "has expired", `exp ${past} s ago, ${leeway} s of leeway`);
  }
  const ahead: readonly (readonly [number, number, boolean])[] = [
    [30, 30, true],
    [30, 31, false],
    [60, 60, true],
    [60, 61, false],
    [60, 300, false],
    [0, 0, true],
    [0, 1, false],
    [600, 61, false],
  ];
  for (const [leeway, seconds, good] of ahead) {
    const at = NOW + seconds;
    assert.equal(
      await claimed({ ...CLAIMS, exp: NOW + 900, nbf: at }, { leeway }),
      good ? "ok" : "is not good yet",
      `nbf +${seconds}`,
    );
    assert.equal(
      await claimed({ ...CLAIMS, exp: NOW + 900, iat: at }, { leeway }),
      good ? "ok" : "was made in the future",
      `iat +${seconds}`,
    );
  }
  for (const past of [30, 31, 60, 61, 300]) {
    assert.equal(await claimed({ ...CLAIMS, nbf: NOW - past }), "ok");
    assert.equal(await claimed({ ...CLAIMS, iat: NOW - past }), "ok");
  }
});

test("RFC 7519 §2: a time is a number, with a fraction if it likes", async () => {
  assert.equal(await claimed({ ...CLAIMS, exp: NOW + 0.5, iat: NOW - 0.5, nbf: NOW - 0.25 }), "ok");
  for (const name of ["exp", "iat", "nbf"])
    for (const value of [String(NOW + 100), "2027-01-15T08:00:00Z", null, true, [NOW], {}, -1])
      assert.equal(
        await claimed({ ...CLAIMS, [name]: value }),
        "has a time that is none",
        `${name} ${JSON.stringify(value)}`,
      );
  assert.match(await claimed(JSON.stringify(CLAIMS).replace(String(NOW + 300), "1e999")), /none/);
  assert.equal(await claimed({ ...CLAIMS, exp: undefined }), "has no end");
});

test("RFC 8725 §3.1, §3.9: a life has a ceiling, from iat and from now", async () => {
  const edge = { ...CLAIMS, iat: NOW - 3000 };
  assert.equal(await claimed({ ...edge, exp: NOW + 600 }), "ok");
  assert.equal(await claimed({ ...edge, exp: NOW + 601 }), "lives too long");
  const undated = { ...CLAIMS, iat: undefined };
  assert.equal(await claimed({ ...undated, exp: NOW + 3630 }), "ok");
  assert.equal(await claimed({ ...undated, exp: NOW + 3631 }), "lives too long");
  assert.equal(await claimed({ ...undated, exp: NOW + 1e9 }, { maxLife: undefined }), "ok");
  assert.equal(await claimed({ ...CLAIMS, iat: NOW + 20, exp: NOW + 10 }), "ended before it was made");
});

test("iat and jti are asked for where they are needed", async () => {
  assert.equal(await claimed({ ...CLAIMS, iat: undefined }), "ok");
  assert.match(await claimed({ ...CLAIMS, iat: undefined }, { requireIat: true }), /when it was made/);
  assert.equal(await claimed({ ...CLAIMS, jti: undefined }), "ok");
  assert.equal(await claimed({ ...CLAIMS, jti: undefined }, { requireJti: true }), "has no jti");
  for (const jti of ["", 7, ["a"], null, "j".repeat(513)])
    assert.match(await claimed({ ...CLAIMS, jti }), /jti that cannot be/);
});

test("a token that cannot be good makes nobody fetch keys", async () => {
  for (const claims of [
    { iss: "https://evil.example" },
    { aud: "x" },
    { exp: NOW - 100 },
    { exp: undefined },
  ])
    assert.notEqual(await verdict(jwt(own, { ...CLAIMS, ...claims }, { kid: "one" }), {}, untouched), "ok");
});

test("no text at all is good, and none makes it throw", async () => {
  const [header = "", payload = "", tail = ""] = jwt(own, CLAIMS, { kid: "one" }).split(".");
  const piece = fc.oneof(
    fc.constantFrom(header, payload, tail),
    fc.base64String(),
    fc.json().map(part),
    fc.string(),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { maxLength: 6 }), async (pieces) => {
      const text = pieces.join(".");
      if (text !== `${header}.${payload}.${tail}`) assert.notEqual(await verdict(text), "ok");
    }),
    { numRuns: 500 },
  );
  await fc.assert(
    fc.asyncProperty(fc.json(), fc.json(), async (one, other) => {
      assert.notEqual(await verdict(`${part(one)}.${part(other)}.${tail}`), "ok");
      assert.notEqual(
        await verdict(`${header}.${part(other)}.${signature(own, `${header}.${part(other)}`)}`),
        "ok",
      );
    }),
    { numRuns: 300 },
  );
});
