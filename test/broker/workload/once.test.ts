// Each token of a workload is good once: by its jti, by its text where it has none, in a crowd, after a restart, and with
// a key that it was first used with.
import assert from "node:assert/strict";
import { createHash, randomUUID } from "node:crypto";
import { test, type TestContext } from "node:test";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { createHttp } from "../../../src/io/http.ts";
import { systemClock } from "../../../src/io/clock.ts";
import { CONFIG, running, type Answer, type Reached, type Running } from "../broker.ts";
import { exchange, startIssuer, workloadsOf } from "./issuer.ts";
import { place } from "./place.ts";

test("a jti is used once, whatever else the token says (crates.io)", async (t) => {
  const { send, reason } = await place(t);
  assert.equal((await send({ jti: "a" })).status, 200);
  assert.equal((await send({ jti: "a" })).status, 400);
  assert.equal((await send({ jti: "a", sha: "other" })).status, 400);
  assert.equal(reason(), "the token was used before");
  assert.equal((await send({ jti: "A" })).status, 200);
  for (const jti of ["", 1, ["b"], null, "x".repeat(600)]) assert.equal((await send({ jti })).status, 400);
});

test("what was denied for another reason is not used up", async (t) => {
  const { send } = await place(t);
  assert.equal((await send({ jti: "a", repository_id: "1" })).status, 400);
  assert.equal((await send({ jti: "a" })).status, 200);
});

test("a token without jti is used once, in whatever way its signature is written", async (t) => {
  const issuer = await startIssuer(t, "ES256");
  const text = `issuers:
  it: { preset: generic, issuer: "${issuer.origin}/a", algorithms: [ES256], immutable: [sub], private_network: true }
workloads:
  deploy: { issuer: it, principal: ci, claims: { sub: one } }
`;
  const broker = await brokerAt(t, issuer.caFile, text);
  const now = broker.clock.time;
  const claims = { iss: `${issuer.origin}/a`, aud: broker.url, sub: "one", iat: now, exp: now + 300 };
  const token = await issuer.sign(claims);
  assert.equal((await exchange(broker, token)).status, 200);
  assert.equal((await exchange(broker, token)).status, 400);
  const mirrored = mirror(token);
  assert.notEqual(mirrored, token);
  assert.equal((await exchange(broker, mirrored)).status, 400);
  const fresh = await issuer.sign({ ...claims, iat: now - 1 });
  assert.equal((await exchange(broker, mirror(fresh))).status, 200); // It is a good signature, so it had to be tried.
  assert.equal((await exchange(broker, fresh)).status, 400);
});

/** The other signature by the same key over the same text: (r, n - s). */
function mirror(token: string): string {
  const n = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
  const [header, payload, signature = ""] = token.split(".");
  const bytes = Buffer.from(signature, "base64url");
  const s = n - BigInt(`0x${bytes.subarray(32).toString("hex")}`);
  const other = Buffer.concat([bytes.subarray(0, 32), Buffer.from(s.toString(16).padStart(64, "0"), "hex")]);
  return `${header}.${payload}.${other.toString("base64url")}`;
}

test("of 100 that show the same token at the same time one gets in", async (t) => {
  const { broker, token, audit } = await place(t);
  const same = await token();
  const answers = await Promise.all(Array.from({ length: 100 }, () => exchange(broker, same)));
  assert.equal(answers.filter(({ status }) => status === 200).length, 1);
  assert.equal(answers.filter(({ status }) => status === 400 || status === 429).length, 99);
  assert.equal(audit().filter(({ outcome }) => outcome === "granted").length, 1);
});

function brokerAt(t: TestContext, caFile: string, text: string, more: object = {}): Promise<Running> {
  const http = createHttp({ env: {}, clock: systemClock, caBundle: { file: caFile, namedBy: "this test" } });
  return running(t, { http, config: { ...CONFIG, workloads: workloadsOf(t, text) }, ...more });
}

test("a token that was used stays used after a restart", async (t) => {
  const { broker, token, issuer, iss } = await place(t);
  const text = `issuers: { it: { preset: github, issuer: "${iss}", private_network: true } }
workloads:
  deploy: { issuer: it, principal: ci, claims: { repository_id: "456789", repository_owner_id: "123456" } }
`;
  const used = await token();
  assert.equal((await exchange(broker, used)).status, 200);
  await broker.close();
  const listen = { host: broker.host, port: broker.port };
  const again = await brokerAt(t, issuer.caFile, text, { data: broker.data, listen });
  assert.equal(again.url, broker.url);
  assert.equal((await exchange(again, used)).status, 400);
  assert.equal((await exchange(again, await token({ jti: "fresh" }))).status, 200);
});

async function proofs(broker: Reached & { readonly clock: { readonly time: number } }) {
  const { privateKey, publicKey } = await generateKeyPair("ES256");
  const jwk = await exportJWK(publicKey);
  const members = JSON.stringify({ crv: jwk.crv, kty: jwk.kty, x: jwk.x, y: jwk.y });
  const send = async (token: string): Promise<Answer> => {
    const claims = {
      htm: "POST",
      htu: `${broker.url}/oauth2/token`,
      iat: broker.clock.time,
      jti: randomUUID(),
    };
    const proof = new SignJWT(claims).setProtectedHeader({ alg: "ES256", typ: "dpop+jwt", jwk });
    return exchange(broker, token, {}, { DPoP: await proof.sign(privateKey) });
  };
  return { send, jkt: createHash("sha256").update(members).digest("base64url") };
}

test("RFC 9449 §5: with a proof the access token is bound to its key", async (t) => {
  const { broker, token, audit } = await place(t);
  const own = await proofs(broker);
  const { status, json } = await own.send(await token());
  assert.equal(status, 200);
  assert.equal(json["token_type"], "DPoP");
  assert.equal(audit()[0]?.["jkt"], own.jkt);
});

test("a token that its platform hands out again is good again for the key of its first use alone", async (t) => {
  const { broker, token } = await place(t, { preset: "gitlab" });
  const [own, other] = [await proofs(broker), await proofs(broker)];
  const job = await token();
  assert.equal((await own.send(job)).status, 200);
  assert.equal((await other.send(job)).status, 400);
  assert.equal((await exchange(broker, job)).status, 400);
  assert.equal((await own.send(job)).status, 200);
  assert.equal((await other.send(job)).status, 400); // Having tried does not make it the first.
  const bearer = await token();
  assert.equal((await exchange(broker, bearer)).status, 200);
  assert.equal((await own.send(bearer)).status, 400);
});

test("where a job can ask for another token each time, one is good once, also with the same key", async (t) => {
  const { broker, token } = await place(t);
  const own = await proofs(broker);
  const one = await token();
  assert.equal((await own.send(one)).status, 200);
  assert.equal((await own.send(one)).status, 400);
});
