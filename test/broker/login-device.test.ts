// The device flow of the standard face, by section of RFC 8628; with PKCE and DPoP as our own client adds them.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { beginLogin, MOST_WAITING_OF_ADDRESS } from "../../src/broker/login/waiting-logins.ts";
import { basic, newClient, post, running, send } from "./broker.ts";
import { entriesOf } from "./entries.ts";
import {
  begin,
  CLIENT,
  DEVICE,
  DEVICE_GRANT,
  houseOf,
  loginHouse,
  pkce,
  poll,
  prover,
  refused,
  say,
  TOKEN,
  tokensIn,
  whoami,
} from "./login-house.ts";

test("RFC 8628 §3.1: the public client says its name, and nothing else", async (t) => {
  const broker = await running(t);
  const secret = newClient(broker.data, { name: "app", principal: "ci" });
  refused(await post(broker, DEVICE, {}), "invalid_client", 401);
  refused(await post(broker, DEVICE, { client_id: "nobody" }), "invalid_client", 401);
  refused(await post(broker, DEVICE, { client_id: "app" }), "invalid_client", 401);
  refused(await post(broker, DEVICE, { ...CLIENT, client_secret: "x" }), "invalid_client", 401);
  refused(await post(broker, DEVICE, CLIENT, basic("keywright", "x")), "invalid_client", 401);
  refused(await post(broker, DEVICE, {}, basic("app", secret)), "unauthorized_client");
  refused(await post(broker, DEVICE, { ...CLIENT, scope: "admin" }), "invalid_scope");
  refused(await post(broker, DEVICE, { ...CLIENT, resource: "https://elsewhere.example" }), "invalid_target");
  refused(await post(broker, `${DEVICE}?client_id=keywright`, {}), "invalid_request");
  refused(await send(broker, DEVICE), "method_not_allowed", 405);
});

test("RFC 8628 §3.2: the codes, where to go, for how long and how often to ask", async (t) => {
  const broker = await running(t);
  const { status, json, headers } = await post(broker, DEVICE, { ...CLIENT, scope: "registry" });
  assert.equal(status, 200);
  assert.equal(headers["cache-control"], "no-store");
  const { device_code, user_code, ...rest } = json as Record<string, string>;
  assert.match(device_code ?? "", /^kwd_[A-Za-z0-9_-]{49}$/); // 256 bits and a checksum.
  assert.match(user_code ?? "", /^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/);
  assert.deepEqual(rest, {
    verification_uri: `${broker.url}/device`,
    verification_uri_complete: `${broker.url}/device?user_code=${user_code}`,
    expires_in: 600,
    interval: 5,
  });
  const other = await begin(broker);
  assert.notEqual(other.device_code, device_code);
  assert.notEqual(other.user_code, user_code);
});

test("RFC 8628 §3.4 and §3.5: pending, then once the tokens", async (t) => {
  const house = await loginHouse(t);
  const { broker } = house;
  const { device_code, user_code } = await begin(broker);
  refused(await poll(broker, device_code), "authorization_pending");
  assert.ok(await say(house, user_code, true));
  const answer = await poll(broker, device_code);
  const { access, refresh } = tokensIn(answer);
  assert.deepEqual(answer.json, {
    access_token: access,
    token_type: "Bearer",
    expires_in: 600,
    refresh_token: refresh,
    scope: "registry",
  });
  assert.match(access, /^kw_[A-Za-z0-9_-]{49}$/);
  assert.match(refresh, /^kwr_[A-Za-z0-9_-]{49}$/);
  refused(await poll(broker, device_code), "invalid_grant");
  assert.equal((await whoami(broker, access)).json["username"], "anna");
  const kinds = entriesOf(broker.data).map(({ kind }) => kind);
  assert.deepEqual(kinds.slice(-3), ["login_approved", "session_started", "token"]);
});

