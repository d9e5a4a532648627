import assert from "node:assert/strict";
import { test } from "node:test";
import { KeywrightError } from "../../src/errors.ts";
import { spawnCapture, spawnInherit } from "../../src/io/spawn.ts";

const SH = "/bin/sh";

test("spawnCapture: output, error output and exit code come back, input goes in", async () => {
  const { code, stdout, stderr } = await spawnCapture(SH, ["-c", "cat; echo no >&2; exit 3"], {
    env: {},
    input: "a\0b",
    limit: 10,
  });
  assert.deepEqual([code, stdout.toString(), stderr.toString()], [3, "a\0b", "no\n"]);
});

test("spawnCapture: only the environment that was given is there, and no shell reads the words", async () => {
  const env = { GIVEN: "x", ABSENT: undefined };
  const { stdout } = await spawnCapture("/usr/bin/env", [], { env, limit: 10 });
  assert.equal(stdout.toString(), "GIVEN=x\n");
  const words = await spawnCapture("/bin/echo", ["$HOME;", "`id`", ""], { env: {}, limit: 10 });
  assert.equal(words.stdout.toString(), "$HOME; `id` \n");
});

test("spawnCapture: a program that does not read its input is no failure", async () => {
  const input = "x".repeat(1_000_000);
  assert.equal((await spawnCapture(SH, ["-c", "exit 0"], { env: {}, input, limit: 10 })).code, 0);
});

test(
  "spawnCapture: too long or too much ends the program, also when a grandchild holds the output open",
  { timeout: 10_000 },
  async () => {
    const path = { PATH: "/usr/bin:/bin" };
    await fails("timed_out", spawnCapture(SH, ["-c", "sleep 30 & sleep 30"], { env: path, limit: 0.05 }));
    await fails(
      "backend",
      spawnCapture(SH, ["-c", "while :; do echo x; done"], { env: {}, limit: 10, most: 1000 }),
    );
  },
);

test("spawn: what is not there, or is no program, fails as backend; a signal gives 128 + n", async () => {
  await fails("backend", spawnCapture("/nowhere/program", [], { env: {}, limit: 10 }));
  await fails("backend", spawnInherit("/nowhere/program", [], {}));
  assert.equal(await spawnInherit(SH, ["-c", "exit 7"], {}), 7);
  assert.equal(await spawnInherit(SH, ["-c", "kill -9 $$"], {}), 137);
  assert.equal((await spawnCapture(SH, ["-c", "kill -15 $$"], { env: {}, limit: 10 })).code, 143);
});

async function fails(code: string, running: Promise<unknown>): Promise<void> {
  await assert.rejects(running, (thrown) => thrown instanceof KeywrightError && thrown.code === code);
}
