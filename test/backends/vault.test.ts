// The vault backend against a real OpenBao: the contract, versions, every way to log in, wrapping, sealing, namespaces. What
// that server cannot be made to answer comes from a stand-in, in vault-answers.test.ts.
import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { inspect } from "node:util";
import { installTools } from "../../scripts/tools.ts";
import { vaultBackend } from "../../src/backends/vault.ts";
import { KeywrightError, type ErrorCode } from "../../src/errors.ts";
import type { Backend } from "../../src/resolver/backend.ts";
import type { SecretRef } from "../../src/resolver/ref.ts";
import type { SecretStore } from "../../src/resolver/store.ts";
import { fixedClock } from "../../src/testing.ts";
import { recordingServer } from "../io/servers.ts";
import { policy, signer, startBao, type Bao } from "./bao.ts";
import { ROOT, secretBackendContract, type Place } from "./contract/contract.ts";
import { CONTEXT, located } from "./contract/locations.ts";

installTools(["openbao"], (text) => console.log(text));

const TOKEN = { method: "token", token_env: "TOKEN" };
const clock = fixedClock(Math.floor(Date.now() / 1000));
const home = mkdtempSync(join(tmpdir(), "keywright-vault-"));
const heard: string[] = [];
let bao: Bao;
before(async () => {
  bao = await startBao();
});
after(() => {
  bao.stop();
  rmSync(home, { recursive: true, force: true });
});

function backendWith(env: Record<string, string>): Backend {
  return vaultBackend({ env, clock, debug: (text) => heard.push(text) });
}

function storeWith(options: SecretStore["options"] = {}, root = "app"): SecretStore {
  return { name: "bao", backend: "vault", root, options: { address: bao.address, auth: TOKEN, ...options } };
}

function file(name: string, text: string, mode = 0o600): string {
  const path = join(home, name);
  writeFileSync(path, text, { mode });
  chmodSync(path, mode);
  return path;
}

async function get(
  backend: Backend,
  store: SecretStore,
  path: string,
  options?: SecretRef["options"],
): Promise<string | undefined> {
  return (await backend.retrieve(located(store, path, options), CONTEXT))?.reveal();
}

/** No error shows one of the `hidden` texts, nor the path. */
async function fails(
  code: ErrorCode,
  work: Promise<unknown>,
  says: RegExp,
  hidden: string[] = [],
): Promise<void> {
  await assert.rejects(work, (thrown) => {
    assert.ok(thrown instanceof KeywrightError, inspect(thrown));
    const shown = inspect(thrown, { depth: 9, showHidden: true }) + thrown.hint;
    assert.equal(thrown.code, code, shown);
    assert.match(`${thrown.message} ${thrown.hint}`, says);
    assert.notEqual(thrown.hint, undefined);
    for (const text of [...hidden, bao.root, "app/"]) assert.ok(!shown.includes(text), shown);
    return true;
  });
}

async function place(): Promise<Place> {
  const server = await startBao();
  const env = { TOKEN: await server.token(ROOT) };
  const silent = await recordingServer(() => undefined);
  const backend = vaultBackend({ env, clock });
  const options = { address: server.address, auth: TOKEN };
  const store: SecretStore = { name: "bao", backend: "vault", root: ROOT, options };
  const at = (more: SecretStore["options"]) => ({
    backend,
    store: { ...store, options: { ...options, ...more } },
  });
  return {
    backend,
    store,
    put: (path, value) => server.put(path, { value: Buffer.from(value).toString() }),
    async locked() {
      const sealed = await startBao();
      await sealed.seal();
      closing.push(sealed.stop);
      return at({ address: sealed.address });
    },
    hanging: () => at({ address: `http://127.0.0.1:${silent.port}`, timeout: 0.3 }),
    absent: () => at({ address: "http://127.0.0.1:9" }),
    async close() {
      server.stop();
      await silent.close();
      for (const stop of closing) stop();
    },
  };
}
const closing: (() => void)[] = [];

secretBackendContract("vault", place, {
  instead: {
    "a folder": {
      because: "a folder is nothing by itself there, so what names one is missing",
      async proof(at) {
        await at.put(`${ROOT}/folder/inside`, Buffer.from("in-the-folder"));
        assert.equal(await at.backend.retrieve(located(at.store, "folder"), CONTEXT), undefined);
      },
    },
    "a binary value": {
      because: "JSON holds text: what the server stores is never binary",
      async proof(at) {
        await at.put(`${ROOT}/binary`, Uint8Array.of(0xff));
        const secret = await at.backend.retrieve(located(at.store, "binary"), CONTEXT);
        assert.equal(secret?.reveal(), "\ufffd");
      },
    },
  },
});

