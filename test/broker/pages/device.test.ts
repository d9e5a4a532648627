// Entering codes: what counts as one, what a wrong one says, and how soon guessing ends (RFC 8628 sections 5.1 and 6.1).
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { LOGIN_LIFE } from "../../../src/broker/login/public-client.ts";
import { MOST_WAITING } from "../../../src/broker/login/waiting-logins.ts";
import { createGuesses, STRANGERS, TRIES, WINDOW } from "../../../src/broker/pages/guesses.ts";
import { CONFIG, running } from "../broker.ts";
import { houseOf } from "../login-house.ts";
import {
  auditKinds,
  hiddenOf,
  newPerson,
  pageHouse,
  visitor,
  waitingLogin,
  type House,
  type Seen,
} from "./house.ts";

const WRONG = "BCDF-GHJK";

function isWrong({ status, text }: Seen, typed: string): void {
  assert.equal(status, 400, typed);
  assert.match(text, /role="alert">\s*This code is not known, or it has expired\./);
  assert.match(text, /<input[^>]*value=""[^>]*aria-invalid="true"/);
}

function locks({ core }: House): readonly Readonly<Record<string, unknown>>[] {
  const all = [...core.db.auditLines()].map((line) => JSON.parse(line) as Record<string, unknown>);
  return all.filter(({ kind }) => kind === "user_codes_locked");
}

test("RFC 8628 §6.1: capitals, spaces and dashes do not matter", async (t) => {
  const house = await pageHouse(t);
  const code = String((await waitingLogin(house)).userCode);
  const bare = code.replace("-", "");
  for (const typed of [code, bare, code.toLowerCase(), ` ${bare} `, [...bare].join(" "), [...bare].join("-")])
    assert.equal((await visitor(house).submit("/device", { user_code: typed })).status, 303, typed);
});

