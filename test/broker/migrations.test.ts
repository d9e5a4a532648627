// Older schemas are brought forward: a fixture of every released version, and a step that fails.
import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { ledgerPath } from "../../src/broker/ledger.ts";
import { migrate, versionOf } from "../../src/broker/migrations.ts";
import { STEPS } from "../../src/broker/schema.ts";
import { works } from "./backed-up.ts";
import { FIXTURE_URL } from "./fixtures/make.ts";
import { askRegistry, basic, PACKAGES, running, send, temporaryFolder } from "./broker.ts";
import { entriesOf } from "./entries.ts";

const fixtures = join(import.meta.dirname, "fixtures");

for (const version of readdirSync(fixtures).flatMap((name) => /^broker-v(\d+)\.db$/.exec(name)?.[1] ?? [])) {
  test(`the database of schema ${version} is brought forward, with all that it holds`, async (t) => {
    const data = join(temporaryFolder(t), "data");
    mkdirSync(data, { mode: 0o700 });
    copyFileSync(join(fixtures, `broker-v${version}.db`), join(data, "broker.db"));
    copyFileSync(join(fixtures, `broker-v${version}.pepper`), join(data, "pepper"));
    const { secrets, tokens } = JSON.parse(
      readFileSync(join(fixtures, `broker-v${version}.json`), "utf8"),
    ) as Record<"secrets" | "tokens", Record<string, string>>;
    const before = entriesOf(data).length;
    const broker = await running(t, { data, url: FIXTURE_URL });
    const check = (token = "") =>
      send(broker, "/api/v1/registry/check?ref=packages", { headers: basic("x", token) });
    assert.equal((await askRegistry(broker, tokens["access"] ?? "", { url: PACKAGES })).status, 200);
    assert.equal((await check(tokens["registry"])).status, 204);
    for (const dead of ["revoked", "orphan"]) {
      assert.equal((await askRegistry(broker, tokens[dead] ?? "", { url: PACKAGES })).status, 401, dead);
    }
    assert.ok(await works(broker, "app", secrets["app"] ?? ""));
    assert.ok(await works(broker, "turned", secrets["turned"] ?? ""));
    assert.ok(!(await works(broker, "turned", secrets["replaced"] ?? "")));
    assert.ok(!(await works(broker, "gone", secrets["gone"] ?? "")));
    const entries = entriesOf(data);
    assert.ok(entries.length > before);
    const { kind, from, to } = entries[before] as Record<string, unknown>;
    assert.deepEqual([kind, from, to], ["schema_migrated", Number(version), STEPS.length]);
    await broker.close();
    assert.match(readFileSync(ledgerPath(data), "utf8"), /"client_revoked","client":\{"id":\d,"name":"gone"/);
  });
}

test("a migration that fails leaves the database as it was", (t) => {
  const path = join(temporaryFolder(t), "broker.db");
  copyFileSync(join(fixtures, "broker-v1.db"), path);
  const db = new DatabaseSync(path);
  t.after(() => db.close());
  const steps = [...STEPS.slice(0, 1), "CREATE TABLE more (a); INSERT INTO nowhere VALUES (1)"];
  assert.throws(() => migrate(db, path, steps), /nowhere/);
  assert.equal(versionOf(db), 1);
  assert.equal(db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'more'").get(), undefined);
  assert.deepEqual(migrate(db, path), { from: 1, to: STEPS.length });
});
