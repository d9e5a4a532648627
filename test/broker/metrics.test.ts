// What operators see: readiness, metrics, the log in both forms, trace context, a clock that was put. And that none of
// it holds what a client sent.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { readBrokerAudit } from "../../src/broker/audit-reader.ts";
import { createHealth } from "../../src/broker/health.ts";
import { readTraceparent } from "../../src/broker/trace.ts";
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

const LINE =
  /^(?:# (?:HELP|TYPE) [a-z_]+ .+|[a-z_]+(?:\{(?:[a-z]+="[^"\\\n]*",?)+\})? (?:\d+(?:\.\d+)?(?:e[-+]?\d+)?|\+Inf))$/;

test("metrics are Prometheus text, with the routes and outcomes that were met", async (t) => {
  const broker = await running(t);
  const secret = newClient(broker.data, { name: "canary-client", principal: "ci" });
  const token = await accessToken(broker, "canary-client", secret);
  await askRegistry(broker, token, { url: PACKAGES });
  await askRegistry(broker, token, { url: "https://packages.example/", action: "publish" });
  await post(broker, "/oauth2/token", {}, basic("canary-client", "canary-secret"));
  await send(broker, "/canary-path?canary-query=1");
  await send(broker, "/healthz", { method: "PUT", headers: { "X-Canary": "canary-header" } });
  const { text, headers } = await send(broker, "/metrics");
  assert.match(String(headers["content-type"]), /^text\/plain; version=0\.0\.4/);
  for (const line of text.trimEnd().split("\n")) assert.match(line, LINE);
  for (const wanted of [
    'keywright_requests_total{route="/oauth2/token",method="POST",status="200"} 1',
    'keywright_requests_total{route="/oauth2/token",method="POST",status="401"} 1',
    'keywright_requests_total{route="/healthz",method="other",status="405"} 1',
    'keywright_requests_total{route="none",method="other",status="404"} 1',
    'keywright_request_seconds_bucket{route="/oauth2/token",le="+Inf"} 2',
    'keywright_decisions_total{kind="token",outcome="granted"} 1',
    'keywright_decisions_total{kind="decision",outcome="granted"} 1',
    'keywright_decisions_total{kind="decision",outcome="denied"} 1',
    'keywright_decisions_total{kind="client_authentication",outcome="denied"} 1',
    'keywright_decisions_total{kind="issued",outcome="done"} 1',
    "keywright_journal_waiting 0",
    "keywright_connections 1",
    "keywright_commit_failures_total 0",
  ])
    assert.ok(text.split("\n").includes(wanted), `${wanted}\n${text}`);
  for (const name of [
    "keywright_database_bytes",
    "process_resident_memory_bytes",
    "keywright_commit_seconds_count",
  ])
    assert.match(text, new RegExp(`^${name} [1-9]`, "m"));
  assert.ok(!/canary/i.test(text));
});

test("whatever 200 strangers ask for, the metrics do not grow", async (t) => {
  const broker = await running(t);
  const lines = async (): Promise<number> => (await send(broker, "/metrics")).text.split("\n").length;
  await send(broker, "/nothing");
  await lines();
  const before = await lines();
  for (let n = 0; n < 200; n += 1)
    await send(broker, `/nothing/${n}`, { method: n % 2 === 0 ? "GET" : "PATCH" });
  assert.equal(await lines(), before);
});

test("readyz is green while a token could be written, and red with 503 when not", async (t) => {
  const broker = await running(t);
  assert.deepEqual((await send(broker, "/readyz")).json, { status: "ready", database: "ok", audit: "ok" });
  const other = new DatabaseSync(join(broker.data, "broker.db"));
  t.after(() => other.close());
  const seq = other.prepare("SELECT max(seq) AS seq FROM audit").get()?.["seq"] ?? 0;
  other.prepare("INSERT INTO audit (seq, line) VALUES (?, 'forged')").run(Number(seq) + 1);
  broker.clock.time += 2;
  const red = await send(broker, "/readyz");
  assert.deepEqual([red.status, red.json["error"]], [503, "temporarily_unavailable"]);
  const refused = await post(broker, "/oauth2/token", {}, basic("nobody", "x"));
  assert.equal(refused.status, 503, "without an audit there is not even a refusal");
  other.exec("DELETE FROM audit WHERE line = 'forged'");
  broker.clock.time += 2;
  assert.equal((await send(broker, "/readyz")).status, 200);
});

test("a database that is damaged while it serves: 503, no token, readyz red", async (t) => {
  const broker = await running(t);
  const secret = newClient(broker.data, { name: "app", principal: "ci" });
  const other = new DatabaseSync(join(broker.data, "broker.db"));
  other.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  other.close();
  const file = join(broker.data, "broker.db");
  const whole = readFileSync(file);
  writeFileSync(file, Buffer.concat([whole.subarray(0, 100), Buffer.alloc(whole.length - 100, 0x5a)]));
  const answer = await post(
    broker,
    "/oauth2/token",
    { grant_type: "client_credentials" },
    basic("app", secret),
  );
  if (answer.status !== 200) assert.equal(answer.status, 503, answer.text);
  writeFileSync(file, whole);
});

test("the log in JSON: one object a line, with request id, address and trace, never a query", async (t) => {
  const broker = await running(t, { logFormat: "json" });
  const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  const { headers } = await send(broker, "/healthz?secret=canary", { headers: { traceparent } });
  assert.deepEqual(
    broker.logged.map((line) => JSON.parse(line) as object),
    [
      {
        time: "2027-01-15T08:00:00.000Z",
        level: "info",
        message: "request",
        method: "GET",
        path: "/healthz",
        status: 200,
        ms: 0,
        request_id: headers["x-request-id"],
        address: "127.0.0.1",
        trace_id: "4bf92f3577b34da6a3ce929d0e0e4736",
        parent_id: "00f067aa0ba902b7",
      },
    ],
  );
});

test("the log in JSON holds nothing that could be a value in the wrong place", async (t) => {
  const broker = await running(t, { logFormat: "json" });
  for (const path of ["/oauth2/token/kws_Canary", `/${"0af7".repeat(10)}`, "/token%3Fclient_secret=Canary"])
    await send(broker, path);
  for (const line of broker.logged) assert.ok(!/canary|0af7/i.test(line), line);
  assert.equal((JSON.parse(broker.logged[0] ?? "") as { path: string }).path, "/oauth2/token/…");
});

test("the log in text carries the trace, too", async (t) => {
  const broker = await running(t);
  const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  await send(broker, "/healthz", { headers: { traceparent } });
  await send(broker, "/healthz", { headers: { traceparent: `${traceparent}\t{"level":"forged"}` } });
  assert.match(broker.logged[0] ?? "", / trace=4bf92f3577b34da6a3ce929d0e0e4736\/00f067aa0ba902b7$/);
  assert.match(broker.logged[1] ?? "", /^GET \/healthz 200 0\.0ms 127\.0\.0\.1 \S+$/);
});

test("traceparent, by W3C Trace Context section 3.2", () => {
  const [id, span] = ["4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"];
  const good = [`00-${id}-${span}-01`, `00-${id}-${span}-00`, `cc-${id}-${span}-01-what-the-future-holds`];
  for (const text of good)
    assert.deepEqual(readTraceparent(text), { traceId: id, parentId: span, header: text }, text);
  const bad = [
    undefined,
    "",
    `ff-${id}-${span}-01`,
    `00-${id}-${span}-01-more`,
    `00-${id.toUpperCase()}-${span}-01`,
    `00-${"0".repeat(32)}-${span}-01`,
    `00-${id}-${"0".repeat(16)}-01`,
    `00-${id}-${span}`,
    ` 00-${id}-${span}-01`,
    `cc-${id}-${span}-01-${"x".repeat(300)}`,
  ];
  for (const text of bad) assert.equal(readTraceparent(text), undefined, text);
});

test("a clock that is put is in the log, in the metrics and in the audit", async (t) => {
  const steady = { now: () => 0 };
  const broker = await running(t, { steady, watchSeconds: 0.01 });
  const secret = newClient(broker.data, { name: "app", principal: "ci" });
  const token = await accessToken(broker, "app", secret);
  broker.clock.time -= 3600;
  assert.equal(
    (await askRegistry(broker, token, { url: PACKAGES })).status,
    401,
    "not issued yet, by this clock",
  );
  while (!broker.logged.includes("the system's clock was put by -3600 seconds"))
    await new Promise((resolve) => setImmediate(resolve));
  while (!(await send(broker, "/metrics")).text.includes("keywright_clock_jumps_total 1\n"));
  await post(broker, "/oauth2/token", {}, basic("nobody", "x"));
  const entries = [...readBrokerAudit(broker.data)].map(
    (line) => JSON.parse(line) as Record<string, unknown>,
  );
  assert.equal(entries.find(({ kind }) => kind === "clock_put")?.["seconds"], -3600);
});

test("a start with a clock behind the audit says so", async (t) => {
  const first = await running(t);
  newClient(first.data, { name: "app", principal: "ci" });
  await first.close();
  const late = { now: () => START - 7200 };
  const second = await running(t, { data: first.data, clock: late, steady: late });
  assert.match(second.logged[0] ?? "", /^the system's clock stands 7200 seconds before the last entry/);
});

test("small corrections of the clock are no jumps", () => {
  const clock = { time: 1000, now: () => clock.time };
  const health = createHealth({ clock, steady: { now: () => 0 }, probe: () => undefined });
  clock.time += 4;
  assert.equal(health.clockJump(), undefined);
  clock.time += 2;
  assert.equal(health.clockJump(), 6);
  assert.equal(health.clockJump(), undefined);
});
