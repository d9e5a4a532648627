import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, chownSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { readOwnFile } from "../../src/account/own-file.ts";
import { mendaHome } from "./home.ts";

test("readOwnFile() reads a file that only its owner can write, through a link too", (t) => {
  const { path, mendacfg } = mendaHome(t, { mendacfg: "é" });
  for (const mode of [0o644, 0o600, 0o400, 0o755]) {
    chmodSync(mendacfg, mode);
    assert.deepEqual(readOwnFile(mendacfg), { state: "read", text: "é" });
  }
  symlinkSync(mendacfg, `${path}/link`);
  assert.deepEqual(readOwnFile(`${path}/link`), { state: "read", text: "é" });
});

test("readOwnFile() refuses a file that others can write, and says how to mend it", (t) => {
  const { mendacfg } = mendaHome(t, { mendacfg: "x" });
  for (const mode of [0o646, 0o602, 0o666]) {
    chmodSync(mendacfg, mode);
    assert.throws(
      () => readOwnFile(mendacfg),
      { code: "configuration", hint: /chmod go-w/ },
      mode.toString(8),
    );
  }
});

test("readOwnFile() accepts a file of umask 002 when its group is the user's own, and no other group's", (t) => {
  const { mendacfg } = mendaHome(t, { mendacfg: "x" });
  chmodSync(mendacfg, 0o664);
  const own = process.getegid?.() === process.geteuid?.();
  if (own) assert.equal(readOwnFile(mendacfg).state, "read");
  const other =
    process.getgroups?.().find((group) => group !== process.geteuid?.()) ??
    (process.geteuid?.() === 0 ? 50 : undefined);
  if (other !== undefined) chownSync(mendacfg, -1, other);
  if (!own || other !== undefined)
    assert.throws(() => readOwnFile(mendacfg), { code: "configuration", hint: /chmod go-w/ });
});

test("readOwnFile() refuses a file of another user", () => {
  // /proc/1/… of a foreign user cannot be counted on; what root owns is trusted, and for root a file of somebody else is not.
  if (process.geteuid?.() !== 0) {
    assert.equal(readOwnFile("/etc/passwd").state, "read");
    return;
  }
  const path = `/tmp/keywright-foreign-${process.pid}`;
  writeFileSync(path, "x", { mode: 0o600 });
  try {
    chownSync(path, 12345, 0);
    assert.throws(() => readOwnFile(path), {
      code: "configuration",
      message: `${path} belongs to another user, so it is not trusted`,
    });
  } finally {
    rmSync(path);
  }
});

test("readOwnFile() tells missing from unreadable, and does not wait for a pipe", (t) => {
  const { path, mendacfg } = mendaHome(t, { mendacfg: "x" });
  assert.deepEqual(readOwnFile(`${path}/none`), { state: "missing" });
  assert.deepEqual(readOwnFile(`${mendacfg}/below-a-file`), { state: "missing" });
  mkdirSync(`${path}/folder`);
  assert.deepEqual(readOwnFile(`${path}/folder`), { state: "unreadable", reason: "EISDIR" });
  assert.equal(spawnSync("mkfifo", [`${path}/pipe`]).status, 0);
  assert.deepEqual(readOwnFile(`${path}/pipe`), { state: "unreadable", reason: "not a file" });
});

test("readOwnFile() refuses what is not UTF-8, and keeps a byte order mark", (t) => {
  const { mendacfg } = mendaHome(t, { mendacfg: "x" });
  writeFileSync(mendacfg, Buffer.from([0x61, 0xff, 0x62]));
  assert.throws(() => readOwnFile(mendacfg), {
    code: "configuration",
    message: `${mendacfg} is not UTF-8 text`,
  });
  writeFileSync(mendacfg, "\ufeff[a]");
  assert.deepEqual(readOwnFile(mendacfg), { state: "read", text: "\ufeff[a]" });
});
