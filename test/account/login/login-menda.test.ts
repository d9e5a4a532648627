// The login at a menda cloud, byte by byte, and what is made of each answer that menda-cloud.md §2 knows. Time is virtual.
import assert from "node:assert/strict";
import { inspect } from "node:util";
import { test, type TestContext } from "node:test";
import { mendaLogin } from "../../../src/account/login/login-menda.ts";
import type { DeviceCode } from "../../../src/account/login/login-answer.ts";
import { asKeywrightError } from "../../../src/errors.ts";
import { createHttp } from "../../../src/io/http.ts";
import { DEVICE, deviceCloud, html, json, PENDING, type Script, TOKENS, USER_CODE } from "./device-cloud.ts";

const START = 1_800_000_000;

async function attempt(t: TestContext, script: Script) {
  const cloud = await deviceCloud(script);
  t.after(() => cloud.close());
  const time = { now: START };
  const clock = { now: () => time.now };
  const waits: number[] = [];
  const shown: DeviceCode[] = [];
  const done = await mendaLogin({
    host: cloud.host,
    http: createHttp({ env: {}, clock, requestTimeout: 0.3 }),
    again: "Please run 'menda auth login' again.",
    clock,
    async show(code) {
      shown.push(code);
    },
    async wait(seconds) {
      waits.push(seconds);
      time.now += seconds;
    },
  }).then(
    (granted) => ({ granted, error: undefined }),
    (thrown: unknown) => ({ granted: undefined, error: asKeywrightError(thrown) }),
  );
  assert.deepEqual(cloud.faults, []);
  if (done.error !== undefined)
    assert.doesNotMatch(inspect(done.error, { depth: 9, showHidden: true }), /canary/);
  return { ...done, waits, shown, cloud };
}

const token = json(200, TOKENS);
const without = (name: keyof typeof DEVICE): string => {
  const { [name]: _, ...rest } = DEVICE;
  return json(200, rest);
};

/** Every one of them ends in a login. */
const goesOn: readonly (readonly [string, Script, readonly number[]])[] = [
  ["at once", {}, [1]],
  ["pending", { polls: [PENDING, PENDING, token] }, [1, 1, 1]],
  ["authorized, not redeemed yet", { polls: [json(202, { detail: "authorized" }), token] }, [1, 1]],
  [
    "slow_down with detail pending",
    { polls: [json(400, { error: "slow_down", detail: "pending" }), token] },
    [1, 6],
  ],
  ["plain RFC 8628 pending", { polls: [json(400, { error: "authorization_pending" }), token] }, [1, 1]],
  ["plain RFC 8628 slow_down", { polls: [json(400, { error: "slow_down" }), PENDING, token] }, [1, 6, 6]],
  ["no interval", { authorize: without("interval"), polls: [PENDING, token] }, [5, 5]],
  ["interval 0", { authorize: json(200, { ...DEVICE, interval: 0 }) }, [1]],
  ["digits as text", { authorize: json(200, { ...DEVICE, interval: "3", expires_in: "60" }) }, [3]],
  ["an additional key", { authorize: json(200, { ...DEVICE, message: "x" }) }, [1]],
  ["no verification_uri_complete", { authorize: without("verification_uri_complete") }, [1]],
  ["scope", { polls: [json(200, { ...TOKENS, scope: "menda", issued_token_type: "x" })] }, [1]],
  ["id_token null", { polls: [json(200, { ...TOKENS, id_token: null, refresh_token: null })] }, [1]],
  ["a gateway's page", { polls: [html(502), html(503), PENDING, token] }, [1, 2, 4, 1]],
  ["too many requests", { polls: [json(429, {}), token] }, [1, 2]],
  ["RFC 8628 §3.5: silence, then twice as slow", { polls: [undefined, undefined, token] }, [1, 2, 4]],
  ["RFC 8628 §3.5: a connection that breaks", { polls: ["", token] }, [1, 2]],
];

for (const [name, script, waits] of goesOn) {
  test(`menda login goes on: ${name}`, async (t) => {
    const { granted, error, waits: waited, shown, cloud } = await attempt(t, script);
    assert.equal(error?.message, undefined);
    assert.equal(granted?.accessToken.reveal(), TOKENS.access_token);
    assert.equal(granted?.expiresIn, 3600);
    assert.deepEqual(waited, waits);
    assert.deepEqual(
      shown.map(({ userCode, page }) => [userCode, page]),
      [[USER_CODE, `${cloud.host}/device`]],
    );
  });
}