test("fields: the one that is named, the only one, or `value`; versions; deleted and destroyed is missing", async () => {
  const backend = backendWith({ TOKEN: await bao.token("app") });
  const store = storeWith();
  await bao.put("app/db", { user: "bob", password: "p-1" });
  await bao.put("app/db", { user: "bob", password: "p-2", number: 7 });
  await bao.put("app/two", { value: "the value", other: "x" });
  await bao.put("app/one", { odd: "the only one" });
  assert.equal(await get(backend, store, "db", { field: "password" }), "p-2");
  assert.equal(await get(backend, store, "db", { field: "password", version: 1 }), "p-1");
  assert.equal(await get(backend, store, "db", { field: "password", version: 9 }), undefined);
  assert.equal(await get(backend, store, "two"), "the value");
  assert.equal(await get(backend, store, "one"), "the only one");
  const quotes = '"'.repeat(1_000_000);
  await bao.put("app/quotes", { value: quotes });
  assert.ok((await get(backend, store, "quotes")) === quotes, "a value that is twice as long on its way");
  await fails("backend", get(backend, store, "db"), /no field 'value'.*field: NAME/);
  await fails("backend", get(backend, store, "one", { field: "nope" }), /no field 'nope'/);
  await fails("backend", get(backend, store, "db", { field: "number" }), /no text/);
  await bao.admin("DELETE", "secret/data/app/db");
  assert.equal(await get(backend, store, "db", { field: "password" }), undefined);
  assert.equal(await get(backend, store, "db", { field: "password", version: 1 }), "p-1");
  await bao.admin("POST", "secret/destroy/app/db", { versions: [1] });
  assert.equal(await get(backend, store, "db", { field: "password", version: 1 }), undefined);
});

test("names are encoded piece by piece, so that none is another path or a query", async () => {
  const backend = backendWith({ TOKEN: await bao.token("app") });
  const store = storeWith();
  for (const name of ["a b", "q?version=1", "h#x", "50%", "%2e%2e", "..x", "semi;colon", "ü+&="]) {
    await bao.put(`app/${name}/leaf`, { value: `at ${name}` });
    assert.equal(await get(backend, store, `${name}/leaf`), `at ${name}`);
  }
  await bao.put("other", { value: "outside" });
  for (const climbing of ["%2e%2e/other", "..%2fother"])
    assert.equal(await get(backend, store, climbing), undefined, climbing);
});

test("a token that is not allowed and one that is not accepted are two things", async () => {
  await bao.put("app/one", { value: "1" });
  const elsewhere = await bao.token("elsewhere");
  await fails("denied", get(backendWith({ TOKEN: elsewhere }), storeWith(), "one"), /does not let/, [
    elsewhere,
  ]);
  const token = "s.canary-invalid";
  await fails(
    "authentication",
    get(backendWith({ TOKEN: token }), storeWith(), "one"),
    /not accept the token/,
    [token],
  );
  const odd = "canary-\u00e4";
  await fails("authentication", get(backendWith({ TOKEN: odd }), storeWith(), "one"), /TOKEN holds/, [odd]);
  const revoked = await bao.token("app");
  const backend = backendWith({ TOKEN: revoked });
  assert.equal(await get(backend, storeWith(), "one"), "1");
  await bao.admin("POST", "auth/token/revoke", { token: revoked });
  await fails("authentication", get(backend, storeWith(), "one"), /revoked/, [revoked]);
  await fails("authentication", get(backendWith({}), storeWith(), "one"), /variable TOKEN is not set/);
});

test("a token file is read for each value, and refused when others can read it", async () => {
  await bao.put("app/one", { value: "1" });
  const path = file("token", `${await bao.token("app")}\n`);
  const store = storeWith({ auth: { method: "token", token_file: path } });
  const backend = backendWith({});
  assert.equal(await get(backend, store, "one"), "1");
  const wrong = "s.canary-other";
  file("token", wrong);
  await fails("authentication", get(backend, store, "one"), /accept/, [wrong]);
  file("token", await bao.token("app"), 0o644);
  await fails("configuration", get(backend, store, "one"), /read by other users/);
  await fails("configuration", backend.check(store), /read by other users/);
  const absent = storeWith({ auth: { method: "token", token_file: join(home, "nowhere") } });
  await fails("authentication", get(backend, absent, "one"), /not there/);
});

