// The keys of issuers, fetched from real servers on loopback: limits, the cache, outages, and floods of unknown keys.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { issuerHttp } from "../../../src/broker/jwt/issuer-http.ts";
import { createJwks, staticJwks, type JwksOptions } from "../../../src/broker/jwt/jwks.ts";
import type { KeySource } from "../../../src/broker/jwt/verify.ts";
import type { KeywrightError } from "../../../src/errors.ts";
import { createHttp, type Http } from "../../../src/io/http.ts";
import { type Authority, createAuthority } from "../../io/certificates.ts";
import { server, tidy } from "../../io/client.ts";
import { response, type Answer, type Server } from "../../io/servers.ts";
import { signer, type Signer } from "./signing.ts";

const folder = mkdtempSync(join(tmpdir(), "keywright-jwks-"));
let authority: Authority;
let one: Signer;
let two: Signer;

before(() => {
  authority = createAuthority(folder, "trusted");
  [one, two] = [signer("ES256"), signer("ES256")];
});

after(async () => {
  await tidy();
  rmSync(folder, { recursive: true, force: true });
});

const setOf = (...jwks: readonly object[]): string => JSON.stringify({ keys: jwks });
const first = (): string => setOf({ ...one.jwk, kid: "one" });
const both = (): string => setOf({ ...one.jwk, kid: "one" }, { ...two.jwk, kid: "two" });

interface Issuer {
  readonly server: Server;
  readonly clock: { time: number; now(): number };
  readonly keys: KeySource;
  answer: Answer;
}

const inside = (http: Http): Http => issuerHttp(http, { privateNetwork: true });

async function issuer(answer: Answer, more: Partial<JwksOptions> = {}, http?: Http): Promise<Issuer> {
  const clock = { time: 1_000_000, now: () => clock.time };
  const self = { answer };
  const running = await server((request) => self.answer(request));
  const keys = createJwks({
    http: http ?? inside(createHttp({ env: {}, clock, requestTimeout: 0.5 })),
    clock,
    url: `http://127.0.0.1:${running.port}/keys`,
    ...more,
  });
  return Object.assign(self, { server: running, clock, keys });
}

const found = async ({ keys }: Pick<Issuer, "keys">, kid: string): Promise<boolean> =>
  (await keys.key({ alg: "ES256", kid })) !== undefined;

const fails = async ({ keys }: Pick<Issuer, "keys">): Promise<KeywrightError> =>
  keys.key({ alg: "ES256", kid: "one" }).then(
    () => assert.fail("there is a key"),
    (thrown: KeywrightError) => thrown,
  );

test("keys are fetched once, remembered for max-age and at most ten minutes, then fetched again", async () => {
  for (const [cacheControl, fresh] of [
    ["Cache-Control: public, max-age=120", 120],
    ["Cache-Control: max-age=0", 30],
    ["Cache-Control: no-store", 600],
    ["Cache-Control: max-age=999999", 600],
    ["X-None: 1", 600],
  ] as const) {
    const here = await issuer(() => response(200, first(), cacheControl));
    await Promise.all(Array.from({ length: 20 }, () => found(here, "one")));
    here.clock.time += fresh - 1;
    assert.ok(await found(here, "one"));
    assert.equal(here.server.seen.length, 1, cacheControl);
    here.clock.time += 31;
    assert.ok(await found(here, "one"));
    assert.equal(here.server.seen.length, 2, cacheControl);
  }
});

test("a new key is found at once, and a flood of unknown ones makes one request in 30 seconds", async () => {
  const here = await issuer(() => response(200, first()));
  assert.ok(await found(here, "one"));
  here.clock.time += 60;
  here.answer = () => response(200, both());
  assert.ok(await found(here, "two"), "rotation");
  assert.equal(here.server.seen.length, 2);
  const flood = Array.from({ length: 200 }, (_, at) => found(here, `unknown-${at}`));
  assert.ok((await Promise.all(flood)).every((known) => !known));
  assert.equal(here.server.seen.length, 2, "it was asked just before");
  here.clock.time += 30;
  await Promise.all(Array.from({ length: 200 }, (_, at) => found(here, `unknown-${at}`)));
  assert.equal(here.server.seen.length, 3);
  here.answer = () => response(500);
  here.clock.time += 30;
  for (let at = 0; at < 20; at += 1) assert.equal(await found(here, `unknown-${at}`), false);
  assert.equal(here.server.seen.length, 4, "a failure makes it wait just as long");
});

