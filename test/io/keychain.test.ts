// The system's keychain: a real gnome-keyring on a session bus of its own, through the real secret-tool; macOS's program by
// one that stands in for it and checks what it is given. Nothing secret in arguments, and no file in the keychain's place.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { promisify } from "node:util";
import { keychain } from "../../src/io/keychain.ts";

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), "keywright-keychain-"));
  t.after(() => rmSync(path, { recursive: true, force: true, maxRetries: 5 }));
  return path;
}

test("secret-tool: values, logins and the key in a real keyring, and what is said when it is locked", async (t) => {
  const home = folder(t);
  mkdirSync(join(home, "run"), { mode: 0o700 });
  const worker = join(import.meta.dirname, "keychain-worker.ts");
  const traced = join(home, "trace");
  const script = `printf canary-password | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1
exec strace -f -qq -s 4096 -e trace=execve -o "$2" "$0" "$1"`;
  const { stdout } = await promisify(execFile)(
    "dbus-run-session",
    ["--", "sh", "-c", script, process.execPath, worker, traced],
    {
      env: { PATH: process.env["PATH"], HOME: home, XDG_RUNTIME_DIR: join(home, "run") },
      timeout: 60_000,
    },
  );
  const locked = "locked: the system's keychain is locked";
  assert.deepEqual(JSON.parse(stdout), {
    absent: null,
    kept: true,
    replaced: "second",
    other: null,
    forgotten: [true, false, null],
    file: false,
    refresh: "canary-refresh-in-keychain",
    refreshed: "canary-refresh-next",
    still: false,
    key: [true, 3],
    keyFile: false,
    locked: { find: locked, keep: locked, forget: locked, login: locked, glance: "keychain", key: locked },
  });
  const started = readFileSync(traced, "utf8");
  assert.match(started, /secret-tool/);
  assert.doesNotMatch(started, /canary|second|third|"d":/);
});

test("without a session, without the program, or on a system that has none: an error that says what to do", (t) => {
  const env = { PATH: process.env["PATH"], HOME: folder(t) };
  const rows: readonly (readonly [Record<string, string | undefined>, NodeJS.Platform, RegExp])[] = [
    [env, "linux", /cannot be used: .*D-Bus.*session of the desktop.*logins: file/],
    [
      { ...env, PATH: "/nowhere" },
      "linux",
      /secret-tool, which is not there.*apt-get install libsecret-tools.*logins: file/,
    ],
    [{ ...env, PATH: "/nowhere" }, "darwin", /security, which is not there.*logins: file/],
  ];
  for (const [given, platform, expected] of rows) {
    const chain = keychain(given, platform);
    for (const work of [() => chain.find("a"), () => chain.keep("a", "canary"), () => chain.forget("a")]) {
      assert.throws(work, (error: Error & { hint?: string }) => {
        const said = `${error.message} ${error.hint}`.replaceAll("\n", " ");
        assert.match(said, expected);
        assert.doesNotMatch(said, /canary/);
        return true;
      });
    }
  }
  assert.throws(() => keychain(env, "win32"), { message: "keywright offers no keychain on win32" });
});

/** What `security` does with these arguments, as its manual says: a file for each entry. */
const SECURITY = `#!/bin/sh
store="$HOME/entries"; mkdir -p "$store"
printf '%s\\n' "$*" >> "$HOME/argv"
case "$1" in
-i) read -r command rest; set -- $rest
  while [ $# -gt 0 ]; do case "$1" in -a) name=$2; shift;; -X) hex=$2; shift;; esac; shift; done
  [ "$command" = add-generic-password ] && printf '%s' "$hex" > "$store/$name";;
find-generic-password) [ -f "$store/$5" ] || exit 44
  [ -f "$HOME/locked" ] && exit 36
  node -e 'console.log(Buffer.from(require("fs").readFileSync(process.argv[1], "utf8"), "hex").toString())' "$store/$5";;
delete-generic-password) [ -f "$store/$5" ] || exit 44; rm "$store/$5";;
esac
`;

test("security (macOS): commands on standard input, never in arguments", (t) => {
  const home = folder(t);
  writeFileSync(join(home, "security"), SECURITY);
  chmodSync(join(home, "security"), 0o755);
  const chain = keychain({ PATH: `${home}:${process.env["PATH"]}`, HOME: home }, "darwin");
  assert.equal(chain.find("login-1"), undefined);
  chain.keep("login-1", 'canary "x" %');
  assert.equal(chain.find("login-1"), 'canary "x" %');
  writeFileSync(join(home, "locked"), "");
  assert.throws(() => chain.find("login-1"), { code: "locked" });
  rmSync(join(home, "locked"));
  assert.deepEqual([chain.forget("login-1"), chain.forget("login-1")], [true, false]);
  assert.throws(() => chain.keep("login-2", "x".repeat(4000)), /too long/);
  assert.ok(!existsSync(join(home, "entries", "login-2")));
  assert.doesNotMatch(readFileSync(join(home, "argv"), "utf8"), /canary|63616e617279/);
});
