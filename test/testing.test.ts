import assert from "node:assert/strict";
import { test } from "node:test";
import { Secret } from "../src/secret.ts";
import { collectingAudit, fixedClock, memoryBackend } from "../src/testing.ts";
import { as, placeOf } from "./secrets/place.ts";

test("a fixed clock stands still until it is told otherwise", () => {
  const clock = fixedClock(100);
  assert.deepEqual([clock.now(), clock.now()], [100, 100]);
  clock.advance(2.5);
  assert.equal(clock.now(), 102.5);
});

test("a memory backend answers by path, has nothing of JavaScript's own, and keeps what it was asked", async () => {
  const held = new Secret("wrapped", { expiresAt: 200 });
  const backend = memoryBackend({ "mxm/red/marketdata/databento/api_key": held });
  const { api } = placeOf(undefined, { backends: { memory: backend } });
  const question = { secretName: "databento_api_key", identity: as("research") };
  assert.equal((await api.getSecret(question)).expiresAt, 200);
  assert.equal(await api.getSecret({ ...question, secretName: "gone", default: null }), null);
  assert.deepEqual(
    backend.retrieved.map(({ location, context }) => [location.ref.name, context.principal.name]),
    [
      ["databento_api_key", "research"],
      ["gone", "research"],
    ],
  );
  assert.equal(await api.checkReady(), true);
});

test("a collecting audit keeps both kinds of entry, and links them", async () => {
  const audit = collectingAudit();
  const { api } = placeOf(undefined, { audit });
  await api.getSecret({ secretName: "databento_api_key", identity: as("research") });
  assert.equal(audit.decisions[0]?.outcome, "granted");
  assert.equal(audit.issues[0]?.decision, "decision-1");
});
