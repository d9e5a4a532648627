import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";

const LOOK = `import { ownTerminal } from ${JSON.stringify(join(import.meta.dirname, "../../src/io/terminal.ts"))};
console.log(JSON.stringify(ownTerminal() ?? "none"));`;

/** What a process sees whose streams are redirected so, below a pseudo-terminal (`script`, Debian: bsdutils). */
function seen(redirected: string): unknown {
  const look = `'${process.execPath}' --input-type=module -e '${LOOK}' ${redirected}`;
  const { stdout, status } = spawnSync("script", ["--quiet", "--return", "--command", look, "/dev/null"], {
    input: "",
    encoding: "utf8",
  });
  assert.equal(status, 0, stdout);
  return JSON.parse(stdout.trim());
}

test("a person sits here when any stream is a terminal, which is named", () => {
  for (const redirected of ["", "</dev/null", "2>/dev/null", "</dev/null 2>/dev/null"]) {
    const { device } = seen(redirected) as { readonly device: string };
    assert.match(device, /^\/dev\/pts\/\d+$/, redirected);
  }
});

test("without one nobody does", () => {
  assert.equal(seen("</dev/null 2>/dev/null | cat"), "none");
});
