// The authorization code flow of a program on the same machine, by section of RFC 6749, 7636, 8252, 9207, 9449 and 9700.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import fc from "fast-check";
import { isLoopbackCallback } from "../../src/broker/login/code-login.ts";
import {
  approve,
  beginCodeLogin,
  codeRedirect,
  deniedRedirect,
  deny,
} from "../../src/broker/login/logins.ts";
import { readParameters } from "../../src/broker/parameters.ts";
import { Refused } from "../../src/broker/reply.ts";
import { basic, newClient, post } from "./broker.ts";
import { entriesOf } from "./entries.ts";
import {
  CALLBACK,
  CLIENT,
  codeFor,
  loginHouse,
  pkce,
  prover,
  redeem,
  refreshWith,
  refused,
  TOKEN,
  tokensIn,
  whoami,
  type Form,
  type House,
} from "./login-house.ts";

const begun = (house: House, params: Form) => {
  const query = new URLSearchParams(params).toString();
  const incoming = { header: () => undefined, query, body: "", address: "203.0.113.7" };
  return beginCodeLogin(house.core, readParameters(query), incoming);
};

const good = (): Form => ({ response_type: "code", ...CLIENT, redirect_uri: CALLBACK, ...pkce().sent });

/** What came back to the program. */
async function errorOf(house: House, params: Form): Promise<Readonly<Record<string, string>>> {
  const found = await begun(house, params);
  assert.ok(!found.ok && found.redirect !== undefined, JSON.stringify(found));
  assert.ok(found.redirect.startsWith(`${CALLBACK}?`));
  return Object.fromEntries(new URL(found.redirect).searchParams);
}

test("RFC 6749 §4.1.1 and §4.1.2, RFC 9207 §2: code, state and iss go back to the program", async (t) => {
  const house = await loginHouse(t);
  const { sent, verifier } = pkce();
  const state = 'a&b=c "d" é';
  const back = await codeFor(house, { ...sent, state });
  assert.deepEqual([...back.keys()], ["code", "state", "iss"]);
  assert.deepEqual([back.get("state"), back.get("iss")], [state, house.broker.url]);
  assert.match(back.get("code") ?? "", /^kwc_[A-Za-z0-9_-]{49}$/);
  const answer = await redeem(house.broker, back.get("code") ?? "", verifier);
  const { access, refresh } = tokensIn(answer);
  assert.deepEqual(Object.keys(answer.json), [
    "access_token",
    "token_type",
    "expires_in",
    "refresh_token",
    "scope",
  ]);
  assert.equal((await whoami(house.broker, access)).json["identity_type"], "user");
  tokensIn(await refreshWith(house.broker, refresh));
});

test("RFC 6749 §4.1.2.1: a wrong client or a wrong address is told to the person, and sent nowhere", async (t) => {
  const house = await loginHouse(t);
  for (const params of [
    { ...good(), client_id: "other" },
    { ...good(), client_id: "" },
    { ...good(), redirect_uri: "https://evil.example/callback" },
    { ...good(), redirect_uri: "" },
  ]) {
    const found = await begun(house, params);
    assert.ok(!found.ok && found.redirect === undefined);
    assert.equal(found.reply?.status, 400);
  }
});

test("RFC 8252 §7.3 and §8.3, RFC 9700 §2.1: the loopback by its address, any port, the exact path", () => {
  for (const uri of [
    "http://127.0.0.1:1/callback",
    "http://127.0.0.1:65535/callback",
    "http://[::1]:49152/callback",
    "http://127.0.0.1/callback",
  ])
    assert.ok(isLoopbackCallback(uri), uri);
  for (const uri of [
    "http://localhost:49152/callback",
    "https://127.0.0.1:49152/callback",
    "http://127.0.0.1:49152/",
    "http://127.0.0.1:49152/callback/",
    "http://127.0.0.1:49152/Callback",
    "http://127.0.0.1:49152/callback?x=1",
    "http://127.0.0.1:49152/callback#x",
    "http://127.0.0.1:49152/x/../callback",
    "http://127.0.0.1:49152//callback",
    "http://127.0.0.1:0/callback",
    "http://127.0.0.1:080/callback",
    "http://127.0.0.1:65536/callback",
    "http://127.0.0.1:/callback",
    "http://127.1:49152/callback",
    "http://127.0.0.2:49152/callback",
    "http://0177.0.0.1:49152/callback",
    "http://127.0.0.1.evil.example:49152/callback",
    "http://127.0.0.1@evil.example/callback",
    "http://user@127.0.0.1:49152/callback",
    "http://127.0.0.1:49152\\@evil.example/callback",
    "http://[::ffff:127.0.0.1]:49152/callback",
    " http://127.0.0.1:49152/callback",
    "http://127.0.0.1:49152/callback\n",
    "http://\uff11\uff12\uff17.0.0.1:49152/callback",
    "keywright:/callback",
    "urn:ietf:wg:oauth:2.0:oob",
  ])
    assert.ok(!isLoopbackCallback(uri), uri);
  fc.assert(
    fc.property(
      fc.webUrl({ withQueryParameters: true, withFragments: true }),
      (uri) => !isLoopbackCallback(uri),
    ),
  );
});