test("unicode codes: what looks like a letter is none, and every wrong code gets one and the same page", async (t) => {
  const house = await pageHouse(t);
  const code = String((await waitingLogin(house)).userCode);
  const wide = [...code]
    .map((one) => (one === "-" ? one : String.fromCodePoint((one.codePointAt(0) ?? 0) + 0xfee0)))
    .join("");
  const cyrillic = "ВСDF-GНJК";
  const pages = new Set<string>();
  for (const typed of [
    wide,
    cyrillic,
    "ıııı-ıııı",
    "İİİİ-İİİİ",
    "ſſſſ-ſſſſ",
    `${code}\u0301`,
    `\u202e${code}`,
    `${code}\u0000`,
    WRONG,
    "AEIO-UAEI",
    "x",
    "K".repeat(40),
  ]) {
    house.clock.time += WINDOW; // So that no limit is met.
    const who = visitor(house);
    const seen = await who.submit("/device", { user_code: typed });
    isWrong(seen, typed);
    pages.add(seen.text.replace(/name="csrf" value="[^"]*"/, ""));
    if (typed.length > 1) assert.ok(!seen.text.includes(typed), typed);
  }
  assert.equal(pages.size, 1);
});

test("expired and decided codes are wrong codes", async (t) => {
  const house = await pageHouse(t);
  const pending = await waitingLogin(house);
  house.clock.time += LOGIN_LIFE;
  isWrong(await visitor(house).submit("/device", { user_code: String(pending.userCode) }), "expired");
});

test("RFC 8628 §5.1: five wrong codes of one browser lock it for ten minutes, whatever its address", async (t) => {
  const house = await pageHouse(t);
  const pending = await waitingLogin(house);
  const cookies = visitor(house);
  for (let turn = 0; turn < TRIES; turn += 1) {
    const moved = visitor(house, `198.51.100.${turn + 30}`);
    for (const [name, value] of cookies.cookies) moved.cookies.set(name, value);
    const seen = await moved.submit("/device", { user_code: WRONG });
    for (const [name, value] of moved.cookies) cookies.cookies.set(name, value);
    if (turn < TRIES - 1) isWrong(seen, String(turn));
    else assert.equal(seen.status, 429);
  }
  const locked = await cookies.submit("/device", { user_code: String(pending.userCode) });
  assert.deepEqual([locked.status, locked.headers["retry-after"]], [429, String(WINDOW)]);
  assert.match(locked.text, /Too many wrong codes/);
  assert.match(locked.text, /Try again in\s+10 minutes/);
  assert.deepEqual(
    locks(house).map(({ by, outcome }) => [by, outcome]),
    [["browser", "denied"]],
  );
  house.clock.time += WINDOW;
  const fresh = await waitingLogin(house);
  assert.equal((await cookies.submit("/device", { user_code: String(fresh.userCode) })).status, 303);
});

test("RFC 8628 §5.1: a reload of the configuration gives nobody five more tries", async (t) => {
  const broker = await running(t, { loadConfig: async () => CONFIG });
  const { core } = houseOf(t, broker);
  const who = visitor({ ...broker, core, logged: [] });
  for (let turn = 0; turn < TRIES; turn += 1) await who.submit("/device", { user_code: WRONG });
  assert.equal((await who.submit("/device", { user_code: WRONG })).status, 429);
  await broker.reload({ by: "tester" });
  assert.equal((await who.submit("/device", { user_code: WRONG })).status, 429);
  const other = visitor({ ...broker, core, logged: [] }); // Another browser at the same address.
  assert.equal((await other.submit("/device", { user_code: WRONG })).status, 429);
});

test("RFC 8628 §5.1: five wrong codes of one address, or one IPv6 network, lock it for every browser there", async (t) => {
  const house = await pageHouse(t);
  const pending = await waitingLogin(house);
  for (let turn = 0; turn < TRIES; turn += 1)
    await visitor(house, `2001:db8:1:2::${turn + 1}`).submit("/device", { user_code: WRONG });
  const typed = { user_code: String(pending.userCode) };
  assert.equal((await visitor(house, "2001:db8:1:2:ffff::9").submit("/device", typed)).status, 429);
  const opened = await visitor(house, "2001:db8:1:2::1").get(`/device?user_code=${pending.userCode}`);
  assert.equal(opened.status, 429);
  assert.equal((await visitor(house, "2001:db8:1:3::1").submit("/device", typed)).status, 303);
  assert.deepEqual(
    locks(house).map(({ by, address }) => [by, address]),
    [["address", "2001:db8:1:2::5"]],
  );
});

test("RFC 8628 §5.1: five wrong codes of one account lock it in every browser", async (t) => {
  const house = await pageHouse(t);
  const anna = newPerson(house);
  const pending = await waitingLogin(house);
  const typed = { user_code: String(pending.userCode) };
  const seat = (turn: number): ReturnType<typeof visitor> => {
    const who = visitor(house, `198.51.100.${turn}`);
    who.signIn(anna);
    return who;
  };
  for (let turn = 0; turn < TRIES; turn += 1) await seat(turn).submit("/device", { user_code: WRONG });
  assert.equal((await seat(50).submit("/device", typed)).status, 429);
  assert.deepEqual(
    locks(house).map(({ by, user }) => [by, user]),
    [["account", "anna"]],
  );
  assert.ok(!JSON.stringify(locks(house)).includes("BCDF"));
});

test("a crowd of guessers: all strangers together are held up, who is signed in is not", async (t) => {
  const house = await pageHouse(t);
  const typed = { user_code: String((await waitingLogin(house)).userCode) };
  for (let turn = 0; turn < STRANGERS; turn += 1)
    await visitor(house, `203.0.113.${turn}`).submit("/device", { user_code: WRONG });
  const stranger = await visitor(house, "198.51.100.1").submit("/device", typed);
  assert.equal(stranger.status, 429);
  assert.match(stranger.text, /href="\/login\?to=\/device"/);
  const known = visitor(house, "198.51.100.2");
  known.signIn(newPerson(house));
  assert.equal((await known.submit("/device", typed)).status, 303);
  assert.deepEqual(
    locks(house).map(({ by }) => by),
    ["strangers"],
  );
  house.clock.time += 60;
  assert.equal((await visitor(house, "198.51.100.1").submit("/device", typed)).status, 303);
});

test("a hundred guesses at the same time are five tries", async (t) => {
  const house = await pageHouse(t);
  const who = visitor(house);
  const form = hiddenOf((await who.get("/device")).text, "/device");
  const seen = await Promise.all(
    Array.from({ length: 100 }, () => who.post("/device", { ...form, user_code: WRONG })),
  );
  assert.equal(seen.filter(({ status }) => status === 400).length, TRIES - 1);
  assert.equal(seen.filter(({ status }) => status === 429).length, 100 - TRIES + 1);
  assert.equal(auditKinds(house).filter((kind) => kind === "user_codes_locked").length, 2);
});

test("the odds that are written down: one login, and as many as can wait", () => {
  const codes = 20 ** 8;
  assert.equal(codes, 25_600_000_000);
  assert.equal(codes / TRIES, 5_120_000_000);
  assert.ok(TRIES / codes < 2 ** -32);
  const guesses = (STRANGERS * LOGIN_LIFE) / 60;
  assert.equal(guesses, 300);
  assert.equal(Math.round(codes / guesses / 1e6), 85);
  assert.equal(Math.round(codes / (guesses * MOST_WAITING) / 1000), 17);
});

test("property: nobody gets more than five tries in any ten minutes, and memory is bounded", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(200), fc.nat(3), fc.nat(3)), { maxLength: 200 }), (steps) => {
      let now = 1000;
      const guesses = createGuesses({ now: () => now });
      const taken = new Map<string, number[]>();
      for (const [wait, browser, address] of steps) {
        now += wait;
        const guesser = { browser: Buffer.from([browser]), address: `192.0.2.${address}`, user: 1 };
        if (guesses.lock(guesser) !== undefined) continue;
        guesses.wrong(guesser);
        for (const key of [`b${browser}`, `a${address}`, "u"])
          taken.set(key, [...(taken.get(key) ?? []), now]);
      }
      for (const times of taken.values())
        for (const at of times)
          assert.ok(times.filter((one) => one > at - WINDOW && one <= at).length <= TRIES);
      assert.ok(guesses.size() <= 9);
    }),
  );
});

test("a clock that was put back locks nobody out for long", () => {
  let now = 10_000;
  const guesses = createGuesses({ now: () => now });
  const guesser = { browser: Buffer.from("b"), address: undefined, user: undefined };
  for (let turn = 0; turn < TRIES; turn += 1) guesses.wrong(guesser);
  assert.equal(guesses.lock(guesser)?.by, "browser");
  now = 100;
  assert.equal(guesses.lock(guesser), undefined);
});
