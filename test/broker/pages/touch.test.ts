// A yes by passkey: one click by who is not signed in. What the page shows, what the answer is good for, and for what not.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test, type TestContext } from "node:test";
import { DEFAULT_USERS } from "../../../src/config/users.ts";
import { BOTH } from "../people/passkey-place.ts";
import {
  auditKinds,
  enterCode,
  hiddenOf,
  newPerson,
  pageHouse,
  visitor,
  waitingLogin,
  type House,
  type Seen,
} from "./house.ts";
import { csrfOf, passkeyOf, send, told, touched, yes } from "./touch.ts";

const stateOf = ({ core }: House, id: number): string | undefined => core.db.login(id)?.state;
const titleOf = ({ text }: Seen): string => /<h1>([^<]*)</.exec(text)?.[1] ?? "";
const alertOf = ({ text }: Seen): string => /role="alert"\s*>([^<]*)</.exec(text)?.[1]?.trim() ?? "";
const entriesOf = ({ core }: House): readonly Record<string, unknown>[] =>
  [...core.db.auditLines()].map((line) => JSON.parse(line) as Record<string, unknown>);

async function place(t: TestContext) {
  const house = await pageHouse(t);
  const anna = newPerson(house);
  return { house, anna, key: await passkeyOf(house, anna), who: visitor(house) };
}

async function asked(house: House, who: ReturnType<typeof visitor>) {
  const pending = await waitingLogin(house);
  return { pending, approve: await enterCode(who, pending) };
}

test("RFC 8628 §3.3: who is not signed in sees the question at once, and one touch says who and yes", async (t) => {
  const { house, key, who } = await place(t);
  const { pending, approve } = await asked(house, who);
  const page = await who.get(approve);
  assert.equal(page.status, 200);
  for (const words of [
    `<strong>${pending.userCode}</strong>`,
    "The command line of keywright",
    "203.0.113.7",
    "Registry passwords, as the person whom your passkey names",
    "Only go on if you started this yourself just now and the code in your terminal is the same.",
    "Approve with your passkey",
    '<button name="decision" value="deny">Deny</button>',
    "Browsers offer passkeys through JavaScript only",
  ])
    assert.ok(page.text.includes(words), words);
  assert.doesNotMatch(page.text, /Signed in|value="approve"/);
  const touch = await touched(who, approve, key);
  assert.equal(stateOf(house, pending.id), "pending");
  const done = await yes(who, touch);
  assert.deepEqual([done.status, titleOf(done)], [200, "Approved"]);
  assert.match(done.text, /acts for <strong>anna<\/strong> now, as\s+<strong>ci<\/strong>/);
  const { state, user, principal, provenAt } = house.core.db.login(pending.id) ?? {};
  assert.deepEqual([state, user, principal], ["approved", house.core.db.userNamed("anna")?.id, "ci"]);
  assert.equal(provenAt, house.clock.time);
});

test("the audit has what it has of a sign-in and a click; nobody is signed in by it", async (t) => {
  const { house, key, who } = await place(t);
  const { pending, approve } = await asked(house, who);
  await yes(who, await touched(who, approve, key));
  const [proven, approved] = entriesOf(house).slice(-2);
  const of = (entry: Record<string, unknown> = {}, ...names: readonly string[]) =>
    names.map((name) => entry[name]);
  const common = ["kind", "user", "principal", "address"];
  assert.deepEqual(of(proven, ...common, "method", "outcome"), [
    "user_login",
    "anna",
    "ci",
    "198.51.100.20",
    "passkey",
    "allowed",
  ]);
  assert.deepEqual(of(approved, ...common, "login", "asked_from"), [
    "login_approved",
    "anna",
    "ci",
    "198.51.100.20",
    pending.id,
    "203.0.113.7",
  ]);
  assert.doesNotMatch((await who.get("/device")).text, /Signed in/);
  assert.match((await who.get("/login")).text, /Use your passkey/);
});

for (const [host, status] of [
  ["127.0.0.1", 303],
  ["[::1]", 200],
] as const)
  test(`RFC 8252 §7.3: a touch leads back to the program on ${host}`, async (t) => {
    const { key, who } = await place(t);
    const challenge = createHash("sha256").update("verifier").digest("base64url");
    const query = new URLSearchParams({
      response_type: "code",
      client_id: "keywright",
      redirect_uri: `http://${host}:49152/callback`,
      code_challenge: challenge,
      code_challenge_method: "S256",
      state: "s",
    });
    const { location } = await who.get(`/oauth2/authorize?${query.toString()}`);
    const page = await who.get(location);
    const policy = String(page.headers["content-security-policy"]);
    assert.equal(policy.includes(`form-action 'self' http://${host}:49152;`), status === 303);
    const done = await yes(who, await touched(who, location, key));
    const to = status === 303 ? done.location : String(done.headers["refresh"]).replace("0; url=", "");
    assert.equal(done.status, status);
    assert.ok(to.startsWith(`http://${host}:49152/callback?code=kwc_`), to);
  });

