// The executable administers a broker as the checkout does: sockets, locks and signals work in it, too.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { test } from "node:test";
import { EXECUTABLE } from "../cli/admin-place.ts";
import { afterKill, parallelCommands, reloads, restoreAfterRevoke } from "../cli/admin-stories.ts";

assert.ok(existsSync(EXECUTABLE), "build/keywright is missing: run npm run build:exe");

test("the executable: 20 commands at once under load leave one whole chain", (t) =>
  parallelCommands(t, EXECUTABLE));
test("the executable: revoke and rotate hold at once, and after a restore", (t) =>
  restoreAfterRevoke(t, EXECUTABLE));
test("the executable: a signal and a command reload the configuration", (t) => reloads(t, EXECUTABLE));
test("the executable: a server that was killed holds nothing up", (t) => afterKill(t, EXECUTABLE));
