// The journal when the disk fails under a batch: nobody hears "done", and nothing is written behind it.
import { test } from "node:test";
import assert from "node:assert/strict";
import { join } from "node:path";
import { openData } from "../../src/broker/data-folder.ts";
import { createJournal } from "../../src/broker/journal.ts";
import { START, temporaryFolder } from "./broker.ts";

test("after a sync that failed every commit is refused, small batches too", async (t) => {
  const { db } = openData(join(temporaryFolder(t), "data"));
  t.after(() => db.close());
  let works = false;
  const sync = (): Promise<void> => (works ? db.sync() : Promise.reject(new Error("EIO")));
  const heads: number[] = [];
  const journal = createJournal({ ...db, sync }, { now: () => START }, ({ seq }) => heads.push(seq));
  const commit = (id: string) => journal.commit({ entries: [{ kind: "token", id }] });
  const batch = Array.from({ length: 8 }, (_, at) => commit(`id${at}`));
  for (const one of batch) await assert.rejects(one, { code: "audit" });
  works = true;
  const before = db.auditHead().seq;
  await assert.rejects(commit("later"), { code: "audit" });
  assert.deepEqual([db.auditHead().seq, heads], [before, []]);
});

test("a batch, large or small, tells where the chain stands once it is on the disk", async (t) => {
  const { db } = openData(join(temporaryFolder(t), "data"));
  t.after(() => db.close());
  let syncs = 0;
  const sync = (): Promise<void> => db.sync().then(() => void (syncs += 1));
  const heads: number[] = [];
  const journal = createJournal({ ...db, sync }, { now: () => START }, ({ seq }) => heads.push(seq));
  const commit = (id: string) => journal.commit({ entries: [{ kind: "token", id }] });
  await Promise.all(Array.from({ length: 8 }, (_, at) => commit(`id${at}`)));
  assert.deepEqual([syncs, heads], [1, [8]]);
  await commit("one");
  assert.deepEqual([syncs, heads], [1, [8, 9]]);
});
