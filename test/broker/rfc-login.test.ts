// Requirements of the RFCs about logins that no test of one flow names: what is kept of a code, what a token of somebody
// else cannot be, and what is not offered at all. By section.
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { askRegistry, PACKAGES, post, send } from "./broker.ts";
import {
  begin,
  CALLBACK,
  CLIENT,
  codeFor,
  loggedIn,
  loginHouse,
  pkce,
  prover,
  refreshWith,
  refused,
  TOKEN,
  whoami,
  WHOAMI,
} from "./login-house.ts";
import { jwt, signer } from "./jwt/signing.ts";
import { enterCode, newPerson, pageHouse, visitor, waitingLogin } from "./pages/house.ts";
import { exchange } from "./workload/issuer.ts";
import { place } from "./workload/place.ts";

test("RFC 8628 §3.2, §5.2: a device code has 256 bits, no two are alike, and only its SHA-256 is kept", async (t) => {
  const { broker, release } = await loginHouse(t);
  const begun = await Promise.all(Array.from({ length: 50 }, () => begin(broker)));
  assert.equal(new Set(begun.map(({ device_code }) => device_code)).size, 50);
  assert.equal(new Set(begun.map(({ user_code }) => user_code)).size, 50);
  for (const { device_code } of begun) assert.match(device_code, /^kwd_[A-Za-z0-9_-]{49}$/);
  const rows = new DatabaseSync(join(broker.data, "broker.db"), { readOnly: true });
  const hashes = rows.prepare("SELECT hash FROM logins").all();
  rows.close();
  const kept = new Set(hashes.map(({ hash }) => Buffer.from(hash as Uint8Array).toString("hex")));
  release();
  await broker.close();
  const files = readdirSync(broker.data).map((name) => readFileSync(join(broker.data, name), "latin1"));
  for (const { device_code, user_code } of begun) {
    assert.ok(kept.has(createHash("sha256").update(device_code).digest("hex")));
    for (const file of files) assert.ok(!file.includes(device_code) && !file.includes(user_code));
  }
});

test("RFC 6749 §10.3, §10.4, §10.5: no access token, refresh token or code lies in the data folder", async (t) => {
  const house = await loginHouse(t);
  const { broker } = house;
  const { access, refresh } = await loggedIn(house, prover(broker));
  const code = (await codeFor(house, pkce().sent)).get("code") ?? "";
  assert.match(code, /^kwc_/);
  house.release();
  await broker.close();
  for (const name of readdirSync(broker.data))
    for (const value of [access, refresh, code])
      assert.ok(!readFileSync(join(broker.data, name), "latin1").includes(value), name);
  for (const value of [access, refresh, code]) assert.ok(!broker.logged.join("\n").includes(value));
});

test("RFC 8693 §4.1, §4.4: act and may_act of a workload's token are no authority, and nobody acts for it", async (t) => {
  const { broker, token, send: exchanged } = await place(t);
  const plain = (await exchanged()).json;
  const acting = { sub: "release", client_id: "keywright" };
  const { json, status } = await exchanged({
    act: acting,
    may_act: acting,
    scope: "admin",
    client_id: "app",
  });
  assert.deepEqual([status, json["scope"]], [200, plain["scope"]]);
  const seen = (await whoami(broker, String(json["access_token"]))).json;
  assert.deepEqual([seen["user_role"], seen["identity_type"]], ["ci", "service_principal"]);
  const actor = { actor_token: await token(), actor_token_type: "urn:ietf:params:oauth:token-type:jwt" };
  refused(await exchange(broker, await token(), actor), "invalid_request");
  const ours = { subject_token_type: "urn:ietf:params:oauth:token-type:access_token" };
  refused(await exchange(broker, String(json["access_token"]), ours), "invalid_request"); // No chain.
});

test("RFC 8693 §2.2.1: the access token ends with the workload's own at the latest", async (t) => {
  const { broker, send: exchanged } = await place(t);
  const { json } = await exchanged({ exp: broker.clock.time + 45 });
  assert.equal(json["expires_in"], 45);
  broker.clock.time += 45;
  refused(await whoami(broker, String(json["access_token"])), "invalid_token", 401);
});

