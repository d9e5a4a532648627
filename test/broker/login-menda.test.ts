// The device login of the menda face, row by row of what menda-cli 0.5.0 and menda-keyring 0.0.2 were seen to do
// (menda-cloud.md §1 and §2). The key sets are frozen: one key more breaks those clients.
import assert from "node:assert/strict";
import { test } from "node:test";
import { DEFAULT_USERS } from "../../src/config/users.ts";
import { CONFIG, running, send, type Answer, type Reached } from "./broker.ts";
import { fine, providedHouse, reply, type Told } from "./login-provider.ts";
import {
  DEVICE_GRANT,
  loggedIn,
  loginHouse,
  pkce,
  poll,
  prover,
  refused,
  say,
  whoami,
  type House,
} from "./login-house.ts";

const BASE = "/api/v1/auth";
const JSON_TYPE = { "Content-Type": "application/json" };
/** What configparser of the originals can write, and a header can carry. */
const PLAIN = /^[A-Za-z0-9_.-]+$/;

function start(broker: Reached, query: Readonly<Record<string, string>>): Promise<Answer> {
  const all = { client_id: "keywright", scope: "openid", ...query };
  return send(broker, `${BASE}/device/authorize?${new URLSearchParams(all).toString()}`, { method: "POST" });
}

function ask(broker: Reached, fields: Readonly<Record<string, unknown>>): Promise<Answer> {
  const body = JSON.stringify({
    client_id: "keywright",
    redirect_uri: `${broker.url}/auth/device/callback`,
    grant_type: DEVICE_GRANT,
    ...fields,
  });
  return send(broker, `${BASE}/device/token`, { method: "POST", headers: JSON_TYPE, body });
}

async function begun(broker: Reached) {
  const { verifier, sent } = pkce();
  const { status, json } = await start(broker, sent);
  assert.equal(status, 200, JSON.stringify(json));
  const { device_code, user_code } = json as Record<string, string>;
  return { code: String(user_code), mine: { device_code: String(device_code), code_verifier: verifier } };
}

async function tokenOf(house: House): Promise<string> {
  const { code, mine } = await begun(house.broker);
  assert.ok(await say(house, code, true));
  return String((await ask(house.broker, mine)).json["access_token"]);
}

function registry(broker: Reached, authorizationToken: string): Promise<Answer> {
  const headers = { ...JSON_TYPE, authorizationToken };
  return send(broker, `${BASE}/registry/token`, { method: "POST", headers });
}

test("golden: device start, exactly six keys", async (t) => {
  const broker = await running(t);
  const { status, json } = await start(broker, pkce().sent);
  assert.equal(status, 200);
  assert.deepEqual(Object.keys(json), [
    "device_code",
    "user_code",
    "verification_uri",
    "verification_uri_complete",
    "expires_in",
    "interval",
  ]);
  const { device_code, user_code, verification_uri, verification_uri_complete, expires_in, interval } = json;
  assert.match(String(device_code), PLAIN);
  assert.match(String(user_code), /^[A-Z]{4}-[A-Z]{4}$/);
  assert.deepEqual([verification_uri, expires_in, interval], [`${broker.url}/device`, 600, 5]);
  assert.equal(verification_uri_complete, `${broker.url}/device?user_code=${String(user_code)}`);
});

test("golden: it waits with `detail: pending`, never with only an error, and always at the same pace", async (t) => {
  const house = await loginHouse(t);
  const { broker } = house;
  const { code, mine } = await begun(broker);
  for (const [seconds, error] of [
    [0, "authorization_pending"],
    [5, "authorization_pending"],
    [1, "slow_down"],
    [1, "slow_down"],
    [5, "authorization_pending"],
    [4.6, "authorization_pending"],
    [5.4, "authorization_pending"],
  ] as const) {
    broker.clock.time += seconds;
    const { status, json } = await ask(broker, mine);
    assert.deepEqual([status, json["error"], json["detail"]], [400, error, "pending"]);
    assert.deepEqual(Object.keys(json), ["error", "error_description", "detail"]);
  }
  assert.ok(await say(house, code, true));
  assert.equal((await ask(broker, mine)).status, 200);
});

