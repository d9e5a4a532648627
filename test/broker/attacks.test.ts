// Attacks that worked on other brokers, each named by where it was found (CVE, advisory or issue).
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { connect } from "node:net";
import { DatabaseSync } from "node:sqlite";
import { join } from "node:path";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import {
  accessToken,
  askRegistry,
  basic,
  newClient,
  PACKAGES,
  post,
  running,
  send,
  type Answer,
  type Running,
} from "./broker.ts";

const GRANT = { grant_type: "client_credentials" };

/** One part of a JWT. */
const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");

/** A question with so many more keys. */
const wide = (count: number): string =>
  `{"url":"${PACKAGES}",${Array.from({ length: count }, (_, at) => `"k${at}":1`).join(",")}}`;

async function place(t: Parameters<typeof running>[0]) {
  const broker = await running(t);
  const secret = newClient(broker.data, { name: "app", principal: "ci" });
  const access = await accessToken(broker, "app", secret);
  const registry = String((await askRegistry(broker, access, { url: PACKAGES })).json["token"]);
  return { broker, secret, auth: basic("app", secret), access, registry };
}

const introspected = async (broker: Running, token: string, auth: object): Promise<string> =>
  (await post(broker, "/oauth2/introspect", { token }, { ...auth })).text;

test("fosite CVE-2020-15223, Keycloak CVE-2023-0091: a revocation that was not stored is no success", async (t) => {
  const { broker, access, auth } = await place(t);
  const saboteur = new DatabaseSync(join(broker.data, "broker.db"));
  t.after(() => saboteur.close());
  saboteur.exec("CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'disk is full'); END");
  assert.equal((await post(broker, "/oauth2/revoke", { token: access }, auth)).status, 503);
  assert.match(await introspected(broker, access, auth), /"active":true/);
  saboteur.exec("DROP TRIGGER full");
  assert.equal((await post(broker, "/oauth2/revoke", { token: access }, auth)).status, 200);
  assert.equal(await introspected(broker, access, auth), '{"active":false}');
});

test("hono CVE-2025-62610, Vault HCSEC-2024-11: a token for another audience is no token here", async (t) => {
  const { broker, registry, access } = await place(t);
  assert.equal((await askRegistry(broker, registry, { url: PACKAGES })).status, 401);
  const check = (token: string, ref: string): Promise<Answer> =>
    send(broker, `/api/v1/registry/check?ref=${ref}`, { headers: { Authorization: `Bearer ${token}` } });
  assert.deepEqual(
    [
      (await check(registry, "packages")).status,
      (await check(registry, "other")).status,
      (await check(access, "packages")).status,
    ],
    [204, 403, 403],
  );
});

test("hono CVE-2026-22817, fast-jwt CVE-2023-48223: what looks like a JWT is no token, whatever its alg", async (t) => {
  const { broker, auth } = await place(t);
  for (const alg of ["none", "HS256", "RS256"]) {
    const jwt = `${part({ alg, typ: "at+jwt" })}.${part({ iss: broker.url, aud: broker.url, sub: "ci" })}.x`;
    assert.equal((await askRegistry(broker, jwt, { url: PACKAGES })).status, 401);
    assert.equal(await introspected(broker, jwt, auth), '{"active":false}');
  }
});

test("OpenBao CVE-2025-54996, -54998, -55003, -64761: no case, space or control character makes another name the same", async (t) => {
  const { broker, secret } = await place(t);
  for (const name of [
    "APP",
    "App",
    " app",
    "app ",
    "app\t",
    "app\u0000",
    "app\n",
    "\u0430pp",
    "app%00",
    "ａｐｐ",
  ]) {
    for (const answer of [
      await post(broker, "/oauth2/token", { ...GRANT, client_id: name, client_secret: secret }),
      await post(broker, "/oauth2/token", GRANT, basic(encodeURIComponent(name), secret)),
    ])
      assert.deepEqual([answer.status, answer.json["error"]], [401, "invalid_client"], JSON.stringify(name));
  }
});

