// The ledger of revocations survives what a crash leaves, and a disk that fails is told.
import assert from "node:assert/strict";
import { appendFileSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { revokeClient, rotateClient } from "../../src/broker/clients.ts";
import { openData } from "../../src/broker/data-folder.ts";
import { ledgerPath, openLedger } from "../../src/broker/ledger.ts";
import { backedUp, HOW, restore, withData } from "./backed-up.ts";

test("the ledger: half a line at its end is cut off, anything else that is no line is an error", (t) => {
  const { data } = backedUp(t);
  withData(data, (open) => revokeClient(open, "app", HOW));
  assert.equal(statSync(ledgerPath(data)).mode & 0o777, 0o600);
  const whole = readFileSync(ledgerPath(data), "utf8");
  appendFileSync(ledgerPath(data), '{"kind":"client_rev');
  withData(data, (open) => revokeClient(open, "other", HOW));
  const text = readFileSync(ledgerPath(data), "utf8");
  assert.ok(text.startsWith(whole));
  assert.equal(openLedger(data).lines().length, 2);
  writeFileSync(ledgerPath(data), `nonsense\n${text}`);
  assert.throws(() => openData(data), { code: "configuration", message: /revoked\.jsonl:1 is not a line/ });
});

test("what a crash kept out of the ledger is added when the folder is opened", (t) => {
  const { data, file } = backedUp(t);
  withData(data, (open) => {
    revokeClient(open, "app", HOW);
    rotateClient(open, "other", HOW);
  });
  rmSync(ledgerPath(data));
  withData(data, () => undefined);
  const { clients, secrets } = restore(data, file);
  assert.deepEqual([clients, secrets], [["app"], ["other"]]);
});

test("a ledger that cannot be written is no silent one: the revocation says so, and the next start completes it", (t) => {
  const { data } = backedUp(t);
  withData(data, (open) => {
    mkdirSync(ledgerPath(data));
    assert.throws(() => revokeClient(open, "app", HOW), {
      code: "audit",
      message: /ledger .* could not be written/,
    });
    assert.equal(open.db.client("app"), undefined);
  });
  rmSync(ledgerPath(data), { recursive: true });
  withData(data, () => undefined);
  assert.match(readFileSync(ledgerPath(data), "utf8"), /"name":"app"/);
});