test("an outage: known keys count for an hour after they were fetched, then none", async () => {
  const here = await issuer(() => response(200, first()));
  assert.ok(await found(here, "one"));
  for (const broken of [
    () => response(503),
    () => "",
    () => undefined,
    () => response(200, "<html>"),
  ] as Answer[]) {
    here.answer = broken;
    here.clock.time += 700;
    assert.ok(await found(here, "one"));
    assert.equal(await found(here, "two"), false);
  }
  here.clock.time = 1_000_000 + 3601;
  assert.equal((await fails(here)).code, "backend");
  here.answer = () => response(200, first());
  here.clock.time += 31;
  assert.ok(await found(here, "one"), "it is back");
});

test("an empty key set, or one with no usable key, never takes the place of a good one", async () => {
  const weak = signer("RS256", 1024);
  const secret = one.privateKey.export({ format: "jwk" }) as object;
  for (const set of [
    setOf(),
    setOf({ kty: "oct", k: "AAAA", kid: "one" }),
    setOf(weak.jwk),
    setOf({ ...secret, kid: "one" }),
    "{}",
    "[]",
    "null",
    '{"keys":{}}',
    '{"keys":[null,7,"x"]}',
    "not JSON",
    "",
  ]) {
    const cold = await issuer(() => response(200, set));
    assert.equal((await fails(cold)).code, "backend", set.slice(0, 40));
    const warm = await issuer(() => response(200, first()));
    assert.ok(await found(warm, "one"));
    warm.answer = () => response(200, set);
    warm.clock.time += 601;
    assert.ok(await found(warm, "one"), set.slice(0, 40));
    assert.equal(warm.server.seen.length, 2);
  }
});

test("while there are no keys at all, it is asked once in five seconds", async () => {
  const here = await issuer(() => response(500));
  for (let at = 0; at < 10; at += 1) await fails(here);
  assert.equal(here.server.seen.length, 1);
  here.clock.time += 5;
  here.answer = () => response(200, first());
  assert.ok(await found(here, "one"));
});

test("limits: 100 keys, 256 kB, 5 seconds, status 200", async () => {
  const filler = (count: number): object[] =>
    Array.from({ length: count }, (_, at) => ({ ...two.jwk, kid: `k${at}` }));
  const full = await issuer(() => response(200, setOf({ ...one.jwk, kid: "one" }, ...filler(99))));
  assert.ok(await found(full, "one"));
  const over = await issuer(() => response(200, setOf({ ...one.jwk, kid: "one" }, ...filler(100))));
  assert.match((await fails(over)).message, /no usable key, or too many/);
  const padded = (size: number): string => first().padEnd(size);
  assert.ok(await found(await issuer(() => response(200, padded(256 * 1024))), "one"));
  assert.match(
    (await fails(await issuer(() => response(200, padded(256 * 1024 + 1))))).message,
    /more than 256 kB/,
  );
  assert.match(
    (await fails(await issuer(() => response(200, padded(2000)), { most: 1024 }))).message,
    /more than 1 kB/,
  );
  assert.equal((await fails(await issuer(() => undefined))).code, "timed_out");
  for (const status of [201, 404, 500])
    assert.match(
      (await fails(await issuer(() => response(status, first())))).message,
      new RegExp(`answered ${status}`),
    );
  const asked: unknown[] = [];
  const http: Http = {
    request: async (request) => (asked.push(request.timeout), { status: 200, headers: {}, body: first() }),
  };
  assert.ok(await found(await issuer(() => "", {}, http), "one"));
  assert.deepEqual(asked, [5]);
});

test("a redirect is not followed, on the same origin or off it", async () => {
  const elsewhere = await server(() => response(200, first()));
  for (const status of [301, 302, 303, 307, 308])
    for (const target of [`http://127.0.0.1:${elsewhere.port}/`, "/other", "//attacker.example/"]) {
      const error = await fails(await issuer(() => response(status, first(), `Location: ${target}`)));
      assert.equal(error.code, "backend");
      assert.match(error.message, /answered with a redirect$/);
    }
  assert.equal(elsewhere.seen.length, 0);
});

