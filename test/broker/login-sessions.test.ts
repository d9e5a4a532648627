// Logins as they are listed and ended, by section of RFC 7009, 7662, 9449 and 9728; and that what ended stays so.
import assert from "node:assert/strict";
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { ledgerPath } from "../../src/broker/ledger.ts";
import { listSessions } from "../../src/broker/login/sessions.ts";
import { askRegistry, basic, newClient, PACKAGES, post, running, send, type Answer } from "./broker.ts";
import { copyBack } from "./backed-up.ts";
import { entriesOf } from "./entries.ts";
import {
  begin,
  CLIENT,
  DEVICE,
  houseOf,
  loggedIn,
  loginHouse,
  personOf,
  poll,
  prover,
  refreshWith,
  refused,
  say,
  TOKEN,
  tokensIn,
  whoami,
  WHOAMI,
  type Form,
  type House,
} from "./login-house.ts";

const REVOKE = "/oauth2/revoke";

function revoke({ broker }: House, token: string, headers: Form = {}): Promise<Answer> {
  return post(broker, REVOKE, { ...("Authorization" in headers ? {} : CLIENT), token }, headers);
}

test("RFC 7009 §2.1: a refresh token ends its login, also an old one; an access token only itself", async (t) => {
  const house = await loginHouse(t);
  const { broker } = house;
  const [first, other] = [await loggedIn(house), await loggedIn(house)];
  const registry = String((await askRegistry(broker, first.access, { url: PACKAGES })).json["token"]);
  const check = { headers: { Authorization: `Bearer ${registry}` } };
  assert.deepEqual(
    [(await revoke(house, first.access)).status, (await whoami(broker, first.access)).status],
    [200, 401],
  );
  const second = tokensIn(await refreshWith(broker, first.refresh));
  assert.equal((await send(broker, "/api/v1/registry/check?ref=packages", check)).status, 204);
  assert.equal((await revoke(house, first.refresh)).status, 200); // It was used, and is this login's all the same.
  refused(await whoami(broker, second.access), "invalid_token", 401);
  refused(await refreshWith(broker, second.refresh), "invalid_grant");
  assert.equal((await send(broker, "/api/v1/registry/check?ref=packages", check)).status, 401);
  assert.equal((await whoami(broker, other.access)).status, 200);
  const ended = entriesOf(broker.data).findLast(({ kind }) => kind === "session_ended");
  assert.deepEqual([ended?.["why"], ended?.["user"]], ["logged out", "anna"]);
});

test("RFC 7009 §2.1 and §2.2: nobody else ends it, and whatever the token is, the answer is the same", async (t) => {
  const house = await loginHouse(t);
  const { broker } = house;
  const { access, refresh } = await loggedIn(house);
  const app = basic("app", newClient(broker.data, { name: "app", principal: "ci" }));
  const machine = String(
    (await post(broker, TOKEN, { grant_type: "client_credentials" }, app)).json["access_token"],
  );
  for (const answer of [
    await revoke(house, access, app),
    await revoke(house, refresh, app),
    await revoke(house, machine),
    await revoke(house, "unknown"),
    await revoke(house, `${refresh.slice(0, -1)}-`),
  ])
    assert.deepEqual([answer.status, answer.text], [200, "{}"]);
  refused(await post(broker, REVOKE, { token: refresh }), "invalid_client", 401);
  refused(
    await post(broker, REVOKE, { token: refresh, ...CLIENT, client_secret: "x" }),
    "invalid_client",
    401,
  );
  refused(await post(broker, REVOKE, { ...CLIENT }), "invalid_request");
  refused(await post(broker, `${REVOKE}?token=${refresh}`, CLIENT), "invalid_request");
  assert.equal((await whoami(broker, access)).status, 200);
  assert.equal((await askRegistry(broker, machine, { url: PACKAGES })).status, 200);
  for (const _ of [1, 2]) assert.equal((await revoke(house, refresh)).status, 200);
});

