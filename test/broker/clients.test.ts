// Clients and what is kept: revoke and rotate hold from the next request, everything survives a restart, nobody else
// can read it.
import assert from "node:assert/strict";
import { chmodSync, mkdirSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { revokeClient, rotateClient } from "../../src/broker/clients.ts";
import { openData, type OpenData } from "../../src/broker/data-folder.ts";
import {
  accessToken,
  askRegistry,
  basic,
  newClient,
  PACKAGES,
  post,
  running,
  send,
  START,
  temporaryFolder,
} from "./broker.ts";

const HOW = { now: START, by: "tester" };

function withData<T>(data: string, work: (open: OpenData) => T): T {
  const open = openData(data);
  try {
    return work(open);
  } finally {
    open.db.close();
  }
}

test("a revoked client gets nothing from the next request on, and its tokens die", async (t) => {
  const broker = await running(t);
  const secret = newClient(broker.data, { name: "app", principal: "ci" });
  const access = await accessToken(broker, "app", secret);
  const registry = String((await askRegistry(broker, access, { url: PACKAGES })).json["token"]);
  const check = () => send(broker, "/api/v1/registry/check?ref=packages", { headers: basic("x", registry) });
  assert.equal((await check()).status, 204);
  withData(broker.data, (open) => revokeClient(open, "app", HOW));
  assert.equal((await check()).status, 401);
  assert.equal((await askRegistry(broker, access, { url: PACKAGES })).status, 401);
  assert.equal(
    (await post(broker, "/oauth2/token", { grant_type: "client_credentials" }, basic("app", secret))).status,
    401,
  );
  const fresh = newClient(broker.data, { name: "app", principal: "ci" });
  assert.equal((await check()).status, 401, "a new client of the same name does not bring old tokens back");
  await accessToken(broker, "app", fresh);
  await assert.rejects(accessToken(broker, "app", secret));
});

test("a rotated secret holds from the next request on; the old one is worthless", async (t) => {
  const broker = await running(t);
  const old = newClient(broker.data, { name: "app", principal: "ci" });
  const secret = withData(broker.data, (open) => rotateClient(open, "app", HOW));
  await assert.rejects(accessToken(broker, "app", old));
  await accessToken(broker, "app", secret);
});

test("clients and tokens survive a restart", async (t) => {
  const broker = await running(t);
  const secret = newClient(broker.data, { name: "app", principal: "ci" });
  const access = await accessToken(broker, "app", secret);
  await broker.close();
  const again = await running(t, { data: broker.data, url: broker.url });
  assert.equal((await askRegistry(again, access, { url: PACKAGES })).status, 200);
  await accessToken(again, "app", secret);
});

test("the data folder is ours alone: 0700, its files 0600", async (t) => {
  const broker = await running(t);
  newClient(broker.data, { name: "app", principal: "ci" });
  assert.equal(statSync(broker.data).mode & 0o777, 0o700);
  assert.ok(readdirSync(broker.data).includes("broker.db-wal"));
  for (const file of readdirSync(broker.data))
    assert.equal(statSync(join(broker.data, file)).mode & 0o777, 0o600, file);
  const open = join(temporaryFolder(t), "open");
  mkdirSync(open);
  chmodSync(open, 0o750);
  assert.throws(() => openData(open), { code: "configuration", message: /open to other users/ });
});

test("a lost pepper is not replaced while there are clients", (t) => {
  const data = join(temporaryFolder(t), "data");
  newClient(data, { name: "app", principal: "ci" });
  rmSync(join(data, "pepper"));
  assert.throws(() => openData(data), { code: "configuration", message: /pepper is missing/ });
});

test("a database of a newer keywright is left alone", (t) => {
  const data = join(temporaryFolder(t), "data");
  newClient(data, { name: "app", principal: "ci" });
  const db = new DatabaseSync(join(data, "broker.db"));
  db.exec("PRAGMA user_version = 99");
  db.close();
  assert.throws(() => openData(data), { code: "configuration", message: /newer keywright/ });
});

test("clients that cannot be are refused", (t) => {
  const data = join(temporaryFolder(t), "data");
  newClient(data, { name: "app", principal: "ci" });
  for (const client of [
    { name: "app", principal: "ci" },
    { name: "no principal" },
    { name: "nothing" },
    { name: "", principal: "ci" },
    { name: "a:b", principal: "ci" },
    { name: "App", principal: "ci" },
    { name: "x", principal: "Not A Name" },
    { name: "x", resource: "https://packages.example" },
  ]) {
    assert.throws(() => newClient(data, client), { code: "usage" }, JSON.stringify(client));
  }
  for (const work of [revokeClient, rotateClient]) {
    assert.throws(() => withData(data, (open) => work(open, "nobody", HOW)), { code: "not_found" });
  }
});
