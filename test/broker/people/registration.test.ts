// The registration of a passkey by a software authenticator: each check of WebAuthn Level 3 section 7.1 by an answer that
// fails it alone, and what an invitation is good for.
import assert from "node:assert/strict";
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { test } from "node:test";
import { administer } from "../../../src/broker/admin.ts";
import { finishRegistration, passkeyRegistrationOptions } from "../../../src/broker/people/passkeys.ts";
import { authenticator, type Changes, type Sent } from "./authenticator.ts";
import { entries, peopleHouse, visitor } from "./house.ts";
import { BOTH, invited, register, URL_OF_OURS, having } from "./passkey-place.ts";

test("what the browser is asked for: a discoverable passkey of this host with a verified person, no attestation", async (t) => {
  const house = peopleHouse(t);
  const start = await passkeyRegistrationOptions(
    house.core,
    await visitor(house).browser(),
    await invited(house),
  );
  assert.ok(start.ok);
  const asked = start.publicKey as Record<string, unknown>;
  const { challenge, user, ...rest } = asked as { challenge: string; user: { id: string } };
  assert.match(challenge, /^[\w-]{43}$/);
  assert.match(user.id, /^[\w-]{43}$/, "no word of who it is");
  assert.deepEqual(rest, {
    rp: { id: "keywright.example", name: "keywright at keywright.example" },
    pubKeyCredParams: [-7, -8, -257].map((alg) => ({ type: "public-key", alg })),
    timeout: 300_000,
    excludeCredentials: [],
    authenticatorSelection: {
      residentKey: "required",
      requireResidentKey: true,
      userVerification: "required",
    },
    attestation: "none",
  });
});

const otherKey = Buffer.from(
  generateKeyPairSync("ec", { namedCurve: "P-384" }).publicKey.export({ type: "spki", format: "der" }),
).toString("base64url");
const weakKey = Buffer.from(
  generateKeyPairSync("rsa", { modulusLength: 1024 }).publicKey.export({ type: "spki", format: "der" }),
).toString("base64url");
const REGISTRATION: readonly (readonly [string, Changes, Sent, RegExp])[] = [
  ...BOTH,
  ["an answer of a login", { type: "webauthn.get" }, {}, /ceremony/],
  ["no credential", { flags: 0x05 }, {}, /no credential/],
  ["another credential's id", { attestedId: randomBytes(32) }, {}, /another one/],
  ["an id that is too short", { attestedId: randomBytes(8) }, { id: "" }, /another one|length/],
  ["a key of another curve", {}, { publicKey: otherKey }, /algorithm/],
  ["a weak key", {}, { publicKey: weakKey, publicKeyAlgorithm: -257 }, /algorithm/],
  ["a key that is none", {}, { publicKey: "AAAA" }, /algorithm/],
  ["an algorithm that nobody asked for", {}, { publicKeyAlgorithm: -65535 }, /algorithm/],
  ["an algorithm of another key", {}, { publicKeyAlgorithm: -8 }, /algorithm/],
];

test("WebAuthn §7.1: what is wrong with a registration makes no passkey, and leaves the invitation", async (t) => {
  const house = peopleHouse(t);
  const invite = await invited(house);
  for (const [name, changes, sent, reason] of REGISTRATION) {
    const key = authenticator(URL_OF_OURS);
    const end = await register(house, visitor(house), key, invite, having(sent), changes);
    assert.deepEqual(end, { ok: false, failure: "bad_passkey" }, name);
    assert.match(String(entries(house, "user_login").at(-1)?.["reason"]), reason, name);
  }
  assert.equal(house.core.db.users(0)[0]?.passkeys, 0);
  assert.ok((await register(house, visitor(house), authenticator(URL_OF_OURS), invite)).ok);
});

test("an invitation ends after a day, with the user, and cannot be swapped under way", async (t) => {
  const house = peopleHouse(t);
  const { data, clock, core } = house;
  const [first, second] = [await invited(house, "anna"), await invited(house, "bert")];
  const who = visitor(house);
  const start = await passkeyRegistrationOptions(core, await who.browser(), first);
  assert.ok(start.ok);
  const body = { ...authenticator(URL_OF_OURS).create(start.publicKey as Sent), invite: second };
  const swapped = await finishRegistration(core, await who.browser(), who.incoming(), body);
  assert.deepEqual(swapped, { ok: false, failure: "bad_invite" });
  await administer({ data, clock }, { op: "user_disable", name: "bert" }, { by: "tester" });
  await administer({ data, clock }, { op: "user_enable", name: "bert" }, { by: "tester" });
  const key = authenticator(URL_OF_OURS);
  assert.deepEqual(await register(house, visitor(house), key, second), { ok: false, failure: "bad_invite" });
  clock.time += 86_400;
  assert.deepEqual(await register(house, visitor(house), key, first), { ok: false, failure: "bad_invite" });
  for (const text of ["", "kwi_", `${first}x`, `${first.slice(0, -1)}${first.endsWith("A") ? "B" : "A"}`])
    assert.deepEqual(await register(house, visitor(house), key, text), { ok: false, failure: "bad_invite" });
});
