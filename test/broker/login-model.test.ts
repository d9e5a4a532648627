// A model of the device flow (RFC 8628), driven by random commands: whatever happens in whatever order, a login gives
// tokens at most once, only after a yes, and never after its end. And its user codes, as people type them.
import assert from "node:assert/strict";
import { createSecretKey } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { MOST_WAITING } from "../../src/broker/login/waiting-logins.ts";
import { readUserCode, userCodeOf } from "../../src/broker/login/user-codes.ts";
import { findByUserCode } from "../../src/broker/login/logins.ts";
import { begin, loginHouse, poll, say, whoami, type Begun, type House } from "./login-house.ts";

interface Known {
  readonly codes: Begun;
  readonly end: number;
  state: "pending" | "approved" | "denied" | "used";
  pace: number;
  polled: number | undefined;
}

interface Model {
  now: number;
  readonly logins: Known[];
}

type Command = fc.AsyncCommand<Model, House>;
type Work = (known: Known, model: Model, house: House) => Promise<void>;

/** A command about the login of this number, if there is one. */
function about(at: number, name: string, work: Work): Command {
  const check = ({ logins }: Readonly<Model>): boolean => logins.length > 0;
  const run = (model: Model, house: House): Promise<void> =>
    work(model.logins[at % model.logins.length] as Known, model, house);
  return { check, run, toString: () => `${name} ${at}` };
}

const start: Command = {
  check: () => true,
  async run(model, { broker }) {
    const end = Math.floor(model.now) + 600;
    const fresh = { state: "pending", pace: 5, polled: undefined } as const;
    model.logins.push({ codes: await begin(broker), end, ...fresh });
  },
  toString: () => "start",
};

const polling = (at: number): Command =>
  about(at, "poll", async (known, { now }, { broker }) => {
    const { status, json } = await poll(broker, known.codes.device_code);
    const expected = answerOf(known, now);
    assert.equal(json["error"] ?? "tokens", expected);
    if (expected !== "tokens") return;
    known.state = "used";
    assert.equal(status, 200);
    assert.equal((await whoami(broker, String(json["access_token"]))).status, 200);
  });

/** RFC 8628 section 3.5, written once more. */
function answerOf(known: Known, now: number): string {
  if (known.state === "used") return "invalid_grant";
  if (now >= known.end) return "expired_token";
  if (known.state === "denied") return "access_denied";
  if (known.state === "approved") return "tokens";
  const early = known.polled !== undefined && now - known.polled < known.pace - 1;
  known.polled = now;
  if (early) known.pace = Math.min(60, known.pace + 5);
  return early ? "slow_down" : "authorization_pending";
}

const saying = (at: number, yes: boolean): Command =>
  about(at, yes ? "approve" : "deny", async (known, { now }, house) => {
    const counts = known.state === "pending" && now < known.end;
    assert.equal(await say(house, known.codes.user_code, yes), counts);
    if (counts) known.state = yes ? "approved" : "denied";
  });

const tick = (seconds: number): Command => ({
  check: () => true,
  async run(model, { broker }) {
    model.now += seconds;
    broker.clock.time += seconds;
  },
  toString: () => `tick ${seconds}`,
});

test("the device flow does what RFC 8628 says, in whatever order things happen", async (t) => {
  const house = await loginHouse(t);
  const at = fc.nat({ max: 7 });
  const commands = fc.commands<Model, House, false>(
    [
      fc.constant(start),
      at.map(polling),
      at.map(polling),
      fc.tuple(at, fc.boolean()).map(([one, yes]) => saying(one, yes)),
      fc.constantFrom(0.5, 1, 4, 5, 5, 10, 15, 60, 599, 600).map(tick),
    ],
    { maxCommands: 40, size: "max" },
  );
  await fc.assert(
    fc.asyncProperty(commands, async (list) => {
      const model = (): { model: Model; real: House } => ({
        model: { now: house.broker.clock.time, logins: [] },
        real: house,
      });
      await fc.asyncModelRun(model, list);
      house.broker.clock.time += 601; // The next run begins with nothing that waits.
    }),
    { numRuns: 20 },
  );
});

const ALPHABET = "BCDFGHJKLMNPQRSTVWXZ";

