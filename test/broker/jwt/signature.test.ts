// Signatures one by one, held against jose, which verifies them independently: what the platform takes and what it must
// not. Runs on Node and on Bun, whose crypto differs.
import assert from "node:assert/strict";
import { constants, createHash, createHmac, generateKeyPairSync, sign, type KeyObject } from "node:crypto";
import { test } from "node:test";
import { compactVerify, importJWK } from "jose";
import { ALGORITHM_KEYS } from "../../../src/broker/jwt/algorithms.ts";
import type { PublicJwk } from "../../../src/broker/jwt/public-jwk.ts";
import { importKey, isSigned } from "../../../src/broker/jwt/signature.ts";

interface Pair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

const made = new Map<string, Pair>();

function pairOf(alg: string, fresh = ""): Pair {
  const { kty, crv = "" } = ALGORITHM_KEYS.get(alg) ?? { kty: "RSA" };
  const name = `${kty} ${crv} ${fresh}`;
  const pair =
    made.get(name) ??
    (kty === "RSA"
      ? generateKeyPairSync("rsa", { modulusLength: Number(fresh) || 2048 })
      : kty === "OKP"
        ? generateKeyPairSync("ed25519")
        : generateKeyPairSync("ec", { namedCurve: crv }));
  made.set(name, pair);
  return pair;
}

const jwkOf = ({ publicKey }: Pair): PublicJwk => publicKey.export({ format: "jwk" }) as unknown as PublicJwk;
const encoded = (part: Uint8Array | string): string => Buffer.from(part).toString("base64url");
const inputOf = (alg: string): string => `${encoded(JSON.stringify({ alg }))}.${encoded('{"a":"b"}')}`;
const hashOf = (alg: string): string | undefined => (/^E?d/.test(alg) ? undefined : `sha${alg.slice(2)}`);

const PSS = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };

function optionsOf(alg: string): object {
  return alg.startsWith("PS") ? PSS : alg.startsWith("ES") ? { dsaEncoding: "ieee-p1363" } : {};
}

/** `changed`: how it is signed otherwise. */
function signed(alg: string, pair = pairOf(alg), changed: object = {}, hash = hashOf(alg)): Buffer {
  return sign(hash, Buffer.from(inputOf(alg)), { key: pair.privateKey, ...optionsOf(alg), ...changed });
}

/** What this broker says and what jose says. */
async function both(alg: string, signature: Uint8Array, pair = pairOf(alg)): Promise<readonly boolean[]> {
  const text = `${inputOf(alg)}.${encoded(signature)}`;
  const key = importKey(jwkOf(pair), alg);
  const ours = key !== undefined && (await isSigned(text, key));
  const theirs = await importJWK({ ...jwkOf(pair) }, alg)
    .then((imported) => compactVerify(text, imported, { algorithms: [alg] }))
    .then(
      () => true,
      () => false,
    );
  return [ours, theirs];
}

const NO = [false, false];
const flipped = (bytes: Buffer, at: number): Buffer => {
  const copy = Buffer.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
};

for (const alg of ALGORITHM_KEYS.keys())
  test(`RFC 7518 §3, ${alg}: its own signature is good; changed, cut, longer, another's, or none is not`, async () => {
    const good = signed(alg);
    assert.deepEqual(await both(alg, good), [true, true]);
    const wrong: readonly (readonly [string, Uint8Array])[] = [
      ["first byte", flipped(good, 0)],
      ["last byte", flipped(good, good.length - 1)],
      ["cut", good.subarray(0, -1)],
      ["cut in front", good.subarray(1)],
      ["longer", Buffer.concat([good, Buffer.alloc(1)])],
      ["longer in front", Buffer.concat([Buffer.alloc(1), good])],
      ["twice", Buffer.concat([good, good])],
      ["none", Buffer.alloc(0)],
      ["zeros (CVE-2022-21449)", Buffer.alloc(good.length)],
      ["ones", Buffer.alloc(good.length, 0xff)],
      ["a hash", createHash("sha256").update(inputOf(alg)).digest()],
      [
        "an HMAC",
        createHmac("sha256", JSON.stringify(jwkOf(pairOf(alg))))
          .update(inputOf(alg))
          .digest(),
      ],
      ["another key's", signed(alg, pairOf(alg, alg.startsWith("E") ? "other" : "2049"))],
    ];
    for (const [name, signature] of wrong) assert.deepEqual(await both(alg, signature), NO, name);
  });

