// The logins of a user in files of their own: who may read them at any moment, what is refused, and what is kept.
import assert from "node:assert/strict";
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";
import { test } from "node:test";
import { loginFileOf, loginFolder, loginStore } from "../../../src/account/login/login-store.ts";
import type { KeywrightError } from "../../../src/errors.ts";
import { Secret } from "../../../src/secret.ts";
import { aLogin, aPlace, NOW } from "./login.ts";

const HOST = "https://menda.example";

test("what was kept is found, by host and profile, with an id that the store gave it", (t) => {
  const { store } = aPlace(t);
  assert.equal(store.find(HOST, "default"), undefined);
  assert.deepEqual(store.list(), []);
  store.keep(aLogin());
  store.keep(aLogin({ profile: "work", accessToken: new Secret("other"), tokenEndpoint: undefined }));
  const found = store.find(HOST, "default");
  assert.equal(found?.accessToken.reveal(), "canary-access-0");
  assert.equal(found?.refreshToken?.reveal(), "canary-refresh-0");
  assert.match(found?.id ?? "", /^[0-9a-f]{32}$/);
  const hidden = { accessToken: 0, refreshToken: 0, id: 0, refreshable: 0, kept: 0 };
  const absent = { workload: undefined, refreshedAt: undefined };
  assert.deepEqual({ ...found, ...hidden }, { ...aLogin(), ...hidden, ...absent });
  assert.equal(store.find("https://other.example", "default"), undefined);
  const [first, second] = store.list();
  assert.deepEqual([first?.profile, first?.refreshable], ["default", true]);
  assert.deepEqual([second?.profile, second?.refreshable], ["work", false]);
  assert.ok(!("refreshToken" in (first ?? {})));
});

test("a new login has another id, the same one kept again has its own; forgetting one by an id spares another", async (t) => {
  const { store } = aPlace(t);
  store.keep(aLogin());
  const first = store.find(HOST, "default");
  assert.ok(first);
  await store.alone(HOST, "default", async () => store.keep({ ...first, refreshedAt: NOW + 1 }));
  assert.equal(store.find(HOST, "default")?.id, first.id);
  store.keep(aLogin());
  const second = store.find(HOST, "default");
  assert.notEqual(second?.id, first.id);
  assert.equal(store.forget(HOST, "default", first.id), false);
  assert.equal(store.find(HOST, "default")?.id, second?.id);
  assert.equal(store.forget(HOST, "default"), true);
  assert.equal(store.forget(HOST, "default"), false);
  assert.equal(store.find(HOST, "default"), undefined);
});

test("files are 0600 in a folder of 0700, and nothing else is left there", (t) => {
  const { store, home } = aPlace(t);
  const before = process.umask(0);
  t.after(() => process.umask(before));
  store.keep(aLogin());
  assert.equal(statSync(loginFolder(home)).mode & 0o777, 0o700);
  const names = readdirSync(loginFolder(home));
  assert.equal(names.length, 1);
  assert.equal(statSync(loginFileOf(home, HOST, "default")).mode & 0o777, 0o600);
});

test("a file that others can write, or that is damaged or another's, is refused; it can be forgotten and replaced", (t) => {
  const { store, home } = aPlace(t);
  store.keep(aLogin());
  const file = loginFileOf(home, HOST, "default");
  chmodSync(file, 0o606);
  const open = { code: "configuration", message: `${file} can be written by other users` };
  assert.throws(() => store.find(HOST, "default"), open);
  assert.throws(() => store.list(), open);
  chmodSync(file, 0o600);
  const good = readFileSync(file, "utf8");
  const fields = JSON.parse(good) as Record<string, unknown>;
  const broken = ["", "{", "[]", "null", '"canary"', JSON.stringify({ ...fields, v: 2 })].concat(
    Object.keys(fields).map((key) => JSON.stringify({ ...fields, [key]: { canary: 1 } })),
  );
  for (const text of broken) {
    writeFileSync(file, text);
    for (const ask of [
      () => store.find(HOST, "default"),
      () => store.glance(HOST, "default"),
      () => store.list(),
    ]) {
      assert.throws(ask, (error: KeywrightError) => {
        assert.equal(error.code, "configuration");
        assert.match(`${error.message} ${error.hint}`, /damaged.*rm '.*keywright auth login/);
        assert.doesNotMatch(`${error.message} ${error.hint}`, /canary/);
        return true;
      });
    }
  }
  store.keep(aLogin());
  renameSync(file, loginFileOf(home, "https://other.example", "default"));
  assert.throws(() => store.find("https://other.example", "default"), /damaged/);
  assert.equal(store.forget("https://other.example", "default"), true);
  writeFileSync(file, "{", { mode: 0o600 });
  assert.equal(store.forget(HOST, "default"), true);
});

test("a folder that others can write is not written to", (t) => {
  const { store, home } = aPlace(t);
  mkdirSync(dirname(loginFolder(home)), { recursive: true });
  mkdirSync(loginFolder(home));
  chmodSync(loginFolder(home), 0o777);
  assert.throws(() => store.keep(aLogin()), { code: "configuration" });
});

test("a login is kept and forgotten by one at a time", async (t) => {
  const { store, home, clock } = aPlace(t);
  store.keep(aLogin());
  const other = loginStore({ home, env: {}, clock });
  let inside = 0;
  await Promise.all(
    [store, other, store, other].map((one) =>
      one.alone(HOST, "default", async () => {
        inside += 1;
        assert.equal(inside, 1);
        await new Promise((done) => setImmediate(done));
        inside -= 1;
      }),
    ),
  );
  assert.deepEqual(
    readdirSync(loginFolder(home)).filter((name) => !name.endsWith(".json")),
    [],
  );
});