/** Every one of them ends the login, with these words. */
const ends: readonly (readonly [string, Script, RegExp])[] = [
  [
    "discovery without a client",
    { discovery: json(200, {}) },
    /^Tenant config for '127\.0\.0\.1' is missing app_client_id$/,
  ],
  ["discovery: not found", { discovery: json(404, { detail: "no such tenant" }) }, /^no such tenant$/],
  ["discovery: words of no kind", { discovery: json(500, {}) }, /^Failed to resolve tenant config$/],
  [
    "discovery: a page",
    { discovery: html(200) },
    /^Failed to resolve tenant config for '127\.0\.0\.1': server returned non-JSON response \(status 200\)$/,
  ],
  ["authorize: refused", { authorize: json(403, { detail: "not\u001b[31m you" }) }, /^not \[31m you$/],
  ["authorize: a page", { authorize: html(200) }, /device\/authorize is not a JSON object/],
  ["authorize: an error page", { authorize: html(500) }, /^device\/authorize returned HTTP 500$/],
  ["authorize: no device_code", { authorize: without("device_code") }, /has no device_code/],
  ["authorize: no expires_in", { authorize: without("expires_in") }, /has no expires_in/],
  [
    "authorize: interval is no number",
    { authorize: json(200, { ...DEVICE, interval: "soon" }) },
    /interval that is no number/,
  ],
  [
    "a code that turns the line around",
    { authorize: json(200, { ...DEVICE, user_code: "A\u202eB" }) },
    /user_code that cannot be shown/,
  ],
  [
    "a page elsewhere",
    { authorize: json(200, { ...DEVICE, verification_uri_complete: "//localhost/x" }) },
    /another origin/,
  ],
  [
    "a page elsewhere, in full",
    { authorize: json(200, { ...DEVICE, verification_uri: "https://evil.example/" }) },
    /another origin/,
  ],
  [
    "no page at all",
    { authorize: json(200, { ...DEVICE, verification_uri: "javascript:alert(1)" }) },
    /no https address/,
  ],
  [
    "denied",
    { polls: [PENDING, json(403, { error: "access_denied", detail: "denied by you" })] },
    /^denied by you$/,
  ],
  ["denied, in RFC words", { polls: [json(400, { error: "access_denied" })] }, /^access_denied$/],
  [
    "a 422 with a list",
    { polls: [json(422, { detail: [{ msg: "field required", loc: [] }, { msg: "bad" }] })] },
    /^field required; bad$/,
  ],
  ["a page of a login", { polls: [html(200)] }, /device\/token is not a JSON object/],
  ["a page not found", { polls: [html(404)] }, /^device\/token returned HTTP 404$/],
  ["no access_token", { polls: [json(200, { ...TOKENS, access_token: "" })] }, /has no access_token/],
  [
    "a token with a line end",
    { polls: [json(200, { ...TOKENS, access_token: "a\r\nX: y" })] },
    /access_token that is no token/,
  ],
  [
    "an echo of what was sent",
    { polls: [json(400, { detail: "canary-device.code_1 is spent" })] },
    /^\[secret\] is spent$/,
  ],
  [
    "nobody came",
    { authorize: json(200, { ...DEVICE, expires_in: 3 }), polls: [PENDING] },
    /^Device code expired: pending\.$/,
  ],
  ["only failures", { authorize: json(200, { ...DEVICE, expires_in: 5 }), polls: [html(502)] }, /HTTP 502$/],
];

for (const [name, script, said] of ends) {
  test(`menda login ends: ${name}`, async (t) => {
    const { granted, error } = await attempt(t, script);
    assert.equal(granted, undefined);
    assert.match(error?.message ?? "", said);
    assert.ok(error?.code === "authentication" || error?.code === "backend", error?.code);
  });
}

test("menda login asks until the code has expired, once more then, and never after", async (t) => {
  const script = { authorize: json(200, { ...DEVICE, expires_in: 12, interval: 5 }), polls: [PENDING] };
  const { waits, cloud, error } = await attempt(t, script);
  assert.deepEqual(waits, [5, 5, 2]);
  assert.equal(cloud.polls(), 3);
  assert.equal(error?.hint, "The authentication session expired. Please run 'menda auth login' again.");
});

test("menda login shows pages below the host, and takes an id_token along", async (t) => {
  const { shown, granted, cloud } = await attempt(t, {});
  assert.equal(shown[0]?.complete, `${cloud.host}/device?user_code=${USER_CODE}`);
  assert.equal(granted?.idToken?.reveal(), TOKENS.id_token);
  assert.equal(granted?.clientId, "app client/1");
});
