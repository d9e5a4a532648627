import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { decryptionFailure } from "../../src/io/gpg-failure.ts";
import type { Environment } from "../../src/io/spawn.ts";
import type { Terminal } from "../../src/io/terminal.ts";
import { unlockingProgram } from "../../src/io/unlocking.ts";

/** A program that says what it is, then prints its environment, or waits. */
function opened(t: TestContext, env: Environment, terminal: Terminal | undefined) {
  const folder = mkdtempSync(join(tmpdir(), "keywright-unlocking-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const script = '#!/bin/sh\ncase "$1" in proof) echo it is me;; wait) exec sleep 300;; *) env;; esac\n';
  writeFileSync(join(folder, "opener"), script, { mode: 0o755 });
  return unlockingProgram({
    program: "opener",
    env: { ...env, PATH: `relative:${folder}::/usr/bin:/bin` },
    also: ["OPENER_HOME"],
    proof: { argv: ["proof"], says: /it is me/ },
    remedies: { absent: "install it", other: "take the other" },
    terminal: () => terminal,
  });
}

async function environment(
  t: TestContext,
  env: Environment,
  terminal?: Terminal,
): Promise<ReadonlyMap<string, string>> {
  const run = await opened(t, env, terminal)(5);
  const { stdout } = await run(["env"], { SET: "1" });
  const lines = stdout.toString().trim().split("\n");
  return new Map(lines.map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]));
}

test("it gets what a pinentry needs and what was set, nothing else, and no relative entry of the PATH", async (t) => {
  const through = {
    HOME: "/h",
    DISPLAY: ":0",
    XDG_RUNTIME_DIR: "/run/x",
    SSH_AUTH_SOCK: "/s",
    OPENER_HOME: "/o",
  };
  const kept = { PASSWORD_STORE_DIR: "/p", BASH_ENV: "/b", LD_PRELOAD: "/l", AWS_SECRET: "a", XDG_: "no" };
  const env = await environment(t, { ...through, ...kept });
  assert.deepEqual(
    Object.keys({ ...through, ...kept }).filter((name) => env.has(name)),
    Object.keys(through),
  );
  assert.equal(env.get("SET"), "1");
  assert.match(env.get("PATH") ?? "", /^\/[^:]*keywright-unlocking-[^:]*:\/usr\/bin:\/bin$/);
});

test("messages are English, characters those of the user", async (t) => {
  for (const [given, characters] of [
    [{ LC_ALL: "de_DE.UTF-8", LANG: "C" }, "de_DE.UTF-8"],
    [{ LC_ALL: "", LC_CTYPE: "fr_FR.UTF-8", LANG: "C" }, "fr_FR.UTF-8"],
    [{ LANG: "en_GB.UTF-8" }, "en_GB.UTF-8"],
    [{}, undefined],
  ] as const) {
    const env = await environment(t, given);
    assert.deepEqual([env.get("LC_CTYPE"), env.get("LC_MESSAGES")], [characters, "C"]);
    assert.ok(!env.has("LC_ALL") && !env.has("LANG"));
  }
});

test("GPG_TTY is the user's own, else our terminal, else absent", async (t) => {
  const terminal = { device: "/dev/pts/7" };
  assert.equal((await environment(t, { GPG_TTY: "/dev/pts/1" }, terminal)).get("GPG_TTY"), "/dev/pts/1");
  assert.equal((await environment(t, {}, terminal)).get("GPG_TTY"), "/dev/pts/7");
  assert.equal((await environment(t, {}, { device: undefined })).has("GPG_TTY"), false);
  assert.equal((await environment(t, {})).has("GPG_TTY"), false);
});

test("the limit is the store's, else 60 s where a person sits, else 10 s", { timeout: 10_000 }, async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  for (const [limit, terminal, seconds] of [
    [undefined, undefined, 10],
    [undefined, { device: undefined }, 60],
    [3, { device: undefined }, 3],
  ] as const) {
    const run = await opened(t, {}, terminal)(limit);
    const waiting = run(["wait"]);
    let over = false;
    void waiting.catch(() => (over = true));
    t.mock.timers.tick(seconds * 1000 - 1);
    await new Promise(setImmediate);
    assert.equal(over, false);
    t.mock.timers.tick(1);
    await assert.rejects(waiting, {
      code: "timed_out",
      message: `opener gave no answer within ${seconds} s: its store is locked, or waiting for touch or PIN`,
    });
  }
});

test("why decryption failed, from the words of GnuPG, age and gopass; names in quotes are not theirs", () => {
  const rows = [
    ["gpg: public key decryption failed: Operation cancelled", "locked"],
    ["gpg: public key decryption failed: No pinentry", "locked"],
    ["gpg: public key decryption failed: Inappropriate ioctl for device", "locked"],
    ["gpg: public key decryption failed: Bad passphrase", "locked"],
    ["gpg: public key decryption failed: Bad PIN", "locked"],
    ["gpg: selecting card failed: No such device\ngpg: decryption failed: Card error", "locked"],
    ["gpg: no gpg-agent running in this session\ngpg: decryption failed: No secret key", "locked"],
    [
      "[GNUPG:] KEY_CONSIDERED 02 0\n[GNUPG:] DECRYPTION_FAILED\ngpg: decryption failed: No secret key",
      "locked",
    ],
    [
      "[GNUPG:] ENC_TO B5 18 0\n[GNUPG:] DECRYPTION_FAILED\ngpg: decryption failed: No secret key",
      "authentication",
    ],
    ["gpg: decryption failed: No secret key", "authentication"],
    ["age: error: no identity matched any of the recipients", "authentication"],
    ['Error: failed to retrieve "pinentry/decrypt": something else', undefined],
    ["disk full", undefined],
  ] as const;
  for (const [said, code] of rows) assert.equal(decryptionFailure(said)?.code, code, said);
});
