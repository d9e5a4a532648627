// The approve page: who may see it, what it shows, and what a yes or a no does (RFC 8628 sections 3.3 and 5.4).
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
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

const stateOf = ({ core }: House, id: number): string | undefined => core.db.login(id)?.state;
const titleOf = ({ text }: Seen): string => /<h1>([^<]*)</.exec(text)?.[1] ?? "";

test("RFC 8628 §3.3: the code is entered, the page asks, a click approves", async (t) => {
  const house = await pageHouse(t);
  const who = visitor(house);
  who.signIn(newPerson(house));
  const pending = await waitingLogin(house);
  house.clock.time += 150;
  const approve = await enterCode(who, pending);
  const { text, status } = await who.get(approve);
  assert.equal(status, 200);
  for (const words of [
    pending.userCode ?? "none",
    "The command line of keywright",
    "keywright/0.2.0 (linux; x64)",
    // Whoever asks can write there what it likes: it must not look like words of ours.
    "It calls itself “keywright/0.2.0 (linux; x64)”",
    '203.0.113.7 <span class="soft small">(not this browser’s address)</span>',
    "2 minutes ago",
    "15 Jan 2027, 08:00 UTC",
    "Registry passwords, as <strong>ci</strong>",
    "Only go on if you started this yourself just now and the code in your terminal is the same.",
    "Signed in as <strong>anna</strong>",
  ])
    assert.ok(text.includes(words), words);
  assert.equal(stateOf(house, pending.id), "pending");
  const done = await who.submit(approve, { decision: "approve" });
  assert.deepEqual([done.status, titleOf(done)], [200, "Approved"]);
  assert.match(done.text, /You can close this window and go back to your terminal\./);
  assert.match(done.text, /acts for <strong>anna<\/strong> now, as\s+<strong>ci<\/strong>/);
  assert.equal(stateOf(house, pending.id), "approved");
  assert.ok(auditKinds(house).includes("login_approved"));
});

test("a no is a no", async (t) => {
  const house = await pageHouse(t);
  const who = visitor(house);
  who.signIn(newPerson(house));
  const pending = await waitingLogin(house);
  const done = await who.submit(await enterCode(who, pending), { decision: "deny" });
  assert.deepEqual([done.status, titleOf(done)], [200, "Denied"]);
  assert.equal(stateOf(house, pending.id), "denied");
});

test("RFC 8628 §3.3.1: the address with the code inside leads to the question, and approves nothing", async (t) => {
  const house = await pageHouse(t);
  const who = visitor(house);
  who.signIn(newPerson(house));
  const pending = await waitingLogin(house);
  const opened = await who.get(`/device?user_code=${pending.userCode}`, { "Sec-Fetch-Site": "none" });
  assert.equal(opened.status, 303);
  const asked = await who.get(opened.location);
  assert.ok(asked.text.includes(`<strong>${pending.userCode}</strong>`));
  for (const more of [
    "",
    "&decision=approve",
    `&csrf=${hiddenOf(asked.text, "/approve")["csrf"]}&decision=approve`,
  ])
    await who.get(`${opened.location}${more}`);
  assert.equal(stateOf(house, pending.id), "pending");
});