test("RFC 8628 §3.4: whoever did not begin it gets nothing, and cannot end it (CVE-2023-2585)", async (t) => {
  const house = await loginHouse(t);
  const { broker } = house;
  const secret = newClient(broker.data, { name: "app", principal: "ci" });
  const { device_code, user_code } = await begin(broker);
  assert.ok(await say(house, user_code, true));
  const stolen = { grant_type: DEVICE_GRANT, device_code };
  refused(await post(broker, TOKEN, stolen, basic("app", secret)), "invalid_grant");
  refused(await post(broker, TOKEN, { ...stolen, client_id: "app" }), "invalid_client", 401);
  refused(await post(broker, TOKEN, { ...stolen, ...CLIENT, client_secret: secret }), "invalid_client", 401);
  const menda = { grant_type: DEVICE_GRANT, device_code, ...CLIENT, code_verifier: "v".repeat(43) };
  const elsewhere = await send(broker, "/api/v1/auth/device/token", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(menda),
  });
  refused(elsewhere, "invalid_grant");
  tokensIn(await poll(broker, device_code));
});

test("RFC 8628 §3.5: the first poll at once is pending; an early one costs five seconds more, once", async (t) => {
  const house = await loginHouse(t);
  const { broker } = house;
  const { device_code, user_code } = await begin(broker);
  const after = async (seconds: number): Promise<unknown> => {
    broker.clock.time += seconds;
    return (await poll(broker, device_code)).json["error"];
  };
  assert.equal(await after(0), "authorization_pending");
  assert.equal(await after(5), "authorization_pending");
  assert.equal(await after(1), "slow_down");
  for (let turn = 0; turn < 5; turn += 1) assert.equal(await after(10), "authorization_pending");
  assert.equal(await after(5), "slow_down"); // The wider pace holds for all later polls.
  assert.equal(await after(15), "authorization_pending");
  assert.ok(await say(house, user_code, true));
  assert.equal(await after(15), undefined);
});

test("RFC 8628 §3.5: the advertised pace with ±200 ms of jitter is never too fast", async (t) => {
  const { broker } = await loginHouse(t);
  const { device_code } = await begin(broker);
  for (let turn = 0; turn < 100; turn += 1) {
    broker.clock.time += 5 + (turn % 2 === 0 ? 0.4 : -0.4); // Late by 200 ms, then early by 200 ms.
    refused(await poll(broker, device_code), "authorization_pending");
  }
});

test("RFC 8628 §3.5: the pace has an end, a clock that is put back accuses nobody, and who was approved gets in whatever its pace (Dex's lock-in)", async (t) => {
  const house = await loginHouse(t);
  const { broker } = house;
  const { device_code, user_code } = await begin(broker);
  await poll(broker, device_code);
  for (let turn = 0; turn < 30; turn += 1) {
    broker.clock.time += 1;
    refused(await poll(broker, device_code), "slow_down");
  }
  broker.clock.time += 60;
  refused(await poll(broker, device_code), "authorization_pending");
  broker.clock.time -= 30;
  refused(await poll(broker, device_code), "authorization_pending");
  assert.ok(await say(house, user_code, true));
  broker.clock.time += 0.05;
  tokensIn(await poll(broker, device_code));
});

test("RFC 8628 §3.5: access_denied, expired_token, unknown", async (t) => {
  const house = await loginHouse(t);
  const { broker } = house;
  const denied = await begin(broker);
  assert.ok(await say(house, denied.user_code, false));
  for (const _ of [1, 2]) refused(await poll(broker, denied.device_code), "access_denied");
  assert.ok(!(await say(house, denied.user_code, true)));
  const late = await begin(broker);
  broker.clock.time += 599.9;
  refused(await poll(broker, late.device_code), "authorization_pending");
  broker.clock.time += 0.1;
  assert.ok(!(await say(house, late.user_code, true)));
  refused(await poll(broker, late.device_code), "expired_token");
  refused(await poll(broker, "x"), "invalid_grant");
  refused(await poll(broker, late.user_code), "invalid_grant");
  refused(await post(broker, TOKEN, { grant_type: DEVICE_GRANT, ...CLIENT }), "invalid_request");
});