async function appRole(name: string, more: Record<string, unknown> = {}): Promise<string> {
  await bao.admin("POST", "sys/auth/approle", { type: "approle" }).catch(() => undefined);
  await policy(bao.admin, "app-reader", "app");
  await bao.admin("POST", `auth/approle/role/${name}`, {
    token_policies: ["app-reader"],
    token_ttl: "600s",
    ...more,
  });
  return (await bao.admin("GET", `auth/approle/role/${name}/role-id`)).data.role_id;
}
const secretIdOf = async (role: string, more?: Record<string, string>): Promise<any> =>
  bao.admin("POST", `auth/approle/role/${role}/secret-id`, {}, more);

test("AppRole: one login with a secret id that is good for one; a second one needs another", async () => {
  await bao.put("app/one", { value: "1" });
  const roleId = await appRole("single", { secret_id_num_uses: 1 });
  const secretId: string = (await secretIdOf("single")).data.secret_id;
  const path = file("secret-id", secretId);
  const store = storeWith({ auth: { method: "approle", role_id: roleId, secret_id_file: path } });
  const backend = backendWith({});
  await backend.check(store); // uses nothing up
  assert.deepEqual(await Promise.all(["one", "one", "one"].map((name) => get(backend, store, name))), [
    "1",
    "1",
    "1",
  ]);
  await backend.check(store);
  await fails("authentication", get(backendWith({}), store, "one"), /approle \(HTTP 400\)/, [secretId]);
});

test("a login is repeated once when its lease has ended, or when the server no longer accepts its token", async () => {
  await bao.put("app/one", { value: "1" });
  const roleId = await appRole("many");
  const SECRET_ID: string = (await secretIdOf("many")).data.secret_id;
  const store = storeWith({ auth: { method: "approle", role_id: roleId, secret_id_env: "SECRET_ID" } });
  const backend = backendWith({ SECRET_ID });
  const logins = async (): Promise<number> =>
    (await bao.admin("LIST", "auth/token/accessors")).data.keys.length as number;
  const before = await logins();
  for (let at = 0; at < 3; at += 1) assert.equal(await get(backend, store, "one"), "1");
  assert.equal((await logins()) - before, 1);
  clock.advance(571);
  assert.deepEqual(await Promise.all([get(backend, store, "one"), get(backend, store, "one")]), ["1", "1"]);
  assert.equal((await logins()) - before, 2);
  for (const accessor of (await bao.admin("LIST", "auth/token/accessors")).data.keys) {
    const { data } = await bao.admin("POST", "auth/token/lookup-accessor", { accessor });
    if (data.meta?.role_name === "many") await bao.admin("POST", "auth/token/revoke-accessor", { accessor });
  }
  assert.equal(await get(backend, store, "one"), "1");
  await fails("denied", get(backend, { ...store, root: "elsewhere" }, "one"), /does not let/, [SECRET_ID]);
  assert.equal((await logins()) - before, 1);
});

test("a fresh login that may not read is not repeated, even when its token may not look itself up", async () => {
  const roleId = await appRole("blind", { token_no_default_policy: true });
  const SECRET_ID: string = (await secretIdOf("blind")).data.secret_id;
  const store = storeWith(
    { auth: { method: "approle", role_id: roleId, secret_id_env: "SECRET_ID" } },
    "elsewhere",
  );
  const before = (await bao.admin("LIST", "auth/token/accessors")).data.keys.length;
  await fails("denied", get(backendWith({ SECRET_ID }), store, "one"), /does not let/);
  assert.equal((await bao.admin("LIST", "auth/token/accessors")).data.keys.length - before, 1);
});

test("JWT: signed here, verified there without a network; wrong claims are told in the server's words", async () => {
  await bao.put("app/one", { value: "1" });
  const key = signer();
  await bao.admin("POST", "sys/auth/workload", { type: "jwt" });
  const config = { jwt_validation_pubkeys: [key.publicKey], bound_issuer: "https://ci.example" };
  await bao.admin("POST", "auth/workload/config", config);
  await policy(bao.admin, "app-reader", "app");
  const bound = { bound_claims: { role: "execution" }, user_claim: "sub", bound_audiences: ["bao"] };
  const role = { role_type: "jwt", token_policies: ["app-reader"], token_ttl: "600s", ...bound };
  await bao.admin("POST", "auth/workload/role/app", role);
  const now = Math.floor(Date.now() / 1000);
  const claims = { iss: "https://ci.example", aud: "bao", sub: "job-1", exp: now + 300, iat: now };
  const path = file("jwt", key.sign({ ...claims, role: "execution" }), 0o644);
  const store = storeWith({ auth: { method: "jwt", role: "app", path: "workload", jwt_file: path } });
  assert.equal(await get(backendWith({}), store, "one"), "1");
  await backendWith({}).check(store);
  const wrong = key.sign({ ...claims, role: "research" });
  file("jwt", wrong, 0o644);
  await fails("authentication", get(backendWith({}), store, "one"), /jwt \(HTTP 400\).*claim/, [wrong]);
  const other = signer().sign({ ...claims, role: "execution" });
  const byVariable = storeWith({ auth: { method: "jwt", role: "app", path: "workload", jwt_env: "JWT" } });
  await fails("authentication", get(backendWith({ JWT: other }), byVariable, "one"), /jwt/, [other]);
});

