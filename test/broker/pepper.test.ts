// Peppers rotate with overlap, and one that was dropped stays so.
import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { rotateClient } from "../../src/broker/clients.ts";
import { openData } from "../../src/broker/data-folder.ts";
import { administered, backedUp, clock, HOW, restore, withData, works } from "./backed-up.ts";
import { running } from "./broker.ts";

test("peppers rotate with overlap: old secrets fit, change over by themselves, and the old pepper can go", async (t) => {
  const { data, app, other } = backedUp(t);
  const open = openData(data, clock);
  t.after(() => open.db.close());
  const { result } = await administered(open, { op: "rotate_pepper" });
  assert.deepEqual(result, { pepper: 2, waiting: ["app", "other"] });
  const broker = await running(t, { data });
  assert.ok(await works(broker, "app", app));
  assert.ok(!(await works(broker, "other", app)));
  assert.deepEqual(
    open.db.clients().map(({ pepper }) => pepper),
    [2, 1],
  );
  await assert.rejects(administered(open, { op: "drop_peppers", force: false }), {
    code: "usage",
    message: /still needed by 1 client: other/,
  });
  assert.ok(await works(broker, "app", app));
  assert.ok(await works(broker, "other", other));
  await broker.close();
  await administered(open, { op: "drop_peppers", force: false });
  assert.deepEqual(
    readdirSync(data).filter((name) => name.startsWith("pepper")),
    ["pepper.2"],
  );
  const again = await running(t, { data });
  assert.ok((await works(again, "app", app)) && (await works(again, "other", other)));
});

test("a pepper that was dropped does not come back with a backup; its clients are shut out until rotated", async (t) => {
  const { data, file, app } = backedUp(t);
  const open = openData(data, clock);
  await administered(open, { op: "rotate_pepper" });
  const { result } = await administered(open, { op: "drop_peppers", force: true });
  assert.deepEqual(result, { dropped: [1], shut_out: ["app", "other"] });
  open.db.close();
  restore(data, file);
  assert.ok(!existsSync(join(data, "pepper")));
  const broker = await running(t, { data });
  assert.ok(!(await works(broker, "app", app)));
  await broker.close();
  const turned = withData(data, (now) => rotateClient(now, "app", HOW));
  assert.ok(await works(await running(t, { data }), "app", turned));
});
