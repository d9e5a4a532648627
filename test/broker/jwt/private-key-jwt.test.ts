// private_key_jwt (RFC 7523) at a running broker: clients that sign, and every way in which an assertion is none.
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { createSigningClient, revokeClient } from "../../../src/broker/clients.ts";
import { openData } from "../../../src/broker/data-folder.ts";
import {
  askRegistry,
  basic,
  newClient,
  PACKAGES,
  post,
  running,
  send,
  START,
  type Answer,
  type Running,
} from "../broker.ts";
import { entriesOf } from "../entries.ts";
import { hmacJwt, jwt, part, signer, type Signer } from "./signing.ts";

const TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const GRANT = { grant_type: "client_credentials" };
const HOW = { now: START, by: "tester" };

function signingClient(data: string, name: string, ...keys: readonly object[]): void {
  const open = openData(data);
  const client = { name, principal: "ci", resource: undefined, queryCredentials: false };
  try {
    createSigningClient(open, { ...client, jwks: JSON.stringify({ keys }) }, HOW);
  } finally {
    open.db.close();
  }
}

interface Place {
  readonly broker: Running;
  readonly key: Signer;
  claims(): Record<string, unknown>;
}

let serial = 0;

async function place(t: TestContext, alg = "ES256"): Promise<Place> {
  const broker = await running(t);
  const key = signer(alg);
  signingClient(broker.data, "bot", key.jwk);
  return {
    broker,
    key,
    claims: () => ({
      iss: "bot",
      sub: "bot",
      aud: broker.url,
      jti: `a-${(serial += 1)}`,
      iat: broker.clock.time,
      exp: broker.clock.time + 60,
    }),
  };
}

const asking = (
  broker: Running,
  assertion: string,
  more: Readonly<Record<string, string>> = {},
  headers = {},
): Promise<Answer> =>
  post(
    broker,
    "/oauth2/token",
    { ...GRANT, client_assertion_type: TYPE, client_assertion: assertion, ...more },
    headers,
  );

function refused(answer: Answer, why: string): void {
  assert.deepEqual([answer.status, answer.json["error"]], [401, "invalid_client"], `${why}: ${answer.text}`);
}

const reasons = (broker: Running): readonly unknown[] =>
  entriesOf(broker.data)
    .filter(({ kind }) => kind === "client_authentication")
    .map(({ reason }) => reason);

test("RFC 7523 §2.2: a client that signs gets a token, by every algorithm, at every endpoint that asks clients", async (t) => {
  for (const alg of ["ES256", "ES384", "ES512", "EdDSA", "Ed25519", "RS256"]) {
    const { broker, key, claims } = await place(t, alg);
    const answer = await asking(broker, jwt(key, claims()), { client_id: "bot", scope: "registry" });
    assert.equal(answer.status, 200, `${alg}: ${answer.text}`);
    const token = String(answer.json["access_token"]);
    assert.equal((await askRegistry(broker, token, { url: PACKAGES })).status, 200);
    const proven = () => ({ client_assertion_type: TYPE, client_assertion: jwt(key, claims()), token });
    assert.equal((await post(broker, "/oauth2/introspect", proven())).json["client_id"], "bot");
    assert.equal((await post(broker, "/oauth2/revoke", proven())).status, 200);
    assert.equal((await askRegistry(broker, token, { url: PACKAGES })).status, 401);
  }
  const { broker, key, claims } = await place(t);
  for (const typ of ["JWT", "client-authentication+jwt", "application/client-authentication+jwt"])
    assert.equal((await asking(broker, jwt(key, claims(), { typ }))).status, 200, typ);
});

test("RFC 7523 §3, draft-ietf-oauth-rfc7523bis, CVE-2025-27370, CVE-2025-27371: the audience is our issuer, as one text", async (t) => {
  const { broker, key, claims } = await place(t);
  for (const aud of [
    [broker.url],
    [broker.url, "https://other.example"],
    "https://other.example",
    `${broker.url}/oauth2/token`,
    `${broker.url}/`,
    [`${broker.url}/oauth2/token`],
    [],
    "",
    null,
    undefined,
    broker.url.toUpperCase(),
  ])
    refused(await asking(broker, jwt(key, { ...claims(), aud })), JSON.stringify(aud));
});

