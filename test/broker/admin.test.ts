// The administration of a running broker: its socket, its lock, the reload of its configuration. Each command is an entry
// in the one chain, and holds from the next request on.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, lstatSync, mkdirSync, statSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import type { AdminCommand } from "../../src/broker/admin.ts";
import { adminSocketPath } from "../../src/broker/admin-socket.ts";
import type { BrokerConfig } from "../../src/broker/config.ts";
import { lockData } from "../../src/broker/data-lock.ts";
import { KeywrightError } from "../../src/errors.ts";
import { askSocket } from "../../src/io/ask-socket.ts";
import {
  accessToken,
  askRegistry,
  basic,
  CONFIG,
  newClient,
  PACKAGES,
  post,
  running,
  temporaryFolder,
  type Running,
} from "./broker.ts";
import { entriesOf } from "./entries.ts";

interface AdminAnswer {
  readonly result?: Readonly<Record<string, unknown>>;
  readonly error?: { readonly code: string; readonly message: string; readonly hint?: string };
}

async function raw(data: string, line: string): Promise<AdminAnswer> {
  return JSON.parse((await askSocket(adminSocketPath(data), line, 10_000)) ?? "null") as AdminAnswer;
}

const ask = (data: string, command: AdminCommand): Promise<AdminAnswer> =>
  raw(data, JSON.stringify({ command, actor: { by: "alice", uid: 4711 } }));

const client = (name: string, principal = "ci") =>
  ({ name, principal, resource: undefined, queryCredentials: false }) as const;

const works = async (broker: Running, name: string, secret: string): Promise<boolean> =>
  (await post(broker, "/oauth2/token", { grant_type: "client_credentials" }, basic(name, secret))).status ===
  200;

test("create, rotate and revoke over the socket hold from the next request on, and name who did it", async (t) => {
  const broker = await running(t);
  const { result: made } = await ask(broker.data, { op: "client_create", client: client("app") });
  const first = made?.["secret"] as string;
  const access = await accessToken(broker, "app", first);
  const { result: turned } = await ask(broker.data, { op: "client_rotate", name: "app" });
  assert.ok(!(await works(broker, "app", first)));
  assert.ok(await works(broker, "app", turned?.["secret"] as string));
  assert.deepEqual(await ask(broker.data, { op: "client_revoke", name: "app" }), { result: {} });
  assert.ok(!(await works(broker, "app", turned?.["secret"] as string)));
  assert.equal((await askRegistry(broker, access, { url: PACKAGES })).status, 401);
  const { error } = await ask(broker.data, { op: "client_revoke", name: "app" });
  assert.deepEqual([error?.code, error?.message], ["not_found", "there is no client 'app'"]);
  await ask(broker.data, { op: "client_list" });
  const told = entriesOf(broker.data).filter(({ by }) => by === "alice");
  assert.deepEqual(
    told.map(({ kind, by_uid }) => [kind, by_uid]),
    ["client_created", "client_rotated", "client_revoked", "clients_listed"].map((kind) => [kind, 4711]),
  );
});

test("the audit key is rotated by the server, too, with an entry that names the old one", async (t) => {
  const broker = await running(t);
  const { result } = await ask(broker.data, { op: "rotate_audit_key" });
  assert.notEqual(result?.["key"], result?.["follows"]);
  const [entry] = entriesOf(broker.data).slice(-1);
  assert.deepEqual([entry?.["kind"], entry?.["key"]], ["audit_key_rotated", result?.["follows"]]);
});

test("a command that cannot be written is an error that says why, and changes nothing", async (t) => {
  const broker = await running(t);
  const secret = newClient(broker.data, { name: "app", principal: "ci" });
  const saboteur = new DatabaseSync(join(broker.data, "broker.db"));
  t.after(() => saboteur.close());
  saboteur.exec("CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'disk is full'); END");
  for (const command of [
    { op: "client_revoke", name: "app" },
    { op: "client_rotate", name: "app" },
    { op: "client_create", client: client("late") },
    { op: "rotate_pepper" },
    { op: "backup", file: "x" },
    { op: "reload" },
  ] as const) {
    const { error } = await ask(broker.data, command);
    assert.deepEqual(
      [error?.code, /has no room/.test(error?.message ?? "")],
      ["configuration", true],
      command.op,
    );
  }
  saboteur.exec("DROP TRIGGER full");
  assert.ok(await works(broker, "app", secret));
  assert.ok(!existsSync(join(broker.data, "pepper.2")));
  assert.ok(!existsSync(join(broker.data, "revoked.jsonl")));
  const { result } = await ask(broker.data, { op: "client_list" });
  assert.deepEqual(
    Object.values(result?.["clients"] ?? {}).map(({ name }) => name),
    ["app"],
  );
});

test("the list shows no hash", async (t) => {
  const broker = await running(t);
  newClient(broker.data, { name: "app", principal: "ci" });
  const { result } = await ask(broker.data, { op: "client_list" });
  const [shown] = (result?.["clients"] ?? []) as readonly object[];
  assert.deepEqual(Object.keys(shown ?? {}).sort(), [
    "createdAt",
    "name",
    "pepper",
    "principal",
    "queryCredentials",
  ]);
});

