import { test } from "node:test";
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { fileAudit, LONGEST_LINE } from "../../src/audit/file.ts";
import { readChain, verifyChain } from "../../src/audit/read.ts";
import { KeywrightError } from "../../src/errors.ts";
import { systemClock } from "../../src/io/clock.ts";
import { decision, folder, issued, optionsFor } from "./entries.ts";

const WORKER = fileURLToPath(new URL("append-worker.ts", import.meta.url));

const isAudit =
  (message: RegExp, hint = /./) =>
  (error: unknown): boolean =>
    error instanceof KeywrightError &&
    error.code === "audit" &&
    message.test(error.message) &&
    hint.test(error.hint ?? "");

function entriesOf(path: string): Record<string, unknown>[] {
  return [...readChain(path, systemClock)].map(({ text }) => JSON.parse(text) as Record<string, unknown>);
}

function verify(path: string): ReturnType<typeof verifyChain> {
  return verifyChain(readChain(path, systemClock));
}

test("fileAudit() appends a decision and what was issued for it to one chain, 0600 in 0700", async (t) => {
  const path = join(folder(t), "state", "keywright", "audit.jsonl");
  const audit = fileAudit(optionsFor(path));
  const id = await audit.decision(decision);
  await audit.issued(issued(id));
  const [first, second] = entriesOf(path);
  assert.deepEqual(
    [first?.["kind"], first?.["id"], first?.["outcome"], first?.["seq"]],
    ["decision", "id1", "granted", 1],
  );
  assert.deepEqual(first?.["ask"], { registry: "https://pypi.corp.example/simple/", action: "read" });
  assert.deepEqual(
    [second?.["kind"], second?.["decision"], second?.["prev"]],
    ["issued", "id1", first?.["hash"]],
  );
  const verdict = verify(path);
  assert.deepEqual(verdict, { ok: true, count: 2, first: 1, head: { seq: 2, hash: second?.["hash"] } });
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.equal(statSync(join(path, "..")).mode & 0o777, 0o700);
  assert.deepEqual(readdirSync(join(path, "..")), ["audit.jsonl"]);
});

test("a torn last line is cut off, and the next entry says how long it was", async (t) => {
  const path = join(folder(t), "audit.jsonl");
  const audit = fileAudit(optionsFor(path));
  await audit.decision(decision);
  appendFileSync(path, '{"seq":2,"ti');
  await audit.decision(decision);
  await audit.decision(decision);
  assert.deepEqual(
    entriesOf(path).map((entry) => entry["recovered_bytes"]),
    [undefined, 12, undefined],
  );
  assert.equal(verify(path).ok, true);

  const torn = join(folder(t), "audit.jsonl");
  writeFileSync(torn, "torn in the very first line", { mode: 0o600 });
  await fileAudit(optionsFor(torn)).decision(decision);
  assert.deepEqual(
    entriesOf(torn).map((entry) => [entry["seq"], entry["recovered_bytes"]]),
    [[1, 27]],
  );
});

test("a last line that was changed stops the audit, and says which command shows it", async (t) => {
  const path = join(folder(t), "audit.jsonl");
  const audit = fileAudit(optionsFor(path));
  await audit.decision(decision);
  const text = readFileSync(path, "utf8");
  for (const changed of [
    text.replace("granted", "denied "),
    "not an audit line\n",
    "\n",
    `${"x".repeat(40_000)}\n`,
  ]) {
    writeFileSync(path, changed);
    await assert.rejects(
      audit.decision(decision),
      isAudit(/last line of the audit file/, /keywright audit verify/),
    );
    assert.equal(readFileSync(path, "utf8"), changed, "it is evidence");
  }
});

test("verifyChain() finds a changed, a removed, an inserted and a doubled line, with its file, line and number", async (t) => {
  const path = join(folder(t), "audit.jsonl");
  const audit = fileAudit(optionsFor(path));
  for (let n = 0; n < 5; n++) await audit.decision(decision);
  const lines = readFileSync(path, "utf8").split("\n");
  const [one = "", two = "", three = "", ...rest] = lines;
  const faults = [
    [[one, two.replace("granted", "refused"), three, ...rest], 2, 2, "was changed"],
    [[one, three, ...rest], 2, 2, "does not follow"],
    [[one, two, two, three, ...rest], 3, 3, "does not follow"],
    [[one, two, "{}", three, ...rest], 3, 3, "is not an audit line"],
    [[one, "", two, three, ...rest], 2, 2, "is not an audit line"],
  ] as const;
  for (const [changed, line, seq, fault] of faults) {
    writeFileSync(path, changed.join("\n"));
    const verdict = verify(path);
    assert.ok(!verdict.ok && verdict.fault.startsWith(fault), fault);
    assert.deepEqual([verdict.place, verdict.seq], [`${path}:${line}`, seq]);
  }
});

test("the file is rotated with the chain carried over, and only so many files are kept", async (t) => {
  const path = join(folder(t), "audit.jsonl");
  const audit = fileAudit({ ...optionsFor(path), maxBytes: 1500, maxFiles: 3 });
  for (let n = 0; n < 20; n++) await audit.decision(decision);
  const names = readdirSync(join(path, "..")).sort();
  assert.equal(names.length, 3);
  assert.ok(names.every((name) => statSync(join(path, "..", name)).size <= 1500));
  const verdict = verify(path);
  assert.ok(verdict.ok && verdict.head?.seq === 20 && verdict.first > 1, JSON.stringify(verdict));
  const current = readFileSync(path, "utf8").split("\n", 1)[0] ?? "";
  const before = [...readChain(path, systemClock)].find(({ text }) =>
    current.includes(`"prev":"${text.slice(-66, -2)}"`),
  );
  assert.match(basename(before?.place ?? ""), /^audit\.[0-9]+\.jsonl:[0-9]+$/);
});

