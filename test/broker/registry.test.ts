// keywright's own endpoints: a registry token for an address, and the check before a registry serves.
import assert from "node:assert/strict";
import { test } from "node:test";
import { readBrokerAudit } from "../../src/broker/audit-reader.ts";
import { Secret } from "../../src/secret.ts";
import { memoryBackend } from "../../src/testing.ts";
import {
  accessToken,
  askRegistry,
  basic,
  CONFIG,
  newClient,
  PACKAGES,
  running,
  send,
  START,
} from "./broker.ts";

const bearer = (token: string): object => ({ Authorization: `Bearer ${token}` });

async function place(t: Parameters<typeof running>[0]) {
  const broker = await running(t);
  const token = async (name: string, principal: string): Promise<string> =>
    accessToken(broker, name, newClient(broker.data, { name, principal }));
  return {
    broker,
    ci: await token("app", "ci"),
    release: await token("releaser", "release"),
    outsider: await token("out", "outsider"),
  };
}

test("registry/token gives what the policy grants, with user name and expiry in whole seconds", async (t) => {
  const { broker, ci, release } = await place(t);
  broker.clock.time = START + 0.7;
  const read = await askRegistry(broker, ci, { url: PACKAGES, action: "read" });
  assert.equal(read.status, 200);
  assert.deepEqual(Object.keys(read.json), ["token", "username", "expires_at"]);
  assert.deepEqual([read.json["username"], read.json["expires_at"]], ["token", START + 300]);
  assert.equal((await askRegistry(broker, release, { url: PACKAGES, action: "publish" })).status, 200);
  const named = await askRegistry(broker, ci, { url: "https://other.example/team/simple/" });
  assert.equal(named.json["username"], "reader");
});

test("the trace that a request belongs to goes on to the backend and into the audit", async (t) => {
  const backend = memoryBackend({
    "packages.example/simple": new Secret("minted elsewhere", { expiresAt: START + 60 }),
  });
  const stores = new Map([["own", { name: "own", backend: "memory", root: "", options: {} }]]);
  const broker = await running(t, { config: { ...CONFIG, stores }, backends: { memory: backend } });
  const ci = await accessToken(broker, "app", newClient(broker.data, { name: "app", principal: "ci" }));
  const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  const headers = { ...bearer(ci), "Content-Type": "application/json", traceparent };
  const body = JSON.stringify({ url: "https://packages.example/simple/" });
  const { status } = await send(broker, "/api/v1/registry/token", { method: "POST", headers, body });
  assert.equal(status, 200);
  assert.equal(backend.retrieved[0]?.context.trace, traceparent);
  const entries = [...readBrokerAudit(broker.data)].map(
    (line) => JSON.parse(line) as Record<string, unknown>,
  );
  const traced = entries.filter((entry) => entry["trace_id"] === "4bf92f3577b34da6a3ce929d0e0e4736");
  assert.deepEqual(
    traced.map(({ kind }) => kind),
    ["decision", "issued"],
  );
});

test("unknown, denied and refused look the same to the caller", async (t) => {
  const { broker, ci, outsider } = await place(t);
  const answers = [
    await askRegistry(broker, ci, { url: "https://unknown.example/simple/" }),
    await askRegistry(broker, outsider, { url: PACKAGES }),
    await askRegistry(broker, ci, { url: PACKAGES, action: "publish" }),
    await askRegistry(broker, ci, { url: "https://packages.example.evil.example/" }),
    await askRegistry(broker, ci, { url: "https://pack\u0430ges.example/" }),
  ];
  for (const { status, text } of answers) assert.deepEqual([status, text], [403, answers[0]?.text]);
  assert.equal(answers[0]?.json["error"], "access_denied");
});

