// Requests with `publicOnly`: which addresses are public, and that what was checked is what is connected to.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test, type TestContext } from "node:test";
import type { KeywrightError } from "../../src/errors.ts";
import { createHttp, type Http, type HttpRequest } from "../../src/io/http.ts";
import { isPublicAddress, type Lookup } from "../../src/io/public-address.ts";
import { type Authority, createAuthority } from "./certificates.ts";
import { clock, failure, proxyTo, server, tidy } from "./client.ts";
import { header, type Server } from "./servers.ts";

const folder = mkdtempSync(join(tmpdir(), "keywright-public-"));
let authority: Authority;
let local: Server;

before(async () => {
  authority = createAuthority(folder, "trusted");
  local = await server(undefined, authority.issue("DNS:issuer.example", "DNS:localhost", "IP:127.0.0.1"));
});

after(async () => {
  await tidy();
  rmSync(folder, { recursive: true, force: true });
});

const PUBLIC = "93.184.216.34";

function http(lookup?: Lookup, env: Record<string, string> = {}): Http {
  return createHttp({ env: { SSL_CERT_FILE: authority.file, ...env }, clock, requestTimeout: 2, lookup });
}

const publicly = (url: string): HttpRequest => ({ method: "GET", url, publicOnly: true });

/** Every connection leads to loopback; returns the hosts that were meant. */
function redirected(t: TestContext, portFor: (host: unknown, port: number) => number): readonly unknown[] {
  const meant: unknown[] = [];
  const { connect } = net;
  t.mock.method(net, "connect", ({ host, port }: net.TcpNetConnectOpts) => {
    meant.push(host);
    return connect({ host: "127.0.0.1", port: portFor(host, port) });
  });
  syncBuiltinESMExports();
  t.after(() => {
    t.mock.restoreAll();
    syncBuiltinESMExports();
  });
  return meant;
}

async function notAsked(client: Http, url: string): Promise<void> {
  const error: KeywrightError = await failure(client, publicly(url));
  assert.equal(error.code, "network", url);
  assert.match(error.message, /is not a public address, so it is not asked$/, url);
}

test("addresses of the special-purpose registries are not public (RFC 6890)", () => {
  for (const address of [
    "0.0.0.0",
    "10.0.0.1",
    "100.64.0.1",
    "100.127.255.255",
    "127.0.0.1",
    "127.1.2.3",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.8",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:8.8.8.8",
    "::ffff:0:10.0.0.1",
    "64:ff9b::10.0.0.1",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%lo",
    "2606:4700::1%lo",
    "fec0::1",
    "ff02::1",
    "localhost",
    "",
    "8.8.8",
    "0x7f.1",
    "2130706433",
  ])
    assert.equal(isPublicAddress(address), false, address);
  for (const address of [
    PUBLIC,
    "1.1.1.1",
    "172.15.255.255",
    "172.32.0.1",
    "100.63.255.255",
    "192.0.1.1",
    "223.255.255.255",
    "2606:4700:4700::1111",
    "2a00:1450::1",
  ])
    assert.equal(isPublicAddress(address), true, address);
});

test("SSRF: an address that is written out, in every form that a URL takes", async () => {
  const lookup: Lookup = () => assert.fail("a number is not looked up");
  for (const host of [
    "127.0.0.1",
    "127.1",
    "2130706433",
    "0x7f000001",
    "0x7f.0.0.1",
    "017700000001",
    "0177.0.0.01",
    "127.0.0.1.",
    "%31%32%37.0.0.1",
    "１２７.0.0.1",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[0:0:0:0:0:ffff:7f00:0001]",
    "[::127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[fe80::1]",
    "[fd00::1]",
    "0",
    "10.0.0.1",
    "169.254.169.254",
    "192.168.0.1",
  ])
    await notAsked(http(lookup), `https://${host}:${local.port}/`);
  assert.equal(local.seen.length, 0);
});

