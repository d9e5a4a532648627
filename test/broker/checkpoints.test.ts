// The broker's checkpoints: when they are signed, what a sink that fails does, and what `audit verify` makes of them.
import { test } from "node:test";
import assert from "node:assert/strict";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Command } from "commander";
import { auditKeyPath, readAuditKey, rotateAuditKey } from "../../src/audit/audit-key.ts";
import { openCheckpointSink, type CheckpointSink } from "../../src/audit/checkpoint-sink.ts";
import { CHAIN_START, link } from "../../src/audit/chain.ts";
import { databasePath } from "../../src/broker/database.ts";
import { addAudit } from "../../src/cli/audit.ts";
import { systemClock } from "../../src/io/clock.ts";
import { accessToken, newClient, running, temporaryFolder } from "./broker.ts";

function fileSink(path: string): CheckpointSink {
  return openCheckpointSink(`file:${path}`, { out: () => undefined, http: () => assert.fail("no network") });
}

async function audit(...argv: string[]): Promise<string> {
  let out = "";
  const program = new Command().exitOverride();
  const context = { env: {}, home: undefined, clock: systemClock, err: () => undefined };
  addAudit(program, { ...context, out: (text) => void (out += text) });
  await program.parseAsync(["audit", ...argv], { from: "user" });
  return out;
}

function counts(path: string): readonly number[] {
  const lines = existsSync(path) ? readFileSync(path, "utf8").trimEnd().split("\n") : [];
  return lines.map((line) => (JSON.parse(line) as { count: number }).count);
}

async function story(t: Parameters<typeof temporaryFolder>[0]) {
  const folder = temporaryFolder(t);
  const [data, checkpoints] = [join(folder, "data"), join(folder, "checkpoints.jsonl")];
  const secret = newClient(data, { name: "app", principal: "ci" });
  const broker = await running(t, { data, checkpoints: { every: 5, sink: fileSink(checkpoints) } });
  for (let at = 0; at < 12; at += 1) await accessToken(broker, "app", secret);
  await broker.close();
  const pem = join(folder, "audit.pub");
  writeFileSync(pem, await audit("key", "--data", data));
  return { folder, data, checkpoints, pem, secret };
}

test("the head is signed at the start, every so many entries and at a graceful stop", async (t) => {
  const { data, checkpoints, pem } = await story(t);
  assert.equal(statSync(auditKeyPath(data)).mode & 0o777, 0o600);
  assert.deepEqual([counts(checkpoints)[0], counts(checkpoints).at(-1)], [1, 13]);
  assert.ok(counts(checkpoints).length >= 3, `${counts(checkpoints)}`);
  const told = await audit("verify", "--data", data, "--checkpoint", checkpoints, "--key", pem);
  assert.match(
    told,
    /^13 entries \(1 to 13\), whole; the first 13 as \d checkpoints say; head [0-9a-f]{64}\n$/,
  );
  const json = JSON.parse(
    await audit("verify", "--data", data, "--checkpoint", checkpoints, "--json"),
  ) as object;
  assert.deepEqual((json as { checkpoints: unknown }).checkpoints, {
    number: counts(checkpoints).length,
    count: 13,
  });
});

test("a cut tail and a chain rewritten as a whole are found; without the key nothing is", async (t) => {
  const { folder, data, checkpoints, pem } = await story(t);
  const verify = (...more: string[]): Promise<string> => audit("verify", "--data", data, ...more);
  const withKey = ["--checkpoint", checkpoints, "--key", pem];
  const missing = { code: "not_found" };
  await assert.rejects(verify("--checkpoint", join(folder, "absent"), "--key", pem), missing);
  await assert.rejects(verify("--checkpoint", checkpoints, "--key", join(folder, "absent")), missing);
  await assert.rejects(audit("verify", "--file", checkpoints, "--checkpoint", checkpoints), {
    code: "usage",
  });
  await assert.rejects(verify("--key", pem), { code: "usage" });
  writeFileSync(join(folder, "empty"), "");
  await assert.rejects(verify("--checkpoint", join(folder, "empty"), "--key", pem), { code: "audit" });
  const stranger = await story(t);
  const foreign = ["--checkpoint", checkpoints, "--key", stranger.pem];
  await assert.rejects(verify(...foreign), { code: "audit", message: /not among those given/ });
  const db = new DatabaseSync(databasePath(data));
  t.after(() => db.close());
  const lines = db.prepare("SELECT line FROM audit ORDER BY seq").all();
  db.exec("DELETE FROM audit WHERE seq > 12");
  assert.match(await verify(), /^12 entries/);
  await assert.rejects(verify(...withKey), {
    code: "audit",
    message: /entry 13 is missing: 13 entries were there/,
  });
  db.exec("DELETE FROM audit");
  let head = CHAIN_START;
  for (const _ of lines) {
    const next = link(head, 1_800_000_000, { kind: "token", id: "x", outcome: "denied" });
    db.prepare("INSERT INTO audit VALUES (?, ?)").run(next.head.seq, next.line);
    head = next.head;
  }
  assert.match(await verify(), /^13 entries/);
  await assert.rejects(verify(...withKey), { code: "audit", message: /signed over/ });
});

test("a rotated key signs from the next checkpoint on, and the old public key still verifies", async (t) => {
  const { data, checkpoints, pem, secret } = await story(t);
  const before = readAuditKey(data).name;
  const broker = await running(t, { data, checkpoints: { every: 1, sink: fileSink(checkpoints) } });
  await accessToken(broker, "app", secret);
  const { next } = rotateAuditKey(data);
  await accessToken(broker, "app", secret);
  await broker.close();
  assert.notEqual(next.name, before);
  const keys = readFileSync(checkpoints, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => (JSON.parse(line) as { key: string }).key);
  assert.equal(new Set(keys).size, 2);
  assert.match(
    await audit("verify", "--data", data, "--checkpoint", checkpoints, "--key", pem),
    /whole; the first 15/,
  );
  assert.match(await audit("verify", "--data", data, "--checkpoint", checkpoints), /whole; the first 15/);
});

test("a sink that fails is logged and tried again, and stops nobody", async (t) => {
  const folder = temporaryFolder(t);
  const [data, checkpoints] = [join(folder, "data"), join(folder, "checkpoints.jsonl")];
  const secret = newClient(data, { name: "app", principal: "ci" });
  const real = fileSink(checkpoints);
  let works = false;
  const sink: CheckpointSink = {
    name: "elsewhere",
    write: (line) => (works ? real.write(line) : Promise.reject(new Error("no route"))),
  };
  const broker = await running(t, { data, checkpoints: { every: 3, sink } });
  for (let at = 0; at < 7; at += 1) await accessToken(broker, "app", secret);
  assert.ok(broker.logged.some((line) => /checkpoint over \d+ entries did not get to elsewhere/.test(line)));
  works = true;
  for (let at = 0; at < 4; at += 1) await accessToken(broker, "app", secret);
  await broker.close();
  assert.match(await audit("verify", "--data", data, "--checkpoint", checkpoints), /the first 12/);
});
