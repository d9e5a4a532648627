// Client authentication does the same work for a client that exists and for one that does not.
import assert from "node:assert/strict";
import crypto, { createSecretKey } from "node:crypto";
import { syncBuiltinESMExports } from "node:module";
import { test } from "node:test";
import { authenticate } from "../../src/broker/authenticate.ts";
import { secretHash, type Peppers } from "../../src/broker/pepper.ts";
import type { Client } from "../../src/broker/records.ts";
import { isTokenText, newTokenText } from "../../src/broker/token-text.ts";

const pepper = createSecretKey(Buffer.alloc(32, 7));
const older = createSecretKey(Buffer.alloc(32, 6));
const peppers: Peppers = {
  current: () => 2,
  key: (number) => [older, pepper][number - 1],
  numbers: () => [1, 2],
  rotate: () => assert.fail("it rotates"),
  dropOld: () => assert.fail("it drops"),
};
const client: Client = {
  id: 1,
  name: "app",
  principal: "ci",
  resource: undefined,
  queryCredentials: false,
  secretHash: secretHash("right", pepper),
  pepper: 2,
  generation: 1,
  jwks: undefined,
  createdAt: 0,
};
const waiting: Client = { ...client, secretHash: secretHash("right", older), pepper: 1 };
const shutOut: Client = { ...waiting, pepper: 9 };
const rotateFirst: Client = { ...client, secretHash: Buffer.alloc(32) };

test("OpenBao CVE-2025-54999, GHSA-34fc-gh42-pj53: one HMAC and one constant-time comparison, whoever asks", (t) => {
  const hmac = t.mock.method(crypto, "createHmac");
  const compare = t.mock.method(crypto, "timingSafeEqual");
  syncBuiltinESMExports();
  t.after(() => {
    t.mock.restoreAll();
    syncBuiltinESMExports();
  });
  const rows: readonly (readonly [string, Client | undefined, "basic" | "query", boolean])[] = [
    ["right", client, "basic", true],
    ["wrong", client, "basic", false],
    ["right", undefined, "basic", false],
    ["right", client, "query", false],
    ["", undefined, "basic", false],
    ["right", waiting, "basic", true],
    ["wrong", waiting, "basic", false],
    ["right", shutOut, "basic", false],
    ["right", rotateFirst, "basic", false],
    ["", rotateFirst, "basic", false],
  ];
  for (const [secret, found, method, ok] of rows) {
    assert.equal(authenticate({ id: "app", secret, method }, found, peppers).ok, ok);
    assert.deepEqual([hmac.mock.callCount(), compare.mock.callCount()], [1, 1]);
    hmac.mock.resetCalls();
    compare.mock.resetCalls();
  }
});

test("tokens have a prefix, 256 bits and a checksum that finds a mistyped one", () => {
  const text = newTokenText("kw_", () => Buffer.alloc(32, 0xff));
  assert.equal(text, "kw_" + "_".repeat(42) + "8" + text.slice(-6));
  assert.ok(isTokenText("kw_", text));
  assert.ok(!isTokenText("kws_", text));
  for (let at = 3; at < text.length; at += 1) {
    const other = text[at] === "a" ? "b" : "a";
    assert.ok(!isTokenText("kw_", `${text.slice(0, at)}${other}${text.slice(at + 1)}`), String(at));
  }
  for (const wrong of [` ${text}`, `${text}\n`, text.slice(1), `${text}a`, ""])
    assert.ok(!isTokenText("kw_", wrong));
});
