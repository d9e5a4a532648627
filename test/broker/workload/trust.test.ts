// Whose tokens are believed: issuer, audience, times, algorithm, and where the keys come from.
import assert from "node:assert/strict";
import { test } from "node:test";
import { SignJWT } from "jose";
import { exchange, KID, startIssuer, times } from "./issuer.ts";
import { place } from "./place.ts";
import { GITHUB } from "./shapes.ts";

const DISCOVERY = "/_services/token/.well-known/openid-configuration";

test("facts 4.3 (fast-jwt CVE-2025-30144, Supabase GHSA-9wqv): iss is compared letter by letter, before anybody is asked", async (t) => {
  const { send, iss, issuer, broker } = await place(t);
  const port = new URL(iss).port;
  for (const other of [
    `${iss}/`,
    iss.toUpperCase(),
    [iss],
    [iss, "https://evil.example"],
    `${iss} `,
    iss.replace("127.0.0.1", "127.0.0.1.evil.example"),
    iss.replace("_services", "＿services"),
    iss.replace("https:", "http:"),
    `https://evil.example/${iss}`,
    `https://127.0.0.1:${port}/api/actions`, // Forgejo, which has GitHub's variables.
    "https://token.actions.githubusercontent.com",
    null,
    undefined,
    "",
    "constructor",
  ])
    assert.equal((await send({ iss: other })).status, 400, JSON.stringify(other));
  assert.deepEqual(issuer.asked, []);
  assert.equal((await send()).status, 200);
  assert.ok(broker.logged.every((line) => !line.includes("evil")));
});

test("facts 4.3 (hono CVE-2025-62610, Vault HCSEC-2024-11): aud is the broker, alone", async (t) => {
  const { send, broker } = await place(t);
  const { url } = broker;
  for (const aud of [
    undefined,
    null,
    "",
    "other",
    `${url}/`,
    url.toUpperCase(),
    [],
    [url, "other"],
    ["other", url],
    [url, url],
    [[url]],
    { [url]: 1 },
  ])
    assert.equal((await send({ aud })).status, 400, JSON.stringify(aud));
  assert.equal((await send({ aud: [url] })).status, 200); // As Kubernetes writes it.
});

test("clocks may be 60 seconds apart, both ways, and no more; a life that is too long is refused", async (t) => {
  const { send, broker } = await place(t);
  const now = broker.clock.time;
  const rows: readonly (readonly [object, number])[] = [
    [{ iat: now + 60, nbf: now + 60, exp: now + 300 }, 200],
    [{ iat: now + 61, nbf: now, exp: now + 300 }, 400],
    [{ iat: now, nbf: now + 61, exp: now + 300 }, 400],
    [{ iat: now + 300, nbf: now + 300, exp: now + 900 }, 400],
    [{ iat: now - 300, exp: now + 1 }, 200],
    [{ iat: now - 300, exp: now }, 400], // Within the leeway; but a token that lives for no second is none.
    [{ iat: now - 300, exp: now - 61 }, 400],
    [{ exp: undefined }, 400],
    [{ iat: undefined }, 400],
    [{ exp: String(now + 300) }, 400],
    [{ exp: 1e300 }, 400],
    [{ exp: null }, 400],
    [{ iat: now, exp: now + 3600 }, 200],
    [{ iat: now, exp: now + 3601 }, 400],
    [{ iat: now - 3000, exp: now + 601 }, 400],
  ];
  for (const [claims, status] of rows)
    assert.equal((await send(claims)).status, status, JSON.stringify(claims));
});

test("max_life makes an issuer's tokens shorter or longer", async (t) => {
  const { send, broker } = await place(t, { issuer: "private_network: true, max_life: 120" });
  const { time } = broker.clock;
  assert.equal((await send({ exp: time + 120 })).status, 200);
  assert.equal((await send({ exp: time + 121 })).status, 400);
});

