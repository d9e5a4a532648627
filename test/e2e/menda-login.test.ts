// `menda auth login` beside that of menda-cli 0.5.0, as published: the same requests to the same scripted cloud, the same words,
// exit codes, browser and cache; and where the original crashes (menda-cloud.md §2), ours goes on or says why.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { statSync, writeFileSync } from "node:fs";
import { test, type TestContext } from "node:test";
import type { MendaHome } from "../account/home.ts";
import {
  DEVICE,
  deviceCloud,
  html,
  json,
  PENDING,
  type Script,
  TOKENS,
} from "../account/login/device-cloud.ts";
import { both, PROFILE, THEIRS, type Ran, type Row } from "./both-mendas.ts";

const fast = { ...DEVICE, interval: 0 };
const authorize = json(200, fast);
const { id_token: _i, refresh_token: _r, ...bare } = TOKENS;

/** Both do and say the same. */
const same: readonly (readonly [string, number, Row])[] = [
  ["a login", 0, { script: { authorize } }],
  [
    "pending in both words",
    0,
    {
      script: {
        authorize,
        polls: [PENDING, json(400, { error: "slow_down", detail: "pending" }), json(200, TOKENS)],
      },
    },
  ],
  [
    "authorized, not redeemed yet",
    0,
    { script: { authorize, polls: [json(400, { detail: "authorized" }), json(200, TOKENS)] } },
  ],
  ["neither id_token nor refresh_token", 0, { script: { authorize, polls: [json(200, bare)] } }],
  ["without colour", 0, { script: { authorize }, argv: ["--no-color", "auth", "login"] }],
  [
    "another profile, by the option",
    0,
    {
      script: { authorize },
      mendacfg: `${PROFILE}[work]\nhost = HOST/\nauth_type = u2m\n`,
      argv: ["auth", "login", "--menda-profile-id", "work"],
    },
  ],
  [
    "another profile, by the variable",
    0,
    {
      script: { authorize },
      mendacfg: "[ünï cödé]\nhost = HOST\nauth_type = u2m\n",
      env: { MENDA_PROFILE_ID: "ünï cödé" },
    },
  ],
  ["quietly", 0, { script: { authorize }, argv: ["--quiet", "auth", "login"] }],
  ["as JSON", 0, { script: { authorize }, argv: ["--output", "json", "auth", "login"] }],
  [
    "others in the cache",
    0,
    {
      script: { authorize },
      tokens: "[other]\naccess_token = x\n[default]\naccess_token = old\nid_token = older\n",
    },
  ],
  [
    "denied",
    2,
    { script: { authorize, polls: [json(403, { error: "access_denied", detail: "The person said no" })] } },
  ],
  [
    "expired by word",
    2,
    { script: { authorize, polls: [json(400, { detail: "The device code is spent" })] } },
  ],
  [
    "a network in the words",
    2,
    { script: { authorize, polls: [json(400, { detail: "The network is down" })] } },
  ],
  ["nobody comes", 2, { script: { authorize: json(200, { ...DEVICE, expires_in: 1 }), polls: [PENDING] } }],
  ["no such tenant", 2, { script: { discovery: json(404, { detail: "No tenant here" }) } }],
  ["no words for it", 2, { script: { discovery: json(404, {}) } }],
  ["a client is missing", 2, { script: { discovery: json(200, {}) } }],
  ["a page for an answer", 2, { script: { discovery: html(200) } }],
  ["no device for you", 2, { script: { authorize: json(403, { detail: "Not allowed" }) } }],
  ["no file", 2, { mendacfg: undefined }],
  ["no such profile", 2, { argv: ["auth", "login", "--menda-profile-id", "gone"] }],
  [
    "a machine's profile",
    2,
    { mendacfg: "[default]\nhost = HOST\nauth_type = m2m\nclient_id = i\nclient_secret = canary\n" },
  ],
  [
    "a machine of the environment",
    2,
    { env: { MENDA_CLIENT_ID: "i", MENDA_CLIENT_SECRET: "canary", MENDA_HOST: "https://h.example" } },
  ],
];

