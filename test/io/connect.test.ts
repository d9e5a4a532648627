// Real TLS and real CONNECT proxies: which server is trusted, and what goes through which proxy. Runs under Node and Bun.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { inspect, promisify } from "node:util";
import { trustedRoots } from "../../src/io/trust.ts";
import { type Authority, createAuthority, type Pair } from "./certificates.ts";
import { CANARY, client, failure, get, proxyTo, server, tidy, withProcessEnv } from "./client.ts";
import { header } from "./servers.ts";

const folder = mkdtempSync(join(tmpdir(), "keywright-tls-"));
let trusted: Authority;
let stranger: Authority;
let pair: Pair;

before(() => {
  trusted = createAuthority(folder, "trusted");
  stranger = createAuthority(folder, "stranger");
  pair = trusted.issue("DNS:menda.example", "DNS:localhost", "IP:127.0.0.1");
});

after(async () => {
  await tidy();
  rmSync(folder, { recursive: true, force: true });
});

test("TLS: the certificate must come from a root that is trusted, and be for the host", async () => {
  const { port, seen } = await server(undefined, pair);
  const url = `https://localhost:${port}/?s=${CANARY}`;
  const untrusted = await failure(client(), get(url));
  assert.equal(untrusted.code, "network");
  assert.match(
    untrusted.message,
    new RegExp(`^the TLS connection to https://localhost:${port} failed: [A-Z_]+$`),
  );
  assert.match(
    untrusted.hint ?? "",
    /SSL_CERT_FILE.*REQUESTS_CA_BUNDLE.*NODE_EXTRA_CA_CERTS.*none of them is set/,
  );

  for (const host of ["localhost", "127.0.0.1"]) {
    const reply = await client({ SSL_CERT_FILE: trusted.file }).request(get(`https://${host}:${port}/`));
    assert.equal(reply.body, "hello");
  }
  assert.ok(seen[0]?.lines.includes(`Host: localhost:${port}`));

  const other = await server(undefined, trusted.issue("DNS:other.example", "IP:127.0.0.9"));
  for (const host of ["localhost", "127.0.0.1"]) {
    const error = await failure(
      client({ SSL_CERT_FILE: trusted.file }),
      get(`https://${host}:${other.port}/`),
    );
    assert.match(error.message, /failed: ERR_TLS_CERT_ALTNAME_INVALID/);
  }
  assert.equal(other.seen.length, 0);
});

test("NODE_TLS_REJECT_UNAUTHORIZED=0 changes nothing", async () => {
  const { port, seen } = await server(undefined, pair);
  await withProcessEnv({ NODE_TLS_REJECT_UNAUTHORIZED: "0" }, async () => {
    const http = client({ NODE_TLS_REJECT_UNAUTHORIZED: "0" });
    assert.equal((await failure(http, get(`https://localhost:${port}/`))).code, "network");
  });
  assert.equal(seen.length, 0);
});

test("which variable names the roots: SSL_CERT_FILE before REQUESTS_CA_BUNDLE, NODE_EXTRA_CA_CERTS in addition", async () => {
  const { port } = await server(undefined, pair);
  const bundle = join(folder, "bundle");
  mkdirSync(bundle);
  writeFileSync(join(bundle, "0a.0"), readFileSync(trusted.file));
  writeFileSync(join(bundle, "README"), "not a certificate\n");
  const good = [
    { REQUESTS_CA_BUNDLE: trusted.file },
    { REQUESTS_CA_BUNDLE: bundle },
    { NODE_EXTRA_CA_CERTS: trusted.file },
    { SSL_CERT_FILE: trusted.file, REQUESTS_CA_BUNDLE: stranger.file },
    { SSL_CERT_FILE: stranger.file, NODE_EXTRA_CA_CERTS: trusted.file },
    { SSL_CERT_FILE: "", REQUESTS_CA_BUNDLE: trusted.file },
  ];
  for (const env of good) {
    assert.equal((await client(env).request(get(`https://localhost:${port}/`))).status, 200, inspect(env));
  }
  const bad = [
    { SSL_CERT_FILE: stranger.file, REQUESTS_CA_BUNDLE: trusted.file },
    { NODE_EXTRA_CA_CERTS: stranger.file },
  ];
  for (const env of bad)
    assert.equal(
      (await failure(client(env), get(`https://localhost:${port}/`))).code,
      "network",
      inspect(env),
    );
});

test("what replaces the roots leaves none of them", () => {
  assert.equal(trustedRoots({ SSL_CERT_FILE: trusted.file }).length, 1);
  assert.equal(
    trustedRoots({ REQUESTS_CA_BUNDLE: trusted.file, NODE_EXTRA_CA_CERTS: stranger.file }).length,
    2,
  );
  assert.equal(trustedRoots({ SSL_CERT_FILE: trusted.file, NODE_EXTRA_CA_CERTS: trusted.file }).length, 1);
  assert.ok(trustedRoots({}).length > 50);
});

