// `checkpoints` of a broker's configuration.
import { test } from "node:test";
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadConfig } from "../../src/config/load.ts";
import { matchFault } from "../../src/resolver/match.ts";

test("checkpoints have an interval and a sink; anything else names file and line", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "keywright-config-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, "broker.yaml");
  const read = (text: string) => {
    writeFileSync(file, `principals: [ci]\n${text}\n`, { mode: 0o600 });
    return loadConfig({ env: {}, home: folder, kind: "broker", file, backends: ["issue"], matchFault }).broker
      ?.checkpoints;
  };
  assert.equal(read(""), undefined);
  assert.deepEqual(read("checkpoints: { to: stdout }"), { every: 100, to: "stdout" });
  assert.deepEqual(read("checkpoints: { every: 7, to: 'file:/var/lib/x' }"), {
    every: 7,
    to: "file:/var/lib/x",
  });
  for (const wrong of [
    "{}",
    "{ to: 'file:x' }",
    "{ to: 'http://a.example/' }",
    "{ every: 0, to: stdout }",
    "{ to: stdout, at: 1 }",
  ])
    assert.throws(
      () => read(`checkpoints: ${wrong}`),
      { code: "configuration", message: /broker\.yaml:2/ },
      wrong,
    );
});