test("a wrapped login is unwrapped; a wrapping token stands for a token or a secret id, and works once", async () => {
  await bao.put("app/one", { value: "1" });
  const roleId = await appRole("wrapped");
  const SECRET_ID: string = (await secretIdOf("wrapped")).data.secret_id;
  const approle = { method: "approle", role_id: roleId };
  const store = storeWith({ auth: { ...approle, secret_id_env: "SECRET_ID", wrap_ttl: 60 } });
  assert.equal(await get(backendWith({ SECRET_ID }), store, "one"), "1");

  const wrap = { "X-Vault-Wrap-TTL": "60s" };
  const forSecretId: string = (await secretIdOf("wrapped", wrap)).wrap_info.token;
  const created = await bao.admin("POST", "auth/token/create", { policies: ["app-reader"] }, wrap);
  for (const [auth, token] of [
    [{ ...approle, wrapping_token_file: join(home, "wrapping") }, forSecretId],
    [{ method: "token", wrapping_token_file: join(home, "wrapping") }, created.wrap_info.token as string],
  ] as const) {
    file("wrapping", token);
    const wrappedStore = storeWith({ auth });
    const backend = backendWith({});
    await backend.check(wrappedStore);
    const both = [get(backend, wrappedStore, "one"), get(backend, wrappedStore, "one")];
    assert.deepEqual(await Promise.all(both), ["1", "1"]);
    clock.advance(700); // an AppRole logs in again, with the secret id that it has kept
    assert.equal(await get(backend, wrappedStore, "one"), "1");
    await fails("authentication", get(backendWith({}), wrappedStore, "one"), /used before.*find out who/, [
      token,
    ]);
  }
});

test("check and read: no engine at the mount, an engine of version 1, a namespace", async () => {
  await bao.admin("POST", "sys/mounts/old", { type: "kv", options: { version: "1" } });
  const backend = backendWith({ TOKEN: bao.root });
  await backend.check(storeWith());
  await fails("configuration", backend.check(storeWith({ mount: "old" })), /version 2/);
  await fails("denied", backend.check(storeWith({ mount: "nowhere" })), /mount/);
  await fails("configuration", get(backend, storeWith({ mount: "nowhere" }), "one"), /no engine/);
  await fails("authentication", backendWith({ TOKEN: "s.canary" }).check(storeWith()), /accept/, [
    "s.canary",
  ]);
  const stranger = backendWith({ TOKEN: await bao.token("app") });
  await fails("denied", stranger.check(storeWith({ mount: "old" })), /mount/);
  await bao.admin("POST", "sys/namespaces/team");
  const team = { "X-Vault-Namespace": "team" };
  await bao.admin("POST", "sys/mounts/secret", { type: "kv", options: { version: "2" } }, team);
  await bao.admin("POST", "secret/data/app/one", { data: { value: "of the team" } }, team);
  await bao.put("app/one", { value: "of the root" });
  assert.equal(await get(backend, storeWith({ namespace: "team/" }), "one"), "of the team");
  assert.equal(await get(backend, storeWith(), "one"), "of the root");
  await backend.check(storeWith({ namespace: "team" }));
  await fails("configuration", get(backend, storeWith({ namespace: "nobody" }), "one"), /namespace/);
});

test("sealed is locked, for a value and for a check; unsealed it works again", async () => {
  await bao.put("app/one", { value: "1" });
  const backend = backendWith({ TOKEN: await bao.token("app") });
  await bao.seal();
  await fails("locked", get(backend, storeWith(), "one"), /sealed.*operator unseal/);
  await fails("locked", backend.check(storeWith()), /sealed/);
  await bao.unseal();
  assert.equal(await get(backend, storeWith(), "one"), "1");
});

test("the log names the server and the status, and neither a path nor a token", () => {
  assert.ok(heard.length > 20);
  for (const line of heard) assert.match(line, /^vault http:\/\/127\.0\.0\.1:\d+: HTTP \d+$/);
});
