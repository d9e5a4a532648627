// Browsers: the cookie, what ends a login in one, and the token of its forms.
import assert from "node:assert/strict";
import { statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { browserOf, enter, isCsrf, keepPending, logOut } from "../../../src/broker/people/browsers.ts";
import { cookieFor, cookieOf } from "../../../src/broker/people/cookie.ts";
import { safeReturn } from "../../../src/broker/people/login-end.ts";
import { createSealing } from "../../../src/broker/people/sealing.ts";
import type { Person } from "../../../src/broker/records.ts";
import { Refused } from "../../../src/broker/reply.ts";
import { START, temporaryFolder } from "../broker.ts";
import { peopleHouse, visitor, type House, type Visitor } from "./house.ts";

const HTTPS = "https://keywright.example";
const TEXT = "a".repeat(43);

async function comeIn({ core, clock }: House, who: Visitor): Promise<Person> {
  let user = 0;
  core.db.transaction((writer) => {
    user = writer.addUser({ name: "anna", principal: "ci", email: "", createdAt: clock.time });
  });
  const person = { user, name: "anna", principal: "ci", upstream: undefined, provenAt: clock.time };
  const browser = await who.browser();
  who.take(await core.journal.act((writer, now) => enter(core, writer, browser, person, now)));
  return person;
}

test("RFC 6265bis §4.1.3.2: over https the cookie is this host's alone; on loopback it has a plain name", () => {
  assert.equal(cookieFor(HTTPS, TEXT), `__Host-keywright=${TEXT}; Path=/; HttpOnly; SameSite=Lax; Secure`);
  assert.equal(cookieFor("http://localhost:8765", TEXT), `keywright=${TEXT}; Path=/; HttpOnly; SameSite=Lax`);
});

test("a cookie that is not whole, not ours or there twice is none", () => {
  const [name, plain] = ["__Host-keywright", "keywright"];
  assert.equal(cookieOf(HTTPS, `other=1; ${name}=${TEXT}; more=2`), TEXT);
  for (const header of [
    undefined,
    "",
    `${plain}=${TEXT}`,
    `x${name}=${TEXT}`,
    `${name}=${TEXT}x`,
    `${name}=`,
    `${name}="${TEXT}"`,
    `${name}=${TEXT}; ${name}=${"b".repeat(43)}`,
    `${name}=${TEXT}, ${name}=${"b".repeat(43)}`,
    `${name.toLowerCase()}=${TEXT}`,
  ])
    assert.equal(cookieOf(HTTPS, header), undefined, header);
  assert.equal(cookieOf("http://localhost:1", `${plain}=${TEXT}`), TEXT);
});

test("a stranger's browser costs no row; its form token is its own", async (t) => {
  const house = peopleHouse(t);
  const [one, other] = [visitor(house), visitor(house)];
  const [first, second] = [await one.browser(), await other.browser()];
  assert.equal(house.core.db.browser(first.hash), undefined);
  assert.notEqual(first.csrf, second.csrf);
  assert.ok(isCsrf(first, first.csrf));
  for (const given of [second.csrf, "", undefined, `${first.csrf}x`]) assert.ok(!isCsrf(first, given));
  const again = await one.browser();
  assert.deepEqual([again.csrf, again.setCookie], [first.csrf, undefined]);
  assert.ok(!one.cookie?.includes(first.csrf), "the token does not give the cookie away");
});

test("who begins logins without end is turned away, and what was begun is forgotten when its time is over", async (t) => {
  const house = peopleHouse(t);
  const { core, clock } = house;
  const one = visitor(house);
  const first = await one.browser();
  await keepPending(core, first, {});
  for (let count = 1; count < 100; count += 1) await keepPending(core, await visitor(house).browser(), {});
  const more = await visitor(house).browser();
  await assert.rejects(
    keepPending(core, more, {}),
    (thrown) => thrown instanceof Refused && thrown.reply.status === 429,
  );
  await keepPending(core, first, {});
  await keepPending(core, { ...more, address: "192.0.2.8" }, {});
  clock.time += 1;
  await keepPending(core, await visitor(house).browser(), {});
  assert.ok(core.db.browser(first.hash));
  clock.time += 600;
  await core.journal.act(() => undefined, false);
  assert.equal(core.db.browser(first.hash), undefined);
});

test("of the browsers in which nobody is the newest are kept", async (t) => {
  const house = peopleHouse(t);
  const { core } = house;
  const who = visitor(house);
  await comeIn(house, who);
  const hashes = [1, 2, 3, 4].map((number) => Buffer.alloc(32, number));
  core.db.transaction((writer) => {
    for (const [index, hash] of hashes.entries()) writer.keepPending(hash, "p", START + index, START + 600);
    writer.forgetUnfinished(START + 5, 1);
  });
  assert.deepEqual(
    hashes.map((hash) => core.db.browser(hash) !== undefined),
    [false, false, false, true],
  );
  assert.ok(await who.person());
});

test("after a quarter of an hour without a request, or an hour altogether, nobody is there any more", async (t) => {
  const house = peopleHouse(t);
  const who = visitor(house);
  await comeIn(house, who);
  house.clock.time += 899;
  assert.equal((await who.person())?.name, "anna");
  house.clock.time += 899;
  assert.equal((await who.person())?.name, "anna");
  house.clock.time += 900;
  assert.equal(await who.person(), undefined);
  const other = peopleHouse(t);
  const always = visitor(other);
  await comeIn(other, always);
  for (let minutes = 0; minutes < 59; minutes += 1) {
    other.clock.time += 60;
    assert.ok(await always.person(), String(minutes));
  }
  other.clock.time += 60;
  assert.equal(await always.person(), undefined);
});

test("logging out, disabling, and a principal that is none any more hold from the next request on", async (t) => {
  const house = peopleHouse(t);
  const [one, two] = [visitor(house), visitor(house)];
  const person = await comeIn(house, one);
  const browser = await two.browser();
  two.take(await house.core.journal.act((writer, now) => enter(house.core, writer, browser, person, now)));
  const before = one.cookie;
  assert.match(await logOut(house.core, await one.browser()), /^__Host-keywright=; .*; Max-Age=0$/);
  one.cookie = before;
  assert.equal(await one.person(), undefined);
  assert.ok(await two.person());
  const fewer = house.configured({ principals: ["release"] });
  assert.equal((await browserOf(fewer.core, two.incoming())).person, undefined);
  house.core.db.transaction((writer) => void writer.disableUser(person.user, house.clock.time));
  assert.equal(await two.person(), undefined);
  house.core.db.transaction((writer) => void writer.enableUser(person.user));
  assert.equal(await two.person(), undefined);
});

test("where a login leads is a path of ours", () => {
  for (const path of ["/device", "/approve?id=7", "/oauth2/authorize?a=b&c=%20"])
    assert.equal(safeReturn(path), path);
  for (const path of [
    "",
    "device",
    "//evil.example",
    "/\\evil.example",
    "/a\\b",
    "https://evil.example/",
    "/a b",
    "/a\r\nSet-Cookie: x",
    "/\u00e9",
    '/"',
    `/${"x".repeat(3000)}`,
  ])
    assert.equal(safeReturn(path), "/device", path);
});

test("sealed is what this folder's key sealed for this owner, unchanged", (t) => {
  const folder = temporaryFolder(t);
  const sealing = createSealing(folder);
  const sealed = sealing.seal(Buffer.from("secret"), "a");
  assert.equal(statSync(join(folder, "sealing-key")).mode & 0o777, 0o600);
  assert.ok(!Buffer.from(sealed).includes("secret"));
  assert.notDeepEqual(sealing.seal(Buffer.from("secret"), "a"), sealed);
  assert.equal(String(createSealing(folder).unseal(sealed, "a")), "secret");
  assert.equal(sealing.unseal(sealed, "b"), undefined);
  assert.equal(createSealing(temporaryFolder(t)).unseal(sealed, "a"), undefined);
  for (let at = 0; at < sealed.length; at += 1) {
    const changed = Buffer.from(sealed);
    changed[at] = (changed[at] ?? 0) ^ 1;
    assert.equal(sealing.unseal(changed, "a"), undefined);
    assert.equal(sealing.unseal(sealed.subarray(0, at), "a"), undefined);
  }
});