test("mix-up: what a passkey said to the question of one login says nothing to another", async (t) => {
  const { house, key, who } = await place(t);
  const [one, other] = [await asked(house, who), await asked(house, who)];
  const first = await touched(who, one.approve, key);
  const swapped = { ...first, form: hiddenOf((await who.get(other.approve)).text, "/approve") };
  const seen = await yes(who, swapped);
  assert.deepEqual([seen.status, alertOf(seen).slice(0, 19)], [400, "That took too long,"]);
  assert.deepEqual(
    [stateOf(house, one.pending.id), stateOf(house, other.pending.id)],
    ["pending", "pending"],
  );
  // The later question is the one that counts, and the earlier page says so.
  const second = await touched(who, other.approve, key);
  assert.equal((await yes(who, first)).status, 400);
  assert.equal(titleOf(await yes(who, second)), "Approved");
  assert.deepEqual(
    [stateOf(house, one.pending.id), stateOf(house, other.pending.id)],
    ["pending", "approved"],
  );
});

test("mix-up: a sign-in says no yes, and a yes is no sign-in", async (t) => {
  const { house, key, who } = await place(t);
  const { pending, approve } = await asked(house, who);
  const csrf = csrfOf(await who.get("/login"));
  const form = hiddenOf((await who.get(approve)).text, "/approve");
  const signIn = await told(who, "/login/passkey/options", { csrf, to: approve });
  const answer = JSON.stringify(key.get(signIn.publicKey));
  assert.equal((await yes(who, { form, passkey: answer })).status, 400);
  const { passkey } = await touched(who, approve, key);
  const seen = await send(who, "/login/passkey", { csrf, ...(JSON.parse(passkey) as object) });
  assert.equal(seen.status, 400);
  assert.equal(stateOf(house, pending.id), "pending");
});

test("WebAuthn §7.2: what is wrong with an answer approves nothing, and uses its challenge up", async (t) => {
  const { house, key, who } = await place(t);
  const { pending, approve } = await asked(house, who);
  const wrong = [
    ...BOTH,
    ["another signature", {}, { signature: "AAAA" }],
    ["not known", {}, { id: "AAAA" }],
  ] as const;
  for (const [name, changes, sent] of wrong) {
    const good = await touched(who, approve, key);
    const form = hiddenOf((await who.get(approve)).text, "/approve");
    const { publicKey } = await told(who, "/approve/passkey/options", form);
    const bad = { form, passkey: JSON.stringify({ ...key.get(publicKey, changes), ...sent }) };
    const seen = await yes(who, bad);
    assert.deepEqual([seen.status, alertOf(seen).slice(0, 27)], [403, "Not signed in. This passkey"], name);
    const late = [good, { form, passkey: JSON.stringify(key.get(publicKey)) }];
    for (const again of late) assert.equal((await yes(who, again)).status, 400, name);
  }
  for (const passkey of ["", "x", "null", "[]", "7", "{}", '"x"'])
    assert.notEqual((await yes(who, { form: (await touched(who, approve, key)).form, passkey })).status, 200);
  assert.equal(stateOf(house, pending.id), "pending");
});

test("a challenge is for one answer: sent again it gets the same page, decides nothing more, and ends", async (t) => {
  const { house, key, who } = await place(t);
  const { approve } = await asked(house, who);
  const touch = await touched(who, approve, key);
  const all = await Promise.all([1, 2, 3, 4].map(() => yes(who, touch)));
  for (const seen of [...all, await yes(who, touch)]) assert.equal(titleOf(seen), "Approved");
  assert.equal(auditKinds(house).filter((kind) => kind === "login_approved").length, 1);
  house.clock.time += 61;
  assert.equal((await yes(who, touch)).status, 404);
});

test("a challenge lives for ten minutes, a login no longer", async (t) => {
  const { house, key, who } = await place(t);
  const { pending, approve } = await asked(house, who);
  const touch = await touched(who, approve, key);
  house.clock.time += 600;
  assert.equal((await yes(who, touch)).status, 404);
  assert.equal(stateOf(house, pending.id), "pending");
});

test("enumeration: another browser gets no challenge for a login, and cannot use one", async (t) => {
  const { house, key, who } = await place(t);
  const { pending, approve } = await asked(house, who);
  const touch = await touched(who, approve, key);
  const thief = visitor(house, "198.51.100.66");
  await enterCode(thief, await waitingLogin(house)); // So that it has a ticket of its own.
  const csrf = csrfOf(await thief.get("/device"));
  for (const login of [touch.form["login"], String(pending.id), "", undefined, 7, null])
    assert.equal((await send(thief, "/approve/passkey/options", { csrf, login })).status, 404);
  assert.equal((await yes(thief, { ...touch, form: { ...touch.form, csrf } })).status, 404);
  // With the cookie of the tickets, too, the challenge is another browser's.
  thief.cookies.set("keywright-logins", String(who.cookies.get("keywright-logins")));
  assert.equal((await yes(thief, { ...touch, form: { ...touch.form, csrf } })).status, 400);
  assert.equal(stateOf(house, pending.id), "pending");
});