test("a variable that names no certificate is said, with its file", async () => {
  const empty = join(folder, "empty.pem");
  const broken = join(folder, "broken.pem");
  writeFileSync(empty, "# nothing here\n");
  writeFileSync(broken, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
  for (const file of [empty, broken, join(folder, "missing.pem")]) {
    for (const variable of ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"]) {
      const error = await failure(client({ [variable]: file }), get("https://localhost:1/"));
      assert.equal(error.code, "configuration");
      assert.ok(error.message.startsWith(`${variable} names ${file}, which `), error.message);
    }
  }
  const plain = await server();
  assert.equal(
    (await client({ SSL_CERT_FILE: empty }).request(get(`http://localhost:${plain.port}/`))).status,
    200,
  );
});

test("a CONNECT tunnel: TLS ends at the server, the proxy sees its name only", async () => {
  const index = await server(undefined, pair);
  const proxy = await proxyTo(index.port);
  const env = { HTTPS_PROXY: `http://me:p%40ss@127.0.0.1:${proxy.port}`, SSL_CERT_FILE: trusted.file };
  const reply = await client(env).request(get(`https://menda.example/simple/?s=${CANARY}`));
  assert.equal(reply.body, "hello");
  const authorization = `Basic ${Buffer.from("me:p@ss").toString("base64")}`;
  assert.deepEqual(proxy.asked, [{ target: "menda.example:443", authorization }]);
  assert.ok(!inspect(proxy.seen).includes(CANARY));
  assert.ok(index.seen[0]?.lines.includes("Host: menda.example"));
  assert.equal(header(index.seen[0]!, "proxy-authorization"), undefined);

  const wrongHost = await failure(client(env), get("https://other.example:8443/"));
  assert.match(wrongHost.message, /ERR_TLS_CERT_ALTNAME_INVALID/);
  assert.equal(proxy.asked.at(-1)?.target, "other.example:8443");
});

test("a proxy that is itself reached by TLS", async () => {
  const index = await server(undefined, pair);
  const proxy = await proxyTo(index.port, undefined, pair);
  const env = { SSL_CERT_FILE: trusted.file };
  const reply = await client({ ...env, https_proxy: `https://localhost:${proxy.port}` }).request(
    get("https://menda.example/"),
  );
  assert.equal(reply.body, "hello");
  assert.equal(proxy.asked.length, 1);
});

test("a proxy that fails is named without its user", async () => {
  const nobody = await server();
  await nobody.close();
  const env = { SSL_CERT_FILE: trusted.file };
  const gone = await failure(
    client({ ...env, ALL_PROXY: `http://me:${CANARY}@127.0.0.1:${nobody.port}` }),
    get("https://menda.example/"),
  );
  assert.equal(
    gone.message,
    `cannot reach the proxy http://127.0.0.1:${nobody.port}: nothing listens there (ECONNREFUSED)`,
  );
  assert.match(gone.hint ?? "", /HTTPS_PROXY.*NO_PROXY/);
  for (const status of [407, 403, 302]) {
    const refusing = await proxyTo(1, { status });
    const proxied = client({ ...env, HTTPS_PROXY: `http://me:${CANARY}@127.0.0.1:${refusing.port}` });
    const error = await failure(proxied, get("https://menda.example/"));
    assert.equal(error.code, "network");
    assert.equal(
      error.message,
      `the proxy http://127.0.0.1:${refusing.port} refused menda.example:443 with HTTP ${status}`,
    );
  }
  for (const value of [`socks5://me:${CANARY}@127.0.0.1:1`, `http://me:${CANARY}@:x`]) {
    assert.equal(
      (await failure(client({ ...env, HTTPS_PROXY: value }), get("https://menda.example/"))).code,
      "configuration",
    );
  }
});

test("nothing meant for loopback goes to a proxy, in our environment or the runtime's", async () => {
  const index = await server(undefined, pair);
  const plain = await server();
  const proxy = await proxyTo(plain.port);
  const url = `http://127.0.0.1:${proxy.port}`;
  const proxies = {
    HTTP_PROXY: url,
    http_proxy: url,
    HTTPS_PROXY: url,
    https_proxy: url,
    ALL_PROXY: url,
    NODE_USE_ENV_PROXY: "1",
  };
  await withProcessEnv(proxies, async () => {
    const http = client({ ...proxies, SSL_CERT_FILE: trusted.file });
    assert.equal((await http.request(get(`http://127.0.0.1:${plain.port}/`))).status, 200);
    assert.equal((await http.request(get(`http://localhost:${plain.port}/`))).status, 200);
    assert.equal((await http.request(get(`https://localhost:${index.port}/`))).status, 200);
  });
  assert.equal(proxy.seen.length, 0);
});

test("nor when the runtime was started with the proxy variables", async () => {
  const { port, seen } = await server();
  const proxy = await proxyTo(port);
  const url = `http://127.0.0.1:${proxy.port}`;
  const env = {
    ...process.env,
    HTTP_PROXY: url,
    http_proxy: url,
    HTTPS_PROXY: url,
    ALL_PROXY: url,
    NODE_USE_ENV_PROXY: "1",
  };
  const code = `const { createHttp } = await import(${JSON.stringify(new URL("../../src/io/http.ts", import.meta.url).href)});
    const http = createHttp({ env: process.env, clock: { now: () => 0 } });
    const reply = await http.request({ method: "GET", url: "http://localhost:${port}/" });
    if (reply.body !== "hello") process.exit(1);`;
  await promisify(execFile)(process.execPath, ["--input-type=module", "-e", code], { env });
  assert.deepEqual([seen.length, proxy.seen.length], [1, 0]);
});