test("a link on another page has to be confirmed first, and tries no code", async (t) => {
  const house = await pageHouse(t);
  const pending = await waitingLogin(house);
  const who = visitor(house);
  for (const headers of [
    { "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "document" },
    { "Sec-Fetch-Site": "none", "Sec-Fetch-Dest": "image" },
  ] as const)
    for (let turn = 0; turn < 10; turn += 1) {
      const code = turn % 2 === 0 ? String(pending.userCode) : "BCDF-GHJK";
      const { status, text } = await who.get(`/device?user_code=${code}`, headers);
      assert.equal(status, 200);
      assert.ok(text.includes(`value="${code}"`));
    }
  assert.equal((await who.submit("/device", { user_code: String(pending.userCode) })).status, 303);
});

test("a yes by who is not signed in, without a passkey, is sent to sign in, and back", async (t) => {
  const house = await pageHouse(t);
  const who = visitor(house);
  const approve = await enterCode(who, await waitingLogin(house));
  const sent = await who.submit(approve, { decision: "approve" });
  assert.equal(sent.status, 303);
  assert.equal(sent.location, `/login?to=${encodeURIComponent(approve)}`);
  assert.match((await who.get(sent.location)).text, /nothing is approved by signing in/);
  who.signIn(newPerson(house));
  const back = await who.get(sent.location);
  assert.deepEqual([back.status, back.location], [303, approve]);
  assert.equal((await who.get(approve)).status, 200);
});

test("who was signed out meanwhile signs in again, and then is asked again", async (t) => {
  const house = await pageHouse(t);
  const who = visitor(house);
  who.signIn(newPerson(house));
  const pending = await waitingLogin(house);
  const approve = await enterCode(who, pending);
  const { text } = await who.get(approve);
  const row = String(who.cookies.get("keywright"));
  house.core.db.transaction((writer) => writer.endBrowser(createHash("sha256").update(row).digest()));
  const late = await who.post("/approve", { ...hiddenOf(text, "/approve"), decision: "approve" });
  assert.deepEqual([late.status, late.location], [303, `/login?to=${encodeURIComponent(approve)}`]);
  assert.equal(who.cookies.get("keywright"), row);
  assert.equal(stateOf(house, pending.id), "pending");
});

test("enumeration: a login's number, or another browser's ticket, opens nothing", async (t) => {
  const house = await pageHouse(t);
  const anna = newPerson(house);
  const victim = visitor(house);
  victim.signIn(anna);
  const pending = await waitingLogin(house);
  const approve = await enterCode(victim, pending);
  const attacker = visitor(house, "198.51.100.66");
  attacker.signIn(newPerson(house, "mallory"));
  await enterCode(attacker, await waitingLogin(house)); // So that it has a cookie of its own.
  const ticket = approve.split("=")[1] ?? "";
  const [id = "", seal = ""] = ticket.split(".");
  for (const guess of [
    ticket,
    id,
    `${id}.`,
    `${id}.${"A".repeat(43)}`,
    `0${id}.${seal}`,
    `${id}.${seal}x`,
    "",
    "1",
  ]) {
    assert.equal((await attacker.get(`/approve?login=${guess}`)).status, 404, guess);
    const form = hiddenOf((await attacker.get("/device")).text, "/device");
    const answer = await attacker.post("/approve", { ...form, login: guess, decision: "approve" });
    assert.deepEqual([answer.status, titleOf(answer)], [404, "There is nothing to approve here"], guess);
  }
  const another = await waitingLogin(house);
  assert.equal((await victim.get(`/approve?login=${another.id}.${seal}`)).status, 404);
  assert.deepEqual([stateOf(house, pending.id), stateOf(house, another.id)], ["pending", "pending"]);
  assert.equal((await victim.get(approve)).status, 200);
});

test("unknown, expired, decided and foreign: one text", async (t) => {
  const house = await pageHouse(t);
  const who = visitor(house);
  who.signIn(newPerson(house));
  const [first, second] = [await waitingLogin(house), await waitingLogin(house)];
  const [expiring, decided] = [await enterCode(who, first), await enterCode(who, second)];
  await who.submit(decided, { decision: "deny" });
  const page = await who.get(expiring);
  house.clock.time += 599;
  assert.equal((await who.get(expiring)).status, 200);
  house.clock.time += 1;
  const late = await who.post("/approve", { ...hiddenOf(page.text, "/approve"), decision: "approve" });
  const gone = [late, await who.get(expiring), await who.get(decided), await who.get("/approve")];
  gone.push(await who.get("/approve?login=1.x"));
  assert.deepEqual(
    gone.map(({ status }) => status),
    [404, 404, 404, 404, 404],
  );
  assert.equal(new Set(gone.map(({ text }) => text)).size, 1);
});

test("clicked twice, or loaded again: the same answer, one decision, and the first one counts", async (t) => {
  const house = await pageHouse(t);
  const who = visitor(house);
  who.signIn(newPerson(house));
  const pending = await waitingLogin(house);
  const form = hiddenOf((await who.get(await enterCode(who, pending))).text, "/approve");
  const both = await Promise.all(
    ["approve", "approve"].map((decision) => who.post("/approve", { ...form, decision })),
  );
  const then = await who.post("/approve", { ...form, decision: "deny" });
  for (const seen of [...both, then]) assert.deepEqual([seen.status, titleOf(seen)], [200, "Approved"]);
  assert.equal(auditKinds(house).filter((kind) => kind.startsWith("login_")).length, 1);
  house.clock.time += 61;
  assert.equal((await who.post("/approve", { ...form, decision: "approve" })).status, 404);
});

test("two tabs: each decides about its own login", async (t) => {
  const house = await pageHouse(t);
  const who = visitor(house);
  who.signIn(newPerson(house));
  const [one, other] = [await waitingLogin(house), await waitingLogin(house)];
  const [first, second] = [await enterCode(who, one), await enterCode(who, other)];
  await who.submit(second, { decision: "deny" });
  await who.submit(first, { decision: "approve" });
  assert.deepEqual([stateOf(house, one.id), stateOf(house, other.id)], ["approved", "denied"]);
});

test("a decision that is neither yes nor no is refused in words", async (t) => {
  const house = await pageHouse(t);
  const who = visitor(house);
  who.signIn(newPerson(house));
  const pending = await waitingLogin(house);
  const approve = await enterCode(who, pending);
  for (const decision of ["", "yes", "APPROVE"]) {
    const { status, headers } = await who.submit(approve, { decision });
    assert.deepEqual([status, headers["content-type"]], [400, "text/html; charset=utf-8"]);
  }
  assert.equal(stateOf(house, pending.id), "pending");
});

test("menda-cli is called by its name", async (t) => {
  const house = await pageHouse(t);
  const who = visitor(house);
  who.signIn(newPerson(house));
  const login = await waitingLogin(house, {
    face: "menda",
    scope: "menda",
    agent: undefined,
    address: "198.51.100.20",
  });
  const { text } = await who.get(await enterCode(who, login));
  for (const words of [
    "menda-cli, the menda command line",
    '198.51.100.20 <span class="soft small">(this browser’s address)</span>',
  ])
    assert.ok(text.includes(words), words);
});
