// The section `limits` of a broker's configuration.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { loadConfig } from "../../src/config/load.ts";
import { matchFault } from "../../src/resolver/match.ts";
import { temporaryFolder } from "../broker/broker.ts";

function limitsOf(t: TestContext, text: string) {
  const home = temporaryFolder(t);
  const file = join(home, "broker.yaml");
  writeFileSync(file, text);
  return loadConfig({ home, env: {}, kind: "broker", file, backends: ["issue"], matchFault }).broker?.limits;
}

test("limits: what is said is read, what is not keeps its default", (t) => {
  assert.equal(limitsOf(t, "principals: [ci]\n"), undefined);
  assert.deepEqual(limitsOf(t, "limits: { requests_per_client: 50, idle_seconds: 10 }\n"), {
    requestsPerClient: 50,
    idleSeconds: 10,
  });
});

test("limits: what is none is an error with file and line", (t) => {
  const rows: readonly (readonly [string, RegExp])[] = [
    ["limits: { connections: 0 }", /broker\.yaml:1: limits\.connections is no whole number from 1 to/],
    ["limits: { header_seconds: 1.5 }", /limits\.header_seconds/],
    ["limits: { requests: 5 }", /unknown key 'requests' in limits/],
    ["limits: 5", /limits is a number, not a mapping/],
  ];
  for (const [text, message] of rows)
    assert.throws(() => limitsOf(t, `${text}\n`), { code: "configuration", message });
});
