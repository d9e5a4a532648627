// Login with a passkey by a software authenticator: each check of WebAuthn Level 3 section 7.2 by an answer that fails it
// alone.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { administer } from "../../../src/broker/admin.ts";
import { browserOf } from "../../../src/broker/people/browsers.ts";
import {
  finishPasskeyLogin,
  finishRegistration,
  passkeyLoginOptions,
  passkeyRegistrationOptions,
} from "../../../src/broker/people/passkeys.ts";
import { DEFAULT_USERS } from "../../../src/config/users.ts";
import { authenticator, type Changes, type Sent } from "./authenticator.ts";
import { entries, peopleHouse, visitor } from "./house.ts";
import { BOTH, invited, logIn, register, URL_OF_OURS, having, withPasskey } from "./passkey-place.ts";

test("an invitation makes a passkey once, and lets its person in; the passkey does so ever after", async (t) => {
  for (const algorithm of [-7, -8, -257]) {
    const house = peopleHouse(t);
    const key = authenticator(URL_OF_OURS, algorithm);
    const invite = await invited(house);
    assert.match(invite, /^kwi_[\w-]{49}$/);
    const who = visitor(house);
    const end = await register(house, who, key, invite);
    assert.equal(end.ok && end.person.name, "anna");
    assert.equal((await who.person())?.principal, "ci");
    assert.deepEqual(await register(house, visitor(house), authenticator(URL_OF_OURS), invite), {
      ok: false,
      failure: "bad_invite",
    });
    const later = visitor(house);
    const login = await logIn(house, later, key);
    assert.equal(login.ok && login.returnTo, "/approve?id=7");
    assert.equal((await later.person())?.name, "anna");
    assert.deepEqual(
      entries(house).map(({ kind, outcome, method, by }) => [kind, outcome ?? by, method]),
      [
        ["user_invited", "tester", undefined],
        ["passkey_added", undefined, undefined],
        ["user_login", "allowed", "invitation"],
        ["user_login", "allowed", "passkey"],
      ],
    );
  }
});

const LOGIN: readonly (readonly [string, Changes, Sent, RegExp])[] = [
  ...BOTH,
  ["an answer of a registration", { type: "webauthn.create" }, {}, /ceremony/],
  ["another signature", {}, { signature: Buffer.alloc(70).toString("base64url") }, /signature/],
  ["no signature", {}, { signature: undefined }, /signature/],
  ["another user's handle", {}, { userHandle: randomBytes(32).toString("base64url") }, /another user/],
  ["no handle", {}, { userHandle: undefined }, /another user/],
  ["an unknown passkey", {}, { id: randomBytes(32).toString("base64url") }, /not known/],
  ["an id that is no base64url", {}, { id: "=&%" }, /not known/],
];

test("WebAuthn §7.2: what is wrong with an answer lets nobody in", async (t) => {
  const { house, key } = await withPasskey(t);
  for (const [name, changes, sent, reason] of LOGIN) {
    const who = visitor(house);
    const end = await logIn(house, who, key, having(sent), changes);
    assert.deepEqual(end, { ok: false, failure: "bad_passkey" }, name);
    assert.match(String(entries(house, "user_login").at(-1)?.["reason"]), reason, name);
    assert.equal(await who.person(), undefined);
  }
  for (const body of [undefined, null, "x", [], {}])
    assert.equal(
      (await finishPasskeyLogin(house.core, await visitor(house).browser(), visitor(house).incoming(), body))
        .ok,
      false,
    );
});

test("WebAuthn §6.1.1: a counter that goes back, or stands still, is a copied authenticator; one that is always 0 is none", async (t) => {
  const { house, key } = await withPasskey(t);
  for (let round = 0; round < 3; round += 1) assert.ok((await logIn(house, visitor(house), key)).ok);
  key.count = 7;
  assert.ok((await logIn(house, visitor(house), key)).ok);
  for (const count of [8, 7, 1, 0])
    assert.equal(
      (await logIn(house, visitor(house), key, (sent) => sent, { count })).ok,
      false,
      String(count),
    );
  assert.ok((await logIn(house, visitor(house), key, (sent) => sent, { count: 9 })).ok);
});

