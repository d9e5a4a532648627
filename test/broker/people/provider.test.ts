// Login through a real OIDC provider (oidc-provider of npm): the whole way, and who stays
// out.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { administer } from "../../../src/broker/admin.ts";
import { startProviderLogin, type LoginStart } from "../../../src/broker/people/provider.ts";
import { CLIENT_SECRET } from "./oidc.ts";
import { atProvider, comeBack, entries, logIn, providerHouse, visitor } from "./house.ts";

const ALICE = {
  preferred_username: "Alice",
  realm_access: { roles: ["viewer", "developer"] },
  email: "alice@people.example",
  email_verified: true,
};

test("a person comes in by the provider, is known by iss and sub, and acts as the claims say", async (t) => {
  const house = await providerHouse(t);
  const { core, provider } = house;
  provider.people.set("alice", ALICE);
  const who = visitor(house);
  const end = await logIn(house, who, "alice");
  assert.ok(end.ok);
  assert.equal(end.returnTo, "/approve?id=7");
  assert.match(
    end.setCookie,
    /^__Host-keywright=[A-Za-z0-9_-]{43}; Path=\/; HttpOnly; SameSite=Lax; Secure$/,
  );
  const person = await who.person();
  assert.deepEqual([person?.name, person?.principal], ["alice", "ci"]);
  const user = core.db.userBySubject(provider.issuer, "alice");
  assert.deepEqual([user?.name, user?.email, user?.principal], ["alice", "alice@people.example", undefined]);
  provider.people.set("alice", { ...ALICE, preferred_username: "root", groups: ["releasers"] });
  await logIn(house, visitor(house), "alice");
  assert.equal(core.db.users(house.clock.time).length, 1);
  assert.deepEqual(
    entries(house).map(({ kind, outcome, user: name, principal, method }) => [
      kind,
      outcome,
      name,
      principal,
      method,
    ]),
    [
      ["user_created", undefined, "alice", undefined, undefined],
      ["user_login", "allowed", "alice", "ci", "provider"],
      ["user_login", "allowed", "alice", "release", "provider"],
    ],
  );
});

test("RFC 7636 §4.3, OpenID Connect Core §3.1.2.1: what the provider is asked; RFC 6749 §2.3.1: as whom", async (t) => {
  const house = await providerHouse(t);
  house.provider.people.set("alice", ALICE);
  const who = visitor(house);
  const start = await startProviderLogin(house.core, await who.browser(), "//evil.example/");
  assert.ok(start.ok);
  const asked = new URL(start.redirect).searchParams;
  assert.deepEqual(
    ["response_type", "redirect_uri", "scope", "code_challenge_method", "prompt"].map((name) =>
      asked.get(name),
    ),
    [
      "code",
      "https://keywright.example/login/callback",
      "openid profile email offline_access",
      "S256",
      "consent",
    ],
  );
  for (const name of ["state", "nonce", "code_challenge"])
    assert.match(asked.get(name) ?? "", /^[\w-]{43}$/, name);
  const end = await comeBack(house, who, new URL(await house.provider.logIn(start.redirect, "alice")));
  assert.equal(end.ok && end.returnTo, "/device", "no other host to return to");
  const [{ authorization = "", body } = assert.fail()] = house.provider.asked;
  const [, secret = ""] = Buffer.from(authorization.slice(6), "base64").toString().split(":");
  assert.equal(decodeURIComponent(secret.replaceAll("+", " ")), CLIENT_SECRET);
  const challenge = createHash("sha256")
    .update(body.get("code_verifier") ?? "")
    .digest("base64url");
  assert.equal(challenge, asked.get("code_challenge"));
  assert.equal(body.get("client_secret"), null);
});

test("a public client names itself in the body, and has no secret", async (t) => {
  const house = await providerHouse(t, { isPublic: true });
  house.provider.people.set("alice", ALICE);
  assert.ok((await logIn(house, visitor(house), "alice")).ok);
  const [{ authorization, body } = assert.fail()] = house.provider.asked;
  assert.deepEqual([authorization, body.get("client_id")], [undefined, "keywright-broker"]);
});