test("SSRF: a name that leads inside, or to both sides", async () => {
  const traps: readonly (readonly string[])[] = [
    ["127.0.0.1"],
    ["10.0.0.1"],
    ["::1"],
    ["::ffff:127.0.0.1"],
    ["fe80::1"],
    [PUBLIC, "127.0.0.1"],
    ["127.0.0.1", PUBLIC],
    [],
  ];
  for (const addresses of traps)
    await notAsked(
      http(async () => addresses),
      `https://issuer.example:${local.port}/`,
    );
  await notAsked(http(), `https://localhost:${local.port}/`);
  assert.equal(local.seen.length, 0);
  const reply = await http().request({ method: "GET", url: `https://localhost:${local.port}/` });
  assert.equal(reply.body, "hello", "without publicOnly it is asked");
});

test("DNS rebinding: the address that was checked is the one that is connected to, and TLS is for the name", async (t) => {
  const asked: string[] = [];
  const lookup: Lookup = async (host) => [asked.push(host) === 1 ? PUBLIC : "127.0.0.1"];
  const connected = redirected(t, (host, port) => (host === PUBLIC ? port : 1));
  const client = http(lookup);
  const reply = await client.request(publicly(`https://issuer.example:${local.port}/keys`));
  assert.equal(reply.body, "hello");
  assert.deepEqual([asked, connected], [["issuer.example"], [PUBLIC]]);
  const seen = local.seen.at(-1);
  assert.equal(seen && header(seen, "host"), `issuer.example:${local.port}`);
  const wrong = await failure(
    http(async () => [PUBLIC]),
    publicly(`https://other.example:${local.port}/`),
  );
  assert.match(wrong.message, /failed: ERR_TLS_CERT_ALTNAME_INVALID/);
  await notAsked(client, `https://issuer.example:${local.port}/keys`);
});

test("the second address is tried when the first does not answer, and a name that is none is said", async (t) => {
  const tried = redirected(t, (host, port) => (host === PUBLIC ? 1 : port));
  const client = http(async () => [PUBLIC, "1.1.1.1"]);
  assert.equal((await client.request(publicly(`https://issuer.example:${local.port}/`))).status, 200);
  assert.deepEqual(tried, [PUBLIC, "1.1.1.1"]);
  const missing = http(() => Promise.reject(Object.assign(new Error("no"), { code: "ENOTFOUND" })));
  assert.match(
    (await failure(missing, publicly("https://issuer.example/"))).message,
    /its name cannot be resolved/,
  );
});

test("nothing is said to anybody after the time limit, however late the name is resolved", async (t) => {
  redirected(t, () => local.port);
  let late = (_addresses: readonly string[]): void => undefined;
  const lookup: Lookup = () => new Promise((resolve) => (late = resolve));
  const limited: HttpRequest = { ...publicly(`https://issuer.example:${local.port}/late`), timeout: 0.1 };
  assert.equal((await failure(http(lookup), limited)).code, "timed_out");
  late([PUBLIC]);
  await http(async () => [PUBLIC]).request(publicly(`https://issuer.example:${local.port}/after`));
  assert.deepEqual(
    local.seen.slice(-1).map(({ lines }) => lines[0]),
    ["GET /after HTTP/1.1"],
  );
  assert.ok(!local.seen.some(({ lines }) => lines[0]?.includes("/late")));
});

test("through a proxy, an address that is written out is still checked", async () => {
  const proxy = await proxyTo(local.port);
  const client = http(undefined, { HTTPS_PROXY: `http://127.0.0.1:${proxy.port}` });
  for (const host of ["10.0.0.1", "169.254.169.254", "[::ffff:10.0.0.1]"])
    await notAsked(client, `https://${host}/`);
  assert.equal(proxy.asked.length, 0);
  const reply = await client.request(publicly("https://issuer.example/"));
  assert.equal(reply.status, 200);
});

test("one request can have limits of its own: time and size", async () => {
  const silent = await server(() => undefined);
  const slow = await failure(http(), {
    method: "GET",
    url: `http://127.0.0.1:${silent.port}/`,
    timeout: 0.1,
  });
  assert.match(slow.message, /within 0\.1 s$/);
  const large = await server(() => `HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n${"x".repeat(3000)}`);
  const ask = (most: number): HttpRequest => ({
    method: "GET",
    url: `http://127.0.0.1:${large.port}/`,
    most,
  });
  assert.match((await failure(http(), ask(2048))).message, /answered with more than 2 kB$/);
  assert.equal((await http().request(ask(3000))).body.length, 3000);
});
