// The menda face, as facts about menda-keyring 0.0.2 and menda-cli 0.5.0: the key sets are frozen here.
import assert from "node:assert/strict";
import { test } from "node:test";
import { accessToken, basic, newClient, running, send, type Answer, type Running } from "./broker.ts";

const BASE = "/api/v1/auth";
/** What menda-keyring sends with the registry call: a JSON type, and no body. */
const EMPTY_JSON = { "Content-Type": "application/json" };

function byQuery(broker: Running, query: Readonly<Record<string, string>>, headers = {}): Promise<Answer> {
  return send(broker, `${BASE}/oauth2/token?${new URLSearchParams(query).toString()}`, {
    method: "POST",
    headers,
  });
}

function registry(broker: Running, authorizationToken: string | string[]): Promise<Answer> {
  return send(broker, `${BASE}/registry/token`, {
    method: "POST",
    headers: { ...EMPTY_JSON, authorizationToken },
  });
}

async function place(t: Parameters<typeof running>[0], options: Parameters<typeof running>[1] = {}) {
  const broker = await running(t, options);
  const secret = newClient(broker.data, { name: "app", principal: "ci", queryCredentials: true });
  return { broker, secret, access: await accessToken(broker, "app", secret) };
}

test("golden: discovery", async (t) => {
  const { broker } = await place(t);
  const { status, json } = await send(broker, `${BASE}/discovery?hostname=localhost`);
  assert.deepEqual([status, json], [200, { app_client_id: "keywright" }]);
});

test("golden: oauth2/token, with and without menda-cli's scope; a netrc header does not matter", async (t) => {
  const { broker, secret } = await place(t);
  const query = { grant_type: "client_credentials", client_id: "app", client_secret: secret };
  for (const answer of [
    await byQuery(broker, query),
    await byQuery(broker, { ...query, scope: "api/all" }),
    await byQuery(broker, query, basic("netrc", "login")),
    await byQuery(broker, query, { "Content-Length": "0" }),
  ]) {
    assert.equal(answer.status, 200);
    assert.deepEqual(Object.keys(answer.json), ["access_token", "expires_in", "token_type"]);
    assert.deepEqual([answer.json["expires_in"], answer.json["token_type"]], [600, "Bearer"]);
  }
});

test("golden: registry/token; the header with and without Bearer, in any case", async (t) => {
  const { broker, access } = await place(t);
  for (const header of [`Bearer ${access}`, `bearer ${access}`, `BEARER ${access}`, access]) {
    const { status, json } = await registry(broker, header);
    assert.equal(status, 200);
    assert.deepEqual(Object.keys(json), ["token"]);
    assert.match(String(json["token"]), /^kw_[A-Za-z0-9_-]+$/);
  }
});

test("golden: whoami", async (t) => {
  const { broker, access } = await place(t);
  const { status, json } = await send(broker, `${BASE}/whoami`, { headers: { authorizationToken: access } });
  assert.deepEqual(
    [status, json],
    [
      200,
      {
        tenant_id: "localhost",
        username: "app",
        email: "",
        user_role: "ci",
        identity_type: "service_principal",
      },
    ],
  );
});

test("the authorizationToken header comes once: a comma is refused", async (t) => {
  const { broker, access } = await place(t);
  for (const header of [
    [access, access],
    `${access},${access}`,
    `${access}, x`,
    `Basic ${access}`,
    "",
    `Bearer`,
  ]) {
    const { status, json } = await registry(broker, header);
    assert.deepEqual([status, json["error"]], [401, "invalid_token"]);
  }
});

test("query credentials are off until they are turned on; unknown, wrong, off and revoked look the same", async (t) => {
  const { broker, secret } = await place(t);
  const off = newClient(broker.data, { name: "off", principal: "ci" });
  const grant = { grant_type: "client_credentials" };
  const answers = [
    await byQuery(broker, { ...grant, client_id: "off", client_secret: off }),
    await byQuery(broker, { ...grant, client_id: "app", client_secret: off }),
    await byQuery(broker, { ...grant, client_id: "nobody", client_secret: secret }),
  ];
  for (const { status, text } of answers) assert.deepEqual([status, text], [401, answers[0]?.text]);
});

test("a parameter comes once, also across query and body; credentials come in the query", async (t) => {
  const { broker, secret } = await place(t);
  const form = { "Content-Type": "application/x-www-form-urlencoded" };
  const path = `${BASE}/oauth2/token`;
  const query = `grant_type=client_credentials&client_id=app&client_secret=${secret}`;
  for (const [url, body] of [
    [`${path}?${query}&client_id=app`, ""],
    [`${path}?${query}`, "client_id=app"],
    [path, query],
    [`${path}?grant_type=client_credentials&client_id=app`, ""],
  ] as const) {
    const { status, json } = await send(broker, url, { method: "POST", headers: form, body });
    assert.deepEqual([status, json["error"]], [400, "invalid_request"], url.length.toString());
  }
  const other = await byQuery(broker, { grant_type: "password", client_id: "app", client_secret: secret });
  assert.equal(other.json["error"], "unsupported_grant_type");
});

test("without a mapping for the principal there is no token; `default` is everybody's mapping", async (t) => {
  const { broker } = await place(t);
  const secret = newClient(broker.data, { name: "releaser", principal: "release" });
  const none = await registry(broker, await accessToken(broker, "releaser", secret));
  assert.deepEqual([none.status, none.json["error"]], [403, "access_denied"]);
  const config = {
    ...(await import("./broker.ts")).CONFIG,
    menda: new Map([["default", { ref: "packages", action: "publish" }]] as const),
  };
  const second = await running(t, { config });
  const allowed = newClient(second.data, { name: "releaser", principal: "release" });
  assert.equal((await registry(second, await accessToken(second, "releaser", allowed))).status, 200);
  const reader = newClient(second.data, { name: "reader", principal: "ci" });
  const denied = await registry(second, await accessToken(second, "reader", reader));
  assert.deepEqual([denied.status, denied.text], [403, none.text]);
});
