// The device authorization grant (RFC 8628): against oidc-provider 9 in this process, and against scripted answers for what that
// one never says. Time is virtual.
import assert from "node:assert/strict";
import { inspect } from "node:util";
import { test, type TestContext } from "node:test";
import { deviceLogin } from "../../../src/account/login/device-login.ts";
import { dpopKey } from "../../../src/account/login/dpop-key.ts";
import type { DeviceCode } from "../../../src/account/login/login-answer.ts";
import { asKeywrightError } from "../../../src/errors.ts";
import { createHttp } from "../../../src/io/http.ts";
import { recordingServer } from "../../io/servers.ts";
import { mendaHome } from "../home.ts";
import { html, json } from "./device-cloud.ts";
import { oidcPeer } from "./oidc-peer.ts";

const START = 1_800_000_000;

interface Host {
  readonly host: string;
  readonly deviceEndpoint: string;
  readonly tokenEndpoint: string;
}

async function attempt(
  t: TestContext,
  at: Host,
  {
    bound = false,
    now = START,
    onWait,
  }: { bound?: boolean; now?: number; onWait?: (code: DeviceCode) => Promise<void> } = {},
) {
  const time = { now };
  const clock = { now: () => time.now };
  const waits: number[] = [];
  const shown: DeviceCode[] = [];
  const done = await deviceLogin({
    ...at,
    http: createHttp({ env: {}, clock, requestTimeout: 2 }),
    clientId: "keywright",
    scope: "registry",
    dpop: bound
      ? dpopKey(mendaHome(t).path, { clock: { now: () => Date.now() / 1000 }, env: {} })
      : undefined,
    again: "Log in again.",
    clock,
    async show(code) {
      shown.push(code);
    },
    async wait(seconds) {
      waits.push(seconds);
      time.now += seconds;
      const [code] = shown;
      if (code !== undefined) await onWait?.(code);
    },
  }).then(
    (granted) => ({ granted, error: undefined }),
    (thrown: unknown) => ({ granted: undefined, error: asKeywrightError(thrown) }),
  );
  if (done.error !== undefined)
    assert.doesNotMatch(inspect(done.error, { depth: 9, showHidden: true }), /canary/);
  return { ...done, waits, shown };
}

async function peer(t: TestContext) {
  const found = await oidcPeer(t);
  const at: Host = {
    host: found.host,
    deviceEndpoint: String(found.endpoints["device_authorization_endpoint"]),
    tokenEndpoint: String(found.endpoints["token_endpoint"]),
  };
  return { ...found, at };
}

test("RFC 8628 §3.2: oidc-provider says no interval, so every question waits five seconds; approved in between", async (t) => {
  const { at, decide } = await peer(t);
  let questions = 0;
  const onWait = async ({ userCode }: DeviceCode): Promise<void> => {
    questions += 1;
    if (questions === 3) await decide(userCode, true);
  };
  const { granted, waits, shown, error } = await attempt(t, at, { onWait });
  assert.equal(error, undefined);
  assert.deepEqual(waits, [5, 5, 5]);
  assert.equal(granted?.tokenType, "Bearer");
  assert.ok(granted.refreshToken !== undefined && granted.expiresIn > 0);
  assert.match(shown[0]?.complete ?? "", /user_code=/);
});

test("RFC 9449 §5: with a key, oidc-provider binds the tokens to it, after its nonce was asked for", async (t) => {
  const { at, decide } = await peer(t);
  const { granted, error } = await attempt(t, at, {
    bound: true,
    onWait: ({ userCode }) => decide(userCode, true),
  });
  assert.equal(error, undefined);
  assert.equal(granted?.tokenType, "DPoP");
});

test("RFC 8628 §3.5: access_denied of oidc-provider is said plainly", async (t) => {
  const { at, decide } = await peer(t);
  const { error } = await attempt(t, at, { onWait: ({ userCode }) => decide(userCode, false) });
  assert.deepEqual(
    [error?.code, error?.message, error?.hint],
    ["denied", "the login was refused in the browser", "Log in again."],
  );
});

