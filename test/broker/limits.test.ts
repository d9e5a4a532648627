// Slow, endless, half and ambiguous requests: each ends in a JSON answer or a closed connection, in bounded time, and
// whoever behaves is served meanwhile. RFC 9112 sections are named where a rule comes from one.
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { DEFAULT_LIMITS, type Limits } from "../../src/broker/limits.ts";
import type { BrokerOptions } from "../../src/broker/start.ts";
import { steadyClock } from "../../src/io/clock.ts";
import { accessToken, CONFIG, newClient, running, send, type Running } from "./broker.ts";
import { AMBIGUOUS, POST } from "./ambiguous.ts";
import { answerIn, HEALTHY, HEALTHZ, wire } from "./wire.ts";

function limited(
  t: TestContext,
  limits: Partial<Limits>,
  options: Partial<BrokerOptions> = {},
): Promise<Running> {
  return running(t, { config: { ...CONFIG, limits }, steady: steadyClock, ...options });
}

function isError(text: string, status: number): void {
  const { status: got, json } = answerIn(text);
  assert.equal(got, status, text);
  for (const field of ["error", "error_description", "detail"])
    assert.equal(typeof json[field], "string", field);
}

const served = async (broker: Running): Promise<void> =>
  assert.equal((await send(broker, "/healthz")).status, 200);

/** Sends a byte of it every few milliseconds, until the other side has enough of it. */
async function drip(broker: Running, first: string): Promise<string> {
  const { write, ended } = wire(broker, first);
  const timer = setInterval(() => write("x"), 20);
  return ended.finally(() => clearInterval(timer));
}

test("slow header, slow body, silence and an idle connection end in time, in JSON where something was asked", async (t) => {
  const broker = await limited(t, { headerSeconds: 0.3, requestSeconds: 0.6, idleSeconds: 0.2 });
  const begun = performance.now();
  const [header, body, silent, idle] = await Promise.all([
    drip(broker, "GET /healthz HTTP/1.1\r\nX: "),
    drip(broker, "POST /oauth2/token HTTP/1.1\r\nHost: x\r\nContent-Length: 9999\r\n\r\n"),
    wire(broker).ended,
    wire(broker, HEALTHZ).ended,
    served(broker),
  ]);
  isError(header, 408);
  isError(body, 408);
  assert.ok(silent === "" || answerIn(silent).status === 408);
  assert.ok(idle.endsWith(HEALTHY));
  assert.ok(performance.now() - begun < 5000);
});

test("a body that is cut off is nobody's fault here", async (t) => {
  const broker = await limited(t, {});
  const { socket } = wire(broker, "POST /oauth2/token HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nab");
  socket.end();
  await new Promise((resolve) => socket.on("close", resolve));
  await served(broker);
  while (broker.logged.length < 2) await served(broker);
  assert.ok(!broker.logged.some((line) => line.startsWith("error")), broker.logged.join("\n"));
});

test("when it is full, whoever waits longest makes room, and whoever asks is served", async (t) => {
  const broker = await limited(t, { connections: 60, connectionsPerAddress: 40 });
  const half = Array.from({ length: 300 }, () => wire(broker, "GET /healthz HTTP/1.1\r\n"));
  await served(broker);
  const slow = Array.from({ length: 100 }, () =>
    wire(broker, "POST /oauth2/token HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n"),
  );
  await served(broker);
  await Promise.all(half.slice(0, 250).map(({ ended }) => ended));
  const { text } = await send(broker, "/metrics");
  const [, open = ""] = /^keywright_connections (\d+)$/m.exec(text) ?? [];
  assert.ok(Number(open) <= 40, open);
  assert.match(text, /^keywright_connections_evicted [1-9]\d\d$/m);
  for (const { socket } of [...half, ...slow]) socket.destroy();
});

test("one address leaves room for the others", async (t) => {
  const broker = await limited(t, { connections: 1000, connectionsPerAddress: 5 });
  const other = wire(broker, HEALTHZ, "127.0.0.2");
  await other.until(HEALTHY);
  const greedy = Array.from({ length: 50 }, () => wire(broker, HEALTHZ));
  await Promise.all(greedy.slice(0, 45).map(({ ended }) => ended));
  other.write(HEALTHZ);
  await other.until(`${HEALTHY}HTTP/1.1 200`.slice(0, HEALTHY.length));
  assert.equal(other.socket.destroyed, false);
  for (const { socket } of [other, ...greedy]) socket.destroy();
});

test("400 idle connections are held without a word and cost little", async (t) => {
  const broker = await limited(t, {});
  const before = process.memoryUsage().rss;
  const idle = Array.from({ length: 400 }, () => wire(broker, HEALTHZ));
  await Promise.all(idle.map(({ until }) => until(HEALTHY)));
  await served(broker);
  assert.ok(process.memoryUsage().rss - before < 100e6);
  for (const { socket } of idle) socket.destroy();
});

for (const [name, text] of AMBIGUOUS) {
  test(`smuggling: ${name}`, async (t) => {
    const broker = await limited(t, {});
    const got = await wire(broker, text).ended;
    isError(got, name === "CONNECT" ? 405 : 400);
    assert.equal(got.match(/HTTP\/1\.1 /g)?.length, 1, got);
    assert.ok(!broker.logged.some((line) => line.includes("smuggled")), broker.logged.join("\n"));
  });
}

