// The public keys that an operator gives for a client: what is taken, what is refused, and that nothing of a private key
// is kept or said.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { inspect } from "node:util";
import { test } from "node:test";
import { readPublicKeys, shownKeys } from "../../../src/broker/jwt/public-keys.ts";
import type { KeywrightError } from "../../../src/errors.ts";
import { createSigningClient, rotateClient } from "../../../src/broker/clients.ts";
import { openData } from "../../../src/broker/data-folder.ts";
import { newClient, running, START } from "../broker.ts";
import { signer } from "./signing.ts";

const pem = (alg: string, bits?: number): string =>
  signer(alg, bits).publicKey.export({ type: "spki", format: "pem" }) as string;

function refused(text: string, what: RegExp, why: string): void {
  assert.throws(
    () => readPublicKeys(text),
    (thrown: KeywrightError) => {
      assert.equal(thrown.code, "usage", why);
      assert.match(thrown.message, what, why);
      assert.notEqual(thrown.hint, undefined);
      for (const word of text.match(/[A-Za-z0-9_+/-]{30,}/g) ?? [])
        assert.ok(!inspect(thrown, { depth: 9 }).includes(word), why);
      return true;
    },
  );
}

test("PEM, JWK and JWK set become one JWK set, each key bound to one algorithm", () => {
  for (const [alg, bound] of [
    ["ES256", "ES256"],
    ["ES384", "ES384"],
    ["ES512", "ES512"],
    ["EdDSA", "EdDSA"],
    ["RS256", "RS256"],
  ] as const)
    assert.deepEqual(
      shownKeys(readPublicKeys(pem(alg))).map((key) => key.alg),
      [bound],
    );
  const key = signer("PS256");
  const jwk = { ...key.jwk, alg: "PS256", kid: "one", use: "sig", x5c: ["AA"], extra: "gone" };
  const kept = { ...key.jwk, alg: "PS256", kid: "one" };
  for (const text of [JSON.stringify(jwk), JSON.stringify({ keys: [jwk] })])
    assert.deepEqual(JSON.parse(readPublicKeys(text)), { keys: [kept] });
  const once = readPublicKeys(JSON.stringify(jwk));
  assert.equal(readPublicKeys(once), once, "reading it again changes nothing");
  assert.equal(
    shownKeys(readPublicKeys(JSON.stringify({ ...signer("Ed25519").jwk, alg: "Ed25519" })))[0]?.alg,
    "Ed25519",
  );
});

test("RFC 7638 §3.1: the thumbprint of the example", () => {
  const n =
    "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";
  const jwk = { kty: "RSA", n, e: "AQAB", alg: "RS256", kid: "2011-04-29" };
  assert.equal(
    shownKeys(readPublicKeys(JSON.stringify(jwk)))[0]?.thumbprint,
    "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs",
  );
});

test("a private key is refused in every form, and nothing of it is said", () => {
  const ec = signer("ES256");
  const rsa = signer("RS256");
  const formats = [
    ec.privateKey.export({ type: "pkcs8", format: "pem" }),
    ec.privateKey.export({ type: "sec1", format: "pem" }),
    rsa.privateKey.export({ type: "pkcs1", format: "pem" }),
    ec.privateKey.export({ type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "x" }),
    `${ec.publicKey.export({ type: "spki", format: "pem" }) as string}${ec.privateKey.export({ type: "pkcs8", format: "pem" }) as string}`,
    JSON.stringify(ec.privateKey.export({ format: "jwk" })),
    JSON.stringify({ keys: [ec.jwk, rsa.privateKey.export({ format: "jwk" })] }),
    JSON.stringify({ kty: "oct", k: "AAAA" }),
  ];
  for (const text of formats)
    refused(String(text), /private key, which only the client itself may have/, String(text).slice(0, 40));
  refused(
    execFileSync("openssl", ["genpkey", "-algorithm", "ed25519"], { encoding: "utf8" }),
    /private key/,
    "openssl",
  );
});

test("what is no key that can be used", () => {
  const key = signer("ES256");
  for (const [why, text] of [
    ["RSA of 1024 bits", pem("RS256", 1024)],
    ["RSA of 1024 bits as JWK", JSON.stringify(signer("RS256", 1024).jwk)],
    ["a certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"],
    ["two PEM keys", pem("ES256") + pem("ES256")],
    ["broken PEM", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"],
    [
      "X25519",
      execFileSync("sh", ["-c", "openssl genpkey -algorithm x25519 | openssl pkey -pubout"], {
        encoding: "utf8",
      }),
    ],
    [
      "secp256k1",
      execFileSync("sh", ["-c", "openssl ecparam -name secp256k1 -genkey -noout | openssl pkey -pubout"], {
        encoding: "utf8",
      }),
    ],
    ["nothing", ""],
    ["text", "hello"],
    ["null", "null"],
    ["a list", "[]"],
    ["no keys", '{"keys":[]}'],
    ["keys as object", '{"keys":{}}'],
    ["keys of text", '{"keys":["x"]}'],
    [
      "eleven keys",
      JSON.stringify({ keys: Array.from({ length: 11 }, (_, at) => ({ ...key.jwk, kid: `k${at}` })) }),
    ],
    ["alg of another kind", JSON.stringify({ ...key.jwk, alg: "RS256" })],
    ["alg none", JSON.stringify({ ...key.jwk, alg: "none" })],
    ["alg HS256", JSON.stringify({ ...key.jwk, alg: "HS256" })],
    ["for encryption", JSON.stringify({ ...key.jwk, use: "enc" })],
    ["for signing", JSON.stringify({ ...key.jwk, key_ops: ["sign"] })],
    ["kid that is no text", JSON.stringify({ ...key.jwk, kid: 7 })],
    [
      "two keys, one name",
      JSON.stringify({
        keys: [
          { ...key.jwk, kid: "a" },
          { ...signer("ES256").jwk, kid: "a" },
        ],
      }),
    ],
    ["two keys, no names", JSON.stringify({ keys: [key.jwk, signer("ES256").jwk] })],
  ] as const)
    refused(text, /^the public key cannot be used: /, why);
});

test("clients that cannot be: the public client's name, a key with --menda, a key that is none; rotate says what to do", async (t) => {
  const { data } = await running(t);
  const open = openData(data);
  t.after(() => open.db.close());
  const how = { now: START, by: "tester" };
  const client = { name: "bot", principal: "ci", resource: undefined, queryCredentials: false };
  const jwks = JSON.stringify(signer("ES256").jwk);
  assert.throws(() => newClient(data, { name: "keywright", principal: "ci" }), {
    code: "usage",
    message: /program that people log in with/,
  });
  assert.throws(() => createSigningClient(open, { ...client, name: "keywright", jwks }, how), {
    code: "usage",
  });
  assert.throws(() => createSigningClient(open, { ...client, queryCredentials: true, jwks }, how), {
    code: "usage",
    message: /no secret that it could send/,
  });
  assert.throws(() => createSigningClient(open, { ...client, jwks: "x" }, how), { code: "usage" });
  assert.equal(open.db.client("bot"), undefined);
  createSigningClient(open, { ...client, jwks }, how);
  assert.throws(() => createSigningClient(open, { ...client, jwks }, how), {
    code: "usage",
    message: /already/,
  });
  assert.throws(
    () => rotateClient(open, "bot", how),
    (thrown: KeywrightError) =>
      /signs with a key of its own/.test(thrown.message) && /client revoke bot/.test(thrown.hint ?? ""),
  );
});
