import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { test, type TestContext } from "node:test";
import type { Configuration } from "../../src/config/configuration.ts";
import { readConfig, snapshotFile, type ReadOptions } from "../../src/config/snapshot.ts";
import { KeywrightError } from "../../src/errors.ts";
import { matchFault } from "../../src/resolver/match.ts";
import { BACKENDS, placeFor, type Place } from "./place.ts";

const CONFIG = `identity: { role: first }
audit: { sink: file, max_files: 3 }
stores: { red: { backend: gopass, root: a, options: { deep: [1, { x: null }] } } }
refs: { key: { store: red, path: b, policy: p } }
policies: { p: { allowed_principals: [first], deny: [ { name: d, not_before: 2026-01-01 } ] } }
`;

function asJson(config: Configuration): string {
  return JSON.stringify({ ...config, stores: [...config.stores], policies: [...config.policies] });
}

function isRefused(error: unknown): boolean {
  return error instanceof KeywrightError && error.code === "configuration";
}

interface Reading extends Place {
  readonly kept: string;
  /** Reads, and tells whether the YAML was parsed: `matchFault` and `backends` are asked then, and only then. */
  read(more?: Partial<ReadOptions>): Promise<{ readonly config: Configuration; readonly parsed: boolean }>;
}

/** Every file here has just been made, so the clock of these tests goes an hour ahead: to it they are old. */
const later = { now: () => Date.now() / 1000 + 3600 };

function readingFor(t: TestContext): Reading {
  const place = placeFor(t);
  const { home, etc } = place;
  const kept = snapshotFile({ home, kind: "client" }) ?? assert.fail();
  return {
    ...place,
    kept,
    async read(more = {}) {
      let parsed = false;
      const backends = new Proxy(BACKENDS, {
        get(all, key) {
          if (key === "includes") parsed = true;
          return Reflect.get(all, key) as unknown;
        },
      });
      const options = {
        home,
        etc,
        env: {},
        kind: "client",
        backends,
        matchFault,
        version: "1",
        clock: later,
        vendor: join(home, "vendor"),
        ...more,
      } as const;
      return { config: await readConfig(options), parsed };
    },
  };
}

test("readConfig() answers from the snapshot what the files say, typed the same", async (t) => {
  const { write, user, read, kept } = readingFor(t);
  write(user, CONFIG);
  const first = await read();
  assert.equal(first.parsed, true);
  const second = await read();
  assert.equal(second.parsed, false);
  const { identity, audit, stores, refs, policies, broker } = first.config;
  assert.equal(asJson(second.config), asJson({ identity, audit, stores, refs, policies, broker }));
  assert.equal(statSync(kept).mode & 0o777, 0o600);
  assert.equal(statSync(dirname(kept)).mode & 0o777, 0o700);
});

test("readConfig() keeps no snapshot when there is no file", async (t) => {
  const { read, kept } = readingFor(t);
  const { config, parsed } = await read();
  assert.equal(parsed, false);
  assert.equal(config.refs[0]?.name, "codeartifact");
  assert.ok(!existsSync(kept));
});

test("readConfig() chooses the built-in anew each time, below a file that names no refs too", async (t) => {
  const { write, user, read } = readingFor(t);
  const store = async (env: Record<string, string>): Promise<readonly unknown[]> => {
    const { config, parsed } = await read({ env });
    return [config.refs[0]?.store, config.refs.length, parsed];
  };
  assert.deepEqual(await store({}), ["menda", 1, false]);
  assert.deepEqual(await store({ AWS_PROFILE: "p" }), ["aws", 3, false]);
  write(user, "audit: none");
  assert.deepEqual(await store({}), ["menda", 1, true]);
  assert.deepEqual(await store({}), ["menda", 1, false]);
  assert.deepEqual(await store({ AWS_PROFILE: "p" }), ["aws", 3, true]);
  assert.deepEqual(await store({ AWS_PROFILE: "p" }), ["aws", 3, false]);
  assert.deepEqual(await store({ AWS_PROFILE: "p", MENDA_HOST: "h" }), ["menda", 1, true]);
});

type Change = (place: Reading) => Partial<ReadOptions> | undefined | void;
const CHANGES: readonly (readonly [title: string, change: Change, role: string])[] = [
  ["an edit", ({ user }) => writeFileSync(user, CONFIG.replace("role: first", "role: other")), "other"],
  [
    "an edit of the same length and with its old time",
    ({ user }) => {
      const { atime, mtime } = statSync(user);
      writeFileSync(user, CONFIG.replace("role: first", "role: other"));
      utimesSync(user, atime, mtime);
    },
    "other",
  ],
  [
    "a replacement",
    ({ user, write }) => {
      write(`${user}.new`, CONFIG.replace("role: first", "role: other"));
      renameSync(`${user}.new`, user);
    },
    "other",
  ],
  ["a changed mode", ({ user }) => chmodSync(user, 0o400), "first"],
  ["a new layer", ({ etc, write }) => write(etc, "identity: { app: x }\n"), "first"],
  [
    "a removed layer",
    ({ user, etc, write }) => (rmSync(user), write(etc, CONFIG.replace("first", "other"))),
    "other",
  ],
  [
    "KEYWRIGHT_CONFIG",
    ({ named, write }) => (write(named, "identity: { role: other }\n"), { env: { KEYWRIGHT_CONFIG: named } }),
    "other",
  ],
  [
    "a copy in the file's place, through a link",
    ({ user, home }) => (renameSync(user, join(home, "c")), symlinkSync(join(home, "c"), user)),
    "first",
  ],
  ["another version of keywright", () => ({ version: "2" }), "first"],
  ["other backends", () => ({ backends: [...BACKENDS, "more"] }), "first"],
];