test("CSRF: the token and where it comes from count as for every form and call", async (t) => {
  const { house, key, who } = await place(t);
  const { pending, approve } = await asked(house, who);
  const touch = await touched(who, approve, key);
  const { csrf, login } = touch.form;
  const foreign = csrfOf(await visitor(house).get("/device"));
  for (const token of ["", "x", foreign]) {
    const form = { ...touch.form, csrf: token };
    assert.equal((await yes(who, { ...touch, form })).status, 403);
    assert.equal((await send(who, "/approve/passkey/options", { csrf: token, login })).status, 403);
  }
  for (const headers of [
    { "Sec-Fetch-Site": "cross-site" },
    { "Sec-Fetch-Site": "same-site" },
    { Origin: "https://evil.example" },
  ] as Readonly<Record<string, string>>[]) {
    assert.equal((await yes(who, touch, headers)).status, 403);
    assert.equal((await send(who, "/approve/passkey/options", { csrf, login }, headers)).status, 403);
  }
  assert.equal(
    (await send(who, "/approve/passkey/options", { csrf, login }, { "Content-Type": "text/plain" })).status,
    400,
  );
  for (const path of [`${approve}&passkey=x&decision=approve`, approve]) await who.get(path);
  assert.equal((await who.get("/approve/passkey/options")).status, 405);
  assert.equal(stateOf(house, pending.id), "pending");
  assert.equal(titleOf(await yes(who, touch)), "Approved"); // What was refused before used nothing up.
});

test("a disabled person's passkey, and one without a role, say no yes; the page says why, and goes on working", async (t) => {
  const { house, anna, key, who } = await place(t);
  const bert = newPerson(house, "bert");
  const other = await passkeyOf(house, bert);
  const { pending, approve } = await asked(house, who);
  house.core.db.transaction((writer) => writer.disableUser(anna.user, house.clock.time));
  const seen = await yes(who, await touched(who, approve, key));
  assert.deepEqual(
    [seen.status, alertOf(seen)],
    [403, "Your account is switched off. Whoever runs this server can switch it on again."],
  );
  const denied = entriesOf(house).at(-1);
  assert.deepEqual(
    [denied?.["kind"], denied?.["outcome"], denied?.["user"]],
    ["user_login", "denied", "anna"],
  );
  assert.equal(stateOf(house, pending.id), "pending");
  const done = await yes(who, await touched(who, approve, other));
  assert.match(done.text, /acts for <strong>bert<\/strong>/);
});

test("CVE-2026-5807: a no needs no name, but the browser that the code was entered in", async (t) => {
  const { house, who } = await place(t);
  const { pending, approve } = await asked(house, who);
  const form = hiddenOf((await who.get(approve)).text, "/approve");
  const stranger = visitor(house, "198.51.100.66");
  await enterCode(stranger, await waitingLogin(house));
  const csrf = csrfOf(await stranger.get("/device"));
  for (const login of [form["login"] ?? "", String(pending.id), `${pending.id}.${"A".repeat(43)}`]) {
    const seen = await stranger.post("/approve", { csrf, login, decision: "deny" });
    assert.deepEqual([seen.status, stateOf(house, pending.id)], [404, "pending"]);
  }
  for (const headers of [{ "Sec-Fetch-Site": "cross-site" }, { Origin: "https://evil.example" }] as Readonly<
    Record<string, string>
  >[])
    assert.equal((await who.post("/approve", { ...form, decision: "deny" }, headers)).status, 403);
  await who.get(`${approve}&decision=deny`);
  assert.equal(stateOf(house, pending.id), "pending");
  const done = await who.post("/approve", { ...form, decision: "deny" });
  assert.deepEqual([titleOf(done), stateOf(house, pending.id)], ["Denied", "denied"]);
  const { kind, user, principal, address } = entriesOf(house).at(-1) ?? {};
  assert.deepEqual([kind, user, principal, address], ["login_denied", null, null, "198.51.100.20"]);
});

test("where people come from a provider, a passkey says nothing here, and a yes leads to the provider", async (t) => {
  const provider = {
    issuer: "https://login.example",
    clientId: "keywright",
    clientSecretFile: undefined,
    scopes: ["openid"],
    nameClaim: "email",
    principals: [],
    privateNetwork: false,
  };
  const house = await pageHouse(t, { users: { ...DEFAULT_USERS, provider } });
  const who = visitor(house);
  const { pending, approve } = await asked(house, who);
  const sent = await who.get(approve);
  const signIn = `/login/start?to=${encodeURIComponent(approve)}`;
  assert.deepEqual([sent.status, sent.location], [303, signIn]);
  const csrf = csrfOf(await who.get("/device"));
  const login = approve.split("=")[1] ?? "";
  assert.equal((await send(who, "/approve/passkey/options", { csrf, login })).status, 404);
  const seen = await yes(who, { form: { csrf, login }, passkey: "{}" });
  assert.deepEqual([seen.status, seen.location], [303, signIn]);
  assert.equal(stateOf(house, pending.id), "pending");
});
