import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { linkSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { findNextKeyring } from "../../src/cli/next-keyring.ts";
import { place } from "./keyring-place.ts";

const OURS = "https://ours.example/simple/";
const FOREIGN = "https://foreign.example/simple/";
const SILENT = { code: 1, signal: null, stdout: "", stderr: "" };

test("get answers for our own address, in every form, and asks nobody else", async (t) => {
  const p = place(t);
  const ours = p.ours("a/keyring");
  p.recorder("b/keyring");
  const path = [join(p.root, "a"), join(p.root, "b")];
  const rows: readonly (readonly [readonly string[], string])[] = [
    [["get", OURS, "aws"], "token\n"],
    [["get", OURS, "--mode", "creds"], "aws\ntoken\n"],
    [["--mode=creds", "--output=json", "get", OURS], '{"username": "aws", "password": "token"}\n'],
    [["--mode=creds", "get", OURS, ""], "aws\ntoken\n"],
    [["-b", "keywright", "get", OURS, "aws"], "token\n"],
    [["-b", "keywright.Keyring", "get", OURS, "aws"], "token\n"],
  ];
  for (const [argv, stdout] of rows) {
    assert.deepEqual(await p.run(ours, argv, { path }), { code: 0, signal: null, stdout, stderr: "" });
  }
  assert.deepEqual(p.recorded(), []);
});

test("get tells on stderr that the registry wants another user name", async (t) => {
  const p = place(t);
  const { code, stdout, stderr } = await p.run(p.ours("keyring"), ["get", OURS, "__token__"], { path: [] });
  assert.deepEqual([code, stdout], [0, "token\n"]);
  assert.match(stderr, /^keyring: .*user name aws/);
});

test("get of our own that fails says why and what to do, and is not passed on", async (t) => {
  const p = place(t);
  const ours = p.ours("a/keyring");
  p.recorder("b/keyring");
  const path = [join(p.root, "b")];
  const rows: readonly (readonly [string, string])[] = [
    ["https://denied.example/", "keyring: not for you\n  Ask somebody.\n"],
    ["https://ours.example.evil/", "keyring: a look-alike\n  Do not.\n"],
    ["https://broken.example/", "keyring: the configuration is broken\n"],
    ["https://ours.example/defect/", "keyring: a defect\n"],
    [
      "https://ours.example/nothing/",
      "keyring: the address is keywright's and allowed, but its store holds nothing for it\n",
    ],
  ];
  for (const [service, stderr] of rows) {
    assert.deepEqual(await p.run(ours, ["get", service, "aws"], { path }), {
      code: 1,
      signal: null,
      stdout: "",
      stderr,
    });
  }
  const lines = await p.run(ours, ["get", "https://ours.example/lines/", "aws"], { path });
  assert.deepEqual([lines.code, lines.stdout], [1, ""]);
  assert.match(lines.stderr, /control character/);
  assert.deepEqual(p.recorded(), []);
});

test("a foreign get is silent without another keyring, and with -b keywright", async (t) => {
  const p = place(t);
  const ours = p.ours("a/keyring");
  p.recorder("b/keyring");
  assert.deepEqual(await p.run(ours, ["get", FOREIGN, "user"], { path: [join(p.root, "a")] }), SILENT);
  const path = [join(p.root, "a"), join(p.root, "b")];
  assert.deepEqual(await p.run(ours, ["-b", "keywright", "get", FOREIGN, "user"], { path }), SILENT);
  assert.deepEqual(p.recorded(), []);
});

test("a foreign service goes to the real keyring: set reads our stdin, get answers, del deletes, exit codes come back", async (t) => {
  const p = place(t);
  const ours = p.ours("a/keyring");
  p.original("b/keyring");
  const path = [join(p.root, "a"), join(p.root, "b"), "/usr/bin", "/bin"];
  const run = (...argv: readonly string[]) => p.run(ours, argv, { path, input: "hunter2\n" });
  assert.deepEqual(await run("get", FOREIGN, "user"), SILENT);
  assert.deepEqual(await run("set", FOREIGN, "user"), { ...SILENT, code: 0 });
  assert.deepEqual(JSON.parse(readFileSync(join(p.root, "held.json"), "utf8")), {
    [`${FOREIGN}|user`]: "hunter2",
  });
  assert.deepEqual(await run("get", FOREIGN, "user"), { ...SILENT, code: 0, stdout: "hunter2\n" });
  const json = await run("--mode=creds", "--output=json", "get", FOREIGN, "user");
  assert.equal(json.stdout, '{"username": "user", "password": "hunter2"}\n');
  assert.deepEqual(await run("del", FOREIGN, "user"), { ...SILENT, code: 0 });
  assert.equal((await run("del", FOREIGN, "user")).code, 1);
  assert.match(
    (await run("-b", "no.such", "get", OURS, "aws")).stderr,
    /Unable to load specified keyring: No module/,
  );
});

test("list-backends and diagnose speak for us first, then the real keyring does", async (t) => {
  const p = place(t);
  const ours = p.ours("a/keyring");
  p.original("b/keyring");
  const path = [join(p.root, "b"), "/usr/bin", "/bin"];
  const listed = await p.run(ours, ["--list-backends"], { path });
  assert.match(
    listed.stdout,
    /^keywright\.Keyring \(priority: 9\.95\)\n[^]*keyring\.backends\.\S+ \(priority/,
  );
  const [config = "", data = "", ...rest] = (await p.run(ours, ["diagnose"], { path })).stdout.split("\n");
  assert.equal(config, `config path: ${p.root}/home/.config/keywright/config.yaml (absent)`);
  assert.equal(data, `data root: ${p.root}/home/.local/state/keywright`);
  assert.match(rest.join("\n"), /^config path: .*keyringrc\.cfg \(absent\)\ndata root: .*python_keyring\n$/);
  mkdirSync(join(p.root, "home/.config/keywright"), { recursive: true });
  writeFileSync(join(p.root, "home/.config/keywright/config.yaml"), "");
  const alone = await p.run(ours, ["diagnose"], { path: [] });
  assert.equal(alone.code, 0);
  assert.match(alone.stdout, /^config path: \S+config\.yaml\ndata root: \S+\n$/);
});

test("set and del of our own address do nothing, and no other backend sees the value", async (t) => {
  const p = place(t);
  const ours = p.ours("a/keyring");
  p.recorder("b/keyring");
  const path = [join(p.root, "b")];
  for (const operation of ["set", "del"]) {
    const done = await p.run(ours, [operation, "ours.example", "aws"], { path, input: "hunter2\n" });
    assert.deepEqual([done.code, done.stdout], [0, ""]);
    const refused = await p.run(ours, [operation, "https://ours.example.evil/", "aws"], {
      path,
      input: "hunter2\n",
    });
    assert.deepEqual([refused.code, refused.stdout], [1, ""]);
    assert.match(refused.stderr, /^keyring: the address looks like one of ours/);
    const broken = await p.run(ours, [operation, "broken.example", "aws"], { path });
    assert.deepEqual([broken.code, broken.stderr], [1, "keyring: the configuration is broken\n"]);
  }
  assert.equal(
    (await p.run(ours, ["-b", "other", "get", "https://ours.example.evil/", "u"], { path })).code,
    1,
  );
  assert.deepEqual(p.recorded(), []);
});

test("without another keyring, what only that one could do fails with a message", async (t) => {
  const p = place(t);
  const ours = p.ours("keyring");
  const rows: readonly (readonly [readonly string[], number, RegExp])[] = [
    [["set", FOREIGN, "user"], 1, /^keyring: nothing was stored/],
    [["del", FOREIGN, "user"], 1, /^keyring: nothing was deleted/],
    [["-b", "keywright", "set", FOREIGN, "user"], 1, /^keyring: nothing was stored/],
    [["--disable"], 1, /^keyring: there is no other keyring/],
    [["--print-completion", "bash"], 1, /^keyring: there is no other keyring/],
    [["-b", "other", "get", OURS, "aws"], 2, /\nkeyring: error: Unable to load specified keyring/],
    [["get", OURS], 2, /^usage: keyring[^]*\nkeyring: error: get requires service and username\n$/],
  ];
  for (const [argv, code, stderr] of rows) {
    const ran = await p.run(ours, argv, { path: [p.root] });
    assert.deepEqual([ran.code, ran.stdout], [code, ""], argv.join(" "));
    assert.match(ran.stderr, stderr);
  }
  const help = await p.run(ours, ["-h"], { path: [] });
  assert.deepEqual([help.code, help.stderr], [0, ""]);
  assert.match(help.stdout, /keywright[^]*examples:/);
});

test("the words reach the next keyring unchanged", async (t) => {
  const p = place(t);
  const ours = p.ours("a/keyring");
  p.script("b/keyring", 'for word; do echo "<$word>"; done; exit 7');
  const argv = ["get", "--mode=creds", "--", "pdm x; $(id) 'y'", ""];
  const passed = await p.run(ours, argv, { path: [join(p.root, "b")] });
  assert.deepEqual([passed.code, passed.stdout], [7, argv.map((word) => `<${word}>\n`).join("")]);
});

test("an address with a password in it is given to nobody", async (t) => {
  const p = place(t);
  const ours = p.ours("a/keyring");
  p.recorder("b/keyring");
  const path = [join(p.root, "b")];
  const services = [
    "https://user:hunter2@foreign.example/",
    "https://user:hunter/2@foreign.example/",
    "https://:hunter2@foreign.example/",
    "https:user:hunter2@foreign.example",
    "https:\\\\user:hunter2@foreign.example/",
    "user:hunter2@foreign.example",
    " https://user:hunter2@foreign.example",
    "ht\ntps://user:hunter2@foreign.example",
    "https://user:123@foreign.example/",
  ];
  for (const service of services) {
    assert.deepEqual(await p.run(ours, ["get", service, "user"], { path }), SILENT, service);
  }
  for (const argv of [["set"], ["del"], ["-b", "other", "get"]]) {
    const ran = await p.run(ours, [...argv, services[0] ?? "", "user"], { path });
    assert.equal(ran.code, 1);
    assert.match(ran.stderr, /^keyring: the address holds a password/);
    assert.ok(!ran.stderr.includes("hunter2"));
  }
  assert.deepEqual(p.recorded(), []);
  const harmless = [
    "https://user@foreign.example/",
    "https://foreign.example:8080/a@b",
    "foreign.example:8080",
    "https://foreign.example/a:b@c",
  ];
  for (const service of harmless)
    assert.equal((await p.run(ours, ["get", service, "user"], { path })).stdout, "foreign\n");
});

test("relative, empty and unusable PATH entries are never asked", async (t) => {
  const p = place(t);
  const ours = p.ours("a/keyring");
  p.recorder("keyring");
  p.recorder("relative/keyring");
  mkdirSync(join(p.root, "folder/keyring"), { recursive: true });
  mkdirSync(join(p.root, "plain"));
  writeFileSync(join(p.root, "plain/keyring"), "#!/bin/sh\necho no\n", { mode: 0o644 });
  mkdirSync(join(p.root, "dangling"));
  symlinkSync("/nowhere/keyring", join(p.root, "dangling/keyring"));
  writeFileSync(join(p.root, "file"), "");
  const hostile = [".", "", "relative", "./relative", "..", "~"];
  const unusable = ["folder", "plain", "dangling", "file", "absent"].map((name) => join(p.root, name));
  assert.deepEqual(
    await p.run(ours, ["get", FOREIGN, "user"], { path: [...hostile, ...unusable, ""] }),
    SILENT,
  );
  assert.deepEqual(p.recorded(), []);
  p.recorder("last/keyring");
  const path = [...hostile, ...unusable, join(p.root, "last")];
  assert.equal((await p.run(ours, ["get", FOREIGN, "user"], { path })).stdout, "foreign\n");
  assert.deepEqual(p.recorded(), [`last/keyring: get ${FOREIGN} user`]);
});

test("a keyring that cannot be started is said, with rc 1", async (t) => {
  const p = place(t);
  const ours = p.ours("a/keyring");
  mkdirSync(join(p.root, "b"));
  writeFileSync(join(p.root, "b/keyring"), "#!/nowhere/python\n", { mode: 0o755 });
  const ran = await p.run(ours, ["get", FOREIGN, "user"], { path: [join(p.root, "b")] });
  assert.deepEqual([ran.code, ran.stdout], [1, ""]);
  assert.match(ran.stderr, /^keyring: \S+ cannot be started \(ENOENT\)\n {2}Check/);
});

test("copies, links and wrappers of ours end the walk instead of going round", async (t) => {
  const p = place(t);
  const a = p.ours("a/keyring");
  const copy = p.ours("b/keyring");
  p.script("c/keyring", `exec '${a}' "$@"`);
  p.script("d/keyring", `KEYWRIGHT_OTHER=1 '${copy}' "$@"`);
  for (const name of ["link", "hard"]) mkdirSync(join(p.root, name));
  symlinkSync(a, join(p.root, "link/keyring"));
  linkSync(a, join(p.root, "hard/keyring"));
  const path = ["a", "b", "c", "d", "link", "hard", "a"].map((name) => join(p.root, name));
  p.recorder("last/keyring");
  for (const name of ["a", "b", "c", "d", "link", "hard"]) {
    const file = join(p.root, name, "keyring");
    assert.deepEqual(await p.run(file, ["get", FOREIGN, "user"], { path }), SILENT, name);
  }
  assert.deepEqual(p.recorded(), []);
  const longer = await p.run(a, ["get", FOREIGN, "user"], { path: [...path, join(p.root, "last")] });
  assert.equal(longer.stdout, "foreign\n");
  assert.equal(p.recorded().length, 1);
});

test("findNextKeyring: ourselves under another name, and names with the PATH's separator in them, are known again", (t) => {
  const p = place(t);
  const self = p.ours("a/keyring");
  const odd = p.ours("odd:%3Aname/keyring");
  for (const name of ["link", "hard", "oddlink"]) mkdirSync(join(p.root, name));
  symlinkSync(self, join(p.root, "link/keyring"));
  linkSync(self, join(p.root, "hard/keyring"));
  symlinkSync(odd, join(p.root, "oddlink/keyring"));
  const PATH = ["a", "link", "hard", "oddlink"].map((name) => join(p.root, name)).join(":");
  const first = findNextKeyring({ PATH }, self);
  assert.equal(first?.file, join(p.root, "oddlink/keyring"));
  assert.equal(findNextKeyring(first.env, self), undefined);
  assert.equal(findNextKeyring({ ...first.env, PATH: join(p.root, "oddlink") }, odd), undefined);
  assert.equal(findNextKeyring({}, self), undefined);
});

test("a signal reaches the next keyring, and its end is ours: 130 for an interrupt, 143 for a termination", async (t) => {
  const p = place(t);
  const ours = p.ours("a/keyring");
  p.script("b/keyring", "echo $$; exec sleep 60");
  for (const [signal, code] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const) {
    const child = spawn(ours, ["get", FOREIGN, "user"], {
      env: { PATH: `${p.root}/b:/usr/bin:/bin` },
      timeout: 5000,
    });
    const [pid] = await once(child.stdout, "data");
    child.kill(signal);
    assert.deepEqual(await once(child, "close"), [code, null]);
    assert.throws(() => process.kill(Number(String(pid)), 0), { code: "ESRCH" });
  }
});
