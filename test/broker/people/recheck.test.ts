// The provider is asked again, at least hourly: who is disabled there, or has no principal any more, gets no token after
// that. A real provider; our clock is put.
import assert from "node:assert/strict";
import { test } from "node:test";
import { checkedSession } from "../../../src/broker/login/checked-session.ts";
import { recheck } from "../../../src/broker/people/recheck.ts";
import type { Person } from "../../../src/broker/records.ts";
import { Refused } from "../../../src/broker/reply.ts";
import { CONFIG } from "../broker.ts";
import { logIn, peopleHouse, providerHouse, visitor, type House, type ProviderHouse } from "./house.ts";

const ALICE = { preferred_username: "alice", realm_access: { roles: ["developer"] } };

/** A session as an approved login makes it. */
function session(
  { core, clock }: House,
  { user, principal, upstream, provenAt }: Person,
  name = "one",
): number {
  let id = 0;
  const at = Math.floor(clock.time);
  core.db.transaction((writer) => {
    id = writer.addSession({
      name,
      user,
      principal,
      client: "keywright",
      face: "standard",
      scope: "registry",
      jkt: undefined,
      address: undefined,
      agent: undefined,
      upstream,
      checkedAt: provenAt,
      createdAt: at,
      usedAt: at,
      expiresAt: at + 604_800,
    });
  });
  return id;
}

async function loggedIn(house: ProviderHouse): Promise<Person> {
  house.provider.people.set("alice", ALICE);
  const end = await logIn(house, visitor(house), "alice");
  assert.ok(end.ok);
  return end.person;
}

test("within the hour nobody is asked; after it the provider is, and its new token is kept", async (t) => {
  const house = await providerHouse(t);
  const { core, clock, provider } = house;
  const person = await loggedIn(house);
  const id = session(house, person);
  clock.time = person.provenAt + 3599;
  assert.deepEqual(await recheck(core, { id, user: person.user }), {
    ok: true,
    principal: "ci",
    upstream: new Uint8Array(person.upstream ?? []),
    checkedAt: person.provenAt,
  });
  assert.equal(provider.asked.length, 1);
  for (const round of [1, 2, 3]) {
    clock.time = person.provenAt + 3600 * round;
    const found = await recheck(core, { id, user: person.user });
    assert.ok(found.ok && found.checkedAt === clock.time);
    assert.equal(core.db.session(id)?.checkedAt, clock.time);
  }
  assert.equal(provider.asked.length, 4);
  const used = provider.asked.map(({ body }) => body.get("refresh_token"));
  assert.notEqual(used[1], null);
});

test("a public client's refresh token turns at each question, for every session that came of one login", async (t) => {
  const house = await providerHouse(t, { isPublic: true });
  const { core, clock, provider } = house;
  const person = await loggedIn(house);
  const ids = ["one", "two"].map((name) => session(house, person, name));
  for (const round of [1, 2]) {
    clock.time = person.provenAt + 3600 * round;
    const found = await Promise.all([...ids, ...ids].map((id) => recheck(core, { id, user: person.user })));
    assert.deepEqual(
      found.map(({ ok }) => ok),
      [true, true, true, true],
    );
    assert.equal(provider.asked.length, 1 + round, "one question for all of them");
  }
  const used = provider.asked.map(({ body }) => body.get("refresh_token"));
  assert.notEqual(used[1], used[2]);
  assert.deepEqual(core.db.session(ids[0] ?? 0)?.upstream, core.db.session(ids[1] ?? 0)?.upstream);
});

test("disabled at the provider: the session ends", async (t) => {
  const house = await providerHouse(t);
  const person = await loggedIn(house);
  const id = session(house, person);
  house.provider.people.delete("alice");
  house.clock.time += 3600;
  assert.deepEqual(await recheck(house.core, { id, user: person.user }), {
    ok: false,
    ends: true,
    reason: "the provider answered 400 (invalid_grant)",
  });
});

test("other claims are another principal at the next question; none ends the session", async (t) => {
  const house = await providerHouse(t);
  const person = await loggedIn(house);
  const id = session(house, person);
  house.provider.people.set("alice", { ...ALICE, groups: ["releasers"] });
  house.clock.time += 3600;
  const found = await recheck(house.core, { id, user: person.user });
  assert.equal(found.ok && found.principal, "release");
  assert.equal(house.core.db.session(id)?.principal, "release");
  house.provider.people.set("alice", { preferred_username: "alice" });
  house.clock.time += 3600;
  const gone = await recheck(house.core, { id, user: person.user });
  assert.deepEqual(gone, { ok: false, ends: true, reason: "no rule gives the user a principal any more" });
});

