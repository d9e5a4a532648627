// Introspection, by section of RFC 7662: who may see what of which token.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  accessToken,
  askRegistry,
  basic,
  newClient,
  PACKAGES,
  post,
  running,
  START,
  type Answer,
} from "./broker.ts";

const PATH = "/oauth2/introspect";
const INACTIVE = '{"active":false}';

async function place(t: Parameters<typeof running>[0]) {
  const broker = await running(t);
  const clients = {
    app: newClient(broker.data, { name: "app", principal: "ci" }),
    peer: newClient(broker.data, { name: "peer", principal: "ci" }),
    index: newClient(broker.data, { name: "index", resource: "packages" }),
    elsewhere: newClient(broker.data, { name: "elsewhere", resource: "other" }),
  };
  const access = await accessToken(broker, "app", clients.app);
  const registry = String((await askRegistry(broker, access, { url: PACKAGES })).json["token"]);
  const ask = (who: keyof typeof clients, token: string): Promise<Answer> =>
    post(broker, PATH, { token }, basic(who, clients[who]));
  return { broker, clients, access, registry, ask };
}

test("RFC 7662 §2.2: a client with a resource sees the tokens of that audience", async (t) => {
  const { broker, registry, ask } = await place(t);
  const { status, json } = await ask("index", registry);
  assert.equal(status, 200);
  assert.deepEqual(json, {
    active: true,
    scope: "read",
    client_id: "app",
    sub: "ci",
    aud: "packages",
    iss: broker.url,
    iat: START,
    exp: START + 300,
    token_type: "Bearer",
  });
});

test("RFC 7662 §2.2: a client without a resource sees its own access tokens", async (t) => {
  const { broker, access, ask } = await place(t);
  const { json } = await ask("app", access);
  assert.equal(json["active"], true);
  assert.equal(json["aud"], broker.url);
  assert.equal(json["exp"], START + 600);
});

test("RFC 7662 §2.2: everything else is exactly not active", async (t) => {
  const { access, registry, ask } = await place(t);
  const wrongSum = `${registry.slice(0, -1)}${registry.endsWith("A") ? "B" : "A"}`;
  for (const [who, token] of [
    ["index", access],
    ["elsewhere", registry],
    ["peer", access],
    ["app", registry],
    ["app", "unknown"],
    ["app", `kw_${"A".repeat(49)}`],
    ["index", wrongSum],
    ["index", `${registry} `],
  ] as const) {
    const { status, text } = await ask(who, token);
    assert.deepEqual([status, text], [200, INACTIVE], `${who} saw ${token.slice(0, 8)}`);
  }
});

test("RFC 7662 §2.2: a token is not active from its expiry on", async (t) => {
  const { broker, registry, ask } = await place(t);
  broker.clock.time = START + 299.9;
  assert.equal((await ask("index", registry)).json["active"], true);
  broker.clock.time = START + 300;
  assert.equal((await ask("index", registry)).text, INACTIVE);
});

test("RFC 7662 §2.1: the caller authenticates, and names a token", async (t) => {
  const { broker, clients, registry } = await place(t);
  assert.equal((await post(broker, PATH, { token: registry })).status, 401);
  assert.equal((await post(broker, PATH, { token: registry }, basic("index", "wrong"))).status, 401);
  assert.equal(
    (await post(broker, PATH, { token: registry }, { Authorization: `Bearer ${registry}` })).status,
    401,
  );
  const none = await post(broker, PATH, {}, basic("index", clients.index));
  assert.deepEqual([none.status, none.json["error"]], [400, "invalid_request"]);
  const inUrl = await post(broker, `${PATH}?token=${registry}`, {}, basic("index", clients.index));
  assert.deepEqual([inUrl.status, inUrl.json["error"]], [400, "invalid_request"]);
});
