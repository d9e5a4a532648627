// What holds of the administration of a broker, however keywright was started: told once, run with the checkout and with
// the executable.
import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { readBackup } from "../../src/broker/backup-reading.ts";
import { entriesOf } from "../broker/entries.ts";
import { CONFIG, place, type Place, type Served } from "./admin-place.ts";

/** Proof: 20 commands at once, while clients get tokens, leave one whole chain with an entry for each. */
export async function parallelCommands(t: TestContext, program: string): Promise<void> {
  const here = place(t, program);
  const served = await here.serve();
  const { client_secret: secret } = await here.json("client", "create", "load", "--principal", "ci");
  for (const name of ["old-1", "old-2", "old-3", "old-4"])
    await here.json("client", "create", name, "--principal", "ci");
  const load = startLoad(served, String(secret));
  await until(() => load.answered() >= 50, served.logged);
  const before = load.answered();
  const commands = twenty(here);
  const ended = await Promise.all(commands.map((words) => here.run(...words)));
  assert.deepEqual(
    ended.map(({ code, err }) => (code === 0 ? 0 : err)),
    commands.map(() => 0),
  );
  const meanwhile = load.answered() - before;
  const statuses = await load.stop();
  assert.deepEqual(new Set(statuses), new Set([200]));
  assert.ok(meanwhile >= 5, `only ${meanwhile} requests in between`);
  const count = countKinds(here.data);
  assert.deepEqual(
    [
      "client_created",
      "client_rotated",
      "client_revoked",
      "clients_listed",
      "backup_made",
      "configuration_reloaded",
      "pepper_rotated",
    ].map(count),
    [5 + 8, 2, 2, 3, 2, 2, 1],
  );
  assert.equal(count("token"), statuses.length);
  for (const name of ["b1", "b2"]) assert.ok(readBackup(join(here.folder, name)).head.seq > 5);
  assert.match((await here.run("audit", "verify")).out, /whole/);
}

function twenty({ folder }: Place): readonly (readonly string[])[] {
  return [
    ...Array.from({ length: 8 }, (_, at) => ["client", "create", `new-${at}`, "--principal", "ci"]),
    ["client", "rotate", "old-1"],
    ["client", "rotate", "old-2"],
    ["client", "revoke", "old-3"],
    ["client", "revoke", "old-4"],
    ["client", "list"],
    ["client", "list"],
    ["client", "list", "--json"],
    ["server", "backup", join(folder, "b1")],
    ["server", "backup", join(folder, "b2")],
    ["server", "reload"],
    ["server", "reload"],
    ["server", "rotate-pepper"],
  ];
}

function countKinds(data: string): (kind: string) => number {
  const entries = entriesOf(data);
  return (kind) => entries.filter((entry) => entry["kind"] === kind).length;
}

/** Asks for tokens, a few at a time, until it is stopped; then tells what was answered. */
function startLoad(
  served: Served,
  secret: string,
): { answered(): number; stop(): Promise<readonly number[]> } {
  const statuses: number[] = [];
  const end = new AbortController();
  const worker = async (): Promise<void> => {
    while (!end.signal.aborted) statuses.push(await served.token("load", secret));
  };
  const workers = Promise.all(Array.from({ length: 8 }, worker));
  return {
    answered: () => statuses.length,
    async stop() {
      end.abort();
      await workers;
      return statuses;
    },
  };
}

/** Revoke and rotate hold from the next request on; a restore after them changes nothing about it. */
export async function restoreAfterRevoke(t: TestContext, program: string): Promise<void> {
  const here = place(t, program);
  const served = await here.serve();
  const [app, other] = ["app", "other"].map((name) =>
    here.json("client", "create", name, "--principal", "ci"),
  );
  const [first, second] = [String((await app)?.["client_secret"]), String((await other)?.["client_secret"])];
  assert.deepEqual([await served.token("app", first), await served.token("other", second)], [200, 200]);
  const file = join(here.folder, "broker.bak");
  await here.json("server", "backup", file);
  assert.equal((await here.run("client", "revoke", "app")).out, "revoked app\n");
  const turned = String((await here.json("client", "rotate", "other"))["client_secret"]);
  assert.deepEqual(
    [
      await served.token("app", first),
      await served.token("other", second),
      await served.token("other", turned),
    ],
    [401, 401, 200],
  );
  const refused = await here.run("server", "restore", file);
  assert.deepEqual([refused.code, /in use/.test(refused.err)], [3, true]);
  await served.stop();
  const restored = await here.json("server", "restore", file);
  assert.deepEqual(
    [restored["clients"], restored["secrets"], restored["ledger"]],
    [["app"], ["other"], true],
  );
  const again = await here.serve();
  assert.deepEqual(
    [await again.token("app", first), await again.token("other", second), await again.token("other", turned)],
    [401, 401, 401],
  );
  const anew = String((await here.json("client", "rotate", "other"))["client_secret"]);
  assert.equal(await again.token("other", anew), 200);
  entriesOf(here.data);
}

/** A server that was killed holds nothing up: commands do it themselves, and the next server takes its place. */
export async function afterKill(t: TestContext, program: string): Promise<void> {
  const here = place(t, program);
  const alone = String((await here.json("client", "create", "app", "--principal", "ci"))["client_secret"]);
  const served = await here.serve();
  assert.equal(await served.token("app", alone), 200);
  served.child.kill("SIGKILL");
  await once(served.child, "exit");
  assert.ok(existsSync(join(here.data, "admin.sock")));
  const turned = String((await here.json("client", "rotate", "app"))["client_secret"]);
  const again = await here.serve();
  assert.deepEqual([await again.token("app", alone), await again.token("app", turned)], [401, 200]);
  const second = await here.run("server", "--listen", "127.0.0.1:0");
  assert.deepEqual([second.code, /another keywright server runs on/.test(second.err)], [3, true]);
  assert.equal((await here.run("client", "revoke", "app")).code, 0);
  assert.equal(await again.token("app", turned), 401);
  entriesOf(here.data);
}

async function until(done: () => boolean, told: () => string): Promise<void> {
  for (let turn = 0; turn < 500 && !done(); turn += 1) await new Promise((wake) => setTimeout(wake, 20));
  assert.ok(done(), told());
}

/** The signal and the command both read the configuration again; one that does not load leaves the old one in force. */
export async function reloads(t: TestContext, program: string): Promise<void> {
  const here = place(t, program);
  const served = await here.serve();
  const { client_secret: secret } = await here.json("client", "create", "app", "--principal", "ci");
  const status = () => served.token("app", String(secret));
  assert.equal(await status(), 200);
  writeFileSync(here.config, CONFIG.replaceAll("[ci]", "[others]"));
  served.child.kill("SIGHUP");
  await until(() => served.logged().includes("the configuration was reloaded"), served.logged);
  assert.equal(await status(), 400);
  writeFileSync(here.config, CONFIG.replace("packages.example", "*"));
  const failed = await here.run("server", "reload");
  assert.equal(failed.code, 3);
  assert.match(failed.err, /broker\.yaml:3/);
  assert.match(served.logged(), /old one stays in force: .*broker\.yaml:3/);
  assert.equal(await status(), 400);
  writeFileSync(here.config, CONFIG);
  assert.equal((await here.run("server", "reload")).out, "reloaded\n");
  assert.equal(countKinds(here.data)("configuration_refused"), 1);
  assert.equal(await status(), 200);
}
