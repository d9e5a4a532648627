import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { findProgram, programsNamed } from "../../src/io/programs.ts";

test("a program is an executable file of an absolute folder of the PATH, the first one first", (t) => {
  const place = mkdtempSync(join(tmpdir(), "keywright-programs-"));
  t.after(() => rmSync(place, { recursive: true }));
  const folders = ["folder", "not-executable", "dangling", "one", "linked"].map((name) => join(place, name));
  for (const folder of folders) mkdirSync(folder);
  const [folder = "", not = "", dangling = "", one = "", linked = ""] = folders.map((each) =>
    join(each, "tool"),
  );
  mkdirSync(folder);
  writeFileSync(not, "", { mode: 0o644 });
  symlinkSync("gone", dangling);
  writeFileSync(one, "#!/bin/sh\n", { mode: 0o755 });
  symlinkSync("../one/tool", linked);
  const PATH = folders.join(":");
  assert.deepEqual([...programsNamed("tool", { PATH })], [one, linked]);
  assert.equal(findProgram("tool", { PATH }), one);
  assert.equal(findProgram("absent", { PATH }), undefined);

  const before = process.cwd();
  t.after(() => process.chdir(before));
  process.chdir(join(place, "one"));
  for (const relative of ["", ".", ":", "./", "../one", undefined])
    assert.equal(findProgram("tool", { PATH: relative }), undefined, String(relative));
});
