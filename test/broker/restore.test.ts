// A backup holds all there is; a restore, or an older database put back by hand, revives nothing.
import assert from "node:assert/strict";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { checkTarget, writeBackup } from "../../src/broker/backup.ts";
import { createClient, revokeClient, rotateClient } from "../../src/broker/clients.ts";
import { backedUp, copyBack, HOW, restore, withData, works } from "./backed-up.ts";
import { FIXTURE_URL } from "./fixtures/make.ts";
import { accessToken, askRegistry, basic, newClient, PACKAGES, post, running, START } from "./broker.ts";
import { entriesOf } from "./entries.ts";

test("a restore revives no client, no secret and no token that ended after the backup", async (t) => {
  const { place, data, app, other } = backedUp(t);
  const first = await running(t, { data, url: FIXTURE_URL });
  const [appToken, otherToken] = [
    await accessToken(first, "app", app),
    await accessToken(first, "other", other),
  ];
  const file = join(place, "with-tokens.bak");
  writeBackup(data, file);
  await post(first, "/oauth2/revoke", { token: otherToken }, basic("other", other));
  await first.close();
  const fresh = withData(data, (open) => {
    revokeClient(open, "app", HOW);
    return rotateClient(open, "other", HOW);
  });
  const restored = restore(data, file);
  assert.deepEqual([restored.clients, restored.secrets, restored.ledger], [["app"], ["other"], true]);
  const broker = await running(t, { data, url: FIXTURE_URL });
  assert.ok(!(await works(broker, "app", app)));
  assert.ok(!(await works(broker, "other", other)), "the secret that was replaced");
  assert.ok(!(await works(broker, "other", fresh)), "the secret that the backup does not know");
  for (const token of [appToken, otherToken])
    assert.equal((await askRegistry(broker, token, { url: PACKAGES })).status, 401);
  await broker.close();
  const turned = withData(data, (open) => rotateClient(open, "other", HOW));
  const again = await running(t, { data, url: FIXTURE_URL });
  assert.ok(await works(again, "other", turned), "a rotation gives it back its life");
});

test("an older database that was copied back by hand revives nothing either", async (t) => {
  const { place, data, app, other } = backedUp(t);
  const first = await running(t, { data, url: FIXTURE_URL });
  const [revoked, living] = [
    await accessToken(first, "other", other),
    await accessToken(first, "other", other),
  ];
  await first.close();
  const copy = join(place, "copy.db");
  copyFileSync(join(data, "broker.db"), copy);
  const second = await running(t, { data, url: FIXTURE_URL });
  await post(second, "/oauth2/revoke", { token: revoked }, basic("other", other));
  await second.close();
  withData(data, (open) => revokeClient(open, "app", HOW));
  copyBack(data, copy);
  const broker = await running(t, { data, url: FIXTURE_URL });
  assert.match(
    broker.logged.join("\n"),
    /older one than the last; clients revoked again: app; tokens revoked: 2/,
  );
  assert.ok(!(await works(broker, "app", app)));
  for (const token of [revoked, living])
    assert.equal((await askRegistry(broker, token, { url: PACKAGES })).status, 401);
  assert.equal(entriesOf(data).filter(({ kind }) => kind === "revocations_reapplied").length, 1);
  await broker.close();
  const calm = await running(t, { data, url: FIXTURE_URL });
  assert.ok(!calm.logged.join("\n").includes("older one"), "once is enough");
});

test("a new client of the name and number of a revoked one is not taken for it", async (t) => {
  const { place, data, file } = backedUp(t);
  newClient(data, { name: "late", principal: "ci" });
  withData(data, (open) => revokeClient(open, "late", { now: START + 5, by: "tester" }));
  restore(data, file);
  const client = { name: "late", principal: "ci", resource: undefined, queryCredentials: false };
  const secret = withData(data, (open) => createClient(open, client, { now: START + 60, by: "tester" }));
  const later = join(place, "later.bak");
  writeBackup(data, later);
  withData(data, (open) => revokeClient(open, "app", HOW));
  assert.deepEqual(restore(data, later).clients, ["app"]);
  assert.ok(await works(await running(t, { data }), "late", secret));
});

