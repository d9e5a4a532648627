import assert from "node:assert/strict";
import { test } from "node:test";
import { createTurns } from "../../src/io/turns.ts";

test("only so many at once, in order; a failure hands its turn on", async () => {
  const turn = createTurns(2);
  const began: number[] = [];
  let running = 0;
  let most = 0;
  const work = (at: number) => async (): Promise<number> => {
    began.push(at);
    running += 1;
    most = Math.max(most, running);
    await new Promise(setImmediate);
    running -= 1;
    if (at === 1) throw new Error("one");
    return at;
  };
  const results = await Promise.allSettled([0, 1, 2, 3, 4].map((at) => turn(work(at))));
  assert.deepEqual(
    results.map((result) => (result.status === "fulfilled" ? result.value : "failed")),
    [0, "failed", 2, 3, 4],
  );
  assert.deepEqual([began, most], [[0, 1, 2, 3, 4], 2]);
  assert.equal(await turn(work(5)), 5);
});
