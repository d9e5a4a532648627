import assert from "node:assert/strict";
import { test } from "node:test";
import { createLog } from "../../src/io/log.ts";

function heard(level: string): string {
  let text = "";
  const log = createLog(level, (part) => (text += part));
  log.info?.("one");
  log.debug?.("two\n\u001b[31mé");
  return text;
}

test("each level says what is above it; controls are written out", () => {
  assert.equal(heard("debug"), "info: one\ndebug: two\\u000a\\u001b[31m\\u00e9\n");
  assert.equal(heard("info"), "info: one\n");
  assert.equal(heard("warn"), "");
  assert.equal(heard("error"), "");
});

test("another level is told, and keeps nothing from coming", () => {
  assert.match(heard("loud"), /^KEYWRIGHT_LOG: not a log level; use one of error, warn, info, debug\n$/);
});