test("plain http and private addresses only where the configuration says so", async () => {
  const pair = authority.issue("DNS:localhost", "IP:127.0.0.1");
  const secure = await server(() => response(200, first()), pair);
  const plain = await server(() => response(200, first()));
  const clock = { now: () => 1_000_000 };
  const http = createHttp({ env: { SSL_CERT_FILE: authority.file }, clock, requestTimeout: 2 });
  const at = (url: string, privateNetwork?: boolean): KeySource =>
    createJwks({ http: issuerHttp(http, { privateNetwork }), clock, url });
  for (const url of [
    `https://localhost:${secure.port}/`,
    `https://127.0.0.1:${secure.port}/`,
    `https://2130706433:${secure.port}/`,
    `https://[::ffff:7f00:1]:${secure.port}/`,
    `http://127.0.0.1:${plain.port}/`,
    `http://localhost:${plain.port}/`,
    "https://169.254.169.254/",
  ]) {
    const error = await fails({ keys: at(url) });
    assert.match(error.message, /not a public address/, url);
  }
  assert.equal(secure.seen.length + plain.seen.length, 0);
  assert.ok(await found({ keys: at(`https://localhost:${secure.port}/`, true) }, "one"));
  assert.ok(await found({ keys: at(`http://127.0.0.1:${plain.port}/`, true) }, "one"));
  assert.match((await fails({ keys: at("http://issuer.example/", true) })).message, /is not https/);
  assert.equal((await fails({ keys: at("file:///etc/passwd", true) })).code, "configuration");
});

test("OpenID Connect Discovery §4.3: without an address, the issuer's own document says it", async () => {
  const documents = new Map<string, string>();
  const host = await server(({ lines }) => {
    const body = documents.get(lines[0]?.split(" ")[1] ?? "");
    return body === undefined ? response(404) : response(200, body);
  });
  const base = `http://127.0.0.1:${host.port}`;
  const clock = { now: () => 1_000_000 };
  const http = inside(createHttp({ env: {}, clock, requestTimeout: 2 }));
  const keysOf = (issuer: string) => ({ keys: createJwks({ http, clock, issuer }) });
  const publish = (issuer: unknown, more: object = {}): void =>
    void documents.set(
      "/realm/.well-known/openid-configuration",
      JSON.stringify({ issuer, jwks_uri: `${base}/keys`, ...more }),
    );
  documents.set("/keys", first());
  for (const issuer of [`${base}/realm`, `${base}/realm/`]) {
    publish(issuer);
    assert.ok(await found(keysOf(issuer), "one"), issuer);
  }
  for (const wrong of ["https://evil.example", `${base}/realm/`, base, [`${base}/realm`], undefined]) {
    publish(wrong);
    assert.match((await fails(keysOf(`${base}/realm`))).message, /metadata of another issuer/);
  }
  for (const jwks_uri of [undefined, 7, [`${base}/keys`]]) {
    publish(`${base}/realm`, { jwks_uri });
    assert.match((await fails(keysOf(`${base}/realm`))).message, /does not say where its keys are/);
  }
  publish(`${base}/realm`, { jwks_uri: "http://issuer.example/keys" });
  assert.match((await fails(keysOf(`${base}/realm`))).message, /is not https/);
  assert.match((await fails(keysOf(`${base}/none`))).message, /answered 404/);
});

test("a key set at hand: which key a header means", async () => {
  const keys = staticJwks(both());
  for (const kid of ["one", "two"]) assert.ok(await keys.key({ alg: "ES256", kid }));
  assert.equal(await keys.key({ alg: "ES256" }), undefined, "two fit");
  assert.equal(await keys.key({ alg: "ES384", kid: "one" }), undefined);
  const single = staticJwks(setOf(one.jwk));
  assert.ok(await single.key({ alg: "ES256" }));
  assert.ok(await single.key({ alg: "ES256", kid: "anything" }), "a key without a name");
  const offCurve = staticJwks(setOf({ ...one.jwk, y: one.jwk["x"] }));
  assert.equal(await offCurve.key({ alg: "ES256" }), undefined);
  const before = await keys.key({ alg: "ES256", kid: "one" });
  assert.equal(await keys.key({ alg: "ES256", kid: "one" }), before, "it is imported once");
});
