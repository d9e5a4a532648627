// What is in deploy/: systemd's own check of the unit, and what the Containerfile promises. (nginx: test/e2e/nginx.test.ts.)
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";

const deploy = join(import.meta.dirname, "..", "deploy");
const folder = mkdtempSync(join(tmpdir(), "keywright-deploy-"));
after(() => rmSync(folder, { recursive: true, force: true }));

function analyze(...args: readonly string[]): { readonly status: number | null; readonly text: string } {
  const { status, stdout, stderr } = spawnSync("systemd-analyze", args, { encoding: "utf8" });
  return { status, text: `${stdout}${stderr}` };
}

test("the systemd unit is one, and its exposure is low", () => {
  const unit = readFileSync(join(deploy, "keywright.service"), "utf8");
  const file = join(folder, "keywright.service");
  writeFileSync(file, unit.replaceAll("/usr/local/bin/keywright", process.execPath));
  assert.deepEqual(analyze("verify", file), { status: 0, text: "" });
  const { status, text } = analyze("security", "--offline=true", "--no-pager", "--threshold=12", file);
  assert.equal(status, 0, text);
  const open = text.split("\n").filter((line) => line.includes("✗"));
  assert.ok(open.length > 0 && open.every((line) => /0\.[1-5]$/.test(line.trim())), open.join("\n"));
});

test("a unit that opens more is seen", () => {
  const file = join(folder, "open.service");
  writeFileSync(file, "[Service]\nExecStart=/bin/true\n");
  assert.notEqual(analyze("security", "--offline=true", "--no-pager", "--threshold=12", file).status, 0);
});

test("the container is not root, and its root is not written", () => {
  const text = readFileSync(join(deploy, "Containerfile"), "utf8");
  assert.match(text, /^USER 65532:65532$/m);
  assert.match(text, /^VOLUME \/data$/m);
  assert.match(text, /--read-only --cap-drop=all --security-opt=no-new-privileges/);
  const end = text.slice(text.indexOf("\nUSER "));
  assert.doesNotMatch(end, /^(?:RUN|COPY|ADD|USER root)/m);
});
