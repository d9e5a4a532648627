import assert from "node:assert/strict";
import { chmodSync, chownSync, mkdirSync, rmSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { test, type TestContext } from "node:test";
import { builtInConfiguration } from "../../src/config/built-in.ts";
import { layersOf } from "../../src/config/layers.ts";
import { loadConfig } from "../../src/config/load.ts";
import { stampOf } from "../../src/config/stamp.ts";
import { plain, type Origin } from "../../src/config/tree.ts";
import { DEFAULT_USERS } from "../../src/config/users.ts";
import { NO_WORKLOADS } from "../../src/config/workloads.ts";
import { matchFault } from "../../src/resolver/match.ts";
import { BACKENDS, configurationFault, placeFor } from "./place.ts";

const NUMBERED = `stores:
  red: { backend: gopass, root: mxm/red }
refs:
  key:
    store: red
    path: a/b
    policy: trading
policies:
  trading:
    allowed_principals: [research, marketdata]
`;

function pretendToBe(t: TestContext, uid: number): void {
  const real = process.geteuid;
  process.geteuid = () => uid;
  t.after(() => void (process.geteuid = real as () => number));
}

function at(file: string, line: number): Origin {
  return { file, line };
}

function files(home: string | undefined, named?: string): readonly string[] {
  return layersOf({ home, env: { KEYWRIGHT_CONFIG: named }, kind: "client" }).map(({ file }) => file);
}

for (const [name, env] of [
  ["menda", {}],
  ["menda", { MENDA_PROFILE_ID: "p", AWS_PROFILE: "p" }],
  ["aws", { AWS_PROFILE: "p" }],
] as const) {
  test(`loadConfig() gives the built-in for ${name} when no file says anything, with ${Object.keys(env).join()}`, (t) => {
    const loaded = placeFor(t).load({}, "client", env);
    const { identity, audit, stores, refs, policies, broker } = loaded;
    assert.deepEqual({ identity, audit, stores, refs, policies, broker }, builtInConfiguration({ name }));
    assert.equal(loaded.origins.get("refs.codeartifact.match"), "built-in");
    assert.equal(loaded.builtIn?.name, name);
  });
}

test("loadConfig() keeps the built-in refs when a file names identity and audit only", (t) => {
  const loaded = placeFor(t).load({ user: "identity: { role: ci }\naudit: stderr\n" });
  assert.deepEqual(loaded.identity, { role: "ci", environment: "dev", app: "shell" });
  assert.equal(loaded.audit.sink, "stderr");
  assert.equal(loaded.audit.configured, true);
  assert.deepEqual(loaded.refs, builtInConfiguration({ name: "menda" }).refs);
  const aws = placeFor(t).load({ user: "audit: none" }, "client", { AWS_PROFILE: "p" });
  assert.deepEqual(aws.refs, builtInConfiguration({ name: "aws" }).refs);
});

test("loadConfig() drops all built-in refs, stores and policies when a file names any of them", (t) => {
  for (const user of ["refs: {}", "stores: {}", "policies: {}"]) {
    const loaded = placeFor(t).load({ user });
    assert.equal(loaded.refs.length + loaded.stores.size + loaded.policies.size, 0, user);
    assert.equal(loaded.builtIn, undefined);
  }
});

test("loadConfig() merges mappings deep and replaces lists and scalars", (t) => {
  const place = placeFor(t);
  const loaded = place.load({
    etc: NUMBERED,
    user: "policies: { trading: { allowed_principals: [research] } }\nrefs: { key: { path: c } }\n",
    named: "identity: { app: notebook }\nstores: { red: { options: { depth: { a: 1 } } } }\n",
  });
  assert.deepEqual(plain(loaded.tree), {
    identity: { role: "local_user", environment: "dev", app: "notebook" },
    audit: { sink: "file" },
    stores: { red: { backend: "gopass", root: "mxm/red", options: { depth: { a: 1 } } } },
    refs: { key: { store: "red", path: "c", policy: "trading" } },
    policies: { trading: { allowed_principals: ["research"] } },
  });
});

test("loadConfig() knows file and line of every value", (t) => {
  const place = placeFor(t);
  const { origins } = place.load({
    etc: NUMBERED,
    user: "\n\nrefs: { key: { path: c } }\nidentity:\n  role: ci\n",
  });
  assert.deepEqual(origins.get("stores.red.backend"), at(place.etc, 2));
  assert.deepEqual(origins.get("refs.key.store"), at(place.etc, 5));
  assert.deepEqual(origins.get("refs.key.path"), at(place.user, 3));
  assert.deepEqual(origins.get("policies.trading.allowed_principals[1]"), at(place.etc, 10));
  assert.deepEqual(origins.get("identity.role"), at(place.user, 5));
  assert.equal(origins.get("identity.app"), "built-in");
});

test("loadConfig() gives other revisions when a ref, its store or its policy changes, and the same otherwise", (t) => {
  const revision = (text: string) => placeFor(t).load({ user: text }).refs[0]?.revision;
  const first = revision(NUMBERED);
  assert.match(first ?? "", /^[0-9a-f]{64}$/);
  assert.equal(revision(`# a comment\n${NUMBERED}identity: { role: ci }\n`), first);
  assert.equal(
    revision(NUMBERED.replace("{ backend: gopass, root: mxm/red }", "{ root: mxm/red, backend: gopass }")),
    first,
  );
  for (const [from, to] of [
    ["a/b", "a/c"],
    ["mxm/red", "mxm/blue"],
    ["research, ", ""],
  ] as const) {
    assert.notEqual(revision(NUMBERED.replace(from, to)), first, to);
  }
});

test("layersOf() reads no user file without an absolute home, and refuses a relative KEYWRIGHT_CONFIG", () => {
  assert.deepEqual(files("/home/a", "/x.yaml"), [
    "/etc/keywright/config.yaml",
    "/home/a/.config/keywright/config.yaml",
    "/x.yaml",
  ]);
  assert.deepEqual(files(undefined, ""), ["/etc/keywright/config.yaml"]);
  assert.deepEqual(files("."), ["/etc/keywright/config.yaml"]);
  for (const named of ["config.yaml", "./c", "~/c", "/a\nb", "/a\u0000"]) {
    assert.match(configurationFault(() => files("/home/a", named)).message, /no absolute path/);
  }
});

test("loadConfig() refuses a KEYWRIGHT_CONFIG that does not exist", (t) => {
  const { home, etc, named } = placeFor(t);
  const options = {
    home,
    etc,
    env: { KEYWRIGHT_CONFIG: named },
    kind: "client",
    backends: BACKENDS,
    matchFault,
  } as const;
  assert.match(configurationFault(() => loadConfig(options)).message, /named\/config.yaml does not exist/);
});

test("loadConfig() refuses files and folders that another user can write", (t) => {
  const opened = (mode: number, pick: (file: string) => string) => {
    const place = placeFor(t);
    place.write(place.user, "identity: { role: ci }\n");
    chmodSync(pick(place.user), mode);
    return place;
  };
  for (const [mode, pick] of [
    [0o602, String],
    [0o666, String],
    [0o777, dirname],
    [0o702, dirname],
  ] as const) {
    const place = opened(mode, pick);
    const { message, hint } = place.fault({});
    assert.equal(message, `${pick(place.user)} can be written by other users, so it is not read`);
    assert.match(hint ?? "", new RegExp(`chmod go-w '${pick(place.user)}'`));
  }
  assert.equal(opened(0o1777, dirname).load().identity.role, "ci"); // nobody else can replace it there
});

test("loadConfig() accepts group-writable files for the user's own group only", (t) => {
  const place = placeFor(t);
  place.write(place.user, "identity: { role: ci }\n");
  chmodSync(place.user, 0o660);
  const uid = process.getuid?.() ?? 0;
  const gid = process.getgid?.() ?? 0;
  if (uid === gid) assert.equal(place.load().identity.role, "ci");
  else assert.match(place.fault({}).message, /can be written by other users/);
  if (uid === 0) chownSync(place.user, 0, 12_345);
  else pretendToBe(t, gid + 1);
  assert.match(place.fault({}).message, /can be written by other users|belongs to another user/);
});

test("loadConfig() refuses files and folders of another user", (t) => {
  const us = process.geteuid?.() ?? 0;
  // Only root can give a file away; anybody else looks at an own one with other eyes.
  if (us !== 0) pretendToBe(t, us + 1);
  for (const pick of [String, dirname]) {
    const place = placeFor(t);
    place.write(place.user, "identity: { role: ci }\n");
    if (us === 0) chownSync(pick(place.user), 12_345, 12_345);
    const { message, hint } = place.fault({});
    const path = us === 0 ? pick(place.user) : place.user;
    assert.equal(
      message,
      `${path} belongs to another user (uid ${us === 0 ? 12_345 : us}), so it is not read`,
    );
    assert.match(hint ?? "", us === 0 ? /chown 0 / : /chown /);
  }
});

test("loadConfig() follows a symbolic link and checks its target and the target's folder", (t) => {
  const place = placeFor(t);
  const target = join(place.home, "dotfiles", "kw.yaml");
  place.write(target, "identity: { role: linked }\n");
  mkdirSync(dirname(place.user), { recursive: true });
  symlinkSync(target, place.user);
  assert.equal(place.load().identity.role, "linked");
  chmodSync(target, 0o666);
  assert.match(place.fault({}).message, /dotfiles\/kw.yaml can be written/);
  chmodSync(target, 0o600);
  chmodSync(dirname(target), 0o777);
  assert.match(place.fault({}).message, /dotfiles can be written/);
  rmSync(target);
  chmodSync(dirname(target), 0o700);
  assert.match(place.fault({}).message, /cannot be read \(ENOENT\)/);
});

test("loadConfig() refuses what is no regular file, is not UTF-8 or is larger than a configuration can be", (t) => {
  const folder = placeFor(t);
  mkdirSync(folder.user, { recursive: true });
  assert.match(folder.fault({}).message, /is not a regular file/);
  assert.match(placeFor(t).fault({ user: `# ${"x".repeat(1024 * 1024)}\n` }).message, /larger than/);
  const latin = placeFor(t);
  latin.write(latin.user, "");
  latin.write(latin.user, Buffer.from([0x61, 0x3a, 0x20, 0xe9]) as unknown as string);
  assert.match(latin.fault({}).message, /is not UTF-8 text/);
});

test("loadConfig() reads again what changes while it is read, and gives up when it never rests", (t) => {
  const place = placeFor(t);
  place.write(place.user, "identity: { role: before }\n");
  const real = process.geteuid;
  t.after(() => void (process.geteuid = real as () => number));
  let changes = 1;
  // Owners are looked at between the first stamp of a file and its reading: the moment to change it.
  process.geteuid = () => {
    if (changes > 0) place.write(place.user, `identity: { role: after }\n${"#".repeat(changes)}`);
    changes -= 1;
    return real?.() ?? 0;
  };
  const loaded = place.load();
  assert.equal(loaded.identity.role, "after");
  const stamps = loaded.stamped.map(({ stamp }) => stamp);
  assert.deepEqual(
    stamps,
    loaded.stamped.map(({ layer }) => stampOf(layer).stamp),
  );
  changes = 1000;
  assert.match(place.fault({}).message, /keep changing while they are read/);
});

test("loadConfig() takes a file that a person names as the only layer", (t) => {
  const place = placeFor(t);
  place.write(place.user, "nonsense: 1\n");
  place.write(place.named, "principals: [ci]\n");
  const options = { home: place.home, env: {}, etc: place.etc, backends: BACKENDS, matchFault };
  const broker = loadConfig({ ...options, kind: "broker", file: place.named });
  assert.deepEqual(broker.broker, {
    principals: ["ci"],
    menda: new Map(),
    accessTokenTtl: 600,
    checkpoints: undefined,
    users: DEFAULT_USERS,
    workloads: NO_WORKLOADS,
  });
  assert.equal(broker.refs.length, 0);
});
