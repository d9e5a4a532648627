// What holds on every path: JSON errors, nothing cached, bounded input, a log without secrets, no use of the Host header.
import assert from "node:assert/strict";
import { connect } from "node:net";
import { test } from "node:test";
import { startBroker } from "../../src/broker/start.ts";
import {
  basic,
  CONFIG,
  newClient,
  post,
  running,
  send,
  temporaryFolder,
  type Answer,
  type Running,
} from "./broker.ts";

function isJsonError({ json, headers }: Answer): void {
  assert.equal(headers["content-type"], "application/json");
  assert.equal(headers["cache-control"], "no-store");
  for (const field of ["error", "error_description", "detail"])
    assert.equal(typeof json[field], "string", field);
}

/** Bytes as they are; returns status and body of the first answer. */
function raw(broker: Running, text: string): Promise<{ readonly status: number; readonly body: string }> {
  return new Promise((resolve, reject) => {
    const socket = connect(broker.port, broker.host, () => socket.write(text));
    let got = "";
    socket.setEncoding("utf8").on("data", (chunk: string) => {
      got += chunk;
      const [head = "", body = ""] = got.split("\r\n\r\n");
      const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? Number.NaN);
      if (body.length < length || Number.isNaN(length)) return;
      socket.destroy();
      resolve({ status: Number(head.split(" ")[1]), body });
    });
    socket.on("error", reject).on("end", () => reject(new Error(`ended after: ${got}`)));
  });
}

test("healthz answers", async (t) => {
  const broker = await running(t);
  const { status, json } = await send(broker, "/healthz");
  assert.deepEqual([status, json], [200, { status: "ok" }]);
  assert.equal((await send(broker, "/healthz", { method: "HEAD" })).status, 200);
});

test("what is not there is a JSON error", async (t) => {
  const broker = await running(t);
  for (const path of [
    "/",
    "/nope",
    "/healthz/",
    "/HEALTHZ",
    "/oauth2",
    "/oauth2/token/x",
    "/api/v1/auth/../auth/whoami",
    "//healthz",
    "/oauth2/%74oken",
    "/./healthz",
  ]) {
    const answer = await send(broker, path);
    assert.equal(answer.status, 404, path);
    isJsonError(answer);
  }
  for (const method of ["PUT", "DELETE", "PATCH", "OPTIONS"]) {
    const answer = await send(broker, "/oauth2/token", { method });
    assert.equal(answer.status, 405);
    isJsonError(answer);
  }
});

test("a body over 16 kB is refused, with its length said or not", async (t) => {
  const broker = await running(t);
  const body = "x".repeat(16 * 1024 + 1);
  const known = await send(broker, "/oauth2/token", { method: "POST", body });
  const chunked = await send(broker, "/oauth2/token", {
    method: "POST",
    body,
    headers: { "Transfer-Encoding": "chunked" },
  });
  for (const answer of [known, chunked]) {
    assert.equal(answer.status, 413);
    isJsonError(answer);
  }
  assert.equal((await send(broker, "/healthz")).status, 200);
});

test("what the HTTP parser refuses is a JSON error, too", async (t) => {
  const broker = await running(t);
  const rows: readonly (readonly [string, number])[] = [
    ["nonsense\r\n\r\n", 400],
    [`GET /healthz HTTP/1.1\r\nHost: x\r\nX: ${"y".repeat(20_000)}\r\n\r\n`, 431],
    [
      "POST /oauth2/token HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      400,
    ],
    ["GET /healthz HTTP/1.1\r\nHost: x\r\n folded: 1\r\n\r\n", 400],
    ["GET http://evil.example/healthz HTTP/1.1\r\nHost: x\r\n\r\n", 404],
    ["OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", 404],
    ["GET /a\\..\\healthz HTTP/1.1\r\nHost: x\r\n\r\n", 404],
  ];
  for (const [text, status] of rows) {
    const answer = await raw(broker, text);
    assert.equal(answer.status, status, text.slice(0, 40));
    assert.equal(typeof (JSON.parse(answer.body) as { detail: unknown }).detail, "string");
  }
});