test("a crash between rotation and the first line after it breaks nothing; a torn line before it is told of", async (t) => {
  const path = join(folder(t), "audit.jsonl");
  const audit = fileAudit({ ...optionsFor(path), maxBytes: 700 });
  await audit.decision(decision);
  appendFileSync(path, "torn");
  await audit.decision(decision);
  assert.deepEqual(
    entriesOf(path).map((entry) => entry["recovered_bytes"]),
    [undefined, 4],
  );
  rmSync(path);
  await audit.decision(decision);
  truncateSync(path, 0);
  await audit.decision(decision);
  assert.deepEqual(verify(path).ok, true);
  assert.deepEqual(
    entriesOf(path).map((entry) => entry["seq"]),
    [1, 2],
  );
});

test("an entry that is too long says its texts shortened, and the chain goes on", async (t) => {
  const path = join(folder(t), "audit.jsonl");
  const audit = fileAudit(optionsFor(path));
  await audit.decision({
    ...decision,
    reason: "\u0001".repeat(20_000),
    ask: { ...decision.ask, reason: "ü".repeat(9000) },
  });
  await audit.decision(decision);
  const [long] = readFileSync(path, "utf8").split("\n");
  assert.ok(Buffer.byteLength(long ?? "") <= LONGEST_LINE);
  assert.equal(verify(path).ok, true);
});

test("a file that others can write, a link, a folder, and no right to write are audit errors with a way out", async (t) => {
  const where = folder(t);
  const path = join(where, "audit.jsonl");
  const audit = fileAudit(optionsFor(path));
  await audit.decision(decision);
  chmodSync(path, 0o666);
  await assert.rejects(audit.decision(decision), isAudit(/can be written by other users/, /chmod go-w/));
  chmodSync(path, 0o600);
  chmodSync(where, 0o777);
  await assert.rejects(audit.decision(decision), isAudit(/can be written by other users/, /chmod go-w/));
  chmodSync(where, 0o700);
  symlinkSync(path, join(where, "link.jsonl"));
  mkdirSync(join(where, "folder.jsonl"));
  for (const [name, what] of [
    ["link.jsonl", /ELOOP/],
    ["folder.jsonl", /EISDIR/],
    ["audit.jsonl/x.jsonl", /not a folder/],
  ] as const) {
    await assert.rejects(
      fileAudit(optionsFor(join(where, name))).decision(decision),
      isAudit(what, /another `audit`/),
    );
  }
  assert.deepEqual(readdirSync(where).sort(), ["audit.jsonl", "folder.jsonl", "link.jsonl"]);
});

test("a lock that is not given back is an audit error", async (t) => {
  const path = join(folder(t), "audit.jsonl");
  symlinkSync("somebody somewhere", `${path}.lock`);
  await assert.rejects(
    fileAudit({ ...optionsFor(path), clock: systemClock, lockTimeoutMs: 20 }).decision(decision),
    isAudit(/not free within 20 ms/, /rm /),
  );
});

test("a full disk is an audit error, and leaves no half line", async (t) => {
  const path = join(folder(t), "audit.jsonl");
  const audit = fileAudit(optionsFor(path));
  for (let n = 0; n < 3; n++) await audit.decision(decision);
  const before = readFileSync(path, "utf8");
  // No more than 2048 bytes in a file: first a short write, then an error, as on a full disk.
  const script = `const { fileAudit } = await import(${JSON.stringify(new URL("../../src/audit/file.ts", import.meta.url))});
    const { decision, optionsFor } = await import(${JSON.stringify(new URL("entries.ts", import.meta.url))});
    const audit = fileAudit(optionsFor(${JSON.stringify(path)}));
    for (let n = 0; n < 3; n++) await audit.decision(decision).then(() => console.log("ok"), (error) => console.log(error.code, error.message));`;
  const shell = `trap '' XFSZ; ulimit -f 4; exec "$0" --input-type=module -e "$1"`;
  const told = execFileSync("sh", ["-c", shell, process.execPath, script]).toString().trim().split("\n");
  assert.match(told.at(-1) ?? "", /^audit .*(no space left|EFBIG)/);
  const after = readFileSync(path, "utf8");
  assert.ok(after.startsWith(before) && after.endsWith("}\n"));
  assert.equal(verify(path).ok, true);
});

test("a hundred processes leave one chain, over rotations and with some of them killed", async (t) => {
  const path = join(folder(t), "audit.jsonl");
  let acknowledged = 0;
  const run = async (n: number): Promise<void> => {
    const child = spawn(process.execPath, [WORKER, path, "20000"], { stdio: ["ignore", "pipe", "inherit"] });
    child.stdout.on("data", () => acknowledged++);
    if (n % 10 === 9) setTimeout(() => child.kill("SIGKILL"), 40 * n);
    await new Promise((done) => child.on("close", done));
  };
  await Promise.all(Array.from({ length: 110 }, (_, n) => run(n)));
  const verdict = verify(path);
  assert.ok(verdict.ok, JSON.stringify(verdict));
  assert.ok(
    acknowledged >= 99 && verdict.count >= 2 * acknowledged,
    `${verdict.count} entries, ${acknowledged} told of`,
  );
  assert.equal(verdict.first, 1);
  assert.ok(readdirSync(join(path, "..")).length > 3);
});