test("a restore goes on with the audit of the database that it replaces, and keeps that one", (t) => {
  const { data, file } = backedUp(t);
  newClient(data, { name: "late", principal: "ci" });
  const before = entriesOf(data);
  const { carried, replaced } = restore(data, file);
  assert.equal(carried, 1);
  const after = entriesOf(data);
  assert.deepEqual(after.slice(0, before.length), before);
  assert.deepEqual(
    after.slice(before.length).map(({ kind, by, by_uid }) => [kind, by, by_uid]),
    [["backup_restored", "tester", 7]],
  );
  assert.ok(replaced !== undefined && statSync(replaced).mode % 0o1000 === 0o600);
  withData(data, ({ db }) =>
    assert.deepEqual(
      db.clients().map(({ name }) => name),
      ["app", "other"],
    ),
  );
  const leaked = new DatabaseSync(join(data, "broker.db")).prepare("SELECT * FROM sqlite_schema").all();
  assert.ok(!leaked.some(({ name }) => name === "backup_keys"), "the keys do not stay in the database");
});

test("a restore works into an empty folder, and over a destroyed database; it says that there is no ledger", async (t) => {
  const { place, data, file, app } = backedUp(t);
  const empty = join(place, "empty");
  mkdirSync(empty, { mode: 0o700 });
  assert.equal(restore(empty, file).ledger, false);
  assert.deepEqual(readFileSync(join(empty, "pepper")), readFileSync(join(data, "pepper")));
  assert.ok(await works(await running(t, { data: empty }), "app", app));
  writeFileSync(join(data, "broker.db"), "no database");
  restore(data, file);
  assert.ok(await works(await running(t, { data }), "app", app));
});

test("what is no whole backup is refused before anything changes", (t) => {
  const { place, data, file } = backedUp(t);
  const [changed, newer, foreign] = ["changed", "newer", "foreign"].map((name) => join(place, name));
  const edit = (target = "", sql: string): void => {
    copyFileSync(file, target);
    const db = new DatabaseSync(target);
    db.exec(sql);
    db.close();
  };
  edit(changed, "UPDATE audit SET line = replace(line, 'tester', 'nobody') WHERE seq = 1");
  edit(newer, "PRAGMA user_version = 99");
  edit(foreign, "DROP TABLE backup_keys");
  const damaged = join(place, "damaged");
  copyFileSync(file, damaged);
  const db = new DatabaseSync(damaged);
  const root = Number(
    db.prepare("SELECT rootpage FROM sqlite_schema WHERE name = 'clients_living'").get()?.["rootpage"],
  );
  db.close();
  const bytes = readFileSync(damaged);
  bytes.fill(0x55, (root - 1) * 4096, root * 4096);
  writeFileSync(damaged, bytes);
  const before = readFileSync(join(data, "broker.db"));
  for (const [target, message] of [
    [changed, /entry 0 was changed/],
    [damaged, /is damaged/],
    [newer, /newer keywright/],
    [foreign, /not a backup/],
    [join(import.meta.dirname, "broker.ts"), /not a backup/],
  ] as const) {
    assert.throws(() => restore(data, target ?? ""), { code: "configuration", message });
  }
  assert.throws(() => restore(data, join(place, "missing")), { code: "not_found" });
  assert.deepEqual(readFileSync(join(data, "broker.db")), before);
  assert.ok(!existsSync(join(data, "broker.db.restoring")));
});

test("a backup is one file of mode 0600, never over another one", (t) => {
  const { place, file, data } = backedUp(t);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.throws(() => checkTarget(file), { code: "usage", message: /there already/ });
  assert.throws(() => writeBackup(data, file), { code: "EEXIST" });
  assert.throws(() => checkTarget(join(place, "no", "folder")), { code: "usage" });
  assert.deepEqual(readdirSync(place).sort(), ["broker.bak", "data"]);
});
