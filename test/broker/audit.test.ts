// The broker's audit: one whole chain, on the disk before anything leaves, and no value in it or beside it.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { follow, type ChainHead } from "../../src/audit/chain.ts";
import { readBrokerAudit } from "../../src/broker/audit-reader.ts";
import { revokeClient } from "../../src/broker/clients.ts";
import { openData } from "../../src/broker/data-folder.ts";
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
} from "./broker.ts";

type Entry = Readonly<Record<string, unknown>>;

/** Follows the whole chain; fails at the first line that does not fit. */
function entriesOf(data: string): readonly Entry[] {
  let head: ChainHead | undefined;
  return [...readBrokerAudit(data)].map((line) => {
    const step = follow(head, line);
    if (!step.ok) assert.fail(`line ${step.seq} ${step.fault}`);
    head = step.head;
    return step.entry;
  });
}

const sha256 = (text: unknown): string => createHash("sha256").update(String(text)).digest("hex");

test("the story of one token is told by linked entries", async (t) => {
  const broker = await running(t);
  const access = await accessToken(broker, "app", newClient(broker.data, { name: "app", principal: "ci" }));
  const { json } = await askRegistry(broker, access, { url: PACKAGES, reason: "nightly build" });
  const [created, token, decision, issued, ...more] = entriesOf(broker.data);
  assert.equal(more.length, 0);
  assert.deepEqual(
    [created?.["kind"], created?.["client"], created?.["by"]],
    ["client_created", "app", "tester"],
  );
  assert.deepEqual(
    [token?.["kind"], token?.["outcome"], token?.["sha256"]],
    ["token", "granted", sha256(access)],
  );
  assert.equal(token?.["query_credentials"], undefined);
  assert.deepEqual(
    [decision?.["kind"], decision?.["outcome"], decision?.["rule"], decision?.["asked_because"]],
    ["decision", "granted", "readers", "nightly build"],
  );
  assert.deepEqual(decision?.["ask"], { registry: PACKAGES, action: "read" });
  assert.deepEqual([issued?.["kind"], issued?.["decision"]], ["issued", decision?.["id"]]);
  assert.deepEqual(
    [issued?.["sha256"], issued?.["expires_at"]],
    [sha256(json["token"]), new Date((START + 300) * 1000).toISOString()],
  );
});

test("the audit tells unknown from denied, and names query credentials", async (t) => {
  const broker = await running(t);
  const secret = newClient(broker.data, { name: "app", principal: "outsider", queryCredentials: true });
  const access = await accessToken(broker, "app", secret);
  await askRegistry(broker, access, { url: "https://unknown.example/" });
  await askRegistry(broker, access, { url: PACKAGES });
  const menda = "/api/v1/auth";
  await send(broker, `${menda}/registry/token`, { method: "POST", headers: { authorizationToken: access } });
  await send(
    broker,
    `${menda}/oauth2/token?grant_type=client_credentials&client_id=app&client_secret=${secret}`,
    { method: "POST" },
  );
  await send(
    broker,
    `${menda}/oauth2/token?grant_type=client_credentials&client_id=app&client_secret=wrong`,
    { method: "POST" },
  );
  const told = entriesOf(broker.data)
    .slice(2)
    .map((entry) => [entry["kind"], entry["outcome"], entry["query_credentials"]]);
  assert.deepEqual(told, [
    ["decision", "unknown", undefined],
    ["decision", "denied", undefined],
    ["decision", "unknown", undefined],
    ["token", "granted", true],
    ["client_authentication", "denied", true],
  ]);
});

test("a failed authentication is told, without a name that no client has; strangers cannot flood it", async (t) => {
  const broker = await running(t);
  newClient(broker.data, { name: "app", principal: "ci" });
  const attempt = (id: string) =>
    post(broker, "/oauth2/token", { grant_type: "client_credentials" }, basic(id, "wrong"));
  await attempt("app");
  await attempt("kws_a-secret-in-the-wrong-field");
  const [, known, unknown] = entriesOf(broker.data);
  assert.deepEqual(
    [known?.["kind"], known?.["client"], known?.["reason"]],
    ["client_authentication", "app", "wrong secret"],
  );
  assert.deepEqual([unknown?.["client"], unknown?.["reason"]], [null, "no client of this name"]);
  for (let count = 0; count < 80; count += 1) await attempt("app");
  assert.equal(entriesOf(broker.data).length, 1 + 60);
  broker.clock.time = START + 60;
  await attempt("app");
  assert.equal(entriesOf(broker.data).length, 1 + 61);
});

test("many requests at once, and another process between them, leave one whole chain", async (t) => {
  const broker = await running(t);
  const secret = newClient(broker.data, { name: "app", principal: "ci" });
  const asked = Array.from({ length: 60 }, async (_, at) => {
    const access = await accessToken(broker, "app", secret);
    if (at % 10 === 0) newClient(broker.data, { name: `other-${at}`, principal: "ci" });
    return (await askRegistry(broker, access, { url: PACKAGES })).status;
  });
  assert.deepEqual(new Set(await Promise.all(asked)), new Set([200]));
  const kinds = entriesOf(broker.data).map(({ kind }) => kind);
  const count = (kind: string): number => kinds.filter((one) => one === kind).length;
  assert.deepEqual(
    [count("token"), count("decision"), count("issued"), count("client_created")],
    [60, 60, 60, 7],
  );
});

