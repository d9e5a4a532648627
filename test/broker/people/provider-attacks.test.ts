// What attackers do to a login through a real OIDC provider (oidc-provider of npm).
import assert from "node:assert/strict";
import { test } from "node:test";
import { finishProviderLogin } from "../../../src/broker/people/provider.ts";
import { atProvider, comeBack, entries, logIn, providerHouse, visitor } from "./house.ts";

const ALICE = {
  preferred_username: "Alice",
  realm_access: { roles: ["viewer", "developer"] },
  email: "alice@people.example",
  email_verified: true,
};

test("login CSRF: a callback in another browser than the one that began is nobody's login", async (t) => {
  const house = await providerHouse(t);
  house.provider.people.set("mallory", ALICE);
  const callback = await atProvider(house, visitor(house), "mallory");
  const victim = visitor(house);
  await victim.browser();
  assert.deepEqual(await comeBack(house, victim, callback), { ok: false, failure: "stale" });
  assert.equal(await victim.person(), undefined);
  assert.equal(house.provider.asked.length, 0, "its code is not even shown to the provider");
});

test("RFC 9700 §4.5.3: an injected code fails by its verifier", async (t) => {
  const house = await providerHouse(t);
  house.provider.people.set("alice", ALICE).set("mallory", ALICE);
  const [attacker, victim] = [visitor(house), visitor(house)];
  const stolen = await atProvider(house, victim, "alice");
  const own = await atProvider(house, attacker, "mallory");
  own.searchParams.set("code", stolen.searchParams.get("code") ?? "");
  assert.deepEqual(await comeBack(house, attacker, own), {
    ok: false,
    failure: "unproven",
    returnTo: "/approve?id=7",
  });
  assert.equal(house.core.db.users(0).length, 0);
  assert.equal(entries(house, "user_login")[0]?.["reason"], "the provider answered 400 (invalid_grant)");
});

test("a replayed callback is stale, at once too, and the provider is asked once", async (t) => {
  const house = await providerHouse(t);
  house.provider.people.set("alice", ALICE);
  const who = visitor(house);
  const callback = await atProvider(house, who, "alice");
  const incoming = who.incoming(callback.search.slice(1));
  const ends = await Promise.all(Array.from({ length: 5 }, () => finishProviderLogin(house.core, incoming)));
  assert.deepEqual(ends.map((end) => (end.ok ? "in" : end.failure)).sort(), [
    "in",
    "stale",
    "stale",
    "stale",
    "stale",
  ]);
  assert.deepEqual(await comeBack(house, who, callback), { ok: false, failure: "stale" });
  assert.equal(house.provider.asked.length, 1);
});

test("a wrong state, none, or two are stale, and do not use up the login that was begun", async (t) => {
  const house = await providerHouse(t);
  house.provider.people.set("alice", ALICE);
  const who = visitor(house);
  const callback = await atProvider(house, who, "alice");
  const state = callback.searchParams.get("state") ?? "";
  for (const wrong of ["", "x", `${state}x`, state.toLowerCase(), `${state}&state=${state}`]) {
    const query = `code=1&iss=${encodeURIComponent(house.provider.issuer)}&state=${wrong}`;
    const end = await finishProviderLogin(house.core, who.incoming(query));
    assert.deepEqual(end, { ok: false, failure: "stale" }, wrong);
  }
  assert.equal(house.provider.asked.length, 0);
  assert.ok((await comeBack(house, who, callback)).ok);
});

test("RFC 9207 §2.4: an answer of another issuer, or one that does not say, is not redeemed", async (t) => {
  const house = await providerHouse(t);
  house.provider.people.set("alice", ALICE);
  for (const iss of ["https://evil.example", `${house.provider.issuer}/`, undefined]) {
    const who = visitor(house);
    const callback = await atProvider(house, who, "alice");
    if (iss === undefined) callback.searchParams.delete("iss");
    else callback.searchParams.set("iss", iss);
    assert.deepEqual(
      await comeBack(house, who, callback),
      { ok: false, failure: "unproven", returnTo: "/approve?id=7" },
      iss,
    );
  }
  assert.equal(house.provider.asked.length, 0);
});

test("session fixation: a cookie that was there before the login knows nobody after it", async (t) => {
  const house = await providerHouse(t);
  house.provider.people.set("alice", ALICE);
  const who = visitor(house);
  await who.browser();
  const planted = who.cookie;
  assert.ok((await logIn(house, who, "alice")).ok);
  assert.notEqual(who.cookie, planted);
  assert.equal((await who.person())?.name, "alice");
  who.cookie = planted;
  assert.equal(await who.person(), undefined);
});

test("after ten minutes a login is stale", async (t) => {
  const house = await providerHouse(t);
  house.provider.people.set("alice", ALICE);
  const who = visitor(house);
  const callback = await atProvider(house, who, "alice");
  house.clock.time += 600;
  assert.deepEqual(await comeBack(house, who, callback), { ok: false, failure: "stale" });
});
