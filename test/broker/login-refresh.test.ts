// Refresh tokens of a person's login: RFC 6749 §6, RFC 9700 §4.14 (rotation), RFC 9449 §5 (bound to a key), and the
// provider that is asked again.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ownerOf } from "../../src/broker/people/admit.ts";
import { DEFAULT_USERS } from "../../src/config/users.ts";
import { KeywrightError } from "../../src/errors.ts";
import type { HttpReply } from "../../src/io/http.ts";
import { askRegistry, basic, CONFIG, newClient, PACKAGES, post, running, send, START } from "./broker.ts";
import { entriesOf } from "./entries.ts";
import { fine, providedHouse, reply, type Told } from "./login-provider.ts";
import {
  begin,
  CLIENT,
  codeFor,
  loggedIn,
  loginHouse,
  pkce,
  poll,
  prover,
  redeem,
  refreshWith,
  refused,
  say,
  TOKEN,
  tokensIn,
  whoami,
  WHOAMI,
} from "./login-house.ts";

test("RFC 6749 §6: every refresh gives new tokens; the login goes on where it was", async (t) => {
  const house = await loginHouse(t);
  const { broker } = house;
  const first = await loggedIn(house);
  broker.clock.time += 700;
  refused(await whoami(broker, first.access), "invalid_token", 401);
  const answer = await refreshWith(broker, first.refresh, {}, { scope: "registry" });
  const next = tokensIn(answer);
  assert.notEqual(next.refresh, first.refresh);
  assert.deepEqual(Object.keys(answer.json), [
    "access_token",
    "token_type",
    "expires_in",
    "refresh_token",
    "scope",
  ]);
  const { session } = (await whoami(broker, next.access)).json;
  assert.equal(session, house.core.db.sessions()[0]?.name);
  tokensIn(await refreshWith(broker, next.refresh));
});

test("RFC 6749 §6: wider scope, other client, other resource, nothing, nonsense", async (t) => {
  const house = await loginHouse(t);
  const { broker } = house;
  const { refresh, access } = await loggedIn(house);
  const app = basic("app", newClient(broker.data, { name: "app", principal: "ci" }));
  const form = { grant_type: "refresh_token", refresh_token: refresh };
  refused(await refreshWith(broker, refresh, {}, { scope: "registry admin" }), "invalid_scope");
  refused(
    await refreshWith(broker, refresh, {}, { resource: "https://elsewhere.example" }),
    "invalid_target",
  );
  refused(await post(broker, TOKEN, form, app), "invalid_grant");
  refused(await post(broker, TOKEN, form), "invalid_client", 401);
  refused(await post(broker, TOKEN, { ...form, ...CLIENT, client_secret: "x" }), "invalid_client", 401);
  refused(await post(broker, `${TOKEN}?refresh_token=${refresh}`, { ...form, ...CLIENT }), "invalid_request");
  refused(await post(broker, TOKEN, { ...form, ...CLIENT, refresh_token: "" }), "invalid_request");
  refused(await refreshWith(broker, access), "invalid_grant");
  refused(await refreshWith(broker, `${refresh.slice(0, -1)}-`), "invalid_grant");
  tokensIn(await refreshWith(broker, refresh));
});

test("RFC 9700 §4.14.2: an old refresh token ends the login, with every token that came of it", async (t) => {
  const house = await loginHouse(t);
  const { broker } = house;
  const first = await loggedIn(house);
  const registry = String((await askRegistry(broker, first.access, { url: PACKAGES })).json["token"]);
  const check = { headers: { Authorization: `Bearer ${registry}` } };
  const second = tokensIn(await refreshWith(broker, first.refresh));
  assert.equal((await send(broker, "/api/v1/registry/check?ref=packages", check)).status, 204);
  refused(await refreshWith(broker, first.refresh), "invalid_grant");
  refused(await refreshWith(broker, second.refresh), "invalid_grant");
  for (const { access } of [first, second]) refused(await whoami(broker, access), "invalid_token", 401);
  assert.equal((await send(broker, "/api/v1/registry/check?ref=packages", check)).status, 401);
  const ended = entriesOf(broker.data).findLast(({ kind }) => kind === "session_ended");
  assert.deepEqual([ended?.["why"], ended?.["user"]], ["refresh token used twice", "anna"]);
  const other = await loggedIn(house); // Another login of the same person is another family.
  tokensIn(await refreshWith(broker, other.refresh));
});

