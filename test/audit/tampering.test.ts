// Proof: every single-bit change, removal, reordering, truncation and wholesale rewrite is found, in the local file and in
// the broker's database. What only a checkpoint can show is shown by one that was signed over the last entry.
import { test, type TestContext } from "node:test";
import assert from "node:assert/strict";
import { createPublicKey, generateKeyPairSync } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import fc from "fast-check";
import { CHAIN_START, link, type ChainFields, type ChainHead } from "../../src/audit/chain.ts";
import { signCheckpoint } from "../../src/audit/checkpoint.ts";
import { readChain, verifyChain } from "../../src/audit/read.ts";
import { readCheckpoints, type Witness } from "../../src/audit/verify-checkpoints.ts";
import { readBrokerAudit } from "../../src/broker/audit-reader.ts";
import { openData } from "../../src/broker/data-folder.ts";
import { databasePath } from "../../src/broker/database.ts";
import { systemClock } from "../../src/io/clock.ts";
import { folder } from "./entries.ts";

const COUNT = 8;

interface Made {
  readonly lines: readonly string[];
  readonly head: ChainHead;
}

function chainOf(entries: readonly ChainFields[]): Made {
  let head = CHAIN_START;
  const lines = entries.map((fields) => {
    const next = link(head, 1_800_000_000, fields);
    head = next.head;
    return next.line;
  });
  return { lines, head };
}

const ENTRIES: readonly ChainFields[] = Array.from({ length: COUNT }, (_, at) => ({
  kind: at % 2 === 0 ? "decision" : "issued",
  id: `id${at}`,
  outcome: "granted",
  reason: `größer als “${at}” \u{1f511}`,
}));
const GENUINE = chainOf(ENTRIES);
const KEYS = generateKeyPairSync("ed25519");

function witness({ head }: Made = GENUINE): Witness {
  const line = signCheckpoint({ key: KEYS.privateKey, handover: undefined }, head, 1_800_000_000);
  return readCheckpoints(`${line}\n`, "checkpoints", [createPublicKey(KEYS.privateKey)]);
}

/** Puts the lines where the audit is, as they are, and says whether verification finds a fault. */
type Medium = (lines: readonly Buffer[], by?: Witness) => boolean;

function localFile(t: TestContext): Medium {
  const path = join(folder(t), "audit.jsonl");
  return (lines, by) => {
    writeFileSync(path, Buffer.concat(lines.flatMap((line) => [line, Buffer.from("\n")])), { mode: 0o600 });
    return !verifyChain(readChain(path, systemClock, 0, true), { witness: by }).ok;
  };
}

function brokerDatabase(t: TestContext): Medium {
  const data = join(folder(t), "data");
  openData(data).db.close();
  const db = new DatabaseSync(databasePath(data));
  db.exec("PRAGMA synchronous = OFF");
  t.after(() => db.close());
  const insert = db.prepare("INSERT INTO audit (line) VALUES (CAST(? AS TEXT))");
  return (lines, by) => {
    db.exec("BEGIN; DELETE FROM audit");
    for (const line of lines) insert.run(line);
    db.exec("COMMIT");
    const read = [...readBrokerAudit(data)].map((text, row) => ({ text, place: `row ${row + 1}` }));
    return !verifyChain(read, { whole: true, witness: by }).ok;
  };
}

const MEDIA = { "a local file": localFile, "a broker's database": brokerDatabase };
const bytes = (lines: readonly string[]): readonly Buffer[] => lines.map((line) => Buffer.from(line));

for (const [name, open] of Object.entries(MEDIA)) {
  test(`what nobody touched verifies: ${name}`, (t) => {
    const tampered = open(t);
    assert.equal(tampered(bytes(GENUINE.lines)), false);
    assert.equal(tampered(bytes(GENUINE.lines), witness()), false);
  });

  test(`any changed bit is found: ${name}`, (t) => {
    const tampered = open(t);
    const at = fc.nat(COUNT - 1).chain((line) => fc.tuple(fc.constant(line), fc.nat(), fc.nat(7)));
    fc.assert(
      fc.property(at, ([line, position, bit]) => {
        const lines = bytes(GENUINE.lines);
        const changed = lines[line] as Buffer;
        const place = position % changed.length;
        changed[place] = (changed[place] as number) ^ (1 << bit);
        return tampered(lines);
      }),
      { numRuns: 500 },
    );
  });

  test(`any removal is found, at the end by a checkpoint: ${name}`, (t) => {
    const tampered = open(t);
    fc.assert(
      fc.property(fc.subarray(GENUINE.lines.slice(), { maxLength: COUNT - 1 }), (left) => {
        const onlyTheEnd = left.every((line, at) => line === GENUINE.lines[at]);
        return tampered(bytes(left), witness()) && (onlyTheEnd || tampered(bytes(left)));
      }),
      { numRuns: 200 },
    );
  });

  test(`any reordering, insertion and doubling is found: ${name}`, (t) => {
    const tampered = open(t);
    const all = fc.shuffledSubarray(GENUINE.lines.slice(), { minLength: COUNT });
    const foreign = chainOf(ENTRIES.map((entry) => ({ ...entry, outcome: "denied" }))).lines;
    const inserted = fc
      .tuple(fc.nat(COUNT), fc.constantFrom(...GENUINE.lines, ...foreign))
      .map(([at, line]) => GENUINE.lines.toSpliced(at, 0, line));
    fc.assert(
      fc.property(fc.oneof(all, inserted), (lines) => {
        fc.pre(lines.some((line, at) => line !== GENUINE.lines[at]));
        return tampered(bytes(lines));
      }),
      { numRuns: 200 },
    );
  });

  test(`a rewrite from any entry on is found by a checkpoint: ${name}`, (t) => {
    const tampered = open(t);
    const rewritten = fc.tuple(fc.nat(COUNT - 1), fc.nat(5), fc.string({ unit: "binary" }));
    fc.assert(
      fc.property(rewritten, ([from, more, reason]) => {
        const changed = ENTRIES.map((entry, at) => (at < from ? entry : { ...entry, reason }));
        const made = chainOf([...changed, ...ENTRIES.slice(0, more)]);
        return !tampered(bytes(made.lines)) && tampered(bytes(made.lines), witness());
      }),
      { numRuns: 200 },
    );
  });
}

test("every single bit of a local file, newlines included, and every length it could be cut to", (t) => {
  const path = join(folder(t), "audit.jsonl");
  const whole = Buffer.from(`${GENUINE.lines.slice(0, 2).join("\n")}\n`);
  const found = (content: Buffer, by?: Witness): boolean => {
    writeFileSync(path, content, { mode: 0o600 });
    return !verifyChain(readChain(path, systemClock, 0, true), { witness: by }).ok;
  };
  const by = witness(chainOf(ENTRIES.slice(0, 2)));
  assert.equal(found(whole, by), false);
  for (let bit = 0; bit < whole.length * 8; bit += 1) {
    const changed = Buffer.from(whole);
    changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7));
    assert.ok(found(changed), `bit ${bit}`);
  }
  for (let length = 0; length < whole.length; length += 1)
    assert.ok(found(whole.subarray(0, length), by), `cut to ${length}`);
});
