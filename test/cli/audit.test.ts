import { test, type TestContext } from "node:test";
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { fileAudit } from "../../src/audit/file.ts";
import { defaultAuditPath } from "../../src/audit/open.ts";
import { timeOf } from "../../src/cli/audit-filter.ts";
import { addAudit } from "../../src/cli/audit.ts";
import { KeywrightError } from "../../src/errors.ts";
import { systemClock } from "../../src/io/clock.ts";
import { openData } from "../../src/broker/data-folder.ts";
import { openDatabase, databasePath } from "../../src/broker/database.ts";
import { decision, folder, issued, optionsFor } from "../audit/entries.ts";

async function run(home: string | undefined, ...argv: string[]): Promise<string> {
  const { out, err } = await ran(home, ...argv);
  assert.equal(err, "", "nothing belongs on stderr");
  return out;
}

async function ran(home: string | undefined, ...argv: string[]): Promise<{ out: string; err: string }> {
  let out = "";
  let err = "";
  const program = new Command()
    .exitOverride()
    .configureOutput({ writeErr: () => undefined, writeOut: () => undefined });
  addAudit(program, {
    env: {},
    home,
    clock: systemClock,
    out: (text) => void (out += text),
    err: (text) => void (err += text),
  });
  await program.parseAsync(["audit", ...argv], { from: "user" });
  return { out, err };
}

async function written(t: TestContext): Promise<{ readonly home: string; readonly path: string }> {
  const home = folder(t);
  const path = defaultAuditPath(home);
  const audit = fileAudit(optionsFor(path));
  await audit.issued(issued(await audit.decision(decision)));
  await audit.decision({
    ...decision,
    outcome: "denied",
    principal: undefined,
    reason: "no\u001b[2Jrule\u202e",
  });
  return { home, path };
}

test("audit show prints one readable line for each entry, and nothing that steers a terminal", async (t) => {
  const { home, path } = await written(t);
  const lines = (await run(home, "show")).split("\n");
  assert.deepEqual(lines, [
    "1  2027-01-15T08:00:00.000Z  granted  local_user  read https://pypi.corp.example/simple/  ref corp  corp.allowed_principals grants it",
    `2  2027-01-15T08:00:00.000Z  issued   decision=id1  ref=corp  sha256=${"ab".repeat(32)}  expires_at=2027-01-15T08:10:00.000Z  upstream=ci`,
    "3  2027-01-15T08:00:00.000Z  denied   (nobody)  read https://pypi.corp.example/simple/  ref corp  no\\u001b[2Jrule\\u202e",
    "",
  ]);
  assert.equal(await run(home, "show", "-n", "1"), `${lines[2]}\n`);
  assert.equal(await run(home, "show", "--json"), readFileSync(path, "utf8"));
  assert.equal(await run(undefined, "show", "--file", path), await run(home, "show"));
});

test("audit verify counts the entries and names the head, or the file, line and number of the first fault", async (t) => {
  const { home, path } = await written(t);
  const text = readFileSync(path, "utf8");
  const head = /([0-9a-f]{64})"\}\n$/.exec(text)?.[1];
  assert.equal(await run(home, "verify"), `3 entries (1 to 3), whole; head ${head}\n`);
  assert.deepEqual(JSON.parse(await run(home, "verify", "--json")), {
    ok: true,
    count: 3,
    first: 1,
    head: { seq: 3, hash: head },
  });
  writeFileSync(path, text.replace("denied", "grante"));
  const isFault = (error: unknown): boolean =>
    error instanceof KeywrightError &&
    error.code === "audit" &&
    error.message.startsWith(`${path}:3: entry 3 was changed`);
  await assert.rejects(run(home, "verify"), isFault);
  await assert.rejects(run(home, "verify", "--json"), isFault);
  assert.ok((await run(home, "show")).includes("grante"), "what is there can still be read");
});

test("audit show and verify of nothing", async (t) => {
  const home = folder(t);
  const nothing = { out: "", err: `no entries in ${defaultAuditPath(home)}\n` };
  assert.deepEqual(await ran(home, "show"), nothing);
  assert.deepEqual(await ran(home, "show", "--json"), nothing);
  assert.equal(await run(home, "verify"), `no entries in ${defaultAuditPath(home)}\n`);
  await assert.rejects(run(undefined, "show"), { code: "configuration" });
});

test("audit show says where the audit goes when that is no file", async (t) => {
  const home = folder(t);
  mkdirSync(join(home, ".config", "keywright"), { recursive: true, mode: 0o700 });
  writeFileSync(join(home, ".config", "keywright", "config.yaml"), "audit: syslog\n", { mode: 0o600 });
  await assert.rejects(run(home, "show"), { code: "configuration", message: /goes to syslog/ });
});

