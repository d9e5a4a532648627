// Proof on the executable: kill -9 in the middle of 32 clients loses no audit entry of a token that somebody received.
import { test, type TestContext } from "node:test";
import assert from "node:assert/strict";
import { temporaryFolder } from "../broker/broker.ts";
import { crash } from "../broker/crash.ts";
import { EXECUTABLE, makePlace } from "../broker/server-process.ts";

test("kill -9 in the middle of 32 clients, on the executable, 10 times", async (t: TestContext) => {
  const place = makePlace(temporaryFolder(t));
  const total = await crash(place, { rounds: 10, clients: 32, program: EXECUTABLE });
  assert.ok(total > 10 * 32, `${total} tokens`);
});