test("RFC 8628 §6.1: user codes are eight letters of twenty, all equally likely, and follow from the number", () => {
  const key = createSecretKey(Buffer.alloc(32, 7));
  const seen = new Map<string, number>();
  const codes = Array.from({ length: 40_000 }, (_, id) => userCodeOf(id * 1_000_003, key));
  for (const code of codes) {
    assert.match(code, /^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/);
    for (const letter of code.replace("-", "")) seen.set(letter, (seen.get(letter) ?? 0) + 1);
  }
  assert.deepEqual([...seen.keys()].toSorted().join(""), ALPHABET);
  for (const [letter, count] of seen) assert.ok(Math.abs(count - 16_000) < 600, `${letter}: ${count}`);
  assert.ok(new Set(codes).size >= 39_999);
  assert.equal(userCodeOf(1_000_003, key), codes[1]);
  assert.notEqual(userCodeOf(1_000_003, createSecretKey(Buffer.alloc(32, 8))), codes[1]);
});

// 20^8 codes. With one login waiting, five tries hit it with a probability below 2^-32; the tries are bounded by the page
// (pages/guesses.ts), the logins that wait by waiting-logins.ts.
test("RFC 8628 §5.1: the odds of guessing a user code", () => {
  const all = 20 ** 8;
  assert.ok(5 / all < 2 ** -32);
  assert.ok((5 * MOST_WAITING) / all < 1e-6);
});

test("RFC 8628 §6.1: a code is taken in any case, with dashes and spaces anywhere; look-alikes are none", async (t) => {
  const letters = fc.array(fc.constantFrom(...ALPHABET), { minLength: 8, maxLength: 8 });
  const between = fc.array(fc.constantFrom("", "-", " ", "--"), { minLength: 9, maxLength: 9 });
  const cases = fc.array(fc.boolean(), { minLength: 8, maxLength: 8 });
  fc.assert(
    fc.property(letters, between, cases, (code, gaps, upper) => {
      const typed = code.map((one, n) => (gaps[n] ?? "") + (upper[n] === true ? one : one.toLowerCase()));
      const text = code.join("");
      assert.equal(readUserCode(typed.join("") + (gaps[8] ?? "")), `${text.slice(0, 4)}-${text.slice(4)}`);
    }),
  );
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", maxLength: 20 }), (typed) => {
      const code = readUserCode(typed);
      assert.ok(
        code === undefined || code.replace("-", "") === typed.replaceAll(/[ \t-]/g, "").toUpperCase(),
      );
    }),
  );
  for (const typed of [
    "",
    "BCDF-GHJ",
    "BCDF-GHJKL",
    "ACDF-GHJK",
    "BCDF_GHJK",
    "BCDF–GHJK",
    "BCDF\u00a0GHJK",
    "ſſſſ-ſſſſ",
    "ΒCDF-GHJK",
    "ＢＣＤＦ-ＧＨＪＫ",
    "BCDF-GHJ\u212a",
    "BCDFGHJK\n",
    "B\u0301CDF-GHJK",
    `${" ".repeat(40)}BCDFGHJK`,
  ])
    assert.equal(readUserCode(typed), undefined, typed);
  const house = await loginHouse(t);
  const { user_code } = await begin(house.broker);
  const found = findByUserCode(house.core, ` ${user_code.toLowerCase().replace("-", " ")}`);
  assert.deepEqual([found?.userCode, found?.client, found?.bound], [user_code, "keywright", false]);
});

test("a login is found by its code after the pepper was rotated, and is not when that pepper is dropped", async (t) => {
  const house = await loginHouse(t);
  const { peppers } = house.core;
  const { user_code } = await begin(house.broker);
  peppers.rotate();
  assert.equal(findByUserCode(house.core, user_code)?.userCode, user_code);
  peppers.dropOld();
  assert.equal(findByUserCode(house.core, user_code), undefined);
});

test("neither codes nor tokens are in the database as they are", async (t) => {
  const house = await loginHouse(t);
  const { broker } = house;
  const begun = await begin(broker);
  assert.ok(await say(house, begun.user_code, true));
  const { json } = await poll(broker, begun.device_code);
  const secrets = [begun.device_code, begun.user_code, begun.user_code.replace("-", "")];
  secrets.push(String(json["access_token"]), String(json["refresh_token"]));
  for (const name of readdirSync(broker.data).filter((one) => one.startsWith("broker.db")))
    for (const secret of secrets) assert.ok(!readFileSync(join(broker.data, name)).includes(secret), name);
  for (const secret of secrets) assert.ok(!broker.logged.join("\n").includes(secret));
});