for (const [title, change, role] of CHANGES) {
  test(`readConfig() reads the files again after ${title}`, async (t) => {
    const reading = readingFor(t);
    reading.write(reading.user, CONFIG);
    await reading.read();
    const before = readFileSync(reading.kept, "utf8");
    const more = change(reading) ?? {};
    assert.equal((await reading.read(more)).config.identity.role, role);
    assert.notEqual(readFileSync(reading.kept, "utf8"), before);
    if (more.backends === undefined) assert.equal((await reading.read(more)).parsed, false, "kept again");
  });
}

test("readConfig() goes back to the built-in configuration when the only file is removed", async (t) => {
  const { write, user, read } = readingFor(t);
  write(user, CONFIG);
  await read();
  rmSync(user);
  assert.equal((await read()).config.identity.role, "local_user");
});

test("readConfig() checks owners and modes with a snapshot, too", async (t) => {
  const { write, user, read } = readingFor(t);
  write(user, CONFIG);
  await read();
  for (const path of [user, dirname(user)]) {
    const { mode } = statSync(path);
    chmodSync(path, mode | 0o002);
    await assert.rejects(read(), isRefused);
    chmodSync(path, mode);
  }
  await read();
  assert.equal((await read()).parsed, false);
});

const TAMPERED: readonly (readonly [string, (kept: string) => void])[] = [
  ["others can write", (kept) => chmodSync(kept, 0o606)],
  ["is in a folder that others can write", (kept) => chmodSync(dirname(kept), 0o777)],
  ["is empty", (kept) => writeFileSync(kept, "")],
  ["was cut", (kept) => writeFileSync(kept, readFileSync(kept, "utf8").slice(0, -20))],
  ["was edited", (kept) => writeFileSync(kept, readFileSync(kept, "utf8").replace('"first"', '"other"'))],
  ["has another hash", (kept) => writeFileSync(kept, readFileSync(kept, "utf8").replace(/^./, "x"))],
  ["is no text", (kept) => writeFileSync(kept, Buffer.from([0xff, 0x00, 0x0a]))],
  ["is a folder", (kept) => (rmSync(kept), mkdirSync(kept))],
  ["is a link", (kept) => (renameSync(kept, `${kept}.x`), symlinkSync(`${kept}.x`, kept))],
  ["is a link to nothing", (kept) => (rmSync(kept), symlinkSync("/nowhere/at/all", kept))],
  ["is a pipe", (kept) => (rmSync(kept), execFileSync("mkfifo", [kept]))],
];

for (const [title, tamper] of TAMPERED) {
  test(`readConfig() passes over a snapshot that ${title}`, async (t) => {
    const { write, user, read, kept } = readingFor(t);
    write(user, CONFIG);
    await read();
    tamper(kept);
    const { config, parsed } = await read();
    assert.deepEqual([config.identity.role, parsed], ["first", true]);
  });
}

test("readConfig() passes over a snapshot of another user", async (t) => {
  const { write, user, read, kept } = readingFor(t);
  write(user, CONFIG);
  await read();
  const us = process.geteuid?.() ?? 0;
  // Only root can give a file away; anybody else would need another user's file here.
  if (us === 0) chownSync(kept, 12_345, 12_345);
  else rmSync(kept);
  assert.equal((await read()).parsed, true);
});

test("readConfig() answers when the snapshot cannot be written", async (t) => {
  const { write, user, read, home } = readingFor(t);
  write(user, CONFIG);
  writeFileSync(join(home, ".cache"), "a file where the folder should be");
  assert.equal((await read()).config.identity.role, "first");
  assert.equal((await read()).parsed, true);
});

test("readConfig() keeps no snapshot of a file that changed just now, as the next change could look the same", async (t) => {
  const { write, user, read, kept } = readingFor(t);
  write(user, CONFIG);
  await read({ clock: { now: () => statSync(user).ctimeMs / 1000 + 0.05 } });
  assert.ok(!existsSync(kept));
  await read({ clock: { now: () => statSync(user).ctimeMs / 1000 + 0.2 } });
  assert.ok(existsSync(kept));
});

test("readConfig() keeps no snapshot of a configuration that is wrong, nor without a home, nor for a broker", async (t) => {
  const { write, user, named, read, kept } = readingFor(t);
  write(user, "refs: 1");
  await assert.rejects(read());
  write(named, CONFIG);
  await read({ home: undefined, env: { KEYWRIGHT_CONFIG: named } });
  write(named, "principals: [ci]\n");
  assert.deepEqual((await read({ kind: "broker", file: named })).config.broker?.principals, ["ci"]);
  assert.ok(!existsSync(kept));
});

test("with a snapshot, neither the YAML parser nor the validator is loaded", async (t) => {
  const { write, user, read, home, etc } = readingFor(t);
  write(user, CONFIG);
  await read({ backends: BACKENDS });
  const script = `
    import { readConfig } from ${JSON.stringify(join(import.meta.dirname, "../../src/config/snapshot.ts"))};
    import { registerHooks } from "node:module";
    const loaded = [];
    registerHooks({ load(url, context, next) { loaded.push(url); return next(url, context); } });
    const { identity } = await readConfig({ home: ${JSON.stringify(home)}, etc: ${JSON.stringify(etc)}, env: {}, kind: "client",
      backends: ${JSON.stringify(BACKENDS)}, matchFault: () => "not asked", version: "1" });
    process.stdout.write(JSON.stringify([identity.role, loaded]));`;
  const out = execFileSync(process.execPath, ["--input-type=module", "--eval", script], { encoding: "utf8" });
  assert.deepEqual(JSON.parse(out), ["first", []]);
});
