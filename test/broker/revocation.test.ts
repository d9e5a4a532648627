// Revocation, by section of RFC 7009.
import assert from "node:assert/strict";
import { test } from "node:test";
import { accessToken, askRegistry, basic, newClient, PACKAGES, post, running, send } from "./broker.ts";

const PATH = "/oauth2/revoke";

async function place(t: Parameters<typeof running>[0]) {
  const broker = await running(t);
  const secret = newClient(broker.data, { name: "app", principal: "ci" });
  const access = await accessToken(broker, "app", secret);
  const registry = String((await askRegistry(broker, access, { url: PACKAGES })).json["token"]);
  const check = async (): Promise<number> =>
    (
      await send(broker, "/api/v1/registry/check?ref=packages", {
        headers: { Authorization: `Bearer ${registry}` },
      })
    ).status;
  return { broker, auth: basic("app", secret), access, registry, check };
}

test("RFC 7009 §2: the client it was issued to ends a token, at once", async (t) => {
  const { broker, auth, access, registry, check } = await place(t);
  assert.equal(await check(), 204);
  assert.equal(
    (await post(broker, PATH, { token: registry, token_type_hint: "access_token" }, auth)).status,
    200,
  );
  assert.equal(await check(), 401);
  assert.equal((await post(broker, PATH, { token: access }, auth)).status, 200);
  assert.equal((await askRegistry(broker, access, { url: PACKAGES })).status, 401);
});

test("RFC 7009 §2.1: nobody ends a stranger's token, and is told nothing", async (t) => {
  const { broker, registry, auth, check } = await place(t);
  const stranger = basic("peer", newClient(broker.data, { name: "peer", principal: "ci" }));
  const foreign = await post(broker, PATH, { token: registry }, stranger);
  const unknown = await post(broker, PATH, { token: "unknown" }, auth);
  assert.deepEqual([foreign.status, foreign.text], [200, "{}"]);
  assert.deepEqual([unknown.status, unknown.text], [200, "{}"]);
  assert.equal(await check(), 204);
  assert.equal((await post(broker, PATH, { token: registry }, basic("peer", "wrong"))).status, 401);
  assert.equal(await check(), 204);
});

test("what is revoked stays revoked after a restart", async (t) => {
  const { broker, registry, access, auth } = await place(t);
  await post(broker, PATH, { token: registry }, auth);
  await broker.close();
  const again = await running(t, { data: broker.data, url: broker.url });
  const headers = { Authorization: `Bearer ${registry}` };
  assert.equal((await send(again, "/api/v1/registry/check?ref=packages", { headers })).status, 401);
  assert.equal((await askRegistry(again, access, { url: PACKAGES })).status, 200);
});
