// Attacks on logins that worked elsewhere, each named by where it was found (CVE, advisory or issue).
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { join } from "node:path";
import { test } from "node:test";
import { administer } from "../../src/broker/admin.ts";
import { openData } from "../../src/broker/data-folder.ts";
import { post } from "./broker.ts";
import { entriesOf } from "./entries.ts";
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
  type House,
} from "./login-house.ts";
import { enterCode, newPerson, pageHouse, visitor, waitingLogin } from "./pages/house.ts";

/** No audit entry can be written from now on. */
function fullDisk({ broker }: House, t: Parameters<typeof loginHouse>[0]): DatabaseSync {
  const saboteur = new DatabaseSync(join(broker.data, "broker.db"));
  t.after(() => saboteur.close());
  saboteur.exec("CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'disk is full'); END");
  return saboteur;
}

test("Dex HEAD, artifact-keeper PR 3549: one approval is one pair of tokens, however often it is asked for", async (t) => {
  const house = await loginHouse(t);
  const { broker } = house;
  const { device_code, user_code } = await begin(broker);
  assert.ok(await say(house, user_code, true));
  tokensIn(await poll(broker, device_code));
  for (const seconds of [0, 5, 300, 600, 3600]) {
    broker.clock.time += seconds;
    refused(await poll(broker, device_code), "invalid_grant");
  }
  assert.equal(await say(house, user_code, true), false);
  assert.equal(entriesOf(broker.data).filter(({ kind }) => kind === "session_started").length, 1);
});

test("Dex HEAD, H2CK/oidc #716, Abblix #281, idenplane #325: slow_down comes when it is due, and never stays", async (t) => {
  const house = await loginHouse(t);
  const { broker } = house;
  const { device_code, user_code } = await begin(broker);
  const ask = async (after: number): Promise<unknown> => {
    broker.clock.time += after;
    return (await poll(broker, device_code)).json["error"];
  };
  assert.equal(await ask(0), "authorization_pending"); // The first one, at once.
  assert.equal(await ask(0.5), "slow_down");
  for (let n = 0; n < 20; n += 1) assert.equal(await ask(10.05), "authorization_pending");
  for (let n = 0; n < 5; n += 1) assert.equal(await ask(5.05), "slow_down"); // Who never listens hears it each time …
  assert.ok(await say(house, user_code, true));
  broker.clock.time += 5.05;
  tokensIn(await poll(broker, device_code)); // … and gets in all the same.
});

test("fosite CVE-2020-15223, Keycloak CVE-2023-0091: a logout or a disabled user that was not stored is no success", async (t) => {
  const house = await loginHouse(t);
  const { broker } = house;
  const { access, refresh } = await loggedIn(house);
  const saboteur = fullDisk(house, t);
  const revoke = () => post(broker, "/oauth2/revoke", { ...CLIENT, token: refresh });
  refused(await revoke(), "temporarily_unavailable", 503);
  const data = openData(broker.data, broker.clock);
  t.after(() => data.db.close());
  const disable = { op: "user_disable", name: "anna" } as const;
  await assert.rejects(administer({ data, clock: broker.clock }, disable, { by: "tester" }));
  refused(await refreshWith(broker, refresh), "temporarily_unavailable", 503); // Nothing is turned either.
  assert.equal((await whoami(broker, access)).status, 200);
  saboteur.exec("DROP TRIGGER full");
  assert.equal((await revoke()).status, 200);
  refused(await whoami(broker, access), "invalid_token", 401);
});

test("OpenBao CVE-2026-46405: a refusal of a login holds no token, and one that failed to be written gives none", async (t) => {
  const house = await loginHouse(t);
  const { broker } = house;
  const { device_code, user_code } = await begin(broker);
  const { verifier, sent } = pkce();
  const code = (await codeFor(house, sent)).get("code") ?? "";
  const { refresh } = await loggedIn(house);
  assert.ok(await say(house, user_code, true));
  const saboteur = fullDisk(house, t);
  const asked = [
    () => poll(broker, device_code),
    () => redeem(broker, code, verifier),
    () => refreshWith(broker, refresh),
  ];
  for (const ask of asked) {
    const answer = await ask();
    refused(answer, "temporarily_unavailable", 503);
    assert.deepEqual(Object.keys(answer.json), ["error", "error_description", "detail"]);
    assert.doesNotMatch(answer.text, /kw[a-z]?_/);
  }
  saboteur.exec("DROP TRIGGER full");
  for (const ask of asked) tokensIn(await ask()); // None of it was used up.
});

