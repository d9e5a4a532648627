import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { hasNetrcEntry } from "../../src/io/netrc.ts";

const HOST = "dom-123456789012.d.codeartifact.eu-west-1.amazonaws.com";

const ROWS: readonly (readonly [text: string, has: boolean])[] = [
  [`machine ${HOST} login aws password old`, true],
  [`machine ${HOST.toUpperCase()}\n  login aws\n  password old\n`, true],
  ["machine other.example login a password b\ndefault login a password b", true],
  [`machine other.example login ${HOST} password b`, false],
  [`machine ${HOST}.example login a password b`, false],
  ["", false],
];

test("an entry of a host is seen in the file that NETRC names, and in the two usual ones", (t) => {
  const home = mkdtempSync(join(tmpdir(), "keywright-netrc-"));
  t.after(() => rmSync(home, { recursive: true, force: true }));
  for (const name of ["elsewhere", ".netrc", "_netrc"]) {
    const file = join(home, name);
    const env = name === "elsewhere" ? { NETRC: file } : { NETRC: "" };
    for (const [text, has] of ROWS) {
      writeFileSync(file, text);
      assert.equal(hasNetrcEntry(HOST, { env, home }), has, `${name}: ${text}`);
    }
    assert.equal(hasNetrcEntry(HOST, { env, home: undefined }), false);
    writeFileSync(file, `machine ${HOST} login a password b`);
    assert.equal(hasNetrcEntry(HOST, { env, home }), true);
    rmSync(file);
  }
});

test("a file that is not there or is a folder has no entry", () => {
  assert.equal(hasNetrcEntry(HOST, { env: { NETRC: "/nowhere/netrc" }, home: "/" }), false);
  assert.equal(hasNetrcEntry(HOST, { env: { NETRC: "/" }, home: undefined }), false);
});
