// Changes are made all or not at all, with a record before the first of them; a record is believed only if it is ours.
import assert from "node:assert/strict";
import { chmodSync, readlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { Change } from "../../src/clients/change.ts";
import { recordsOf, setupFolder } from "../../src/clients/record.ts";
import { deskFor } from "./desk.ts";

test("a file that changed after it was shown is left alone, and what was made before it is taken back", (t) => {
  const desk = deskFor(t);
  desk.plant({ "home/a": "1\n", "home/b": "theirs\n" });
  const before = desk.tree();
  const path = (name: string): string => join(desk.home, name);
  const changes: readonly Change[] = [
    { kind: "text", path: path("a"), before: "1\n", after: "2\n" },
    { kind: "link", path: path("new/keyring"), target: "keywright", replaces: undefined },
    { kind: "text", path: path("b"), before: "shown\n", after: "ours\n" },
  ];
  assert.throws(
    () => recordsOf(desk.home).carryOut("x", changes, 0),
    /b was changed by somebody else meanwhile/,
  );
  assert.deepEqual(desk.tree(), before);
});

test("records are undone newest first, each one by itself", (t) => {
  const desk = deskFor(t);
  const path = join(desk.home, "a");
  const records = recordsOf(desk.home);
  records.carryOut("one", [{ kind: "text", path, before: undefined, after: "1\n" }], 1);
  records.carryOut("two", [{ kind: "text", path, before: "1\n", after: "2\n" }], 2);
  assert.deepEqual(
    records.list().map(({ of, at }) => [of, at]),
    [
      ["two", 2],
      ["one", 1],
    ],
  );
  const [first] = records.list("one");
  assert.ok(first);
  assert.deepEqual(records.undo(first), { restored: [], kept: [path] });
  for (const record of records.list()) assert.deepEqual(records.undo(record).kept, []);
  assert.deepEqual(desk.tree(), {});
});

test("a change that was never made, or taken back by hand, leaves nothing to undo", (t) => {
  const desk = deskFor(t);
  desk.link("home/keyring", "old");
  const path = join(desk.home, "keyring");
  const records = recordsOf(desk.home);
  records.carryOut("x", [{ kind: "link", path, target: "keywright", replaces: "old" }], 0);
  const [record] = records.list();
  assert.ok(record);
  records.undo(record);
  assert.equal(readlinkSync(path), "old");
  assert.deepEqual(records.undo(record), { restored: [], kept: [] });
});

test("a record that others can write, or that is none, is not believed", (t) => {
  const desk = deskFor(t);
  const records = recordsOf(desk.home);
  records.carryOut("x", [{ kind: "text", path: join(desk.home, "a"), before: undefined, after: "1\n" }], 0);
  const file = join(setupFolder(desk.home), "000001-x.json");
  chmodSync(file, 0o666);
  assert.throws(() => records.list(), /can be written by other users/);
  chmodSync(file, 0o600);
  writeFileSync(file, "{}");
  assert.throws(() => records.list(), /is no record of keywright's/);
});