test("whoami: a person, a machine, a bound token", async (t) => {
  const house = await loginHouse(t);
  const { broker, core } = house;
  const own = prover(broker);
  const { access } = await loggedIn(house, own);
  const seen = await whoami(broker, access, own.headers(WHOAMI, access));
  const [session] = core.db.sessions();
  assert.deepEqual(seen.json, {
    tenant_id: "localhost",
    username: "anna",
    email: "anna@people.example",
    user_role: "ci",
    identity_type: "user",
    client_id: "keywright",
    scope: "registry",
    bound: true,
    expires_at: broker.clock.time + 600,
    session: session?.name,
    session_expires_at: session?.expiresAt,
  });
  const app = basic("app", newClient(broker.data, { name: "app", principal: "ci" }));
  const machine = String(
    (await post(broker, TOKEN, { grant_type: "client_credentials" }, app)).json["access_token"],
  );
  const { json } = await whoami(broker, machine);
  assert.deepEqual(
    [json["username"], json["identity_type"], json["session"], json["bound"]],
    ["app", "service_principal", null, false],
  );
});

test("RFC 9449 §5, §6.2 and §7: a machine's token is bound by a proof, too, and introspection says so", async (t) => {
  const { broker } = await loginHouse(t);
  const own = prover(broker);
  const app = basic("app", newClient(broker.data, { name: "app", principal: "ci" }));
  const bound = await post(
    broker,
    TOKEN,
    { grant_type: "client_credentials" },
    { ...app, ...own.headers(TOKEN) },
  );
  assert.equal(bound.json["token_type"], "DPoP");
  const token = String(bound.json["access_token"]);
  const seen = (await post(broker, "/oauth2/introspect", { token }, app)).json;
  assert.deepEqual([seen["token_type"], seen["cnf"]], ["DPoP", { jkt: own.jkt }]);
  refused(await whoami(broker, token), "invalid_token", 401);
  refused(await askRegistry(broker, token, { url: PACKAGES }), "invalid_token", 401);
  assert.equal((await whoami(broker, token, own.headers(WHOAMI, token))).status, 200);
  assert.equal((await whoami(broker, token, prover(broker).headers(WHOAMI, token))).status, 401);
});

test("RFC 7662 §2.1: people's tokens are seen by who serves what they are for; the public client sees none", async (t) => {
  const house = await loginHouse(t);
  const { broker } = house;
  const { access, refresh } = await loggedIn(house);
  const token = String((await askRegistry(broker, access, { url: PACKAGES })).json["token"]);
  const index = basic("index", newClient(broker.data, { name: "index", resource: "packages" }));
  const app = basic("app", newClient(broker.data, { name: "app", principal: "ci" }));
  const ask = (text: string, auth: Form): Promise<Answer> =>
    post(broker, "/oauth2/introspect", { token: text }, auth);
  const { json } = await ask(token, index);
  assert.deepEqual(
    [json["active"], json["username"], json["sub"], json["client_id"]],
    [true, "anna", "ci", "keywright"],
  );
  for (const [text, auth] of [
    [access, app],
    [access, index],
    [refresh, app],
    [token, app],
  ] as const)
    assert.equal((await ask(text, auth)).text, '{"active":false}');
  refused(await post(broker, "/oauth2/introspect", { token, ...CLIENT }), "invalid_client", 401);
});

test("RFC 9728 §5.1: a 401 of what takes tokens says where the metadata of the resource are", async (t) => {
  const { broker } = await loginHouse(t);
  const pointer = `resource_metadata="${broker.url}/.well-known/oauth-protected-resource"`;
  for (const answer of [
    await whoami(broker, "kw_nothing"),
    await whoami(broker, "kw_nothing", prover(broker).headers(WHOAMI, "kw_nothing")),
    await askRegistry(broker, "kw_nothing", { url: PACKAGES }),
    await send(broker, WHOAMI),
  ]) {
    assert.equal(answer.status, 401);
    assert.ok(String(answer.headers["www-authenticate"]).endsWith(`, ${pointer}`));
  }
});