// By the letter: which of the hundred is the thief nobody can say. Our own client asks once, under a lock.
test("RFC 9700 §4.14.2: 100 refreshes with one token at the same time: one gets tokens, the next ends the login", async (t) => {
  const house = await loginHouse(t);
  const { broker } = house;
  const { refresh } = await loggedIn(house);
  const answers = await Promise.all(Array.from({ length: 100 }, () => refreshWith(broker, refresh)));
  const won = answers.filter(({ status }) => status === 200);
  assert.equal(won.length, 1);
  for (const answer of answers) if (answer.status !== 200) refused(answer, "invalid_grant");
  assert.equal((await whoami(broker, tokensIn(won[0] as (typeof won)[0]).access)).status, 401);
  const ended = entriesOf(broker.data).filter(({ kind }) => kind === "session_ended");
  assert.equal(ended.length, 1);
});

test("RFC 9449 §5: a bound refresh token without its key is a 401, and nobody's login ends by it", async (t) => {
  const house = await loginHouse(t);
  const { broker } = house;
  const [own, thief] = [prover(broker), prover(broker)];
  const first = await loggedIn(house, own);
  const bare = await refreshWith(broker, first.refresh);
  refused(bare, "invalid_grant", 401);
  assert.match(String(bare.headers["www-authenticate"]), /^DPoP /);
  refused(await refreshWith(broker, first.refresh, thief.headers(TOKEN)), "invalid_grant", 401);
  refused(await refreshWith(broker, first.refresh, own.headers(WHOAMI)), "invalid_dpop_proof");
  const proof = own.headers(TOKEN);
  const second = await refreshWith(broker, first.refresh, proof);
  assert.equal(second.json["token_type"], "DPoP");
  refused(await refreshWith(broker, tokensIn(second).refresh, proof), "invalid_dpop_proof"); // Replayed.
  refused(await refreshWith(broker, first.refresh), "invalid_grant", 401); // Used, and without the key: no theft of it.
  const third = tokensIn(await refreshWith(broker, tokensIn(second).refresh, own.headers(TOKEN)));
  assert.equal((await whoami(broker, third.access, own.headers(WHOAMI, third.access))).status, 200);
  assert.equal((await whoami(broker, third.access, thief.headers(WHOAMI, third.access))).status, 401);
  assert.equal((await whoami(broker, third.access, own.headers(WHOAMI, first.access))).status, 401);
  refused(await refreshWith(broker, first.refresh, own.headers(TOKEN)), "invalid_grant"); // Used, with the key: it ends.
  assert.equal((await whoami(broker, third.access, own.headers(WHOAMI, third.access))).status, 401);
});

test("the login ends after `users.session_life`, however often it was refreshed; no token outlives it", async (t) => {
  const config = { ...CONFIG, users: { ...DEFAULT_USERS, sessionLife: 1000 } };
  const house = await loginHouse(t, { config });
  const { broker } = house;
  const first = await loggedIn(house);
  broker.clock.time = START + 990;
  const answer = await refreshWith(broker, first.refresh);
  assert.equal(answer.json["expires_in"], 10);
  broker.clock.time = START + 1000;
  refused(await whoami(broker, tokensIn(answer).access), "invalid_token", 401);
  const over = await refreshWith(broker, tokensIn(answer).refresh);
  refused(over, "invalid_grant");
  assert.match(String(over.json["detail"]), /log in again/);
});

test("a user who is disabled has no tokens from the next request on, and gets none back by being enabled", async (t) => {
  const house = await loginHouse(t);
  const { broker, core, anna } = house;
  const { access, refresh } = await loggedIn(house);
  core.db.transaction((writer) => void writer.disableUser(anna.user, broker.clock.time));
  refused(await whoami(broker, access), "invalid_token", 401);
  refused(await refreshWith(broker, refresh), "invalid_grant");
  core.db.transaction((writer) => void writer.enableUser(anna.user));
  refused(await whoami(broker, access), "invalid_token", 401);
  refused(await refreshWith(broker, refresh), "invalid_grant");
});

test("a principal that is configured no more gets nothing at its next refresh, poll or code; the audit says so", async (t) => {
  const house = await loginHouse(t);
  const { refresh } = await loggedIn(house);
  const { device_code, user_code } = await begin(house.broker);
  assert.ok(await say(house, user_code, true));
  const { verifier, sent } = pkce();
  const code = (await codeFor(house, sent)).get("code") ?? "";
  const { data, url } = house.broker;
  await house.broker.close();
  const config = { ...CONFIG, principals: ["release", "outsider"], menda: new Map() };
  const again = await running(t, { data, url, config });
  refused(await refreshWith(again, refresh), "invalid_grant");
  refused(await poll(again, device_code), "access_denied");
  refused(await redeem(again, code, verifier), "invalid_grant");
  const reason = "This person acts as no principal of this broker.";
  const denied = entriesOf(data).filter((entry) => entry["reason"] === reason);
  assert.deepEqual(
    denied.map(({ kind, outcome, client, user }) => [kind, outcome, client, user]),
    [
      ["token", "denied", "keywright", "anna"],
      ["token", "denied", "keywright", undefined],
      ["token", "denied", "keywright", undefined],
    ],
  );
});

