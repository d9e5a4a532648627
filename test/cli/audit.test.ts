import { test, type TestContext } from "node:test";
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { fileAudit } from "../../src/audit/file.ts";
import { defaultAuditPath } from "../../src/audit/open.ts";
import { addAudit } from "../../src/cli/audit.ts";
import { KeywrightError } from "../../src/errors.ts";
import { systemClock } from "../../src/io/clock.ts";
import { openDatabase, databasePath } from "../../src/broker/database.ts";
import { decision, folder, issued, optionsFor } from "../audit/entries.ts";

async function run(home: string | undefined, ...argv: string[]): Promise<string> {
  let out = "";
  const program = new Command()
    .exitOverride()
    .configureOutput({ writeErr: () => undefined, writeOut: () => undefined });
  addAudit(program, {
    env: {},
    home,
    clock: systemClock,
    terminal: false,
    out: (text) => void (out += text),
    err: () => assert.fail("nothing belongs on stderr"),
  });
  await program.parseAsync(["audit", ...argv], { from: "user" });
  return out;
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
  assert.equal(await run(home, "show"), "");
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

test("audit refuses a number of entries that is none", async (t) => {
  for (const number of ["0", "-1", "x", "1e3"])
    await assert.rejects(run(folder(t), "show", `-n${number}`), { code: "usage" });
});
