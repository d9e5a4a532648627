// `keywright uninstall`: the home is what it was, whatever was set up, migrated and used before; what is a person's own stays.
import assert from "node:assert/strict";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { deskFor, type Desk } from "../clients/desk.ts";
import { loginDesk, mendaDesk } from "../clients/predecessor-desks.ts";

const CONFIG = "home/.config/keywright/config.yaml";

/** What a used keyring leaves. */
function used(desk: Desk): void {
  desk.plant({
    "home/.cache/keywright/leases/x.json": "{}",
    "home/.cache/keywright/config-snapshot.json": "x",
    "home/.local/state/keywright/audit.jsonl": "{}\n",
    "home/.local/state/keywright/why.jsonl": "{}\n",
    "home/.local/state/keywright/hosts/x.json": "{}",
  });
}

test("uninstall: the home is what it was before setup, migrate and use", async (t) => {
  for (const make of [mendaDesk, loginDesk]) {
    const desk = make(t);
    const before = desk.tree();
    const links = desk.machine().list(desk.bin);
    await desk.run(["setup", "uv", "--yes"]);
    assert.equal((await desk.run(["migrate", "--yes"])).status, 0);
    await desk.run(["setup", "pip", "--yes"]);
    used(desk);
    const declined = await desk.run(["uninstall", "--audit"]);
    assert.deepEqual([declined.asked.length, declined.status], [1, 0]);
    assert.notDeepEqual(desk.tree(), before);
    const { status, err } = await desk.run(["uninstall", "--yes", "--audit"]);
    assert.equal(status, 0, err);
    assert.deepEqual(desk.tree(), before);
    assert.deepEqual(desk.machine().list(desk.bin), links);
    assert.equal((await desk.run(["uninstall", "--yes"])).status, 0);
  }
});

test("uninstall keeps the audit and a person's own configuration, unless it is told otherwise", async (t) => {
  const desk = deskFor(t);
  desk.plant({ [CONFIG]: "audit: none\n", "home/.menda/mendacfg": "[default]\n" });
  used(desk);
  mkdirSync(join(desk.home, ".local/share/keywright"), { recursive: true });
  await desk.run(["uninstall", "--yes"]);
  const names = (): readonly string[] => Object.keys(desk.tree()).filter((name) => !name.endsWith("/"));
  assert.deepEqual(names(), [
    ".config/keywright/config.yaml",
    ".local/state/keywright/audit.jsonl",
    ".menda/mendacfg",
  ]);
  const { out } = await desk.run(["uninstall", "--yes", "--audit", "--config", "--json"]);
  assert.deepEqual(JSON.parse(out), {
    done: "uninstalled",
    restored: [],
    removed: [join(desk.home, ".config/keywright"), join(desk.home, ".local/state/keywright/audit.jsonl")],
    kept: [],
  });
  assert.deepEqual(names(), [".menda/mendacfg"]);
  assert.ok(".local/share/keywright/" in desk.tree());
});

test("uninstall leaves a file that somebody changed since, keeps its record, and says so", async (t) => {
  const desk = deskFor(t);
  symlinkSync("x", join(desk.home, "unrelated"));
  await desk.run(["setup", "pip", "--yes"]);
  writeFileSync(join(desk.home, ".config/pip/pip.conf"), "[global]\nmine = 1\n");
  const { status, err } = await desk.run(["uninstall", "--yes"]);
  assert.equal(status, 3);
  assert.match(err, /pip\.conf/);
  assert.equal(desk.text("home/.config/pip/pip.conf"), "[global]\nmine = 1\n");
  assert.ok(Object.keys(desk.tree()).some((name) => name.endsWith("setup-pip.json")));
});