test("RFC 8725 §3.1, §3.10, §3.11: none, HMAC with the public key, another algorithm or type, keys in the header", async (t) => {
  const { broker, iss, token, send, issuer } = await place(t);
  const claims = { iss, aud: broker.url, ...GITHUB, ...times(broker, "x") };
  const encoded = (part: object): string => Buffer.from(JSON.stringify(part)).toString("base64url");
  const unsigned = `${encoded({ alg: "none", typ: "JWT" })}.${encoded(claims)}.`;
  assert.equal((await exchange(broker, unsigned)).status, 400);
  const hmac = new SignJWT(claims).setProtectedHeader({ alg: "HS256", kid: KID, typ: "JWT" });
  const confused = await hmac.sign(Buffer.from(JSON.stringify(issuer.keys.jwk).padEnd(64)));
  assert.equal((await exchange(broker, confused)).status, 400);
  const other = await startIssuer(t, "ES256");
  assert.equal((await exchange(broker, await other.sign(claims))).status, 400);
  for (const header of [
    { typ: "at+jwt" },
    { typ: "dpop+jwt" },
    { typ: "logout+jwt" },
    { kid: "other" },
    { kid: "../keys" },
    { jku: `${other.origin}/keys` },
    { x5u: "https://evil.example" },
    { jwk: other.keys.jwk },
    { crit: ["b64"], b64: true },
  ])
    await assert.doesNotReject(async () =>
      assert.equal((await send({}, header)).status, 400, JSON.stringify(header)),
    );
  assert.deepEqual(other.asked, []);
  for (const typ of [undefined, "jwt", "JWT"])
    assert.equal((await exchange(broker, await token({}, { typ }))).status, 200);
});

test("a discovery document that names another issuer, or keys elsewhere, is not believed", async (t) => {
  const elsewhere = await startIssuer(t);
  const rows: readonly (readonly [object, RegExp])[] = [
    [{ issuer: "https://evil.example" }, /metadata of another issuer/],
    [{ issuer: undefined }, /metadata of another issuer/],
    [{ jwks_uri: `${elsewhere.origin}/keys` }, /keys that are not on its own origin/],
    [{ jwks_uri: "http://127.0.0.1/keys" }, /keys that are not on its own origin/],
    [{ jwks_uri: "file:///etc/passwd" }, /keys that are not on its own origin/],
    [{ jwks_uri: 7 }, /does not say where its keys are/],
  ];
  for (const [wrong, logged] of rows) {
    const { send, iss, issuer, broker, reason, audit } = await place(t);
    const document = { issuer: iss, jwks_uri: `${issuer.origin}/keys`, ...wrong };
    issuer.instead.set(DISCOVERY, { status: 200, body: JSON.stringify(document) });
    const { status, json } = await send();
    assert.equal(status, 503);
    assert.equal(json["error"], "temporarily_unavailable");
    assert.equal(reason(), "the keys of the issuer could not be had");
    assert.deepEqual([audit().at(-1)?.["issuer"], audit().at(-1)?.["iss"]], ["it", iss]);
    assert.match(broker.logged.join("\n"), logged);
  }
  assert.deepEqual(elsewhere.asked, []);
});

test("jwks_uri: keys elsewhere count where they are configured, and nothing else is asked", async (t) => {
  const keys = await startIssuer(t);
  const { broker, iss, issuer } = await place(t, {
    issuer: `private_network: true, jwks_uri: "${keys.origin}/keys", ca_file: "${keys.caFile}"`,
  });
  const token = await keys.sign({ iss, aud: broker.url, ...GITHUB, ...times(broker, "1") });
  assert.equal((await exchange(broker, token)).status, 200);
  assert.deepEqual(keys.asked, ["/keys"]);
  assert.deepEqual(issuer.asked, []);
});

test("ca_file: an issuer with a certificate of its own is trusted by that file alone", async (t) => {
  const other = await startIssuer(t);
  const { send, reason } = await place(t, { issuer: `private_network: true, ca_file: "${other.caFile}"` });
  assert.equal((await send()).status, 503);
  assert.equal(reason(), "the keys of the issuer could not be had");
});

test("a private address is asked only where the configuration says so, and no redirect is followed", async (t) => {
  const closed = await place(t, { issuer: "private_network: false" });
  assert.equal((await closed.send()).status, 503);
  assert.deepEqual(closed.issuer.asked, []);
  const elsewhere = await startIssuer(t);
  const { send, issuer } = await place(t);
  issuer.instead.set("/keys", { status: 302, headers: { Location: `${elsewhere.origin}/keys` }, body: "" });
  assert.equal((await send()).status, 503);
  assert.deepEqual(elsewhere.asked, []);
});

test("the keys are asked for once, and an issuer that is down afterwards harms nobody", async (t) => {
  const { send, issuer, broker } = await place(t);
  await Promise.all(Array.from({ length: 20 }, () => send()));
  assert.deepEqual(issuer.asked, [DISCOVERY, "/keys"]);
  issuer.instead.set(DISCOVERY, { status: 500, body: "" });
  broker.clock.time += 700;
  assert.equal((await send()).status, 200);
  await broker.reload({ by: "tester" });
  assert.equal((await send()).status, 200);
});