test("chunk extensions and trailers mean nothing (RFC 9112 7.1.1, 7.1.2)", async (t) => {
  const broker = await limited(t, {});
  const chunks = `2;a=${"b".repeat(2000)}\r\nx=\r\n0\r\nHost: evil\r\n\r\n`;
  const { until } = wire(broker, `${POST}Transfer-Encoding: chunked\r\n\r\n${chunks}${HEALTHZ}`);
  assert.match(await until(HEALTHY), /^HTTP\/1\.1 401 /);
});

test("endless chunk extensions, headers and trailers are cut off", async (t) => {
  const broker = await limited(t, {});
  const before = process.memoryUsage().rss;
  const endless = async (first: string): Promise<string> => {
    const { socket, write, ended } = wire(broker, first);
    const more = "y".repeat(64 * 1024);
    const timer = setInterval(() => socket.writableLength < 1e6 && write(more), 1);
    return ended.finally(() => clearInterval(timer));
  };
  const ends = await Promise.all([
    endless("GET /healthz HTTP/1.1\r\nX: "),
    endless(`GET /healthz?`),
    endless(`${POST}Transfer-Encoding: chunked\r\n\r\n1;`),
    endless(`${POST}Transfer-Encoding: chunked\r\n\r\n0\r\nX: `),
    endless(`${POST}Content-Length: 999999999\r\n\r\n`),
    endless(`${POST}Transfer-Encoding: chunked\r\n\r\nfffffff\r\n`),
  ]);
  for (const [at, end] of ends.entries())
    if (end !== "") assert.ok([400, 413, 431].includes(answerIn(end).status), `${at}: ${end}`);
  assert.ok(process.memoryUsage().rss - before < 150e6);
  await served(broker);
});

test("1e5 parameters and parameters sent twice are refused, in the query and in the body", async (t) => {
  const broker = await limited(t, {});
  const many = Array.from({ length: 100_000 }, (_, at) => `p${at}=1`).join("&");
  const headers = { "Content-Type": "application/x-www-form-urlencoded" };
  const body = await send(broker, "/oauth2/token", { method: "POST", headers, body: many });
  assert.equal(body.status, 413);
  isError(await wire(broker, `GET /healthz?${many} HTTP/1.1\r\nHost: x\r\n\r\n`).ended, 431);
  const most = Array.from({ length: 4000 }, (_, at) => `p${at}`)
    .join("&")
    .slice(0, 15_000);
  assert.equal((await send(broker, "/oauth2/token", { method: "POST", headers, body: most })).status, 401);
  assert.equal((await send(broker, `/api/v1/registry/check?${most}`)).status, 400);
  for (const twice of ["scope=a&scope=a", "scope=&scope=", "client_id=a&client%5Fid=b"]) {
    const answer = await send(broker, "/oauth2/token", { method: "POST", headers, body: twice });
    assert.deepEqual([answer.status, answer.json["error"]], [400, "invalid_request"], twice);
  }
});

test("10,000 pipelined requests of one who does not read are served in turn, and others meanwhile", async (t) => {
  const broker = await limited(t, {});
  const { socket } = wire(broker);
  socket.pause();
  socket.write(HEALTHZ.repeat(10_000));
  await served(broker);
  let ends = 0;
  socket.on("data", (chunk: string) => (ends += chunk.split(HEALTHY).length - 1));
  socket.resume();
  await new Promise<void>((resolve) => {
    socket.on("data", () => ends >= 9_990 && resolve());
  });
  socket.destroy();
});

test("a stop finishes what was begun, ends what waits, and takes nothing new", async (t) => {
  const broker = await limited(t, { stopSeconds: 5 });
  const secret = newClient(broker.data, { name: "app", principal: "ci" });
  await accessToken(broker, "app", secret);
  const body = `grant_type=client_credentials&client_id=app&client_secret=${secret}`;
  const begun = wire(broker, `${POST}Content-Length: ${body.length}\r\n\r\n`);
  const idle = wire(broker, HEALTHZ);
  await idle.until(HEALTHY);
  const stopping = broker.close();
  await idle.ended;
  begun.write(body);
  const got = await begun.ended;
  assert.equal(answerIn(got).status, 200, got);
  assert.match(got, /connection: close/i);
  await stopping;
  await assert.rejects(send(broker, "/healthz"), { code: "ECONNREFUSED" });
});

test("a stop does not wait for ever", async (t) => {
  const broker = await limited(t, { stopSeconds: 0.2 });
  const { ended } = wire(broker, `${POST}Content-Length: 100\r\n\r\n`);
  await served(broker);
  await broker.close();
  await ended;
});

test("the defaults hold 32 clients and a proxy in front", () => {
  assert.ok(DEFAULT_LIMITS.idleSeconds > 60);
  assert.ok(DEFAULT_LIMITS.connectionsPerAddress >= 32 && DEFAULT_LIMITS.requestsPerClient >= 10_000);
});
