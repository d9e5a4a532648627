// `menda auth configure` as a process: what it asks, what it writes to mendacfg, and its exit codes.
import assert from "node:assert/strict";
import { lstatSync, readFileSync, renameSync, statSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { mendaHome } from "../account/home.ts";
import { menda } from "./menda-process.ts";

const M2M = [
  "auth",
  "configure",
  "--menda-profile-id",
  "ci",
  "--auth-type",
  "m2m",
  "--host",
  "https://menda.example",
];

test("menda auth configure writes a profile, keeps the rest of the file, and shows no secret", async (t) => {
  const before = "# mine\n[default]\nhost = https://one.example\nauth_type = u2m\n\n; the end";
  const home = mendaHome(t, { mendacfg: before });
  const ran = await menda(M2M, { home: home.path, input: "my-id\nse%cret\n" });
  assert.equal(ran.code, 0, ran.err);
  assert.equal(ran.out, "");
  assert.ok(!ran.err.includes("se%cret"));
  assert.match(ran.err, /✓ Profile 'ci' created successfully/);
  assert.equal(
    readFileSync(home.mendacfg, "utf8"),
    `${before}\n\n[ci]\nauth_type = m2m\nhost = https://menda.example\nclient_id = my-id\nclient_secret = se%%cret\n`,
  );
  assert.equal(statSync(home.mendacfg).mode & 0o777, 0o600);
});

const input = (answer: string) => `${answer}\nbogus\nu2m\nnonsense\nhttps://new.example\n`;

test("menda auth configure asks before it overwrites, and takes out what the profile no longer has", async (t) => {
  const home = mendaHome(t, { mendacfg: "[ci]\nhost = h\nclient_id = old # x\nextra = 1\n[z]\nk = v\n" });
  const refused = await menda(["auth", "configure", "--menda-profile-id", "ci"], {
    home: home.path,
    input: input(""),
  });
  assert.equal(refused.code, 0);
  assert.match(refused.err, /Do you wish to overwrite\? \(y\/N\).*Configuration cancelled\./);
  assert.match(readFileSync(home.mendacfg, "utf8"), /old # x/);
  const ran = await menda(["auth", "configure"], { home: home.path, input: `ci\n${input("y")}` });
  assert.equal(ran.code, 0, ran.err);
  assert.match(
    ran.err,
    /Input must be u2m or m2m\.[^]*Input must start with[^]*✓ Profile 'ci' updated successfully/,
  );
  assert.equal(
    readFileSync(home.mendacfg, "utf8"),
    "[ci]\nhost = https://new.example\nauth_type = u2m\n[z]\nk = v\n",
  );
});

test("menda auth configure obeys MENDA_CONFIG_FILE, and leaves a link a link", async (t) => {
  const home = mendaHome(t, { mendacfg: "" });
  renameSync(home.mendacfg, join(home.path, "real"));
  symlinkSync(join(home.path, "real"), join(home.path, "link"));
  const env = { MENDA_CONFIG_FILE: join(home.path, "link") };
  const words = [
    "auth",
    "configure",
    "--menda-profile-id",
    "p",
    "--auth-type",
    "u2m",
    "--host",
    "https://x.example",
  ];
  assert.equal((await menda(words, { home: home.path, env })).code, 0);
  assert.ok(lstatSync(join(home.path, "link")).isSymbolicLink());
  assert.equal(
    readFileSync(join(home.path, "real"), "utf8"),
    "[p]\nauth_type = u2m\nhost = https://x.example\n",
  );
});

test("menda auth configure ends with 130 when the answers end, and writes nothing", async (t) => {
  const home = mendaHome(t);
  const ran = await menda(M2M, { home: home.path, input: "my-id\n" });
  assert.equal(ran.code, 130);
  assert.match(ran.err, /Aborted\.\n$/);
  assert.throws(() => readFileSync(home.mendacfg), { code: "ENOENT" });
});

test("keywright auth configure says so when the answers end, with its own exit code", async (t) => {
  const home = mendaHome(t);
  const argv = ["auth", "configure", "--auth-type", "u2m"];
  const ran = await menda(argv, { home: home.path, program: "keywright" });
  assert.equal(ran.code, 2);
  assert.match(ran.err, /keywright: no answer, so nothing was changed\n$/);
  assert.throws(() => readFileSync(home.mendacfg), { code: "ENOENT" });
});

test("menda auth configure does not echo the secret on a terminal", async (t) => {
  const home = mendaHome(t);
  // Types each answer when it is asked for: what is typed ahead, the terminal itself would echo.
  const typist = `
import os, pty, sys
pid, fd = pty.fork()
if pid == 0: os.execv(sys.argv[1], sys.argv[1:])
seen = b''
for question, answer in ((b'client_id: ', b'my-id\\r'), (b'client_secret: ', b'canayx\\x7f\\x7fry\\r'), (b'successfully', None)):
    while question not in seen: seen += os.read(fd, 1024)
    if answer: os.write(fd, answer)
os.write(1, seen)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))`;
  const ran = await menda(M2M, { home: home.path, through: ["python3", "-c", typist] });
  assert.equal(ran.code, 0, ran.err);
  assert.match(ran.out, /my-id/);
  assert.ok(!ran.out.includes("cana"), ran.out);
  assert.match(readFileSync(home.mendacfg, "utf8"), /client_secret = canary\n/);
});

test("menda auth configure takes no secret as an option, and no host without http", async (t) => {
  const home = mendaHome(t);
  const secret = await menda([...M2M, "--client-secret", "x"], { home: home.path });
  assert.equal(secret.code, 2);
  const host = await menda([...M2M.slice(0, -1), "menda.example"], { home: home.path });
  assert.equal(host.code, 2);
  assert.match(host.err, /must start with 'https:\/\/'/);
  const name = await menda(["auth", "configure", "--menda-profile-id", "DEFAULT"], { home: home.path });
  assert.equal(name.code, 2);
});

test("menda auth configure removes the login of a profile whose host changes: the shared file names no host", async (t) => {
  const tokens = "[ci]\naccess_token = canary\n[z]\naccess_token = kept\n";
  const home = mendaHome(t, { mendacfg: "[ci]\nhost = https://old.example/\nauth_type = u2m\n", tokens });
  const words = (host: string) => [
    "auth",
    "configure",
    "--menda-profile-id",
    "ci",
    "--auth-type",
    "u2m",
    "--host",
    host,
  ];
  const same = await menda(words("https://old.example"), { home: home.path, input: "y\n" });
  assert.equal(same.code, 0, same.err);
  assert.equal(readFileSync(home.tokens, "utf8"), tokens);
  const other = await menda(words("https://new.example"), { home: home.path, input: "y\n" });
  assert.match(other.err, /The login of profile 'ci' was for another host, so it was removed\./);
  assert.doesNotMatch(readFileSync(home.tokens, "utf8"), /canary/);
  assert.match(readFileSync(home.tokens, "utf8"), /kept/);
});

test("keywright auth configure asks the same and writes the same file", async (t) => {
  const home = mendaHome(t, { mendacfg: "# mine\n" });
  const ran = await menda(["auth", "configure", "--profile", "p"], {
    home: home.path,
    input: "u2m\nhttps://x.example\n",
    program: "keywright",
  });
  assert.equal(ran.code, 0, ran.err);
  assert.equal(
    readFileSync(home.mendacfg, "utf8"),
    "# mine\n\n[p]\nauth_type = u2m\nhost = https://x.example\n",
  );
});
