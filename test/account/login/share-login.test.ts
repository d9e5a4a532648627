// Logins that are shared with the original programs: what menda-keyring 0.0.2 and menda-cli 0.5.0 read of what we write, what
// is left of the file when they write it in between, and who can read it.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, lstatSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { shareLogin, unshareLogin } from "../../../src/account/login/share-login.ts";
import { findLogin } from "../../../src/account/token-cache.ts";
import { Secret } from "../../../src/secret.ts";
import { installTools, toolPath } from "../../../scripts/tools.ts";
import { mendaHome } from "../home.ts";
import { pythonReads } from "../ini-python.ts";
import { NOW } from "./login.ts";

installTools(["menda"], (text) => console.log(text));

const clock = { now: () => NOW + 0.25 };
const token = (text: string) => ({ accessToken: new Secret(text), expiresIn: 28_800.9 });

/** Runs Python with the originals in it, in that home, at that time. */
function python(home: string, script: string): unknown {
  const program = `import json, time
time.time = lambda: ${NOW + 10}
${script}`;
  const ran = spawnSync(toolPath("menda", "python"), ["-c", program], {
    env: { PATH: "/usr/bin:/bin", HOME: home },
    encoding: "utf8",
  });
  assert.equal(ran.status, 0, ran.stderr);
  return JSON.parse(ran.stdout);
}

const KEYRING = `from menda.keyring.auth import _load_cached_token as load\n`;
const CLI = `from menda.auth.oauth2.token import load_token, cache_token, is_token_expired
from menda.auth.models import CredentialsModel\n`;

test("what is shared has the keys that menda-cli accepts and no other, absent ones empty", (t) => {
  const home = mendaHome(t);
  shareLogin(home.path, "default", token("canary"), clock);
  assert.equal(
    readFileSync(home.tokens, "utf8"),
    `[default]\nid_token = \naccess_token = canary\nrefresh_token = \nexpires_in = 28800\ntoken_type = Bearer\ncached_at = ${NOW}.25\n`,
  );
});

test("menda-keyring 0.0.2 and menda-cli 0.5.0 read it, and so do we", (t) => {
  const home = mendaHome(t);
  shareLogin(home.path, "default", token("acc"), clock);
  shareLogin(
    home.path,
    "wörk 100%",
    { ...token("a%b%%c%(d)s"), idToken: new Secret("id.to-ken_"), tokenType: "Bearer" },
    clock,
  );
  const names = `["default", "wörk 100%"]`;
  const read = python(home.path, `${KEYRING}print(json.dumps([load(name) for name in ${names}]))`);
  assert.deepEqual(read, ["acc", "id.to-ken_"]);
  const models = python(
    home.path,
    `${CLI}print(json.dumps([[m.model_dump(), is_token_expired(m)] for m in map(load_token, ${names})]))`,
  );
  const common = { refresh_token: "", expires_in: 28_800, token_type: "Bearer", cached_at: NOW + 0.25 };
  assert.deepEqual(models, [
    [{ id_token: "", access_token: "acc", ...common }, false],
    [{ id_token: "id.to-ken_", access_token: "a%b%%c%(d)s", ...common }, false],
  ]);
  const found = findLogin(home.path, "wörk 100%", NOW);
  assert.ok(found instanceof Secret);
  assert.equal(found.reveal(), "id.to-ken_");
});

test("menda-cli writes beside us: its sections stay as they are, and it takes ours along", (t) => {
  const home = mendaHome(t);
  const cache = (profile: string, text: string): unknown =>
    python(
      home.path,
      `${CLI}cache_token(CredentialsModel(access_token="${text}", expires_in=3600, token_type="Bearer"), "${profile}")
print("0")`,
    );
  cache("theirs", "one");
  assert.equal(statSync(home.tokens).mode & 0o777, 0o644);
  const [before] = pythonReads([readFileSync(home.tokens, "utf8")]);
  shareLogin(home.path, "ours", token("two"), clock);
  const [after] = pythonReads([readFileSync(home.tokens, "utf8")]);
  assert.ok(before !== undefined && "value" in before && after !== undefined && "value" in after);
  assert.deepEqual(after.value.each["theirs"], before.value.each["theirs"]);
  assert.equal(statSync(home.tokens).mode & 0o777, 0o600);
  assert.equal(statSync(dirname(home.tokens)).mode & 0o777, 0o700);
  cache("theirs", "three");
  const read = (): unknown =>
    python(home.path, `${KEYRING}print(json.dumps([load("theirs"), load("ours"), load("default")]))`);
  assert.deepEqual(read(), ["three", "two", null]);
  assert.equal(statSync(home.tokens).mode & 0o777, 0o600);
  // And a login of theirs under our profile takes the place of ours.
  cache("ours", "four");
  assert.equal(unshareLogin(home.path, "ours", clock, new Secret("two")), false);
  assert.deepEqual(read(), ["three", "four", null]);
  assert.equal(unshareLogin(home.path, "ours", clock), true);
  assert.deepEqual(read(), ["three", null, null]);
  assert.equal(unshareLogin(home.path, "ours", clock), false);
});

test("comments, other sections and [DEFAULT] stay; a link stays a link", (t) => {
  const rest = "# mine\n[DEFAULT]\nrefresh_token = d\n\n[other]\naccess_token = 100%%\n; end\n";
  const home = mendaHome(t, { tokens: rest });
  shareLogin(home.path, "default", token("acc"), clock);
  const text = readFileSync(home.tokens, "utf8");
  assert.ok(text.startsWith(rest), text);
  const model = python(home.path, `${CLI}print(json.dumps(load_token("default").model_dump()))`);
  assert.equal((model as { refresh_token: string }).refresh_token, "");

  const linked = mendaHome(t);
  const real = join(linked.path, "elsewhere");
  mkdirSync(real);
  writeFileSync(join(real, "token"), rest, { mode: 0o640 });
  mkdirSync(dirname(linked.tokens), { recursive: true, mode: 0o755 });
  symlinkSync(join(real, "token"), linked.tokens);
  shareLogin(linked.path, "default", token("acc"), clock);
  assert.ok(lstatSync(linked.tokens).isSymbolicLink());
  assert.equal(statSync(join(real, "token")).mode & 0o777, 0o600);
});

test("a file that another user can write, or that cannot be read back, is left alone", (t) => {
  const home = mendaHome(t, { tokens: "[a]\nx = 1\n" });
  chmodSync(home.tokens, 0o666);
  const refused = { code: "configuration" };
  assert.throws(() => shareLogin(home.path, "default", token("acc"), clock), refused);
  chmodSync(home.tokens, 0o600);
  writeFileSync(home.tokens, "no section\n");
  assert.throws(() => shareLogin(home.path, "default", token("acc"), clock), /no section|section/);
  assert.equal(readFileSync(home.tokens, "utf8"), "no section\n");
  const fresh = mendaHome(t);
  for (const [profile, text] of [
    ["DEFAULT", "acc"],
    ["a\nb", "acc"],
    ["default", "a\nb"],
  ] as const) {
    assert.throws(() => shareLogin(fresh.path, profile, token(text), clock), refused);
  }
});