test("a provider that is down ends nothing, and lets nobody on; the answer about somebody else ends it", async (t) => {
  const house = await providerHouse(t);
  const person = await loggedIn(house);
  const id = session(house, person);
  house.clock.time += 3600;
  house.provider.spoil = () => 500;
  const down = await recheck(house.core, { id, user: person.user });
  assert.deepEqual(down, { ok: false, ends: false, reason: "the provider answered 500" });
  const open = house.core.db.session(id);
  assert.ok(open);
  // The answer is a 503, and the log says why.
  await assert.rejects(checkedSession(house.core, open), (thrown) => {
    assert.ok(thrown instanceof Refused && thrown.cause instanceof Error);
    return thrown.reply.status === 503 && thrown.cause.message === "the provider answered 500";
  });
  house.provider.spoil = () => 401;
  assert.equal((await recheck(house.core, { id, user: person.user })).ok, false);
  house.provider.spoil = undefined;
  assert.ok((await recheck(house.core, { id, user: person.user })).ok);
  house.provider.people.set("bob", { ...ALICE, preferred_username: "bob" });
  let bobs = "";
  house.provider.spoil = (answer) => {
    bobs = String(answer["id_token"]);
    return answer;
  };
  await logIn(house, visitor(house), "bob");
  house.provider.spoil = (answer) => ({ refresh_token: answer["refresh_token"], id_token: bobs });
  house.clock.time += 3600;
  const other = await recheck(house.core, { id, user: person.user });
  assert.deepEqual(other, { ok: false, ends: true, reason: "the provider answered about somebody else" });
});

test("OpenID Connect Core §12.2: an answer without an id_token says that the person is still there, no more", async (t) => {
  const house = await providerHouse(t);
  const person = await loggedIn(house);
  const id = session(house, person);
  house.provider.spoil = ({ id_token: _gone, ...answer }) => answer;
  house.clock.time += 3600;
  const found = await recheck(house.core, { id, user: person.user });
  assert.equal(found.ok && found.principal, "ci");
  const fewer = house.configured({ principals: ["release"] });
  house.clock.time += 3600;
  const gone = await recheck(fewer.core, { id, user: person.user });
  assert.deepEqual(gone, { ok: false, ends: true, reason: "no rule gives the user's principal any more" });
});

test("without anything to ask with, or with another provider configured, the session ends", async (t) => {
  const house = await providerHouse(t, { scopes: ["openid", "profile"] });
  const person = await loggedIn(house);
  assert.equal(person.upstream, undefined);
  const id = session(house, person);
  house.clock.time += 3600;
  const none = await recheck(house.core, { id, user: person.user });
  assert.deepEqual(none, { ok: false, ends: true, reason: "the provider gave nothing to ask it again with" });
  const other = await recheck(house.configured({ users: undefined }).core, { id, user: person.user });
  assert.deepEqual(other, {
    ok: false,
    ends: true,
    reason: "the user's provider is not configured any more",
  });
});

test("a user with passkeys is asked nothing: enabled is enough, with the principal of now", async (t) => {
  const house = peopleHouse(t);
  const { core, clock } = house;
  let user = 0;
  core.db.transaction((writer) => {
    user = writer.addUser({ name: "anna", principal: "ci", email: "", createdAt: clock.time });
  });
  const person = { user, name: "anna", principal: "ci", upstream: undefined, provenAt: clock.time };
  const id = session(house, person);
  core.db.transaction((writer) => writer.changeUser(user, { principal: "release", email: "" }));
  clock.time += 7200;
  const found = await recheck(core, { id, user });
  assert.deepEqual(found, { ok: true, principal: "release", upstream: undefined, checkedAt: clock.time });
  const fewer = house.configured({ principals: CONFIG.principals.filter((one) => one !== "release") });
  assert.equal((await recheck(fewer.core, { id, user })).ok, false);
  const { users } = (await providerHouse(t)).core.config;
  const provided = await recheck(house.configured({ users }).core, { id, user });
  assert.deepEqual(provided, { ok: false, ends: true, reason: "people come from a provider now" });
  core.db.transaction((writer) => void writer.disableUser(user, clock.time));
  assert.deepEqual(await recheck(core, { id, user }), {
    ok: false,
    ends: true,
    reason: "the session has ended",
  });
});