test("sessions: one for each login, with a name, who, from where and until when; ended ones are gone", async (t) => {
  const house = await loginHouse(t);
  const { broker, core, anna } = house;
  const bea = personOf(core, "bea", "release");
  const tokens = [
    await loggedIn(house),
    await loggedIn(house, prover(broker)),
    await loggedIn(house, undefined, bea),
  ];
  const all = listSessions(core.db);
  assert.deepEqual(
    all.map(({ userName, principal, client, face, scope }) => [userName, principal, client, face, scope]),
    [
      ["anna", "ci", "keywright", "standard", "registry"],
      ["anna", "ci", "keywright", "standard", "registry"],
      ["bea", "release", "keywright", "standard", "registry"],
    ],
  );
  assert.equal(new Set(all.map(({ name }) => name)).size, 3);
  for (const { name, address, expiresAt } of all) {
    assert.match(name, /^[a-z2-9]{8}$/);
    assert.deepEqual([address, expiresAt], ["127.0.0.1", broker.clock.time + 7 * 86_400]);
  }
  assert.deepEqual(all.map(({ jkt }) => jkt !== undefined).toSorted(), [false, false, true]);
  await revoke(house, tokens[0]?.refresh ?? "");
  assert.equal(listSessions(core.db, anna.user).length, 1);
  assert.equal(listSessions(core.db, bea.user).length, 1);
});

test("a restart in the middle: tokens, refresh and sessions go on, and what ended stays so", async (t) => {
  const house = await loginHouse(t);
  const own = prover(house.broker);
  const [living, gone] = [await loggedIn(house, own), await loggedIn(house)];
  await revoke(house, gone.refresh);
  const { data, url } = house.broker;
  await house.broker.close();
  const again = await running(t, { data, url });
  refused(await whoami(again, gone.access), "invalid_token", 401);
  refused(await refreshWith(again, gone.refresh), "invalid_grant");
  assert.equal((await whoami(again, living.access, own.headers(WHOAMI, living.access))).status, 200);
  tokensIn(await refreshWith(again, living.refresh, own.headers(TOKEN)));
  refused(await refreshWith(again, living.refresh, own.headers(TOKEN)), "invalid_grant");
});

test("an older database in the place of the present one: no login comes back, not even one that had not ended", async (t) => {
  const house = await loginHouse(t);
  const { data, url } = house.broker;
  const [out, other] = [await loggedIn(house), await loggedIn(house)];
  const waits = await begin(house.broker);
  assert.ok(await say(house, waits.user_code, true));
  const older = join(data, "older.db");
  house.release();
  await house.broker.close();
  copyFileSync(join(data, "broker.db"), older);
  const between = houseOf(t, await running(t, { data, url }));
  await revoke(between, out.refresh);
  between.release();
  await between.broker.close();
  copyBack(data, older);
  const again = await running(t, { data, url });
  for (const { access, refresh } of [out, other]) {
    refused(await whoami(again, access), "invalid_token", 401);
    refused(await refreshWith(again, refresh), "invalid_grant");
  }
  refused(await poll(again, waits.device_code), "invalid_grant");
  assert.equal(entriesOf(data).at(-1)?.["kind"], "revocations_reapplied");
});

test("a crash between the end of a login and the ledger: the next start completes it, also when its tokens are forgotten", async (t) => {
  const house = await loginHouse(t);
  const { data, url, clock } = house.broker;
  const login = await loggedIn(house);
  clock.time += 2 * 3600; // Its access token has expired and is forgotten with the next entry.
  await post(house.broker, DEVICE, CLIENT);
  house.release();
  await house.broker.close();
  copyFileSync(join(data, "broker.db"), join(data, "older.db"));
  const ending = await running(t, { data, url });
  await post(ending, REVOKE, { ...CLIENT, token: login.refresh });
  await ending.close();
  const lines = readFileSync(ledgerPath(data), "utf8").trimEnd().split("\n");
  writeFileSync(
    ledgerPath(data),
    lines
      .slice(0, -1)
      .map((line) => `${line}\n`)
      .join(""),
  );
  await (await running(t, { data, url })).close();
  copyBack(data, join(data, "older.db"));
  refused(await refreshWith(await running(t, { data, url }), login.refresh), "invalid_grant");
});

test("what has expired is forgotten, but no session that something belongs to", async (t) => {
  const house = await loginHouse(t);
  const { broker, core } = house;
  await loggedIn(house);
  broker.clock.time += 7 * 86_400 + 86_400 + 7200;
  await loggedIn(house);
  await loggedIn(house);
  assert.equal(core.db.sessions().length, 2);
});
