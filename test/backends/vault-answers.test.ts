// What a vault server may answer that a healthy OpenBao does not: standbys, other servers, nonsense. And what the backend
// sends, byte by byte; and the options that it refuses.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { inspect } from "node:util";
import { vaultBackend } from "../../src/backends/vault.ts";
import { KeywrightError } from "../../src/errors.ts";
import { checkRef, checkStore } from "../../src/option-checks.ts";
import type { SecretStore } from "../../src/resolver/store.ts";
import { fixedClock } from "../../src/testing.ts";
import { createAuthority } from "../io/certificates.ts";
import { header, recordingServer, response, type Answer, type Server } from "../io/servers.ts";
import { CONTEXT, located, refOf } from "./contract/locations.ts";

const CANARY = "canary-token-5d1f";
const clock = fixedClock();
const open: Server[] = [];
after(async () => {
  for (const server of open) await server.close();
});

async function server(answer: Answer): Promise<Server & { readonly address: string }> {
  const made = await recordingServer(answer);
  open.push(made);
  return { ...made, address: `http://127.0.0.1:${made.port}` };
}

const storeAt = (address: string, options: SecretStore["options"] = {}): SecretStore => ({
  name: "team",
  backend: "vault",
  root: "app",
  options: { address, auth: { method: "token", token_env: "TOKEN" }, ...options },
});

const backend = vaultBackend({ env: { TOKEN: CANARY, SECRET_ID: CANARY }, clock });
const secret = (fields: object): string => response(200, JSON.stringify({ data: { data: fields } }));

async function failure(work: Promise<unknown>): Promise<KeywrightError> {
  const thrown: unknown = await work.then(
    (value) => assert.fail(inspect(value)),
    (error: unknown) => error,
  );
  assert.ok(thrown instanceof KeywrightError, inspect(thrown));
  const shown = inspect(thrown, { depth: 9, showHidden: true }) + thrown.hint;
  for (const text of [CANARY, "the/path"]) assert.ok(!shown.includes(text), shown);
  return thrown;
}

test("what goes over the wire: the path, the version, the token in its header, the namespace; nothing else", async () => {
  const seen = await server(() => secret({ value: "v" }));
  const store = storeAt(`${seen.address}/behind/a/proxy/`, { namespace: "a/b", mount: "kv/two" });
  const found = await backend.retrieve(located(store, "the/path", { version: 3 }), CONTEXT);
  assert.equal(found?.reveal(), "v");
  assert.equal(found.expiresAt, undefined);
  const [request] = seen.seen;
  assert.ok(request);
  assert.deepEqual(request.lines.slice().sort(), [
    "Accept-Encoding: identity",
    "Accept: */*",
    "Connection: close",
    "GET /behind/a/proxy/v1/kv/two/data/app/the/path?version=3 HTTP/1.1",
    `Host: 127.0.0.1:${seen.port}`,
    "User-Agent: keywright",
    "X-Vault-Namespace: a/b",
    "X-Vault-Request: true",
    `X-Vault-Token: ${CANARY}`,
  ]);
  assert.equal(request.body, "");
});

test("a login sends its credential in the body, and the token that it gets in the header", async () => {
  const auth = { client_token: "t-of-login", lease_duration: 0 };
  const seen = await server(({ lines }) =>
    lines[0]?.startsWith("POST") ? response(200, JSON.stringify({ auth })) : secret({ value: "v" }),
  );
  const approle = { method: "approle", role_id: "r-1", secret_id_env: "SECRET_ID", path: "team/approle" };
  const store = storeAt(seen.address, { auth: approle });
  assert.equal((await backend.retrieve(located(store, "the/path"), CONTEXT))?.reveal(), "v");
  clock.advance(1e9); // a lease of 0 does not end
  assert.equal((await backend.retrieve(located(store, "the/path"), CONTEXT))?.reveal(), "v");
  const [login, ...reads] = seen.seen;
  assert.equal(seen.seen.length, 3);
  assert.equal(login?.lines[0], "POST /v1/auth/team/approle/login HTTP/1.1");
  assert.deepEqual(JSON.parse(login.body), { role_id: "r-1", secret_id: CANARY });
  assert.equal(header(login, "x-vault-token"), undefined);
  for (const read of reads) assert.equal(header(read, "x-vault-token"), "t-of-login");
});

test("each status of a server that cannot answer is told apart", async () => {
  for (const [status, code, says] of [
    [307, "backend", /another server.*active node/],
    [400, "backend", /something else/],
    [405, "backend", /does not know this request/],
    [412, "backend", /caught up/],
    [429, "backend", /standby, or limits/],
    [472, "backend", /disaster recovery/],
    [473, "backend", /standby/],
    [500, "backend", /failed/],
    [501, "backend", /not initialised/],
    [503, "locked", /sealed/],
  ] as const) {
    const body = JSON.stringify({ errors: [`canary-words ${CANARY} app/the/path`] });
    const { address } = await server(() => response(status, body, "Location: http://127.0.0.1:9/"));
    const error = await failure(backend.retrieve(located(storeAt(address), "the/path"), CONTEXT));
    assert.equal(error.code, code, String(status));
    assert.match(`${error.message} ${error.hint}`, says);
    assert.ok(error.message.includes(String(status)));
    assert.doesNotMatch(error.message, /canary-words/);
  }
});

test("check: a standby that hands reads on is ready, one that answers nothing is not", async () => {
  const mount = { data: { type: "kv", options: { version: "2" } } };
  for (const [health, ready] of [
    [200, true],
    [429, true],
    [473, true],
    [472, false],
    [501, false],
    [404, false],
  ] as const) {
    const { address } = await server(({ lines }) =>
      lines[0]?.includes("/sys/health") ? response(health, "{}") : response(200, JSON.stringify(mount)),
    );
    if (ready) await backend.check(storeAt(address));
    else assert.equal((await failure(backend.check(storeAt(address)))).code, "backend");
  }
});