test("golden: the token answer, exactly three keys, none of them null; redeemed once", async (t) => {
  const house = await loginHouse(t);
  const { broker } = house;
  const { code, mine } = await begun(broker);
  assert.ok(await say(house, code, true));
  const { status, json } = await ask(broker, mine);
  assert.equal(status, 200);
  assert.deepEqual(Object.keys(json), ["access_token", "expires_in", "token_type"]);
  assert.match(String(json["access_token"]), PLAIN);
  assert.deepEqual([json["expires_in"], json["token_type"]], [28_800, "Bearer"]);
  refused(await ask(broker, mine), "invalid_grant");
});

test("100 polls of one approved code at the same time: one token", async (t) => {
  const house = await loginHouse(t);
  const { code, mine } = await begun(house.broker);
  assert.ok(await say(house, code, true));
  const answers = await Promise.all(Array.from({ length: 100 }, () => ask(house.broker, mine)));
  assert.equal(answers.filter(({ status }) => status === 200).length, 1);
  for (const answer of answers) if (answer.status !== 200) refused(answer, "invalid_grant");
});

test("golden: what ends a login says so in a string, and never as pending", async (t) => {
  const house = await loginHouse(t);
  const { broker } = house;
  const denied = await begun(broker);
  assert.ok(await say(house, denied.code, false));
  refused(await ask(broker, denied.mine), "access_denied");
  const late = await begun(broker);
  broker.clock.time += 600;
  refused(await ask(broker, late.mine), "expired_token");
  const { mine } = await begun(broker);
  for (const [fields, error, status] of [
    [{ ...mine, code_verifier: pkce().verifier }, "invalid_grant", 400],
    [{ device_code: mine.device_code }, "invalid_grant", 400],
    [{ ...mine, device_code: "unknown" }, "invalid_grant", 400],
    [{ ...mine, device_code: "" }, "invalid_request", 400],
    [{ ...mine, device_code: null }, "invalid_request", 400],
    [{ ...mine, device_code: [mine.device_code] }, "invalid_request", 400],
    [{ ...mine, client_id: "somebody" }, "invalid_client", 401],
    [{ ...mine, grant_type: "password" }, "unsupported_grant_type", 400],
  ] as const)
    refused(await ask(broker, fields), error, status);
  for (const body of ["", "[]", "null", "{", "7"])
    refused(
      await send(broker, `${BASE}/device/token`, { method: "POST", headers: JSON_TYPE, body }),
      "invalid_request",
    );
  const form = { "Content-Type": "application/x-www-form-urlencoded" };
  refused(
    await send(broker, `${BASE}/device/token`, { method: "POST", headers: form, body: "a=b" }),
    "invalid_request",
  );
  assert.equal((await ask(broker, mine)).json["detail"], "pending");
});

test("RFC 7636 §4.3: a start without an S256 challenge, or by somebody else, is refused in the menda way", async (t) => {
  const broker = await running(t);
  const { challenge } = pkce();
  refused(await start(broker, {}), "invalid_request");
  refused(await start(broker, { code_challenge: challenge }), "invalid_request");
  refused(
    await start(broker, { code_challenge: challenge, code_challenge_method: "plain" }),
    "invalid_request",
  );
  refused(await start(broker, { ...pkce().sent, client_id: "other" }), "invalid_client", 401);
});

test("golden: whoami of a person, with and without Bearer", async (t) => {
  const house = await loginHouse(t);
  const token = await tokenOf(house);
  for (const authorizationToken of [token, `Bearer ${token}`]) {
    const { status, json } = await send(house.broker, `${BASE}/whoami`, { headers: { authorizationToken } });
    assert.equal(status, 200);
    assert.deepEqual(json, {
      tenant_id: "localhost",
      username: "anna",
      email: "anna@people.example",
      user_role: "ci",
      identity_type: "user",
    });
  }
});