test("RFC 7518 §3.4: an ECDSA signature is r and s side by side; DER is none", async () => {
  for (const alg of ["ES256", "ES384", "ES512"])
    assert.deepEqual(await both(alg, signed(alg, pairOf(alg), { dsaEncoding: "der" })), NO, alg);
});

test("RFC 7518 §3.3, §3.5: PKCS #1 and PSS are two algorithms, and so is each hash and length of salt", async () => {
  const { RSA_PKCS1_PADDING: padding } = constants;
  for (const bits of ["256", "384", "512"]) {
    const [rs, ps] = [`RS${bits}`, `PS${bits}`];
    assert.deepEqual(await both(ps, signed(ps, pairOf(ps), { padding })), NO, ps);
    assert.deepEqual(await both(rs, signed(rs, pairOf(rs), PSS)), NO, rs);
    for (const saltLength of [0, 20, constants.RSA_PSS_SALTLEN_MAX_SIGN])
      assert.deepEqual(await both(ps, signed(ps, pairOf(ps), { saltLength })), NO, `${ps} ${saltLength}`);
    for (const hash of ["sha1", "sha256", "sha384", "sha512"].filter((one) => one !== `sha${bits}`))
      for (const alg of [rs, ps, `ES${bits}`])
        assert.deepEqual(await both(alg, signed(alg, pairOf(alg), {}, hash)), NO, `${alg} ${hash}`);
  }
});

test("a long key and a slow curve are checked beside the event loop, with the same outcome", async () => {
  for (const [alg, bits] of [
    ["RS256", "4096"],
    ["RS256", "4224"],
    ["PS512", "4224"],
    ["ES384", ""],
    ["ES512", ""],
  ] as const) {
    const pair = pairOf(alg, bits);
    const key = importKey(jwkOf(pair), alg);
    assert.equal(key?.quick, bits === "4096", alg);
    assert.deepEqual(await both(alg, signed(alg, pair), pair), [true, true], alg);
    assert.deepEqual(await both(alg, flipped(signed(alg, pair), 7), pair), NO, alg);
  }
});

test("a key that is of another kind than its algorithm, or no point of its curve, is none", () => {
  for (const [alg, other] of [
    ["RS256", "ES256"],
    ["ES256", "RS256"],
    ["ES256", "ES384"],
    ["EdDSA", "ES256"],
    ["PS256", "Ed25519"],
    ["none", "RS256"],
    ["HS256", "RS256"],
    ["RS1", "RS256"],
    ["", "RS256"],
    ["__proto__", "RS256"],
  ] as const)
    assert.equal(importKey(jwkOf(pairOf(other)), alg), undefined, `${alg} with a key for ${other}`);
  const point = jwkOf(pairOf("ES256"));
  assert.equal(importKey({ ...point, y: encoded(Buffer.alloc(32, 1)) }, "ES256"), undefined);
  assert.equal(
    importKey({ ...point, x: encoded(Buffer.alloc(32)), y: encoded(Buffer.alloc(32)) }, "ES256"),
    undefined,
  );
});

test("what is no compact JWT is signed by nobody", async () => {
  const key = importKey(jwkOf(pairOf("RS256")), "RS256");
  assert.ok(key);
  for (const text of ["", ".", "..", "a", "a.b", `${inputOf("RS256")}`, `${inputOf("RS256")}.`])
    assert.equal(await isSigned(text, key), false, text);
});