test("when it cannot be written, nothing leaves", async (t) => {
  const broker = await running(t);
  const secret = newClient(broker.data, { name: "app", principal: "ci" });
  const access = await accessToken(broker, "app", secret);
  const saboteur = new DatabaseSync(join(broker.data, "broker.db"));
  saboteur.exec("CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'disk is full'); END");
  saboteur.close();
  for (const answer of [
    await post(broker, "/oauth2/token", { grant_type: "client_credentials" }, basic("app", secret)),
    await post(broker, "/oauth2/token", { grant_type: "client_credentials" }, basic("app", "wrong")),
    await post(broker, "/oauth2/revoke", { token: access }, basic("app", secret)),
    await askRegistry(broker, access, { url: PACKAGES }),
    await askRegistry(broker, access, { url: "https://unknown.example/" }),
  ]) {
    assert.deepEqual([answer.status, answer.json["error"]], [503, "temporarily_unavailable"]);
    assert.ok(!answer.text.includes("kw_") && !answer.text.includes("disk"));
  }
  const after = new DatabaseSync(join(broker.data, "broker.db"));
  assert.equal(Number(after.prepare("SELECT count(*) AS count FROM tokens").get()?.["count"]), 1);
  after.close();
});

test("a decision, its token and `issued` are written together or not at all", async (t) => {
  const broker = await running(t);
  const access = await accessToken(broker, "app", newClient(broker.data, { name: "app", principal: "ci" }));
  const saboteur = new DatabaseSync(join(broker.data, "broker.db"));
  const issued = `NEW.line LIKE '%"kind":"issued"%'`;
  saboteur.exec(
    `CREATE TRIGGER torn BEFORE INSERT ON audit WHEN ${issued} BEGIN SELECT RAISE(ABORT, 'torn'); END`,
  );
  assert.equal((await askRegistry(broker, access, { url: PACKAGES })).status, 503);
  assert.deepEqual(
    entriesOf(broker.data).map(({ kind }) => kind),
    ["client_created", "token"],
  );
  assert.equal(Number(saboteur.prepare("SELECT count(*) AS count FROM tokens").get()?.["count"]), 1);
  saboteur.exec("DROP TRIGGER torn");
  saboteur.close();
  assert.equal((await askRegistry(broker, access, { url: PACKAGES })).status, 200);
});

test("a line that was changed is found, and nothing is appended to it", async (t) => {
  const broker = await running(t);
  const secret = newClient(broker.data, { name: "app", principal: "ci" });
  const forger = new DatabaseSync(join(broker.data, "broker.db"));
  forger.exec("UPDATE audit SET line = replace(line, 'tester', 'nobody')");
  forger.close();
  const answer = await post(
    broker,
    "/oauth2/token",
    { grant_type: "client_credentials" },
    basic("app", secret),
  );
  assert.equal(answer.status, 503);
  assert.throws(() => entriesOf(broker.data), /was changed/);
});

test("no value is in the data folder, the log or an error, whatever happens", async (t) => {
  const broker = await running(t);
  const secret = newClient(broker.data, { name: "app", principal: "ci", queryCredentials: true });
  const access = await accessToken(broker, "app", secret);
  const registry = String((await askRegistry(broker, access, { url: PACKAGES })).json["token"]);
  const headers = { authorizationToken: access };
  await send(broker, `/api/v1/auth/oauth2/token?grant_type=x&client_id=${secret}&client_secret=${access}`, {
    method: "POST",
    headers,
  });
  await send(broker, `/api/v1/auth/whoami?token=${registry}`, { headers });
  await askRegistry(broker, access, {
    url: `https://user:${registry}@packages.example/?q=${access}`,
    action: secret,
  });
  await askRegistry(broker, access, { url: `https://user:${registry}@packages.example/?q=${access}` });
  await post(broker, "/oauth2/revoke", { token: registry }, basic("app", secret));
  const open = openData(broker.data);
  revokeClient(open, "app", { now: START, by: "tester" });
  open.db.close();
  await accessToken(broker, "app", secret).catch(() => undefined);
  const files = readdirSync(broker.data).filter((file) => file !== "admin.sock");
  const kept = files.map((file) => readFileSync(join(broker.data, file), "latin1"));
  assert.ok(kept.length >= 2);
  for (const text of [...kept, ...broker.logged, ...readBrokerAudit(broker.data)]) {
    for (const value of [secret, access, registry]) assert.ok(!text.includes(value.slice(4, 40)));
  }
});

test("reading says which folder has no broker", (t) => {
  assert.throws(() => [...readBrokerAudit(`${t.name}-nowhere`)], { code: "not_found" });
});
