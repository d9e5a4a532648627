// The client against real servers: what it sends, what it refuses, and when it gives up. Runs under Node and Bun.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { KeywrightError } from "../../src/errors.ts";
import { CANARY, client, clock, failure, get, server, tidy } from "./client.ts";
import { header, response } from "./servers.ts";

after(tidy);

test("a GET to loopback: request line, headers and reply", async () => {
  const { port, seen } = await server();
  const reply = await client().request(get(`http://127.0.0.1:${port}/a/b?c=d`));
  assert.deepEqual([reply.status, reply.body, reply.headers["x-one"]], [200, "hello", "1"]);
  assert.deepEqual(seen[0]?.lines, [
    "GET /a/b?c=d HTTP/1.1",
    `Host: 127.0.0.1:${port}`,
    "User-Agent: keywright",
    "Accept: */*",
    "Accept-Encoding: identity",
    "Connection: close",
  ]);
});

test("a POST has its length, also of nothing, and no content type of our own", async () => {
  const { port, seen } = await server();
  const url = `http://localhost:${port}/x`;
  await client().request({ method: "POST", url, headers: { authorizationToken: "Bearer T" } });
  await client().request({ method: "POST", url, body: "é=1", headers: { "Content-Type": "text/x" } });
  const [empty, full] = seen;
  assert.ok(empty !== undefined && full !== undefined);
  assert.equal(header(empty, "content-length"), "0");
  assert.equal(header(empty, "content-type"), undefined);
  assert.equal(header(empty, "transfer-encoding"), undefined);
  assert.ok(empty.lines.includes("authorizationToken: Bearer T"), empty.lines.join("|"));
  assert.equal(header(full, "content-length"), "4");
  assert.equal(header(full, "content-type"), "text/x");
  assert.equal(Buffer.from(full.body, "latin1").toString(), "é=1");
});

test("a PUT has its length, also of nothing", async () => {
  const { port, seen } = await server();
  await client().request({
    method: "PUT",
    url: `http://127.0.0.1:${port}/token`,
    headers: { "X-Ttl": "60" },
  });
  const [request] = seen;
  assert.ok(request !== undefined);
  assert.equal(request.lines[0], "PUT /token HTTP/1.1");
  assert.equal(header(request, "content-length"), "0");
  assert.equal(header(request, "x-ttl"), "60");
});

test("plain http to the metadata of a cloud machine: for who asks for it, and past every proxy", async () => {
  const hosts = ["169.254.169.254", "[fd00:ec2::254]", "169.254.170.2", "169.254.170.23", "[fd00:ec2::23]"];
  const proxy = await server();
  const to = `http://127.0.0.1:${proxy.port}`;
  const through = client({ HTTPS_PROXY: to, HTTP_PROXY: to, ALL_PROXY: to }, 0.05);
  await Promise.all(
    hosts.map(async (host) => {
      const url = `http://${host}:9/?s=${CANARY}`; // a port at which nobody gives out credentials
      assert.equal((await failure(through, get(url))).code, "configuration", host);
      // Where somebody answers all the same, the answer is as good.
      const error: unknown = await through
        .request({ ...get(url), metadata: true })
        .catch((thrown: unknown) => thrown);
      if (error instanceof KeywrightError) assert.match(error.code, /^(?:network|timed_out)$/, host);
    }),
  );
  assert.equal(proxy.seen.length, 0);
  for (const host of [
    "169.254.169.253",
    "169.254.170.2.example",
    "10.0.0.1",
    "[fd00:ec2::24]",
    "metadata.example",
  ]) {
    const error = await failure(through, { ...get(`http://${host}/`), metadata: true });
    assert.equal(error.code, "configuration", host);
  }
});

test("a redirect is a reply, not a journey", async () => {
  const target = await server();
  const { port } = await server(() => response(302, "", `Location: http://127.0.0.1:${target.port}/`));
  const reply = await client().request(get(`http://127.0.0.1:${port}/`));
  assert.equal(reply.status, 302);
  assert.equal(target.seen.length, 0);
});

test("only https, except to loopback", async () => {
  const urls = [
    "http://menda.example/",
    "http://127.0.0.1.example/",
    "ftp://localhost/",
    "http://10.0.0.1/",
    "http://[::2]/",
  ];
  for (const url of urls) {
    const error = await failure(client(), get(`${url}?s=${CANARY}`));
    assert.equal(error.code, "configuration", url);
    assert.match(error.message, /is not https/);
  }
  for (const url of [`${CANARY}`, `https://user:${CANARY}@menda.example/`]) {
    assert.equal((await failure(client(), get(url))).code, "configuration");
  }
});

test("a header that would begin another is not sent", async () => {
  const { port, seen } = await server();
  const headers = { authorizationToken: `${CANARY}\r\nX: y` };
  const error = await failure(client(), { ...get(`http://127.0.0.1:${port}/`), headers });
  assert.equal(error.code, "configuration");
  assert.equal(seen.length, 0);
});

test("no connection, closed connection, no HTTP", async () => {
  const gone = await server();
  await gone.close();
  const refused = await failure(client(), get(`http://localhost:${gone.port}/?s=${CANARY}`));
  assert.deepEqual(
    [refused.code, refused.message],
    ["network", `cannot reach http://localhost:${gone.port}: nothing listens there (ECONNREFUSED)`],
  );
  const missing = await failure(client(), get(`https://nowhere.invalid/?s=${CANARY}`));
  assert.match(missing.message, /^cannot reach https:\/\/nowhere\.invalid:443: its name cannot be resolved/);
  for (const bytes of [
    "",
    `${CANARY} is not HTTP\r\n\r\n`,
    `HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n${CANARY}`,
  ]) {
    const { port } = await server(() => bytes);
    const error = await failure(client({}, 5), get(`http://127.0.0.1:${port}/`));
    assert.equal(error.code, "network", bytes);
  }
});

test("time limits: one request, and everything together", async () => {
  const silent = await server(() => undefined);
  const url = `http://127.0.0.1:${silent.port}/?s=${CANARY}`;
  const one = await failure(client({}, 0.2), get(url));
  assert.deepEqual(
    [one.code, one.message],
    ["timed_out", `no answer from http://127.0.0.1:${silent.port} within 0.2 s`],
  );
  const all = await failure(client(), { ...get(url), deadline: clock.now() + 0.1 });
  assert.equal(all.code, "timed_out");
  assert.match(all.message, /within 0\.1 s, which was left of the time limit for the whole$/);
  const over = await failure(client(), { ...get(url), deadline: clock.now() - 1 });
  assert.match(over.message, /within 0 s/);
  assert.equal(silent.seen.length, 2);
  const slow = await server(() => undefined);
  const proxied = client({ HTTPS_PROXY: `http://127.0.0.1:${slow.port}` }, 0.2);
  assert.match(
    (await failure(proxied, get("https://menda.example/"))).message,
    /no answer from https:\/\/menda\.example within/,
  );
});

test("an answer of more than 1 MB is not taken in", async () => {
  const { port } = await server(() => response(200, "x".repeat(1024 * 1024 + 1)));
  const error = await failure(client(), get(`http://127.0.0.1:${port}/`));
  assert.deepEqual(
    [error.code, error.message],
    ["backend", `http://127.0.0.1:${port} answered with more than 1 MB`],
  );
  const just = await server(() => response(200, "x".repeat(1024 * 1024)));
  assert.equal((await client().request(get(`http://127.0.0.1:${just.port}/`))).body.length, 1024 * 1024);
});
