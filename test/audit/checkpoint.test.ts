// Checkpoints: what is signed, who may sign, and how one key hands over to the next.
import { test } from "node:test";
import assert from "node:assert/strict";
import { createPublicKey } from "node:crypto";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { auditKeyPath, ensureAuditKey, readAuditKey, rotateAuditKey } from "../../src/audit/audit-key.ts";
import { signCheckpoint, type Signer } from "../../src/audit/checkpoint.ts";
import { openCheckpointSink } from "../../src/audit/checkpoint-sink.ts";
import { sinkFault } from "../../src/config/checkpoints.ts";
import { readCheckpoints, readPublicKeys } from "../../src/audit/verify-checkpoints.ts";
import { createHttp } from "../../src/io/http.ts";
import { systemClock } from "../../src/io/clock.ts";
import { folder } from "./entries.ts";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

const HEAD = "ab".repeat(32);
const at = (signer: Signer, count: number, hash = HEAD): string =>
  signCheckpoint(signer, { seq: count, hash }, 1_800_000_000);
const read = (lines: readonly string[], pems: readonly string[]) =>
  readCheckpoints(`${lines.join("\n")}\n`, "cp", readPublicKeys(pems.join(""), "keys"));

test("the key is made once, 0600, and its public half is stable", (t) => {
  const data = folder(t);
  assert.throws(() => readAuditKey(data), { code: "not_found" });
  const made = ensureAuditKey(data);
  assert.equal(statSync(auditKeyPath(data)).mode & 0o777, 0o600);
  assert.deepEqual(ensureAuditKey(data).publicKeys, made.publicKeys);
  assert.ok(!made.publicKeys.join("").includes("PRIVATE"));
  writeFileSync(auditKeyPath(data), "{}");
  assert.throws(() => readAuditKey(data), { code: "configuration" });
});

test("a checkpoint is believed only with its key and its signature, in its order", (t) => {
  const key = ensureAuditKey(folder(t));
  const other = ensureAuditKey(folder(t));
  const lines = [at(key, 1), at(key, 100)];
  const witness = read(lines, key.publicKeys);
  assert.deepEqual([witness.checkpoints, witness.count], [2, 100]);
  assert.equal(witness.faultOf({ seq: 100, hash: HEAD }), undefined);
  assert.equal(witness.faultOf({ seq: 50, hash: "00" }), undefined);
  assert.match(witness.faultOf({ seq: 100, hash: "00" }) ?? "", /signed over/);
  const refused = (text: readonly string[], message: RegExp): void =>
    assert.throws(() => read(text, key.publicKeys), { code: "audit", message });
  refused([], /no checkpoint/);
  refused([at(other, 1)], /^cp:1 is signed by the key [0-9a-f]{32}, which is not among/);
  refused([at(key, 100).replace('"count":100', '"count":101')], /^cp:1 has a wrong signature/);
  refused([...lines, "torn"], /^cp:3 is not a checkpoint/);
  refused([at(key, 100), at(key, 1)], /counts 1 entries, though 100/);
  refused([at(key, 100), at(key, 100, "cd".repeat(32))], /contradicts/);
  assert.throws(() => read(lines, ["no key"]), { code: "configuration" });
});

test("every changed bit of a checkpoint is found", (t) => {
  const key = ensureAuditKey(folder(t));
  const keys = [createPublicKey(key.key)];
  const whole = Buffer.from(at(key, 7));
  for (let bit = 0; bit < whole.length * 8; bit += 1) {
    const changed = Buffer.from(whole);
    changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7));
    assert.throws(() => readCheckpoints(changed.toString(), "cp", keys), { code: "audit" }, `bit ${bit}`);
  }
});

test("a rotated key is believed by the old one's word, and the old one no longer", (t) => {
  const data = folder(t);
  const old = ensureAuditKey(data);
  const { next, old: name } = rotateAuditKey(data);
  assert.equal(name, old.name);
  assert.notEqual(next.name, old.name);
  assert.ok(!readFileSync(auditKeyPath(data), "utf8").includes(pem(old)), "the old private key is gone");
  const lines = [at(old, 1), at(next, 2), at(next, 3)];
  assert.equal(read(lines, old.publicKeys).count, 3);
  assert.equal(read(lines, next.publicKeys).count, 3);
  assert.equal(next.publicKeys.length, 2);
  const [, newest = ""] = next.publicKeys;
  assert.throws(() => read(lines, [newest]), { code: "audit", message: /^cp:1 / });
  assert.throws(() => read([...lines, at(old, 4)], old.publicKeys), { message: /had been replaced/ });
  const stranger = ensureAuditKey(folder(t));
  const forged = { key: stranger.key, handover: next.handover };
  assert.throws(() => read([at(old, 1), at(forged, 2)], old.publicKeys), { message: /not among/ });
  const { next: third } = rotateAuditKey(data);
  assert.equal(read([...lines, at(third, 4)], old.publicKeys).count, 4);
});

function pem({ key }: Signer): string {
  return String(key.export({ type: "pkcs8", format: "pem" })).split("\n")[1] ?? "";
}

test("checkpoints go to a file, to standard output or to an address, and a sink that fails says so", async (t) => {
  const file = join(folder(t), "checkpoints.jsonl");
  let out = "";
  const ways = {
    out: (text: string) => void (out += text),
    http: async () => createHttp({ env: {}, clock: systemClock }),
  };
  const toFile = openCheckpointSink(`file:${file}`, ways);
  await toFile.write("one");
  await toFile.write("two");
  assert.equal(readFileSync(file, "utf8"), "one\ntwo\n");
  assert.equal(statSync(file).mode & 0o777, 0o600);
  await openCheckpointSink("stdout", ways).write("three");
  assert.equal(out, "three\n");
  await assert.rejects(openCheckpointSink(`file:${file}/below`, ways).write("x"));
  const got: string[] = [];
  const server = createServer((request, response) => {
    request.on("data", (chunk) => got.push(`${request.method} ${request.url} ${String(chunk)}`));
    request.on("end", () => response.writeHead(got.length === 1 ? 204 : 500).end());
  });
  await new Promise<void>((ready) => void server.listen(0, "127.0.0.1", ready));
  t.after(() => server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/in`;
  await openCheckpointSink(url, ways).write("four");
  assert.deepEqual(got, ["POST /in four\n"]);
  await assert.rejects(openCheckpointSink(url, ways).write("five"), { code: "backend" });
  for (const wrong of ["", "file:relative", "http://elsewhere.example/", "ftp://x", "stderr"])
    assert.match(sinkFault(wrong) ?? "", /./, wrong);
});