test("RFC 8705 §6.5: a certificate in a header is nobody's", async (t) => {
  const house = await loginHouse(t);
  const { broker } = house;
  const own = prover(broker);
  const { access, refresh } = await loggedIn(house, own);
  for (const name of ["X-SSL-Cert", "Client-Cert", "X-Forwarded-Client-Cert", "X-Client-Cert"]) {
    const cert = { [name]: `Hash=${own.jkt};Subject="CN=keywright"` };
    refused(await whoami(broker, access, cert), "invalid_token", 401);
    refused(await refreshWith(broker, refresh, cert), "invalid_grant", 401);
    const bare = await post(broker, TOKEN, { grant_type: "client_credentials", client_id: "app" }, cert);
    refused(bare, "invalid_client", 401);
  }
});

test("RFC 9068 §4: no JWT is an access token here, an ID token as little as one that says at+jwt", async (t) => {
  const { broker } = await loginHouse(t);
  const by = signer("RS256");
  const now = broker.clock.time;
  const about = {
    iss: broker.url,
    aud: broker.url,
    sub: "ci",
    client_id: "keywright",
    iat: now,
    exp: now + 300,
  };
  for (const typ of ["JWT", "at+jwt", "application/at+jwt", undefined]) {
    const text = jwt(by, { ...about, jti: "1", scope: "registry" }, { typ });
    refused(await whoami(broker, text), "invalid_token", 401);
    refused(await askRegistry(broker, text, { url: PACKAGES }), "invalid_token", 401);
    const menda = await send(broker, "/api/v1/auth/whoami", { headers: { authorizationToken: text } });
    refused(menda, "invalid_token", 401);
    refused(await refreshWith(broker, text), "invalid_grant");
  }
});

test("RFC 9700 §2.1.2, §2.4: neither the implicit grant nor the password of a person is offered, to nobody", async (t) => {
  const house = await pageHouse(t);
  const who = visitor(house);
  const asks = { ...CLIENT, redirect_uri: CALLBACK, state: "s", ...pkce().sent };
  for (const response_type of ["token", "id_token", "code token", "code id_token", "none", "CODE"]) {
    const { status, location } = await who.get(
      `/oauth2/authorize?${new URLSearchParams({ ...asks, response_type })}`,
    );
    const back = new URL(location);
    assert.deepEqual(
      [status, back.searchParams.get("error"), back.hash],
      [303, "unsupported_response_type", ""],
      response_type,
    );
  }
  const { broker } = await loginHouse(t);
  const password = { grant_type: "password", ...CLIENT, username: "anna", password: "x" };
  refused(await post(broker, TOKEN, password), "unsupported_grant_type");
  refused(await post(broker, TOKEN, { ...CLIENT, grant_type: "client_credentials" }), "unauthorized_client");
});

test("RFC 9700 §4.12: what a browser posted goes on by 303, which takes no body along", async (t) => {
  const house = await pageHouse(t);
  const who = visitor(house);
  const pending = await waitingLogin(house);
  who.signIn(newPerson(house));
  assert.match(await enterCode(who, pending), /^\/approve\?login=/); // A 303.
  const asks = { ...CLIENT, response_type: "code", redirect_uri: CALLBACK, ...pkce().sent };
  const begun = await who.get(`/oauth2/authorize?${new URLSearchParams(asks)}`);
  const decided = await who.submit(begun.location, { decision: "approve" });
  assert.equal(decided.status, 303);
  const back = new URL(decided.location);
  assert.equal(back.origin + back.pathname, CALLBACK);
  assert.deepEqual([...back.searchParams.keys()].toSorted(), ["code", "iss"]);
  assert.equal((await who.submit("/login", {}, "/logout")).status, 303);
});

test("RFC 6750 §2.3, RFC 9449 §7: an access token in the URL or in a form is none, bound or not", async (t) => {
  const house = await loginHouse(t);
  const { broker } = house;
  const own = prover(broker);
  for (const by of [undefined, own]) {
    const { access } = await loggedIn(house, by);
    const proof: Readonly<Record<string, string>> = by?.headers(WHOAMI, access) ?? {};
    const asked = await send(broker, `${WHOAMI}?access_token=${access}`, { headers: proof });
    assert.equal(asked.status, 401);
    assert.equal((await post(broker, "/api/v1/registry/token", { access_token: access })).status, 401);
  }
});