test("RFC 6749 §4.1.2.1: every other fault goes back with state and iss", async (t) => {
  const house = await loginHouse(t);
  const { challenge } = pkce();
  const bare = { response_type: "code", ...CLIENT, redirect_uri: CALLBACK, state: "s" };
  const full = { ...good(), state: "s" };
  const rows: readonly (readonly [Form, string])[] = [
    [{ ...full, response_type: "" }, "invalid_request"],
    [{ ...full, response_type: "token" }, "unsupported_response_type"],
    [{ ...full, response_type: "code id_token" }, "unsupported_response_type"],
    [{ ...full, response_mode: "form_post" }, "invalid_request"],
    [{ ...full, scope: "registry admin" }, "invalid_scope"],
    [{ ...full, resource: "https://elsewhere.example" }, "invalid_target"],
    [{ ...full, request: "x.y.z" }, "request_not_supported"],
    [{ ...full, request_uri: "https://evil.example/r" }, "request_uri_not_supported"],
    [{ ...full, dpop_jkt: "short" }, "invalid_request"],
    [bare, "invalid_request"],
    [{ ...bare, code_challenge: challenge }, "invalid_request"],
    [{ ...bare, code_challenge: challenge, code_challenge_method: "plain" }, "invalid_request"],
    [{ ...bare, code_challenge: `${challenge}A`, code_challenge_method: "S256" }, "invalid_request"],
  ];
  for (const [params, error] of rows) {
    const back = await errorOf(house, params);
    assert.deepEqual(
      [back["error"], back["state"], back["iss"]],
      [error, "s", house.broker.url],
      JSON.stringify(params),
    );
    assert.ok(!("code" in back));
  }
  const long = await errorOf(house, { ...good(), state: "x".repeat(1025) });
  assert.deepEqual([long["error"], "state" in long], ["invalid_request", false]);
});

test("a no goes back as access_denied; nobody gets a code for what was not approved, and a second one never", async (t) => {
  const house = await loginHouse(t);
  const { core, anna } = house;
  const first = await begun(house, { ...good(), state: "s" });
  assert.ok(first.ok);
  const isRefused = (thrown: unknown): boolean => thrown instanceof Refused && thrown.reply.status === 400;
  await assert.rejects(codeRedirect(core, first.pending.id), isRefused);
  assert.ok(await deny(core, first.pending, anna, undefined));
  await assert.rejects(codeRedirect(core, first.pending.id), isRefused);
  const back = new URL(deniedRedirect(core, first.pending.id)).searchParams;
  assert.deepEqual(
    [back.get("error"), back.get("state"), back.get("iss")],
    ["access_denied", "s", house.broker.url],
  );
  assert.throws(() => deniedRedirect(core, 7), isRefused);
  const second = await begun(house, good());
  assert.ok(second.ok && (await approve(core, second.pending, anna, undefined)));
  await codeRedirect(core, second.pending.id);
  await assert.rejects(codeRedirect(core, second.pending.id), isRefused);
});

test("RFC 6749 §4.1.2: a code lives for a minute, and is good once; twice ends what it began", async (t) => {
  const house = await loginHouse(t);
  const { broker } = house;
  const one = pkce();
  const late = (await codeFor(house, one.sent)).get("code") ?? "";
  broker.clock.time += 60;
  refused(await redeem(broker, late, one.verifier), "invalid_grant");
  const code = (await codeFor(house, one.sent)).get("code") ?? "";
  broker.clock.time += 59;
  const { access, refresh } = tokensIn(await redeem(broker, code, one.verifier));
  assert.equal((await whoami(broker, access)).status, 200);
  broker.clock.time += 30;
  refused(await redeem(broker, code, one.verifier), "invalid_grant");
  refused(await whoami(broker, access), "invalid_token", 401);
  refused(await refreshWith(broker, refresh), "invalid_grant");
  const ended = entriesOf(broker.data).findLast(({ kind }) => kind === "session_ended");
  assert.equal(ended?.["why"], "authorization code used twice");
});

