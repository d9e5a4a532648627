import { test, type TestContext } from "node:test";
import assert from "node:assert/strict";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { execFileSync } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { orMiss, readPrivate, writePrivate } from "../../src/io/files.ts";
import { openToOthers } from "../../src/io/owner.ts";
import { KeywrightError } from "../../src/errors.ts";

function folder(t: TestContext): string {
  const made = mkdtempSync(join(tmpdir(), "keywright-files-"));
  t.after(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

const isConfiguration =
  (hint: RegExp) =>
  (error: unknown): boolean =>
    error instanceof KeywrightError && error.code === "configuration" && hint.test(error.hint ?? "");

test("writePrivate() makes folders 0700 and a file 0600, and readPrivate() reads it back", (t) => {
  const home = folder(t);
  const path = join(home, ".cache", "keywright", "x.json");
  const before = process.umask(0);
  try {
    writePrivate(path, "first");
    writePrivate(path, "grüße");
  } finally {
    process.umask(before);
  }
  assert.equal(readPrivate(path), "grüße");
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.equal(statSync(join(home, ".cache", "keywright")).mode & 0o777, 0o700);
  assert.deepEqual(readdirSync(join(home, ".cache", "keywright")), ["x.json"]);
});

test("writePrivate() throws where no folder can be made, also where making one recursively never ends", (t) => {
  const home = folder(t);
  writeFileSync(join(home, "file"), "");
  assert.throws(() => writePrivate("/proc/absent/keywright/x", ""), { code: "ENOENT" });
  assert.throws(() => writePrivate(join(home, "file", "sub", "x"), ""), { code: "ENOTDIR" });
});

test("readPrivate() returns undefined when there is no file, no folder, or a file where the folder should be", (t) => {
  const home = folder(t);
  writeFileSync(join(home, "file"), "");
  for (const path of ["absent", "absent/absent", "file/absent"])
    assert.equal(readPrivate(join(home, path)), undefined);
});

test("readPrivate() refuses what another user can write, and says how to repair it", (t) => {
  const home = folder(t);
  const path = join(home, "kept");
  writeFileSync(path, "x", { mode: 0o600 });
  for (const mode of [0o602, 0o666]) {
    chmodSync(path, mode);
    assert.throws(() => readPrivate(path), isConfiguration(/chmod go-w '.*kept'/), mode.toString(8));
  }
  chmodSync(path, 0o644);
  assert.equal(readPrivate(path), "x");
  chmodSync(home, 0o707);
  assert.throws(() => readPrivate(path), isConfiguration(/chmod go-w/), "a folder that others can write");
  assert.throws(() => writePrivate(path, "y"), isConfiguration(/chmod go-w/));
  chmodSync(home, 0o1777);
  assert.equal(readPrivate(path), "x", "with the sticky bit nobody can replace it");
});

test("the group of a file may write it only when it is its owner's own", () => {
  const us = process.geteuid?.() ?? 0;
  const open = (mode: number, gid: number) => openToOthers({ mode, uid: us, gid }, "file");
  assert.equal(open(0o620, us), undefined);
  assert.equal(open(0o620, us + 1), "writers");
  assert.equal(open(0o640, us + 1), undefined);
  assert.equal(open(0o622, us), "writers");
  assert.equal(openToOthers({ mode: 0o600, uid: us + 1, gid: us }, "file"), "owner");
  assert.equal(openToOthers({ mode: 0o600n, uid: 0n, gid: 0n }, "file"), undefined, "root is trusted");
});

test("readPrivate() does not follow a link, hang on a pipe, or read a folder or too much; orMiss() makes that a miss", (t) => {
  const home = folder(t);
  writeFileSync(join(home, "real"), "x".repeat(100), { mode: 0o600 });
  symlinkSync(join(home, "real"), join(home, "link"));
  execFileSync("mkfifo", [join(home, "pipe")]);
  mkdirSync(join(home, "sub"));
  for (const [name, what] of [
    ["link", /ELOOP/],
    ["pipe", /not a regular file/],
    ["sub", /not a regular file/],
    ["real", /larger than 99/],
  ] as const) {
    assert.throws(() => readPrivate(join(home, name), 99), what);
    assert.equal(
      orMiss(() => readPrivate(join(home, name), 99)),
      undefined,
    );
  }
});

test("readPrivate() refuses a file of another user, but not one of root", (t) => {
  if (process.getuid?.() !== 0) {
    // /etc/hostname and the like are root's: that half can be seen by everyone.
    assert.ok(readPrivate("/etc/passwd"));
    return;
  }
  const path = join(folder(t), "kept");
  writeFileSync(path, "x", { mode: 0o600 });
  chownSync(path, 65534, 65534);
  assert.throws(() => readPrivate(path), isConfiguration(/chown 0 /));
});

test("writePrivate() leaves no temporary file behind when it cannot finish", (t) => {
  const home = folder(t);
  mkdirSync(join(home, "taken", "full"), { recursive: true });
  assert.throws(() => writePrivate(join(home, "taken"), "x"), /EISDIR|ENOTEMPTY|EEXIST|EPERM/);
  assert.deepEqual(readdirSync(home), ["taken"]);
  // No more than 512 bytes in a file: what a full disk does, without one.
  const script = `import { writePrivate } from ${JSON.stringify(new URL("../../src/io/files.ts", import.meta.url))};
    try { writePrivate(${JSON.stringify(join(home, "big"))}, "x".repeat(5000)); } catch (error) { console.log(error.code); }`;
  const shell = `trap '' XFSZ; ulimit -f 1; exec "$0" --input-type=module -e "$1"`;
  assert.equal(execFileSync("sh", ["-c", shell, process.execPath, script]).toString(), "EFBIG\n");
  assert.equal(existsSync(join(home, "big")), false);
  assert.deepEqual(readdirSync(home), ["taken"]);
});
