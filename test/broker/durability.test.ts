// Proof: no token leaves before its audit entry is on the disk. A kill -9 shows that nothing waits in the process; strace
// shows that nothing waits in the page cache either.
import { test } from "node:test";
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { readBrokerAudit } from "../../src/broker/audit-reader.ts";
import { verifyChain } from "../../src/audit/read.ts";
import { openData } from "../../src/broker/data-folder.ts";
import { databasePath } from "../../src/broker/database.ts";
import { temporaryFolder } from "./broker.ts";
import { crash } from "./crash.ts";
import { crowd } from "./crowd.ts";
import { readTrace, strace } from "./disk-trace.ts";
import { CHECKOUT, makePlace, startServer } from "./server-process.ts";

test("kill -9 in the middle of 32 clients, 50 times: every token that arrived has its entry", async (t) => {
  const place = makePlace(temporaryFolder(t));
  const total = await crash(place, { rounds: 50, clients: 32, program: CHECKOUT });
  assert.ok(total > 50 * 32, `${total} tokens`);
  const { db } = openData(place.data);
  db.close();
});

test("each answer is written after a completed fsync; what was synced by then holds its entry", async (t) => {
  assert.equal(spawnSync("strace", ["-V"]).status, 0, "strace is needed (Debian: apt-get install strace)");
  const folder = temporaryFolder(t);
  const place = makePlace(folder);
  const log = `${databasePath(place.data)}-wal`;
  const initial = new Map([
    [databasePath(place.data), readFileSync(databasePath(place.data))],
    [log, existsSync(log) ? readFileSync(log) : Buffer.alloc(0)],
  ]);
  const file = join(folder, "trace");
  const server = await startServer(place, CHECKOUT, strace(file));
  const { received, reached, gone } = crowd(server.port, place.secret, 32);
  await reached(1500);
  process.kill(
    Number(readFileSync(`/proc/${server.pid}/task/${server.pid}/children`, "utf8").trim()),
    "SIGKILL",
  );
  await server.ended;
  await gone;
  const { answers, survivors } = readTrace(readFileSync(file, "latin1"), initial);
  const answered = answers.flatMap(({ tokens }) => tokens);
  assert.ok(
    [...received].every((hash) => answered.includes(hash)),
    "the trace has every answer",
  );
  const early = answers.flatMap((answer) => answer.early);
  assert.deepEqual(early, [], "tokens answered before a completed sync of their entry");
  for (const share of [0, 0.1, 0.3, 0.5, 0.7, 0.9, 1]) {
    const at = Math.floor((answers.length - 1) * share);
    const kept = join(folder, `cut-${share}`);
    mkdirSync(kept, { mode: 0o700 });
    for (const name of readdirSync(place.data))
      if (name.startsWith("pepper")) copyFileSync(join(place.data, name), join(kept, name));
    for (const [path, bytes] of survivors(at))
      writeFileSync(join(kept, basename(path)), bytes, { mode: 0o600 });
    const lines = [...readBrokerAudit(kept)];
    assert.ok(
      verifyChain(
        lines.map((text, row) => ({ text, place: `row ${row}` })),
        { whole: true },
      ).ok,
    );
    const written = new Set(lines.map((line) => (JSON.parse(line) as { sha256?: string }).sha256));
    const lost = answers
      .slice(0, at + 1)
      .flatMap(({ tokens }) => tokens)
      .filter((hash) => !written.has(hash));
    assert.deepEqual(lost, [], `tokens answered up to ${at} that a crash then would have lost`);
  }
});