test("RFC 7523 §3: iss, sub and client_id are the client", async (t) => {
  const { broker, key, claims } = await place(t);
  const other = signer("ES256");
  signingClient(broker.data, "other", other.jwk);
  newClient(broker.data, { name: "plain", principal: "ci" });
  for (const change of [
    { iss: "other" },
    { sub: "other" },
    { iss: "other", sub: "other" },
    { iss: undefined },
    { sub: undefined },
    { iss: ["bot"] },
    { sub: ["bot"] },
    { sub: "BOT", iss: "BOT" },
    { sub: "bot ", iss: "bot " },
    { sub: "nobody", iss: "nobody" },
    { sub: "plain", iss: "plain" },
    { iss: "https://issuer.example" },
    { sub: "keywright", iss: "keywright" },
    { sub: "__proto__", iss: "__proto__" },
  ])
    refused(await asking(broker, jwt(key, { ...claims(), ...change })), JSON.stringify(change));
  refused(await asking(broker, jwt(key, claims()), { client_id: "other" }), "another client_id beside it");
  refused(await asking(broker, jwt(key, claims()), { client_id: "plain" }), "another client_id beside it");
  assert.equal((await asking(broker, jwt(key, claims()), { client_id: "bot" })).status, 200);
});

test("RFC 7523 §3: exp at most 5 minutes ahead, nbf, iat, with 30 seconds for the clocks", async (t) => {
  const { broker, key, claims } = await place(t);
  const now = broker.clock.time;
  const rows: readonly (readonly [object, boolean])[] = [
    [{ exp: now + 300 }, true],
    [{ exp: now + 301 }, false],
    [{ exp: now + 330, iat: now + 30 }, true],
    [{ exp: now + 330, iat: undefined }, true],
    [{ exp: now + 331, iat: undefined }, false],
    [{ exp: now + 3600 }, false],
    [{ exp: now - 29, iat: now - 100 }, true],
    [{ exp: now - 30, iat: now - 100 }, false],
    [{ exp: now - 31, iat: now - 100 }, false],
    [{ exp: now - 300, iat: now - 400 }, false],
    [{ exp: undefined }, false],
    [{ exp: String(now + 60) }, false],
    [{ exp: null }, false],
    [{ exp: now + 60.5 }, true],
    [{ nbf: now + 30 }, true],
    [{ nbf: now + 31 }, false],
    [{ iat: now + 30 }, true],
    [{ iat: now + 31 }, false],
    [{ iat: String(now) }, false],
  ];
  for (const [change, good] of rows) {
    const answer = await asking(broker, jwt(key, { ...claims(), ...change }));
    assert.equal(answer.status, good ? 200 : 401, JSON.stringify(change));
  }
});

test("fosite CVE-2020-15222, RFC 7523 §3: a jti is used once, by 20 at the same time and after a restart", async (t) => {
  const { broker, key, claims } = await place(t);
  const assertion = jwt(key, { ...claims(), exp: broker.clock.time + 300 });
  const answers = await Promise.all(Array.from({ length: 20 }, () => asking(broker, assertion)));
  assert.deepEqual(answers.map(({ status }) => status).toSorted(), [200, ...Array<number>(19).fill(401)]);
  assert.ok(reasons(broker).includes("the assertion was used before"));
  await broker.close();
  const again = await running(t, { data: broker.data, url: broker.url });
  refused(await asking(again, assertion), "after a restart");
  again.clock.time += 299;
  refused(await asking(again, assertion), "at its end");
  for (const jti of [undefined, "", 7, null])
    refused(
      await asking(again, jwt(key, { ...claims(), jti, iat: again.clock.time, exp: again.clock.time + 60 })),
      String(jti),
    );
  const other = signer("ES256");
  signingClient(broker.data, "other", other.jwk);
  const shared = { aud: broker.url, jti: "shared", exp: again.clock.time + 60 };
  for (const [name, by] of [
    ["bot", key],
    ["other", other],
  ] as const)
    assert.equal(
      (await asking(again, jwt(by, { ...shared, iss: name, sub: name }))).status,
      200,
      "nobody can use up another's",
    );
});

test("RFC 8725 §3.1: the algorithm is bound to the key, and the key to the client", async (t) => {
  const { broker, key, claims } = await place(t);
  const rsa = signer("RS256");
  signingClient(broker.data, "rsa", rsa.jwk);
  const pem = key.publicKey.export({ type: "spki", format: "pem" }) as string;
  for (const [why, assertion] of [
    ["a stranger's key", jwt(signer("ES256"), claims())],
    ["another client's key", jwt(rsa, claims())],
    ["PS256 by a key for RS256", jwt({ ...rsa, alg: "PS256" }, { ...claims(), iss: "rsa", sub: "rsa" })],
    ["HS256 by the public key", hmacJwt(pem, claims(), {})],
    ["HS256 by the JWK", hmacJwt(JSON.stringify(key.jwk), claims(), {})],
    ["none", `${part({ alg: "none" })}.${part(claims())}.`],
    ["none with something", `${part({ alg: "none" })}.${part(claims())}.AA`],
    ["jwk in the header", jwt(key, claims(), { jwk: key.jwk })],
    ["crit", jwt(key, claims(), { crit: ["exp"] })],
    ["an access token", jwt(key, claims(), { typ: "at+jwt" })],
    ["a proof", jwt(key, claims(), { typ: "dpop+jwt" })],
    ["not a JWT", "kws_something"],
  ] as const)
    refused(await asking(broker, assertion), why);
  assert.equal((await asking(broker, jwt(rsa, { ...claims(), iss: "rsa", sub: "rsa" }))).status, 200);
});