for (const [name, code, row] of same) {
  test(`menda auth login does what menda-cli does: ${name}`, async (t) => {
    const [theirs, ours] = await both(t, row);
    assert.equal(theirs.code, code, theirs.err);
    assert.deepEqual(
      { code: ours.code, out: ours.out, err: ours.err, page: ours.page },
      { code, out: theirs.out, err: theirs.err, page: theirs.page },
    );
    // The refresh token is of no use to menda-cli, so ours does not leave it there.
    const without = (cache: Ran["cache"]): object | undefined =>
      cache === undefined
        ? undefined
        : Object.fromEntries(
            Object.entries(cache).map(([key, kept]) => [key, { ...kept, refresh_token: "" }]),
          );
    assert.deepEqual(without(ours.cache), without(theirs.cache));
    if (ours.cache !== undefined) assert.equal(statSync(ours.home.tokens).mode & 0o777, 0o600);
  });
}

/** The original ends in a traceback, or in words of its parser; ours logs in, so that the original finds it. */
const better: readonly (readonly [string, Script])[] = [
  [
    "plain RFC 8628 pending",
    { authorize, polls: [json(400, { error: "authorization_pending" }), json(200, TOKENS)] },
  ],
  ["an additional key", { authorize: json(200, { ...fast, message: "x" }) }],
  ["scope", { authorize, polls: [json(200, { ...TOKENS, scope: "openid" })] }],
  ["id_token null", { authorize, polls: [json(200, { ...TOKENS, id_token: null })] }],
  ["% in a token", { authorize, polls: [json(200, { ...TOKENS, id_token: "canary-%20%(x)s" })] }],
  ["a gateway's page while it waits", { authorize, polls: [html(502), json(200, TOKENS)] }],
];

for (const [name, script] of better) {
  test(`menda auth login goes on where menda-cli crashes: ${name}`, async (t) => {
    const [theirs, ours] = await both(t, { script });
    assert.equal(theirs.code, 1, theirs.err);
    assert.equal(ours.code, 0, ours.err);
    assert.equal(ours.cache?.["default"]?.["access_token"], TOKENS.access_token);
    const whoami = await whoamiOf(ours.home, t);
    assert.match(whoami, /User Details/, "menda-cli uses it");
  });
}

/** The original, with the login that ours left. */
async function whoamiOf(home: MendaHome, t: TestContext): Promise<string> {
  const cloud = await deviceCloud({
    whoami: json(200, { tenant_id: "t", username: "u", email: "e", user_role: "r", identity_type: "user" }),
  });
  t.after(() => cloud.close());
  writeFileSync(home.mendacfg, PROFILE.replaceAll("HOST", cloud.host));
  const env = { PATH: process.env["PATH"], HOME: home.path, LANG: "C.UTF-8" };
  const said = await new Promise<string>((resolve) => {
    execFile(THEIRS, ["auth", "whoami"], { env, cwd: home.path }, (_, out, err) => resolve(`${out}${err}`));
  });
  assert.deepEqual(cloud.faults, []);
  return said;
}

test("menda auth login says what a list of faults says, where menda-cli has a traceback", async (t) => {
  const [theirs, ours] = await both(t, {
    script: { authorize, polls: [json(422, { detail: [{ loc: ["body"], msg: "field required" }] })] },
  });
  assert.equal(theirs.code, 1);
  assert.deepEqual([ours.code, ours.err.split("\n").at(-2)], [2, "field required"]);
});

test("menda auth login says which of a machine's variables are set, if not all are", async (t) => {
  const [theirs, ours] = await both(t, { script: { authorize }, env: { MENDA_HOST: "https://h.example" } });
  assert.deepEqual([theirs.code, ours.code], [0, 0]);
  assert.match(
    ours.err,
    /^Incomplete M2M environment variables \(only MENDA_HOST\)\. Falling back to profile 'default'\.$/m,
  );
});