test("audit --data reads the broker's chain", async (t) => {
  const data = folder(t);
  const db = openDatabase(databasePath(data));
  t.after(() => db.close());
  db.transaction((writer) => {
    for (const id of ["a", "b"]) writer.append(1_800_000_000, { kind: "client_created", id, client: "ci" });
  });
  assert.match(await run(undefined, "show", "--data", data), /^1 {2}\S+ {2}client_created {2}client=ci\n2 /);
  assert.match(
    await run(undefined, "verify", "--data", data),
    /^2 entries \(1 to 2\), whole; head [0-9a-f]{64}\n$/,
  );
  await assert.rejects(run(undefined, "verify", "--data", join(data, "absent")), { code: "not_found" });
});

test("audit show filters by principal, ref, decision and time; what was issued goes with its decision", async (t) => {
  const home = folder(t);
  const path = defaultAuditPath(home);
  let now = 1_800_000_000;
  const audit = fileAudit({ ...optionsFor(path), clock: { now: () => (now += 3600) } });
  await audit.issued(issued(await audit.decision(decision)));
  await audit.decision({ ...decision, principal: "research", outcome: "denied", ref: "red" });
  await audit.decision({ ...decision, outcome: "unknown", ref: undefined });
  const shown = async (...filters: string[]): Promise<string> =>
    [...(await run(home, "show", "--json", ...filters)).matchAll(/"seq":(\d+)/g)]
      .map(([, seq]) => seq)
      .join(" ");
  assert.equal(await shown("--principal", "local_user"), "1 2 4");
  assert.equal(await shown("--principal", "research"), "3");
  assert.equal(await shown("--ref", "corp"), "1 2");
  assert.equal(await shown("--decision", "denied"), "3");
  assert.equal(await shown("--decision", "issued"), "2");
  assert.equal(await shown("--decision", "granted", "--principal", "local_user"), "1");
  assert.equal(await shown("--principal", "local_user", "-n", "1"), "4");
  assert.equal(await shown("--since", "2027-01-15T10:00:00"), "2 3 4");
  assert.equal(await shown("--since", "2027-01-15T11:00:00+01:00", "--until", "2027-01-15T11:00Z"), "2 3");
  assert.deepEqual(await ran(home, "show", "--until", "2027-01-15"), {
    out: "",
    err: `no entries in ${path} match\n`,
  });
  for (const wrong of ["yesterday", "2h ago", "2027-13-01", "1e3", ""])
    await assert.rejects(run(home, "show", "--since", wrong), { code: "usage" }, wrong);
  await assert.rejects(run(home, "show", "--decision", "allowed"));
});

test("audit show takes a time that is so long ago", () => {
  const now = 1_800_000_000;
  assert.equal(timeOf("2h", now), now - 7200);
  assert.equal(timeOf("1w", now), now - 604_800);
  assert.equal(timeOf("2027-01-15T08:00:00.5Z", now), now + 0.5);
});

for (const sink of ["file", "data"] as const) {
  test(`audit show --follow prints what comes, and ends with Ctrl-C: --${sink}`, async (t) => {
    const home = folder(t);
    const path = join(home, "audit.jsonl");
    const data = join(home, "data");
    const open = sink === "data" ? openData(data) : undefined;
    t.after(() => open?.db.close());
    const audit = fileAudit({ ...optionsFor(path), maxBytes: 4096 });
    const write = async (reason: string): Promise<void> => {
      if (open === undefined) return void (await audit.decision({ ...decision, reason }));
      open.db.transaction((writer) => writer.append(1_800_000_000, { kind: "decision", id: "x", reason }));
    };
    await write("before");
    const where = sink === "data" ? ["--data", data] : ["--file", path];
    const child = spawn(process.execPath, ["bin/checkout.mjs", "keywright", "audit", "show", "-f", ...where]);
    t.after(() => child.kill("SIGKILL"));
    let text = "";
    const seen = (wanted: string): Promise<void> =>
      new Promise((done) => {
        const look = (): void => void (text.includes(wanted) && done());
        child.stdout.on("data", look);
        look();
      });
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
    await seen("before");
    for (let at = 1; at <= 20; at += 1) await write(`entry ${at}.`);
    await seen("entry 20.");
    await write("later");
    await seen("later");
    assert.deepEqual(
      [...text.matchAll(/^(\d+) /gm)].map(([, seq]) => Number(seq)),
      Array.from({ length: 22 }, (_, at) => at + 1),
    );
    const ended = new Promise((done) => void child.on("exit", (code) => done(code)));
    child.kill("SIGINT");
    assert.equal(await ended, 0);
  });
}

test("audit refuses a number of entries that is none", async (t) => {
  for (const number of ["0", "-1", "x", "1e3"])
    await assert.rejects(run(folder(t), "show", `-n${number}`), { code: "usage" });
});