test("OpenBao CVE-2026-46405: a refusal holds no token", async (t) => {
  const { broker, auth, access } = await place(t);
  const index = basic("index", newClient(broker.data, { name: "index", resource: "packages" }));
  for (const answer of [
    await post(broker, "/oauth2/token", GRANT, index),
    await post(broker, "/oauth2/token", { ...GRANT, scope: "admin" }, auth),
    await askRegistry(broker, access, { url: PACKAGES, action: "publish" }),
  ]) {
    assert.ok(answer.status >= 400);
    assert.deepEqual(Object.keys(answer.json), ["error", "error_description", "detail"]);
    assert.doesNotMatch(answer.text, /kw_/);
  }
});

test("OpenBao GHSA-59w7-v8rr-pr4p, GHSA-xp3c-3jw3-4vcr: a pattern in the question matches nothing", async (t) => {
  const { broker, access } = await place(t);
  for (const url of [
    "https://*.example/",
    "https://*/",
    "https://packages.*/",
    "https://packages.example,other.example/",
    "https://+/",
    "*",
  ])
    assert.equal((await askRegistry(broker, access, { url })).status, 403, url);
  const checked = await send(broker, "/api/v1/registry/check?ref=*", {
    headers: { Authorization: `Bearer ${access}` },
  });
  assert.equal(checked.status, 403);
});

test("OpenBao CVE-2026-3605: dots, doubled and encoded slashes reach no endpoint", async (t) => {
  const { broker, access } = await place(t);
  for (const path of [
    "/api/v1/auth/./whoami",
    "/api/v1/auth/x/../whoami",
    "/api/v1/auth/%2e%2e/auth/whoami",
    "/api/v1/auth//whoami",
    "/api/v1/auth%2Fwhoami",
    "/api/v1/auth/whoami/",
    "/api/v1/auth/whoami%00",
    "/api/v1/auth/whoami;x=1",
    "/API/v1/auth/whoami",
    "\\api\\v1\\auth\\whoami",
    "http://localhost/api/v1/auth/whoami",
  ]) {
    const status = await new Promise<number>((resolve, reject) => {
      const socket = connect(broker.port, broker.host, () =>
        socket.write(
          `GET ${path} HTTP/1.1\r\nHost: x\r\nauthorizationToken: ${access}\r\nConnection: close\r\n\r\n`,
        ),
      );
      socket.on("error", reject).once("data", (bytes) => {
        resolve(Number(String(bytes).split(" ")[1]));
        socket.destroy();
      });
    });
    assert.ok(status === 404 || status === 400, `${path}: ${status}`);
  }
});

test("OpenBao CVE-2025-59043: JSON that is deep, wide, doubled or aims at a prototype is bounded", async (t) => {
  const { broker, access } = await place(t);
  const ask = (body: string): Promise<Answer> =>
    send(broker, "/api/v1/registry/token", {
      method: "POST",
      headers: { Authorization: `Bearer ${access}`, "Content-Type": "application/json" },
      body,
    });
  const rows: readonly (readonly [string, number])[] = [
    [`${"[".repeat(8000)}${"]".repeat(8000)}`, 400],
    [`{"url":${"[".repeat(7000)}${"]".repeat(7000)}}`, 400],
    [wide(1000), 200],
    [wide(100_000), 413],
    [`{"__proto__":{"url":"${PACKAGES}"}}`, 400],
    [`{"constructor":{"prototype":{"url":"${PACKAGES}"}}}`, 400],
    [`{"url":"${PACKAGES}","url":"https://unknown.example/"}`, 403],
    [`{"url":"https://unknown.example/","action":"publish","action":"read"}`, 403],
  ];
  for (const [body, status] of rows) assert.equal((await ask(body)).status, status, body.slice(0, 40));
  assert.equal(({} as Record<string, unknown>)["url"], undefined);
});

test("jose CVE-2024-28176: nothing is inflated", async (t) => {
  const { broker, auth } = await place(t);
  const body = gzipSync("grant_type=client_credentials").toString("latin1");
  const headers = {
    ...auth,
    "Content-Type": "application/x-www-form-urlencoded",
    "Content-Encoding": "gzip",
  };
  const { status, json } = await send(broker, "/oauth2/token", { method: "POST", headers, body });
  assert.deepEqual([status, json["error"]], [400, "invalid_request"]);
});