test("golden: registry/token for a person; the token is good at the menda face and nowhere else", async (t) => {
  const house = await loginHouse(t);
  const { broker } = house;
  const token = await tokenOf(house);
  const { status, json } = await registry(broker, `Bearer ${token}`);
  assert.deepEqual([status, Object.keys(json)], [200, ["token"]]);
  const check = { headers: { Authorization: `Bearer ${String(json["token"])}` } };
  assert.equal((await send(broker, "/api/v1/registry/check?ref=packages", check)).status, 204);
  refused(await whoami(broker, token), "invalid_token", 401);
  const ours = await send(broker, "/api/v1/registry/token", {
    method: "POST",
    headers: { ...JSON_TYPE, Authorization: `Bearer ${token}` },
    body: JSON.stringify({ url: "https://packages.example/simple/" }),
  });
  refused(ours, "invalid_token", 401);
});

test("the menda face takes an unbound token of the standard face, and no bound one", async (t) => {
  const house = await loginHouse(t);
  const [open, bound] = [await loggedIn(house), await loggedIn(house, prover(house.broker))];
  assert.equal((await registry(house.broker, open.access)).status, 200);
  refused(await registry(house.broker, bound.access), "invalid_token", 401);
  const headers = { authorizationToken: bound.access };
  refused(await send(house.broker, `${BASE}/whoami`, { headers }), "invalid_token", 401);
});

test("a login over the menda face ends after `users.menda_session`, and with its session", async (t) => {
  const config = { ...CONFIG, users: { ...DEFAULT_USERS, mendaSession: 900 } };
  const house = await loginHouse(t, { config });
  const { broker, core, anna } = house;
  const [one, two] = [await tokenOf(house), await tokenOf(house)];
  broker.clock.time += 899;
  assert.equal((await registry(broker, one)).status, 200);
  const [session] = core.db.sessions(anna.user);
  core.db.transaction(
    (writer) => void writer.endSessions(anna.user, broker.clock.time, "test", session?.name),
  );
  const statuses = [await registry(broker, one), await registry(broker, two)].map(({ status }) => status);
  assert.deepEqual(statuses.toSorted(), [200, 401]);
  broker.clock.time += 1;
  for (const token of [one, two]) refused(await registry(broker, token), "invalid_token", 401);
});

test("a device code of the menda face is none of the standard face", async (t) => {
  const house = await loginHouse(t);
  const { code, mine } = await begun(house.broker);
  assert.ok(await say(house, code, true));
  refused(await poll(house.broker, mine.device_code, { code_verifier: mine.code_verifier }), "invalid_grant");
  assert.equal((await ask(house.broker, mine)).status, 200);
});

test("the provider is asked about a login over the menda face, too: it ends when the provider says no", async (t) => {
  const told: Told = { answer: fine, asked: 0 };
  const house = await providedHouse(t, told);
  const { broker, core } = house;
  const token = await tokenOf(house);
  const after = async (seconds: number, wanted: number): Promise<number> => {
    broker.clock.time += seconds;
    for (const answer of [
      await registry(broker, token),
      await send(broker, `${BASE}/whoami`, { headers: { authorizationToken: token } }),
    ])
      assert.equal(answer.status, wanted, answer.text);
    return told.asked;
  };
  assert.equal(await after(3599, 200), 0);
  assert.equal(await after(1, 200), 1);
  assert.equal(await after(3599, 200), 1);
  told.answer = async () => reply(502, {});
  assert.equal(await after(1, 503), 3);
  told.answer = async () => reply(400, { error: "invalid_grant" });
  assert.equal(await after(10, 401), 4);
  assert.equal(core.db.sessions().length, 0);
});