test("OpenBao CVE-2026-5807: nobody but who began a login, or its person, ends it", async (t) => {
  const house = await loginHouse(t);
  const { broker } = house;
  const [own, thief] = [prover(broker), prover(broker)];
  const { verifier, sent } = pkce();
  const { device_code, user_code } = await begin(broker, sent, own.headers("/oauth2/device_authorization"));
  const mine = { code_verifier: verifier };
  for (const [more, headers] of [
    [{}, {}],
    [mine, {}],
    [mine, thief.headers(TOKEN)],
    [{ code_verifier: pkce().verifier }, own.headers(TOKEN)],
  ] as const)
    refused(await poll(broker, device_code, more, headers), "invalid_grant");
  assert.equal((await post(broker, "/oauth2/revoke", { ...CLIENT, token: device_code })).status, 200);
  assert.equal((await post(broker, "/oauth2/revoke", { ...CLIENT, token: user_code })).status, 200);
  assert.ok(await say(house, user_code, true));
  tokensIn(await poll(broker, device_code, mine, own.headers(TOKEN)));
});

test("Dex CVE-2022-39222: a login is approved in the browser that began or entered it, by nobody else's", async (t) => {
  const house = await pageHouse(t);
  const [one, other] = [visitor(house), visitor(house)];
  one.signIn(newPerson(house));
  other.signIn(newPerson(house, "mallory"));
  const pending = await waitingLogin(house);
  const path = await enterCode(one, pending);
  const foreign = await other.submit("/device", {}, "/logout"); // Has a token of its own for forms.
  assert.equal(foreign.status, 303);
  other.signIn({ ...newPerson(house, "eve") });
  const seen = await other.get(path);
  assert.doesNotMatch(seen.text, /name="decision"/);
  assert.equal(house.core.db.login(pending.id)?.state, "pending");
  assert.match((await one.get(path)).text, /name="decision"/);
});

test("Storm-2372 (phishing by device codes): the question names the client, from where, when, and the code to compare", async (t) => {
  const house = await pageHouse(t);
  const who = visitor(house, "198.51.100.20");
  who.signIn(newPerson(house));
  const pending = await waitingLogin(house, {
    address: "203.0.113.66",
    agent: "keywright/0.2.0 (linux; x64)",
  });
  house.clock.time += 240;
  const { text } = await who.get(await enterCode(who, pending));
  for (const shown of ["203.0.113.66", "keywright/0.2.0 (linux; x64)", String(pending.userCode), "4 minutes"])
    assert.ok(text.includes(shown), shown);
  house.clock.time += 360;
  assert.match((await who.submit("/device", { user_code: String(pending.userCode) })).text, /code/);
  assert.equal(house.core.db.login(pending.id)?.state, "pending"); // Ten minutes, and no longer.
});

test("OpenBao CVE-2026-40264, GHSA-c36x-h252-g9x2: what names a login or a session is no authority", async (t) => {
  const house = await loginHouse(t);
  const { broker, core } = house;
  const { refresh, access } = await loggedIn(house);
  const names = entriesOf(broker.data).flatMap((entry) =>
    ["id", "login", "session", "sha256", "hash"]
      .map((key) => String(entry[key] ?? ""))
      .filter((one) => one !== ""),
  );
  names.push(String(core.db.sessions()[0]?.name));
  assert.ok(names.length > 8);
  for (const name of names) {
    refused(await poll(broker, name), "invalid_grant");
    refused(await refreshWith(broker, name), "invalid_grant");
    refused(await redeem(broker, name, pkce().verifier), "invalid_grant");
    assert.equal((await post(broker, "/oauth2/revoke", { ...CLIENT, token: name })).status, 200);
  }
  assert.equal((await whoami(broker, access)).status, 200);
  tokensIn(await refreshWith(broker, refresh));
});