test("oidc-provider refuses a client that it does not know", async (t) => {
  const { at } = await peer(t);
  const { error } = await attempt(t, { ...at, deviceEndpoint: `${at.host}/nothing` });
  assert.match(error?.message ?? "", /refused the login/);
});

const DEVICE = {
  device_code: "canary-code",
  user_code: "WDJB-MJHT",
  verification_uri: "https://menda.example/device",
  expires_in: 1800,
  interval: 5,
};
const TOKEN = json(200, {
  access_token: "canary-a",
  token_type: "Bearer",
  expires_in: 600,
  refresh_token: "canary-r",
});
const says = (error: string): string => json(400, { error });

async function scripted(t: TestContext, answers: readonly (string | undefined)[], device: object = DEVICE) {
  let next = 0;
  const server = await recordingServer(({ lines }) => {
    if (lines[0]?.startsWith("POST /device ") === true) return json(200, device);
    next += 1;
    return answers[Math.min(next, answers.length) - 1];
  });
  t.after(() => server.close());
  const host = `http://127.0.0.1:${server.port}`;
  return { server, at: { host, deviceEndpoint: `${host}/device`, tokenEndpoint: `${host}/token` } };
}

const paces: readonly (readonly [string, readonly (string | undefined)[], readonly number[]])[] = [
  [
    "authorization_pending keeps the pace",
    [says("authorization_pending"), says("authorization_pending"), TOKEN],
    [5, 5, 5],
  ],
  [
    "slow_down adds five seconds, for this and all later ones",
    [says("slow_down"), says("authorization_pending"), says("slow_down"), TOKEN],
    [5, 10, 10, 15],
  ],
  [
    "a server that fails is asked half as often",
    [html(503), json(500, { error: "server_error" }), says("authorization_pending"), TOKEN],
    [5, 10, 20, 5],
  ],
];
for (const [name, answers, waits] of paces) {
  test(`RFC 8628 §3.5: ${name}`, async (t) => {
    const { at } = await scripted(t, answers);
    const { waits: waited, error } = await attempt(t, at);
    assert.equal(error, undefined);
    assert.deepEqual(waited, waits);
  });
}

const endings: readonly (readonly [string, string, string, RegExp])[] = [
  ["expired_token", says("expired_token"), "authentication", /^nobody confirmed the code in time$/],
  ["invalid_grant", says("invalid_grant"), "authentication", /the login has ended, or was withdrawn/],
  [
    "an echo of the code",
    json(400, { error: "invalid_grant", error_description: "canary-code is spent" }),
    "authentication",
    /\[secret\]/,
  ],
  ["a page", html(200), "backend", /not a JSON object/],
  ["no token_type", json(200, { access_token: "canary-a" }), "backend", /has no token_type/],
];
for (const [name, answer, code, said] of endings) {
  test(`RFC 8628 §3.5: ${name} ends it`, async (t) => {
    const { at, server } = await scripted(t, [answer]);
    const { error } = await attempt(t, at);
    assert.equal(error?.code, code);
    assert.match(error?.message ?? "", said);
    assert.equal(server.seen.length, 2);
  });
}

test("RFC 8628 §3.1, §3.4, RFC 7636 §4.3: what is sent, in forms", async (t) => {
  const { at, server } = await scripted(t, [TOKEN]);
  await attempt(t, at);
  const [device, token] = server.seen.map(({ body }) => new URLSearchParams(body));
  assert.deepEqual(
    [...(device?.keys() ?? [])],
    ["client_id", "scope", "code_challenge", "code_challenge_method"],
  );
  assert.equal(device?.get("scope"), "registry");
  assert.deepEqual([...(token?.keys() ?? [])], ["grant_type", "client_id", "device_code", "code_verifier"]);
  assert.equal(token?.get("device_code"), "canary-code");
});

test("RFC 8628 §3.5: after the code's end nobody asks again", async (t) => {
  const { at, server } = await scripted(t, [says("authorization_pending")], { ...DEVICE, expires_in: 12 });
  const { waits, error } = await attempt(t, at);
  assert.deepEqual(waits, [5, 5, 2]);
  assert.equal(server.seen.length, 4);
  assert.equal(error?.message, "nobody confirmed the code in time");
});
