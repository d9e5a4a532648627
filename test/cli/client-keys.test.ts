// `keywright client create --public-key`, as a process: what it prints, what it refuses, what list and rotate say of it.
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { CHECKOUT, place } from "./admin-place.ts";

test("a client that signs: created, listed, not rotated", async (t) => {
  const here = place(t, CHECKOUT);
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const file = (name: string, text: string): string => {
    writeFileSync(join(here.folder, name), text);
    return join(here.folder, name);
  };
  const publicFile = file("bot.pem", publicKey.export({ type: "spki", format: "pem" }) as string);
  const privateFile = file("bot.key", privateKey.export({ type: "pkcs8", format: "pem" }) as string);
  const create = (...args: readonly string[]) =>
    here.run("client", "create", "bot", "--principal", "ci", ...args);

  const wrong = await create("--public-key", privateFile);
  assert.deepEqual([wrong.code, wrong.out], [2, ""]);
  assert.match(wrong.err, /this is a private key/);
  assert.match(wrong.err, /openssl pkey -in/);
  const missing = await create("--public-key", join(here.folder, "none.pem"));
  assert.equal(missing.code, 2);
  assert.match(missing.err, /none\.pem cannot be read/);
  assert.match((await create("--menda", "--public-key", publicFile)).err, /no secret that it could send/);
  const taken = await here.run("client", "create", "keywright", "--principal", "ci");
  assert.equal(taken.code, 2);
  assert.match(taken.err, /the program that people log in with/);

  const made = await create("--public-key", publicFile);
  assert.equal(made.code, 0, made.err);
  assert.match(made.out, /^client_id {3}bot\npublic_key {2}ES256 [A-Za-z0-9_-]{43}\n$/);
  assert.match(made.err, /private_key_jwt.*aud is the broker's URL/);
  const thumbprint = /ES256 (.*)\n/.exec(made.out)?.[1];
  const list = (await here.json("client", "list")) as unknown as readonly Record<string, unknown>[];
  assert.deepEqual(
    list.map(({ client_id, public_keys }) => [client_id, public_keys]),
    [["bot", [{ alg: "ES256", kid: null, thumbprint }]]],
  );
  assert.match((await here.run("client", "list")).out, new RegExp(`signs ES256 ${thumbprint}`));
  const rotated = await here.run("client", "rotate", "bot");
  assert.equal(rotated.code, 2);
  assert.match(rotated.err, /signs with a key of its own.*\n.*client revoke bot/);

  await here.json("server", "rotate-pepper");
  const dropped = await here.run("server", "rotate-pepper", "--drop-old");
  assert.equal(dropped.code, 0, `it waits for no new pepper: ${dropped.err}`);
});

test("over the socket of a running server, and as JSON", async (t) => {
  const here = place(t, CHECKOUT);
  await here.serve();
  const { publicKey } = generateKeyPairSync("ed25519");
  const file = join(here.folder, "bot.jwk");
  writeFileSync(file, JSON.stringify({ keys: [{ ...publicKey.export({ format: "jwk" }), kid: "one" }] }));
  const made = await here.json("client", "create", "bot", "--principal", "ci", "--public-key", file);
  const keys = made["public_keys"] as readonly Record<string, unknown>[];
  assert.deepEqual(Object.keys(made), ["client_id", "public_keys"]);
  assert.deepEqual([made["client_id"], keys[0]?.["alg"], keys[0]?.["kid"]], ["bot", "EdDSA", "one"]);
});