test("RFC 6750 §2: the access token comes in the Authorization header, once", async (t) => {
  const { broker, ci } = await place(t);
  const registry = String((await askRegistry(broker, ci, { url: PACKAGES })).json["token"]);
  const body = JSON.stringify({ url: PACKAGES });
  const path = "/api/v1/registry/token";
  const json = { "Content-Type": "application/json" };
  for (const [url, headers] of [
    [path, {}],
    [`${path}?access_token=${ci}`, {}],
    [path, { Authorization: `Bearer ${registry}` }],
    [path, { Authorization: `Bearer ${ci.toLowerCase()}` }],
    [path, { Authorization: ci }],
    [path, { Authorization: [`Bearer ${ci}`, `Bearer ${ci}`] }],
    [path, { authorizationToken: ci }],
  ] as const) {
    const answer = await send(broker, url, {
      method: "POST",
      headers: { ...json, ...headers } as Record<string, string>,
      body,
    });
    assert.deepEqual([answer.status, answer.json["error"]], [401, "invalid_token"]);
    assert.match(String(answer.headers["www-authenticate"]), /^Bearer /);
  }
  broker.clock.time = START + 600;
  assert.equal((await askRegistry(broker, ci, { url: PACKAGES })).status, 401);
});

test("a body that is no such question is invalid_request", async (t) => {
  const { broker, ci } = await place(t);
  const headers = { Authorization: `Bearer ${ci}`, "Content-Type": "application/json" };
  for (const body of [
    "",
    "{",
    "[]",
    "null",
    "1",
    "{}",
    '{"url":1}',
    '{"url":""}',
    `{"url":"${PACKAGES}","action":"delete"}`,
    `{"url":"${PACKAGES}","reason":1}`,
  ]) {
    const answer = await send(broker, "/api/v1/registry/token", { method: "POST", headers, body });
    assert.deepEqual([answer.status, answer.json["error"]], [400, "invalid_request"], body);
  }
  const typed = { ...headers, "Content-Type": "text/plain" };
  const plain = await send(broker, "/api/v1/registry/token", {
    method: "POST",
    headers: typed,
    body: `{"url":"${PACKAGES}"}`,
  });
  assert.equal(plain.status, 400);
});

test("registry/check answers 204, 401 or 403", async (t) => {
  const { broker, ci, release } = await place(t);
  const read = String((await askRegistry(broker, ci, { url: PACKAGES })).json["token"]);
  const publish = String(
    (await askRegistry(broker, release, { url: PACKAGES, action: "publish" })).json["token"],
  );
  const rows: readonly (readonly [string, object, number])[] = [
    ["ref=packages", bearer(read), 204],
    ["ref=packages", basic("whoever", read), 204],
    ["ref=packages", basic("", read), 204],
    ["ref=packages&action=read", bearer(read), 204],
    ["ref=packages&action=publish", bearer(publish), 204],
    ["ref=packages", bearer(publish), 204],
    ["ref=packages&action=publish", bearer(read), 403],
    ["ref=packages&action=read", bearer(publish), 403],
    ["ref=other", bearer(read), 403],
    ["ref=unknown", bearer(read), 403],
    ["ref=packages", bearer(ci), 403],
    ["ref=packages", {}, 401],
    ["ref=packages", basic(read, ""), 401],
    ["ref=packages", bearer("unknown"), 401],
    ["ref=packages", bearer(`${read}x`), 401],
    ["", bearer(read), 400],
    ["ref=packages&ref=packages", bearer(read), 400],
    ["ref=packages&action=delete", bearer(read), 400],
  ];
  for (const [query, headers, status] of rows) {
    const answer = await send(broker, `/api/v1/registry/check?${query}`, {
      headers: headers as Record<string, string>,
    });
    assert.equal(answer.status, status, query);
    if (status === 204) assert.equal(answer.text, "");
    if (status === 401) assert.match(String(answer.headers["www-authenticate"]), /^Basic realm=/);
  }
  broker.clock.time = START + 300;
  const late = await send(broker, "/api/v1/registry/check?ref=packages", { headers: basic("x", read) });
  assert.equal(late.status, 401);
});