test("a user who is invited as somebody else acts as that from the next refresh on", async (t) => {
  const house = await loginHouse(t);
  const { broker, core, anna } = house;
  const { refresh } = await loggedIn(house);
  core.db.transaction((writer) => writer.changeUser(anna.user, { principal: "outsider", email: "" }));
  const { access } = tokensIn(await refreshWith(broker, refresh));
  assert.equal((await whoami(broker, access)).json["user_role"], "outsider");
  assert.equal((await askRegistry(broker, access, { url: PACKAGES })).status, 403);
});

test("the provider is asked at the first refresh after `users.recheck`, once, and not before", async (t) => {
  const told = { answer: fine, asked: 0 };
  const house = await providedHouse(t, told);
  const { broker } = house;
  let { refresh } = await loggedIn(house);
  const next = async (at: number): Promise<number> => {
    broker.clock.time = START + at;
    ({ refresh } = tokensIn(await refreshWith(broker, refresh)));
    return told.asked;
  };
  assert.equal(await next(3599), 0);
  assert.equal(await next(3600), 1);
  assert.equal(await next(3601), 1);
  assert.equal(await next(7199), 1);
  assert.equal(await next(7200), 2);
});

test("a check from the future, by a clock that was wrong, keeps nobody from asking; a second of skew is none", async (t) => {
  const told = { answer: fine, asked: 0 };
  const house = await providedHouse(t, told);
  const { broker, anna } = house;
  const wrong = await loggedIn(house, undefined, { ...anna, provenAt: START + 30 * 86_400 });
  const skewed = await loggedIn(house, undefined, {
    ...anna,
    upstream: house.core.sealing.seal(Buffer.from("other"), ownerOf(anna.user)),
    provenAt: START + 60,
  });
  tokensIn(await refreshWith(broker, skewed.refresh));
  assert.equal(told.asked, 0);
  const { refresh } = tokensIn(await refreshWith(broker, wrong.refresh));
  assert.equal(told.asked, 1);
  tokensIn(await refreshWith(broker, refresh));
  assert.equal(told.asked, 1);
});

test("a provider that says no ends the login; one that does not answer leaves it, and is a 503", async (t) => {
  const told: Told = { answer: fine, asked: 0 };
  const house = await providedHouse(t, told);
  const { broker } = house;
  const { refresh } = await loggedIn(house);
  broker.clock.time = START + 3600;
  told.answer = async () => Promise.reject(new KeywrightError("network", "nobody is there"));
  refused(await refreshWith(broker, refresh), "temporarily_unavailable", 503);
  told.answer = async () => reply(500, {});
  refused(await refreshWith(broker, refresh), "temporarily_unavailable", 503);
  told.answer = fine;
  const second = tokensIn(await refreshWith(broker, refresh));
  broker.clock.time = START + 7200;
  told.answer = async () => reply(400, { error: "invalid_grant" });
  refused(await refreshWith(broker, second.refresh), "invalid_grant");
  told.answer = fine;
  refused(await refreshWith(broker, second.refresh), "invalid_grant");
  assert.equal(house.core.db.sessions().length, 0);
});

test("while the provider is asked nobody waits for the journal, and what happens meanwhile counts", async (t) => {
  let answer: (reply: HttpReply) => void = () => undefined;
  let called: () => void = () => undefined;
  const asked = new Promise<void>((done) => (called = done));
  const told = {
    asked: 0,
    answer: () =>
      new Promise<HttpReply>((done) => {
        answer = done;
        called();
      }),
  };
  const house = await providedHouse(t, told);
  const { broker, core } = house;
  const { refresh } = await loggedIn(house);
  broker.clock.time = START + 3600;
  const waiting = refreshWith(broker, refresh);
  await asked;
  const other = await loggedIn(house); // The journal is free.
  const [session] = core.db.sessions();
  core.db.transaction(
    (writer) => void writer.endSessions(undefined, broker.clock.time, "meanwhile", session?.name),
  );
  answer(await fine());
  refused(await waiting, "invalid_grant");
  assert.equal((await whoami(broker, other.access)).status, 200);
});

test("of 100 refreshes that have to ask the provider one asks it", async (t) => {
  const told = { answer: fine, asked: 0 };
  const house = await providedHouse(t, told);
  const { broker } = house;
  const { refresh } = await loggedIn(house);
  broker.clock.time = START + 3600;
  const answers = await Promise.all(Array.from({ length: 100 }, () => refreshWith(broker, refresh)));
  assert.equal(answers.filter(({ status }) => status === 200).length, 1);
  assert.equal(told.asked, 1);
});