test("RFC 8628 §3.5: an approved code is redeemed once, also by 100 polls at the same time", async (t) => {
  const house = await loginHouse(t);
  const { broker } = house;
  const { device_code, user_code } = await begin(broker);
  assert.ok(await say(house, user_code, true));
  const answers = await Promise.all(Array.from({ length: 100 }, () => poll(broker, device_code)));
  const won = answers.filter(({ status }) => status === 200);
  assert.equal(won.length, 1);
  for (const answer of answers) if (answer.status !== 200) refused(answer, "invalid_grant");
  assert.equal((await whoami(broker, tokensIn(won[0] as (typeof won)[0]).access)).status, 200);
  const started = entriesOf(broker.data).filter(({ kind }) => kind === "session_started");
  assert.equal(started.length, 1);
});

test("RFC 8628 §5.2, RFC 7636 §4.6: a challenge that was sent has to be met at every poll, and one that was not cannot be", async (t) => {
  const house = await loginHouse(t);
  const { broker } = house;
  const { verifier, sent, challenge } = pkce();
  const { device_code, user_code } = await begin(broker, sent);
  const other = pkce().verifier;
  for (const wrong of [
    {},
    { code_verifier: other },
    { code_verifier: challenge },
    { code_verifier: "short" },
  ])
    refused(await poll(broker, device_code, wrong), "invalid_grant");
  refused(await poll(broker, device_code, { code_verifier: verifier }), "authorization_pending");
  assert.ok(await say(house, user_code, true));
  refused(await poll(broker, device_code), "invalid_grant");
  tokensIn(await poll(broker, device_code, { code_verifier: verifier }));
  const plain = await begin(broker);
  refused(await poll(broker, plain.device_code, { code_verifier: verifier }), "invalid_grant");
  for (const bad of [
    { code_challenge: challenge },
    { code_challenge: challenge, code_challenge_method: "plain" },
    { code_challenge: "x", code_challenge_method: "S256" },
    { code_challenge_method: "S256" },
  ])
    refused(await post(broker, DEVICE, { ...CLIENT, ...bad }), "invalid_request");
});

test("RFC 9449 §5: the key of the first proof is the only one that redeems the code; one that comes later binds, too", async (t) => {
  const house = await loginHouse(t);
  const { broker } = house;
  const [own, other] = [prover(broker), prover(broker)];
  const bound = await begin(broker, {}, own.headers(DEVICE));
  refused(await poll(broker, bound.device_code), "invalid_grant");
  refused(await poll(broker, bound.device_code, {}, other.headers(TOKEN)), "invalid_grant");
  refused(await poll(broker, bound.device_code, {}, own.headers(DEVICE)), "invalid_dpop_proof");
  refused(await poll(broker, bound.device_code, {}, own.headers(TOKEN)), "authorization_pending");
  assert.ok(await say(house, bound.user_code, true));
  refused(await poll(broker, bound.device_code), "invalid_grant");
  const answer = await poll(broker, bound.device_code, {}, own.headers(TOKEN));
  assert.equal(answer.json["token_type"], "DPoP");
  const { access } = tokensIn(answer);
  assert.equal((await whoami(broker, access, own.headers("/api/v1/whoami", access))).json["bound"], true);
  assert.equal((await whoami(broker, access)).status, 401);
  const late = await begin(broker);
  assert.ok(await say(house, late.user_code, true));
  const second = await poll(broker, late.device_code, {}, own.headers(TOKEN));
  assert.equal(second.json["token_type"], "DPoP");
});

