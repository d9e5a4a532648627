// The administration of a broker by commands, with a server and without one.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { statSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { entriesOf } from "../broker/entries.ts";
import { CHECKOUT, place } from "./admin-place.ts";
import { afterKill, parallelCommands, reloads, restoreAfterRevoke } from "./admin-stories.ts";

test("20 commands at once under load leave one whole chain", (t) => parallelCommands(t, CHECKOUT));
test("revoke and rotate hold at once, and after a restore", (t) => restoreAfterRevoke(t, CHECKOUT));
test("a signal and a command reload the configuration", (t) => reloads(t, CHECKOUT));
test("a server that was killed holds nothing up", (t) => afterKill(t, CHECKOUT));

test("commands at once without a server take turns, and leave one whole chain with the user's name", async (t) => {
  const here = place(t, CHECKOUT);
  const names = Array.from({ length: 8 }, (_, at) => `app-${at}`);
  const ended = await Promise.all(
    names.map((name) => here.run("client", "create", name, "--principal", "ci")),
  );
  assert.deepEqual(
    ended.map(({ code, err }) => (code === 0 ? 0 : err)),
    names.map(() => 0),
  );
  const entries = entriesOf(here.data);
  assert.deepEqual(entries.map(({ client }) => client).sort(), names);
  const { username, uid } = userInfo();
  for (const { by, by_uid } of entries) assert.deepEqual([by, by_uid], [username, uid]);
});

test("a folder that is held by somebody who does not answer is told, not waited for without end", async (t) => {
  const here = place(t, CHECKOUT);
  await here.json("client", "create", "app", "--principal", "ci");
  const url = JSON.stringify(new URL("../../src/broker/data-lock.ts", import.meta.url).href);
  const script = `import(${url}).then(({ lockData }) => console.log(!!lockData(${JSON.stringify(here.data)}, 0))); setInterval(() => 0, 1e6)`;
  const child = spawn(process.execPath, ["-e", script]);
  t.after(() => child.kill("SIGKILL"));
  await once(child.stdout, "data");
  const { code, err } = await here.run("client", "list");
  assert.equal(code, 3);
  assert.match(err, /is in use, and nobody answers there\n {2}A server may be/);
});

test("a backup needs no server; its target must be new; rotate-pepper says who has still to change", async (t) => {
  const here = place(t, CHECKOUT);
  await here.json("client", "create", "app", "--principal", "ci");
  const file = join(here.folder, "broker.bak");
  assert.deepEqual(await here.json("server", "backup", file), { file, entries: 2, clients: 1 });
  assert.equal(statSync(file).mode & 0o777, 0o600);
  const { code, err } = await here.run("server", "backup", file);
  assert.deepEqual([code, /there already/.test(err)], [2, true]);
  assert.deepEqual(await here.json("server", "rotate-pepper"), { pepper: 2, waiting: ["app"] });
  assert.equal((await here.run("server", "rotate-pepper", "--drop-old")).code, 2);
  assert.deepEqual(await here.json("server", "rotate-pepper", "--drop-old", "--force"), {
    dropped: [1],
    shut_out: ["app"],
  });
  const { code: none, err: hint } = await here.run("server", "reload");
  assert.deepEqual([none, /no server runs/.test(hint)], [2, true]);
});

test("every verb has its help with an example", async (t) => {
  const here = place(t, CHECKOUT);
  for (const verb of ["reload", "backup", "restore", "rotate-pepper"]) {
    const { code, out } = await here.run("server", verb, "--help");
    assert.deepEqual([code, /Examples?:\n {2}/.test(out)], [0, true], verb);
  }
});