test("what the provider gave is sealed: neither database nor audit has it", async (t) => {
  const house = await providerHouse(t);
  const secrets: string[] = [];
  house.provider.spoil = (answer) => {
    for (const name of ["refresh_token", "access_token", "id_token"]) secrets.push(String(answer[name]));
    return answer;
  };
  house.provider.people.set("alice", ALICE);
  const who = visitor(house);
  const callback = await atProvider(house, who, "alice");
  await comeBack(house, who, callback);
  secrets.push(callback.searchParams.get("code") ?? "", callback.searchParams.get("state") ?? "");
  secrets.push(who.cookie?.split("=")[1] ?? "", house.provider.asked[0]?.body.get("code_verifier") ?? "");
  const files = ["broker.db", "broker.db-wal"].map((name) => readFileSync(join(house.data.folder, name)));
  assert.equal(secrets.length, 7);
  for (const secret of secrets) {
    assert.ok(secret.length > 20);
    for (const file of files) assert.ok(!file.includes(secret));
  }
  const person = await who.person();
  assert.ok(person?.upstream);
  const owner = `upstream of user ${person.user}`;
  assert.equal(String(house.core.sealing.unseal(person.upstream, owner)), secrets[0]);
  assert.equal(house.core.sealing.unseal(person.upstream, "upstream of user 99"), undefined);
});

test("who is refused there, has no principal here, or is disabled here stays out, and leaves no user", async (t) => {
  const house = await providerHouse(t);
  const { core, data, clock, provider } = house;
  provider.people.set("alice", ALICE).set("guest", { preferred_username: "alice", groups: ["guests"] });
  const start = await startProviderLogin(core, await visitor(house).browser(), "/device");
  assert.ok(start.ok);
  const who = visitor(house);
  const refused = await startProviderLogin(core, await who.browser(), "/device");
  assert.ok(refused.ok);
  const back = new URL(await provider.refuse(refused.redirect));
  assert.equal(back.searchParams.get("error"), "access_denied");
  assert.deepEqual(await comeBack(house, who, back), { ok: false, failure: "refused", returnTo: "/device" });
  assert.deepEqual(await logIn(house, visitor(house), "guest"), { ok: false, failure: "no_principal" });
  assert.equal(core.db.users(0).length, 0);
  assert.ok((await logIn(house, visitor(house), "alice")).ok);
  await administer({ data, clock }, { op: "user_disable", name: "alice" }, { by: "tester" });
  assert.deepEqual(await logIn(house, visitor(house), "alice"), { ok: false, failure: "disabled" });
  await administer({ data, clock }, { op: "user_enable", name: "alice" }, { by: "tester" });
  assert.ok((await logIn(house, visitor(house), "alice")).ok);
});

test("two people of one name are two users, whatever they call themselves later", async (t) => {
  const house = await providerHouse(t);
  house.provider.people.set("1", ALICE).set("2", { ...ALICE, preferred_username: "ALICE" });
  house.provider.people.set("3", { ...ALICE, preferred_username: "аlice\u202e<script>" });
  const names: string[] = [];
  for (const sub of ["1", "2", "3", "1"]) {
    const end = await logIn(house, visitor(house), sub);
    if (end.ok) names.push(end.person.name);
  }
  assert.deepEqual(names, ["alice", "alice-2", "lice-script-", "alice"]);
});

/** The log has to say why: nobody could put the configuration right otherwise. */
function unreachable(start: LoginStart, why: RegExp): void {
  assert.ok(!start.ok);
  assert.equal(start.failure, "unreachable");
  assert.match(start.cause?.message ?? "", why);
}

test("a provider that is down, or not the configured one, is told apart from one that says no", async (t) => {
  const house = await providerHouse(t);
  const who = visitor(house);
  house.provider.people.set("alice", ALICE);
  house.provider.spoil = () => 503;
  const returnTo = "/approve?id=7";
  assert.deepEqual(await logIn(house, who, "alice"), { ok: false, failure: "unreachable", returnTo });
  house.provider.spoil = ({ id_token: _gone, ...answer }) => answer;
  assert.deepEqual(await logIn(house, who, "alice"), { ok: false, failure: "unproven", returnTo });
  const other = await providerHouse(t, { issuer: "http://127.0.0.1:1" });
  const start = await startProviderLogin(other.core, await visitor(other).browser(), "/device");
  unreachable(start, /ECONNREFUSED|cannot be reached|refused/);
  const slash = await providerHouse(t, { issuer: `${house.provider.issuer}/` });
  const wrong = await startProviderLogin(slash.core, await visitor(slash).browser(), "/device");
  unreachable(wrong, /the provider has the metadata of another issuer/);
  const inside = await providerHouse(t, { privateNetwork: false });
  const kept = await startProviderLogin(inside.core, await visitor(inside).browser(), "/device");
  unreachable(kept, /is not a public address/);
});