test("RFC 8628 §5.1: so many logins of one address wait at a time, and no more", async (t) => {
  const house = await loginHouse(t);
  const { broker } = house;
  const all = [];
  for (let n = 0; n < MOST_WAITING_OF_ADDRESS; n += 1) all.push(await begin(broker));
  refused(await post(broker, DEVICE, CLIENT), "temporarily_unavailable", 503);
  const query = new URLSearchParams({ ...CLIENT, ...pkce().sent }).toString();
  const menda = await send(broker, `/api/v1/auth/device/authorize?${query}`, { method: "POST" });
  refused(menda, "temporarily_unavailable", 503);
  assert.ok(await say(house, all[0]?.user_code ?? "", false));
  await begin(broker);
  refused(await post(broker, DEVICE, CLIENT), "temporarily_unavailable", 503);
  broker.clock.time += 600;
  await begin(broker);
});

test("RFC 8628 §5.1, RFC 9449 §11.1: where too many wait, a proof is not even remembered", async (t) => {
  const { broker } = await loginHouse(t);
  const own = prover(broker);
  for (let n = 0; n < MOST_WAITING_OF_ADDRESS; n += 1) await begin(broker);
  const proof = own.headers(DEVICE);
  for (const _ of [1, 2, 3])
    refused(await post(broker, DEVICE, CLIENT, proof), "temporarily_unavailable", 503);
  broker.clock.time += 600;
  const late = { ...proof, ...own.headers(DEVICE) };
  await begin(broker, {}, late);
  refused(await post(broker, DEVICE, CLIENT, late), "invalid_dpop_proof");
});

test("RFC 8628 §5.1: the addresses of one IPv6 network count as one; nobody fills the places of all with them", async (t) => {
  const { core } = await loginHouse(t);
  const asked = { kind: "device", face: "standard", scope: "registry", challenge: undefined } as const;
  const more = { jkt: undefined, redirectUri: undefined, clientState: undefined, agent: undefined };
  const beginFrom = (address: string): Promise<unknown> =>
    beginLogin(core, { ...asked, ...more, address, hash: randomBytes(32) });
  for (let n = 0; n < MOST_WAITING_OF_ADDRESS; n += 1)
    assert.ok(await beginFrom(`2001:db8:0:7::${n.toString(16)}`));
  assert.equal(await beginFrom("2001:db8:0:7:ffff::1"), undefined);
  assert.equal(await beginFrom("2001:0db8::7:0:0:0:1"), undefined); // The same network, written otherwise.
  assert.ok(await beginFrom("2001:db8:0:8::1"));
  assert.ok(await beginFrom("198.51.100.9"));
});

test("a restart in the middle of a login: it goes on where it was, and its pace is remembered", async (t) => {
  const first = await loginHouse(t);
  const { data, url } = first.broker;
  const { verifier, sent } = pkce();
  const { device_code, user_code } = await begin(first.broker, sent);
  const mine = { code_verifier: verifier };
  refused(await poll(first.broker, device_code, mine), "authorization_pending");
  await first.broker.close();
  const second = houseOf(t, await running(t, { data, url }));
  refused(await poll(second.broker, device_code, mine), "slow_down");
  assert.ok(await say(second, user_code, true));
  await second.broker.close();
  const third = await running(t, { data, url });
  const { access } = tokensIn(await poll(third, device_code, mine));
  await third.close();
  const fourth = await running(t, { data, url });
  refused(await poll(fourth, device_code, mine), "invalid_grant");
  assert.equal((await whoami(fourth, access)).status, 200);
});

test("somebody who was disabled after the yes gets nothing", async (t) => {
  const house = await loginHouse(t);
  const { broker, core, anna } = house;
  const { device_code, user_code } = await begin(broker);
  assert.ok(await say(house, user_code, true));
  core.db.transaction((writer) => void writer.disableUser(anna.user, broker.clock.time));
  assert.equal((await poll(broker, device_code)).status, 400);
  const other = await begin(broker);
  assert.ok(!(await say(house, other.user_code, true)));
});