test("100 redemptions of one code at the same time: one gets tokens, and they end", async (t) => {
  const house = await loginHouse(t);
  const { sent, verifier } = pkce();
  const code = (await codeFor(house, sent)).get("code") ?? "";
  const answers = await Promise.all(Array.from({ length: 100 }, () => redeem(house.broker, code, verifier)));
  const won = answers.filter(({ status }) => status === 200);
  assert.equal(won.length, 1);
  assert.equal((await whoami(house.broker, String(won[0]?.json["access_token"]))).status, 401);
});

test("RFC 7636 §4.1 and §4.6: the verifier of this challenge, of 43 to 128 characters; a wrong one burns the code", async (t) => {
  const house = await loginHouse(t);
  const { broker } = house;
  const { sent, verifier, challenge } = pkce();
  for (const wrong of [
    pkce().verifier,
    challenge,
    verifier.slice(1),
    `${verifier}${"a".repeat(86)}`,
    `${verifier}é`,
    "",
  ]) {
    const code = (await codeFor(house, sent)).get("code") ?? "";
    refused(await redeem(broker, code, wrong), "invalid_grant");
    refused(await redeem(broker, code, verifier), "invalid_grant");
  }
});

test("RFC 7636 §4.1: 43 and 128 characters are a verifier, 42 and 129 are none, whatever their challenge", async (t) => {
  const house = await loginHouse(t);
  for (const [length, status] of [
    [42, 400],
    [43, 200],
    [128, 200],
    [129, 400],
  ] as const) {
    const verifier = "~".repeat(length);
    const code_challenge = createHash("sha256").update(verifier).digest("base64url");
    const back = await codeFor(house, { code_challenge, code_challenge_method: "S256" });
    assert.equal((await redeem(house.broker, back.get("code") ?? "", verifier)).status, status, `${length}`);
  }
});

test("RFC 6749 §4.1.3, RFC 9700 §2.1.1: redirect_uri and client have to be the same again", async (t) => {
  const house = await loginHouse(t);
  const { broker } = house;
  const { sent, verifier } = pkce();
  const fresh = async (): Promise<string> => (await codeFor(house, sent)).get("code") ?? "";
  for (const redirect_uri of ["http://127.0.0.1:49153/callback", "http://[::1]:49152/callback", ""])
    refused(await redeem(broker, await fresh(), verifier, { redirect_uri }), "invalid_grant");
  const code = await fresh();
  const app = basic("app", newClient(broker.data, { name: "app", principal: "ci" }));
  const form = { grant_type: "authorization_code", redirect_uri: CALLBACK, code, code_verifier: verifier };
  refused(await post(broker, TOKEN, form, app), "invalid_grant");
  refused(await post(broker, TOKEN, form), "invalid_client", 401);
  refused(await post(broker, `${TOKEN}?code=${code}`, { ...form, ...CLIENT }), "invalid_request");
  refused(await redeem(broker, `${code.slice(0, -1)}x`, verifier), "invalid_grant");
  refused(await post(broker, TOKEN, { ...form, ...CLIENT, code: "" }), "invalid_request");
  tokensIn(await redeem(broker, code, verifier)); // Nobody of them has ended it for who began it.
});

test("RFC 9449 §10: dpop_jkt binds the code to a key", async (t) => {
  const house = await loginHouse(t);
  const { broker } = house;
  const [own, other] = [prover(broker), prover(broker)];
  const { sent, verifier } = pkce();
  const fresh = async (): Promise<string> =>
    (await codeFor(house, { ...sent, dpop_jkt: own.jkt })).get("code") ?? "";
  refused(await redeem(broker, await fresh(), verifier), "invalid_grant");
  refused(await redeem(broker, await fresh(), verifier, {}, other.headers(TOKEN)), "invalid_grant");
  const answer = await redeem(broker, await fresh(), verifier, {}, own.headers(TOKEN));
  assert.equal(answer.json["token_type"], "DPoP");
});