test("answers that are no secret: no JSON, another shape, a hint at the wrong path, too much", async () => {
  const warned = JSON.stringify({
    data: null,
    warnings: ["Invalid path for a versioned K/V secrets engine"],
  });
  for (const [answer, code] of [
    [response(200, "<html>"), "backend"],
    [response(200, JSON.stringify({ data: { value: "v1 engine" } })), "backend"],
    [response(200, JSON.stringify({ data: { data: "text" } })), "backend"],
    [response(404, "<html>"), "configuration"],
    [response(404, warned), "configuration"],
    [secret({ value: ["a", "list"] }), "backend"],
    [response(200, "x".repeat(9_000_000)), "backend"],
  ] as const) {
    const { address } = await server(() => answer);
    assert.equal(
      (await failure(backend.retrieve(located(storeAt(address), "the/path"), CONTEXT))).code,
      code,
    );
  }
});

test("a login that is not wrapped though it was asked for, one without a token, and words that repeat the credential", async () => {
  const auth = { method: "approle", role_id: "r-1", secret_id_env: "SECRET_ID" };
  const token = JSON.stringify({ auth: { client_token: "t", lease_duration: 60 } });
  for (const [answer, more, says] of [
    [response(200, token), { wrap_ttl: 30 }, /did not wrap/],
    [response(200, "{}"), {}, /without a token/],
    [response(400, JSON.stringify({ errors: [`bad ${CANARY}`] })), {}, /\(HTTP 400\)$/],
    [
      response(400, JSON.stringify({ errors: ["role \u0007 not found"] })),
      {},
      /\(HTTP 400\): role \? not found$/,
    ],
  ] as const) {
    const { address, seen } = await server(() => answer);
    const store = storeAt(address, { auth: { ...auth, ...more } });
    assert.match((await failure(backend.retrieve(located(store, "the/path"), CONTEXT))).message, says);
    const [login] = seen;
    assert.ok(login);
    assert.equal(header(login, "x-vault-wrap-ttl"), "wrap_ttl" in more ? "30s" : undefined);
  }
});

test("a server is trusted by the same roots as every other one", async () => {
  const folder = mkdtempSync(join(tmpdir(), "keywright-vault-tls-"));
  const authority = createAuthority(folder, "corp");
  const secured = await recordingServer(
    () => secret({ value: "over TLS" }),
    authority.issue("DNS:localhost"),
  );
  open.push(secured);
  try {
    const store = storeAt(`https://localhost:${secured.port}`);
    assert.equal((await failure(backend.retrieve(located(store, "the/path"), CONTEXT))).code, "network");
    const trusting = vaultBackend({ env: { TOKEN: CANARY, SSL_CERT_FILE: authority.file }, clock });
    assert.equal((await trusting.retrieve(located(store, "the/path"), CONTEXT))?.reveal(), "over TLS");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("options: a credential in the configuration is refused with the remedy, and everything else that cannot work", () => {
  const refused = (options: SecretStore["options"], says: RegExp): void =>
    assert.throws(
      () => checkStore(storeAt("https://bao.example:8200", options)),
      (thrown) => {
        assert.ok(thrown instanceof KeywrightError);
        assert.equal(thrown.code, "configuration");
        assert.match(`${thrown.message} ${thrown.hint}`, says);
        assert.ok(!`${thrown.message} ${thrown.hint}`.includes(CANARY));
        return true;
      },
    );
  const approle = { method: "approle", role_id: "r", secret_id_env: "S" };
  refused({ auth: { method: "token", token: CANARY } }, /auth.token must not be.*token_env/);
  refused({ auth: { ...approle, secret_id: CANARY } }, /auth.secret_id must not be.*secret_id_file/);
  refused({ auth: { method: "jwt", role: "r", jwt: CANARY } }, /auth.jwt must not be/);
  refused({ auth: CANARY }, /auth must be a mapping/);
  refused({ auth: { method: "token" } }, /token_env/);
  refused({ auth: { method: "token", token_env: "A", token_file: "/a" } }, /not both/);
  refused({ auth: { method: "token", token_file: "token" } }, /absolute/);
  refused({ auth: { method: "token", token_env: "A-B" } }, /environment variable/);
  refused({ auth: { method: "ldap" } }, /one of token, approle, jwt/);
  refused({ auth: { method: "approle", secret_id_env: "S" } }, /role_id/);
  refused({ auth: { ...approle, wrap_ttl: "60s" } }, /wrap_ttl/);
  refused({ auth: { ...approle, path: "../sys" } }, /path/);
  refused({ auth: { ...approle, jwt_env: "A" } }, /unknown option jwt_env/);
  for (const address of [
    "http://bao.example",
    "https://u:p@bao.example",
    "https://bao.example/?a=b",
    "bao:8200",
    "",
  ])
    refused({ address }, /address/);
  for (const mount of ["../sys", "a//b", "a b", ".", "a/../b"]) refused({ mount }, /mount/);
  refused({ namespace: "a\nX-Evil: 1" }, /namespace/);
  refused({ timeout: -1 }, /timeout/);
  checkStore(storeAt("http://localhost:8200/", { mount: "team/kv/", namespace: "a/b/", auth: approle }));
  const store = storeAt("https://bao.example");
  checkRef(refOf(store, "a", { field: "password", version: 2 }), store);
  for (const options of [{ field: "" }, { version: 0 }, { version: "2" }, { body: true }])
    assert.throws(() => checkRef(refOf(store, "a", options), store), { code: "configuration" });
});