test("OpenBao CVE-2025-62513, -62705, CVE-2026-46358: the data folder holds no body, header or value", async (t) => {
  const { broker, secret, access, registry } = await place(t);
  const planted = [
    "planted-in-a-body",
    "planted-in-a-header",
    "planted-in-a-query",
    secret,
    access,
    registry,
  ];
  await send(broker, "/oauth2/token?x=planted-in-a-query", {
    method: "POST",
    headers: { "X-Secret": "planted-in-a-header", Authorization: "Bearer planted-in-a-header" },
    body: "planted-in-a-body",
  });
  await post(broker, "/oauth2/token", { ...GRANT, client_id: "planted-in-a-body", client_secret: secret });
  await post(broker, "/oauth2/token", { ...GRANT, scope: "planted-in-a-body" }, basic("app", secret));
  await askRegistry(broker, registry, { url: PACKAGES, reason: "fine" });
  await broker.close();
  for (const name of readdirSync(broker.data)) {
    const bytes = readFileSync(join(broker.data, name)).toString("latin1");
    for (const value of planted) assert.ok(!bytes.includes(value), `${name} holds ${value.slice(0, 20)}`);
  }
  for (const value of planted) assert.ok(!broker.logged.join("\n").includes(value));
});

test("OpenBao CVE-2026-33758, hydra CVE-2019-8400: nothing that comes in is shown, and nothing is HTML", async (t) => {
  const { broker, auth } = await place(t);
  const script = "<script>alert(1)</script>";
  for (const answer of [
    await send(broker, `/${encodeURIComponent(script)}?error_description=${encodeURIComponent(script)}`),
    await post(broker, "/oauth2/token", { grant_type: script, scope: script, state: script }, auth),
    await post(broker, "/oauth2/token", GRANT, basic(encodeURIComponent(script), script)),
    await send(broker, `/api/v1/registry/check?ref=${encodeURIComponent(script)}`),
  ]) {
    assert.equal(answer.headers["content-type"], "application/json");
    assert.equal(answer.headers["x-content-type-options"], "nosniff");
    assert.ok(!answer.text.includes("alert"));
  }
});

test("OpenBao CVE-2026-40264, GHSA-c36x-h252-g9x2: what names a token in the audit is no authority", async (t) => {
  const { broker, auth } = await place(t);
  const rows = new DatabaseSync(join(broker.data, "broker.db"), { readOnly: true });
  const lines = rows
    .prepare("SELECT line FROM audit")
    .all()
    .map(({ line }) => JSON.parse(String(line)) as Record<string, unknown>);
  rows.close();
  const names = lines
    .flatMap(({ id, sha256, hash }) => [id, sha256, hash])
    .filter((one) => typeof one === "string");
  assert.ok(names.length > 6);
  for (const name of names) {
    assert.equal((await askRegistry(broker, name, { url: PACKAGES })).status, 401);
    assert.equal(await introspected(broker, name, auth), '{"active":false}');
  }
});

test("Supabase GHSA-9wqv-qhrh-87f4: the caller does not choose the issuer", async (t) => {
  const { broker, access, auth } = await place(t);
  const headers = {
    ...auth,
    Host: "evil.example",
    "X-Forwarded-Host": "evil.example",
    Forwarded: "host=evil.example",
  };
  const { json } = await post(
    broker,
    "/oauth2/introspect",
    { token: access, iss: "https://evil.example" },
    headers,
  );
  assert.deepEqual([json["iss"], json["aud"]], [broker.url, broker.url]);
});

test("Hydra 26.2 (its pool waits for itself): 64 at once all get their answer", async (t) => {
  const { broker, auth } = await place(t);
  const answers = await Promise.all(
    Array.from({ length: 64 }, () => post(broker, "/oauth2/token", GRANT, auth)),
  );
  assert.deepEqual([...new Set(answers.map(({ status }) => status))], [200]);
  assert.equal(new Set(answers.map(({ json }) => json["access_token"])).size, 64);
});