test("RFC 6749 §2.3: one way of client authentication a request", async (t) => {
  const { broker, key, claims } = await place(t);
  const secret = newClient(broker.data, { name: "app", principal: "ci" });
  const assertion = (): string => jwt(key, claims());
  const invalid = (answer: Answer, why: string): void =>
    assert.deepEqual(
      [answer.status, answer.json["error"]],
      [400, "invalid_request"],
      `${why}: ${answer.text}`,
    );
  invalid(await asking(broker, assertion(), { client_id: "bot", client_secret: "x" }), "with a secret");
  invalid(await asking(broker, assertion(), {}, basic("app", secret)), "with Basic");
  invalid(await asking(broker, assertion(), {}, { Authorization: "Bearer x" }), "with Bearer");
  invalid(
    await asking(broker, assertion(), {
      client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:saml2-bearer",
    }),
    "SAML",
  );
  invalid(await asking(broker, assertion(), { client_assertion_type: "" }), "no type");
  invalid(await asking(broker, ""), "no assertion");
  const query = `?client_assertion_type=${encodeURIComponent(TYPE)}&client_assertion=${assertion()}`;
  for (const url of [
    query,
    `?client_assertion=${assertion()}`,
    `?client_assertion_type=${encodeURIComponent(TYPE)}`,
  ])
    invalid(await post(broker, `/oauth2/token${url}`, GRANT), "in the URL");
  const twice = `grant_type=client_credentials&client_assertion_type=${encodeURIComponent(TYPE)}&client_assertion=${assertion()}&client_assertion=${assertion()}`;
  const headers = { "Content-Type": "application/x-www-form-urlencoded" };
  invalid(await send(broker, "/oauth2/token", { method: "POST", headers, body: twice }), "twice");
});

test("a client that signs has no secret: none fits, on neither face", async (t) => {
  const { broker } = await place(t);
  for (const secret of ["", "x", "0".repeat(32), "\u0000".repeat(32)]) {
    assert.notEqual((await post(broker, "/oauth2/token", GRANT, basic("bot", secret))).status, 200);
    const query = `?grant_type=client_credentials&client_id=bot&client_secret=${encodeURIComponent(secret)}`;
    assert.notEqual(
      (await send(broker, `/api/v1/auth/oauth2/token${query}`, { method: "POST" })).status,
      200,
    );
  }
});

test("each refusal is in the audit, with its reason and nothing of the assertion; a revoked client gets nothing", async (t) => {
  const { broker, key, claims } = await place(t);
  const assertion = jwt(key, { ...claims(), aud: "https://canary-audience.example" });
  refused(await asking(broker, assertion), "another audience");
  refused(await asking(broker, jwt(key, { ...claims(), iss: "canary-name", sub: "canary-name" })), "nobody");
  assert.deepEqual(reasons(broker), ["the assertion is for another audience", "no client of this name"]);
  const lines = JSON.stringify(entriesOf(broker.data));
  assert.doesNotMatch(lines, /canary-(audience|name)/);
  assert.doesNotMatch(lines, /eyJ/);
  const open = openData(broker.data);
  revokeClient(open, "bot", HOW);
  open.db.close();
  refused(await asking(broker, jwt(key, claims())), "revoked");
});

test("several keys of one client: the one that kid names", async (t) => {
  const broker = await running(t);
  const [old, next] = [signer("ES256"), signer("ES256")];
  signingClient(broker.data, "bot", { ...old.jwk, kid: "old" }, { ...next.jwk, kid: "next" });
  const claims = (): object => ({
    iss: "bot",
    sub: "bot",
    aud: broker.url,
    jti: `k-${(serial += 1)}`,
    exp: broker.clock.time + 60,
  });
  assert.equal(
    (await asking(broker, jwt(old, claims() as Record<string, unknown>, { kid: "old" }))).status,
    200,
  );
  assert.equal(
    (await asking(broker, jwt(next, claims() as Record<string, unknown>, { kid: "next" }))).status,
    200,
  );
  refused(
    await asking(broker, jwt(next, claims() as Record<string, unknown>, { kid: "old" })),
    "the wrong one",
  );
  refused(await asking(broker, jwt(next, claims() as Record<string, unknown>)), "none named");
});