test("the socket is 0600, a dead server's is replaced, and it goes when the server does", async (t) => {
  const data = join(temporaryFolder(t), "data");
  mkdirSync(data, { mode: 0o700 });
  const path = adminSocketPath(data);
  const script = `require("net").createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, "SIGKILL"))`;
  await once(spawn(process.execPath, ["-e", script]), "exit");
  assert.ok(lstatSync(path).isSocket());
  const broker = await running(t, { data });
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.ok((await ask(data, { op: "client_list" })).result);
  await broker.close();
  assert.ok(!existsSync(path));
  writeFileSync(path, "");
  await assert.rejects(running(t, { data }), { code: "configuration", message: /is not a socket/ });
});

test("a second server on the same folder is refused, and the first goes on", async (t) => {
  const broker = await running(t);
  await assert.rejects(running(t, { data: broker.data }), {
    code: "configuration",
    message: /another keywright server runs on/,
  });
  assert.ok((await ask(broker.data, { op: "client_list" })).result);
  await broker.close();
  await running(t, { data: broker.data });
});

test("the folder's lock belongs to one at a time, and a killed holder gives it back", async (t) => {
  const folder = temporaryFolder(t);
  const mine = lockData(folder, 0);
  assert.ok(mine);
  assert.equal(lockData(folder, 0), undefined);
  mine.release();
  const url = JSON.stringify(new URL("../../src/broker/data-lock.ts", import.meta.url).href);
  const script = `import(${url}).then(({ lockData }) => console.log(!!lockData(${JSON.stringify(folder)}, 0))); setInterval(() => 0, 1e6)`;
  const child = spawn(process.execPath, ["-e", script]);
  const [said] = (await once(child.stdout.setEncoding("utf8"), "data")) as [string];
  assert.equal(said, "true\n");
  assert.equal(lockData(folder, 0), undefined);
  child.kill("SIGKILL");
  await once(child, "exit");
  lockData(folder, 0)?.release();
});

test("what is no command is answered with an error, and disturbs nobody", async (t) => {
  const broker = await running(t);
  const actor = { by: "alice" };
  for (const line of [
    "",
    "nonsense",
    "null",
    "{}",
    JSON.stringify({ command: { op: "drop_database" }, actor }),
    JSON.stringify({ command: { op: "client_revoke" }, actor }),
    JSON.stringify({ command: { op: "client_create", client: { name: 1 } }, actor }),
    JSON.stringify({ command: { op: "client_list" } }),
    "x".repeat(100_000),
  ]) {
    assert.equal((await raw(broker.data, line)).error?.code, "usage", line.slice(0, 60));
  }
});

test("a line without end is cut short, and a silent connection does not hold up the end", async (t) => {
  const broker = await running(t);
  const endless = connect(adminSocketPath(broker.data)).setEncoding("utf8");
  endless.write("x".repeat(100_000));
  const [text] = (await once(endless, "data")) as [string];
  assert.match(text, /"code":"usage"/);
  const silent = connect(adminSocketPath(broker.data));
  t.after(() => silent.destroy());
  await once(silent, "connect");
  assert.ok((await ask(broker.data, { op: "client_list" })).result);
  const begun = performance.now();
  await broker.close();
  assert.ok(performance.now() - begun < 5000);
});

test("nobody there is undefined; a server that hangs up is an error", async (t) => {
  const path = join(temporaryFolder(t), "none.sock");
  assert.equal(await askSocket(path, "{}", 1000), undefined);
  const rude = createServer((socket) => socket.destroy()).listen(path);
  t.after(() => rude.close());
  await once(rude, "listening");
  await assert.rejects(askSocket(path, "{}", 1000), { code: "network" });
});

test("a reload holds for the requests after it; one that does not load leaves the old one, both in the audit", async (t) => {
  let next: BrokerConfig | Error = CONFIG;
  const loadConfig = async (): Promise<BrokerConfig> => {
    if (next instanceof Error) throw next;
    return next;
  };
  const broker = await running(t, { loadConfig });
  const access = await accessToken(broker, "app", newClient(broker.data, { name: "app", principal: "ci" }));
  const allowed = async (): Promise<number> => (await askRegistry(broker, access, { url: PACKAGES })).status;
  assert.equal(await allowed(), 200);
  next = {
    ...CONFIG,
    policies: new Map([...CONFIG.policies, ["packages", { name: "packages", grants: [], deny: [] }]]),
  };
  assert.equal(await allowed(), 200, "not before it is told to");
  assert.ok((await ask(broker.data, { op: "reload" })).result);
  assert.equal(await allowed(), 403);
  next = new KeywrightError("configuration", "broker.yaml:3 is wrong");
  const { error } = await ask(broker.data, { op: "reload" });
  assert.deepEqual([error?.code, error?.message], ["configuration", "broker.yaml:3 is wrong"]);
  next = { ...CONFIG, policies: new Map() };
  await assert.rejects(broker.reload({ by: "SIGHUP" }), { code: "configuration", message: /does not exist/ });
  assert.equal(await allowed(), 403);
  const told = entriesOf(broker.data).filter(({ kind }) => String(kind).startsWith("configuration_"));
  assert.deepEqual(
    told.map(({ kind, by, reason }) => [kind, by, reason]),
    [
      ["configuration_reloaded", "alice", undefined],
      ["configuration_refused", "alice", "broker.yaml:3 is wrong"],
      [
        "configuration_refused",
        "SIGHUP",
        "the broker's configuration: ref packages names the policy packages, which does not exist",
      ],
    ],
  );
  assert.notEqual(told[0]?.["before"], told[0]?.["config"]);
  assert.match(broker.logged.join("\n"), /not reloaded, the old one stays in force: broker\.yaml:3 is wrong/);
});