test("a challenge is for one answer in one browser, for ten minutes, and for its own ceremony", async (t) => {
  const { house, key } = await withPasskey(t);
  const { core, clock } = house;
  const who = visitor(house);
  const start = await passkeyLoginOptions(core, await who.browser(), "/device");
  assert.ok(start.ok);
  const body = key.get(start.publicKey as Sent);
  const elsewhere = visitor(house);
  await elsewhere.browser();
  const end = await finishPasskeyLogin(core, await elsewhere.browser(), elsewhere.incoming(), body);
  assert.deepEqual(end, { ok: false, failure: "stale" });
  const swapped = await finishRegistration(core, await who.browser(), who.incoming(), body);
  assert.deepEqual(swapped, { ok: false, failure: "stale" });
  const browser = await who.browser();
  const ends = await Promise.all(
    Array.from({ length: 4 }, () => finishPasskeyLogin(core, browser, who.incoming(), body)),
  );
  assert.deepEqual(ends.map(({ ok }) => ok).sort(), [false, false, false, true]);
  const late = visitor(house);
  const again = await passkeyLoginOptions(core, await late.browser(), "/device");
  assert.ok(again.ok);
  clock.time += 600;
  const answer = await finishPasskeyLogin(
    core,
    await late.browser(),
    late.incoming(),
    key.get(again.publicKey as Sent),
  );
  assert.deepEqual(answer, { ok: false, failure: "stale" });
});

test("another passkey beside the first, or in its place when it is lost", async (t) => {
  const { house, key } = await withPasskey(t);
  const second = authenticator(URL_OF_OURS, -8);
  assert.ok((await register(house, visitor(house), second, await invited(house, "anna", {}))).ok);
  for (const one of [key, second]) assert.ok((await logIn(house, visitor(house), one)).ok);
  const inside = visitor(house);
  await logIn(house, inside, key);
  const third = authenticator(URL_OF_OURS);
  const invite = await invited(house, "anna", { replace: true });
  assert.equal(await inside.person(), undefined, "who came in by a lost one is out");
  assert.ok((await register(house, visitor(house), third, invite)).ok);
  for (const one of [key, second]) assert.equal((await logIn(house, visitor(house), one)).ok, false);
  assert.ok((await logIn(house, visitor(house), third)).ok);
});

test("one passkey cannot be two users'", async (t) => {
  const { house, key } = await withPasskey(t);
  const end = await register(house, visitor(house), key, await invited(house, "bert"));
  assert.deepEqual(end, { ok: false, failure: "bad_passkey" });
});

test("a disabled user, and one whose principal is none any more, stay out with a good passkey", async (t) => {
  const { house, key } = await withPasskey(t);
  const { data, clock } = house;
  const fewer = house.configured({ principals: ["release"] });
  assert.deepEqual(await logIn(fewer, visitor(fewer), key), { ok: false, failure: "no_principal" });
  await administer({ data, clock }, { op: "user_disable", name: "anna" }, { by: "tester" });
  assert.deepEqual(await logIn(house, visitor(house), key), { ok: false, failure: "disabled" });
});

test("with a provider passkeys let nobody in, and whoever came in by one is gone", async (t) => {
  const house = peopleHouse(t);
  const [key, who] = [authenticator(URL_OF_OURS), visitor(house)];
  assert.ok((await register(house, who, key, await invited(house))).ok);
  const provider = {
    issuer: "https://id.example",
    clientId: "broker",
    clientSecretFile: undefined,
    scopes: ["openid"],
    nameClaim: "email",
    principals: [{ claim: "sub", has: undefined, principal: "ci" }],
    privateNetwork: false,
  };
  const users = { ...DEFAULT_USERS, provider };
  const later = house.configured({ users });
  assert.equal((await browserOf(later.core, who.incoming())).person, undefined);
  const refused = { ok: false, failure: "no_passkeys" };
  const browser = await visitor(later).browser();
  assert.deepEqual(await passkeyLoginOptions(later.core, browser, "/device"), refused);
  assert.deepEqual(
    await passkeyRegistrationOptions(later.core, browser, await invited(house, "bea")),
    refused,
  );
  const start = await passkeyLoginOptions(house.core, browser, "/device");
  assert.ok(start.ok);
  const body = key.get(start.publicKey as Sent);
  assert.deepEqual(await finishPasskeyLogin(later.core, browser, who.incoming(), body), refused);
  assert.ok((await browserOf(house.core, who.incoming())).person);
});