test("the Host header changes nothing", async (t) => {
  const broker = await running(t);
  for (const host of ["evil.example", "a/b", "[", "x y", "localhost:1"]) {
    const { status, body } = await raw(broker, `GET /healthz HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    assert.deepEqual([status, body], [200, '{"status":"ok"}'], host);
  }
});

test("the log has one line a request, without query and without what came in", async (t) => {
  const broker = await running(t);
  const secret = newClient(broker.data, { name: "app", principal: "ci", queryCredentials: true });
  await send(
    broker,
    `/api/v1/auth/oauth2/token?grant_type=client_credentials&client_id=app&client_secret=${secret}`,
    { method: "POST" },
  );
  await send(broker, `/oauth2/token/${secret}`);
  await send(broker, `/oauth2/token/${"0af7".repeat(10)}`);
  await send(broker, `/oauth2/token%3Fclient_secret=${secret}`);
  await post(broker, "/oauth2/token", { grant_type: "client_credentials" }, basic("app", secret));
  assert.equal(broker.logged.length, 5);
  assert.match(
    broker.logged[0] ?? "",
    /^POST \/api\/v1\/auth\/oauth2\/token 200 0\.0ms 127\.0\.0\.1 [A-Za-z0-9_-]{16}$/,
  );
  assert.match(broker.logged[1] ?? "", /^GET \/oauth2\/token\/… 404 /);
  assert.match(broker.logged[2] ?? "", /^GET \/oauth2\/token\/… 404 /);
  for (const line of broker.logged)
    assert.ok(!line.includes("kws_") && !line.includes("client_secret"), line);
});

test("it does not listen beyond this machine in clear text, nor without knowing its address", async (t) => {
  const data = `${temporaryFolder(t)}/data`;
  const start = (options: object) =>
    startBroker({
      data,
      listen: { host: "127.0.0.1", port: 0 },
      config: CONFIG,
      clock: { now: () => 0 },
      log: () => undefined,
      ...options,
    });
  const rows: readonly (readonly [object, RegExp])[] = [
    [{ listen: { host: "0.0.0.0", port: 0 } }, /does not listen on 0\.0\.0\.0 without TLS/],
    [{ listen: { host: "::", port: 0 } }, /without TLS/],
    [{ listen: { host: "localhost.example", port: 0 } }, /without TLS/],
    [{ listen: { host: "0.0.0.0", port: 0 }, url: "https://keywright.example" }, /without TLS/],
    [{ behindProxy: true }, /does not know the address/],
    [{ url: "http://keywright.example" }, /--url is http/],
    [{ url: "https://keywright.example/path" }, /--url is not of the form/],
    [{ url: "https://keywright.example?x" }, /--url is not of the form/],
    [{ url: "https://user@keywright.example" }, /--url is not of the form/],
    [{ url: "https://KEYWRIGHT.example" }, /--url is not of the form/],
    [{ url: "keywright.example" }, /--url is not of the form/],
  ];
  for (const [options, message] of rows)
    await assert.rejects(start(options), { code: "configuration", message });
  const proxied = await start({
    listen: { host: "0.0.0.0", port: 0 },
    behindProxy: true,
    url: "https://keywright.example",
  });
  assert.equal(proxied.url, "https://keywright.example");
  await proxied.close();
});

test("a port that is taken is a network error", async (t) => {
  const broker = await running(t);
  const { host, port } = broker;
  const second = startBroker({
    data: `${temporaryFolder(t)}/data`,
    listen: { host, port },
    config: CONFIG,
    clock: { now: () => 0 },
    log: () => undefined,
  });
  await assert.rejects(second, { code: "network", message: /EADDRINUSE/ });
});
