// The age backend: the contract in both formats, the store that real gopass wrote, files of the real program, and every way
// in which a file or an identity can be wrong.
import assert from "node:assert/strict";
import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { armor } from "age-encryption";
import { ageBackend } from "../../src/backends/age.ts";
import { KeywrightError, type ErrorCode } from "../../src/errors.ts";
import type { SecretRef } from "../../src/resolver/ref.ts";
import type { SecretStore } from "../../src/resolver/store.ts";
import {
  ageHouse,
  ageStore,
  encrypted,
  encryptedByPassphrase,
  FIXTURE,
  gopassFixture,
  PASSPHRASE,
  runAge,
  type AgeHouse,
} from "./age-house.ts";
import { ROOT, secretBackendContract, type Differences, type Place } from "./contract/contract.ts";
import { CONTEXT, located } from "./contract/locations.ts";

const inProcess: Differences = {
  instead: {
    "an answer that takes too long": {
      because: "nobody is asked: a file is opened in this process",
      async proof({ backend, store }) {
        await backend.check(store);
      },
    },
  },
};

async function rawPlace(): Promise<Place> {
  const house = await ageHouse();
  const env = { UNSET: undefined };
  const shut = house.file("shut.txt", await encryptedByPassphrase(readFileSync(house.keyFile, "utf8"), "x"));
  const store = ageStore({ folder: house.folder, identity_file: house.keyFile }, ROOT);
  const other = (options: SecretStore["options"]): SecretStore => ({
    ...store,
    options: { ...store.options, ...options },
  });
  const backend = ageBackend({ env });
  return {
    backend,
    store,
    put: house.put,
    locked: () => ({ backend, store: other({ identity_file: shut, passphrase_env: "UNSET" }) }),
    absent: () => ({ backend, store: other({ folder: join(house.folder, "nowhere") }) }),
    close: house.remove,
  };
}

async function gopassPlace(): Promise<Place> {
  const house = await ageHouse();
  const { folder, identities } = gopassFixture(house);
  const recipient = /age1\w+/.exec(readFileSync(join(FIXTURE, "key.txt"), "utf8"))?.[0] ?? "";
  const store = ageStore({ folder, gopass_identities: identities }, ROOT);
  const backend = ageBackend({ env: { GOPASS_AGE_PASSWORD: PASSPHRASE } });
  return {
    backend,
    store,
    async put(path, value) {
      house.file(`gopass/store/${path}.age`, await encrypted(value, recipient));
    },
    handedOut: (value) => value.split("\n")[0] ?? "",
    locked: () => ({ backend: ageBackend({ env: {} }), store }),
    absent: () => ({ backend, store: { ...store, options: { ...store.options, folder: "/nowhere" } } }),
    close: house.remove,
  };
}

secretBackendContract("age, single files", rawPlace, inProcess);
secretBackendContract("age, a gopass store", gopassPlace, inProcess);

let house: AgeHouse;
before(async () => {
  house = await ageHouse();
});
after(() => house.remove());

async function value(
  store: SecretStore,
  path: string,
  { env = {}, options }: { env?: Record<string, string>; options?: SecretRef["options"] } = {},
): Promise<string | undefined> {
  return (await ageBackend({ env }).retrieve(located(store, path, options), CONTEXT))?.reveal();
}

async function fails(code: ErrorCode, work: Promise<unknown>, says: RegExp): Promise<void> {
  await assert.rejects(work, (thrown) => {
    assert.ok(thrown instanceof KeywrightError, String(thrown));
    assert.equal(thrown.code, code, thrown.message);
    assert.match(`${thrown.message} ${thrown.hint}`, says);
    assert.doesNotMatch(`${thrown.message} ${thrown.hint}`, /AGE-SECRET-KEY-1/);
    return true;
  });
}

const own = (options: SecretStore["options"] = {}): SecretStore =>
  ageStore({ folder: house.folder, identity_file: house.keyFile, ...options });

interface Recorded {
  readonly plaintext_base64: Readonly<Record<string, string>>;
  readonly recorded: {
    readonly age: Readonly<Record<string, Readonly<Record<string, { readonly stdout_base64: string }>>>>;
  };
}

test("the store that gopass wrote gives what gopass itself answered for each entry, from both forms of the identity", async () => {
  const recorded = JSON.parse(readFileSync(join(FIXTURE, "..", "gopass-recorded.json"), "utf8")) as Recorded;
  const { folder, identities } = gopassFixture(house);
  const env = { GOPASS_AGE_PASSWORD: PASSPHRASE };
  const encryptedOne = ageStore({ folder, gopass_identities: identities });
  const plain = ageStore({ folder, identity_file: join(folder, "..", "key.txt"), format: "gopass" });
  const raw = ageStore({ folder, identity_file: join(folder, "..", "key.txt") });
  const backend = ageBackend({ env });
  const entries = Object.entries(recorded.plaintext_base64);
  assert.equal(entries.length, 8);
  for (const [path, plaintext] of entries) {
    const answered = (command: string): string =>
      Buffer.from(recorded.recorded.age[path]?.[command]?.stdout_base64 ?? "", "base64").toString();
    for (const store of [encryptedOne, plain]) {
      const get = async (options: SecretRef["options"]): Promise<string | undefined> =>
        (await backend.retrieve(located(store, path, options), CONTEXT))?.reveal();
      assert.equal(await get({}), answered("show -n -o"), path);
      assert.equal(await get({ body: true }), answered("show -n"), path);
    }
    const real = runAge("age", ["-d", "-i", join(folder, "..", "key.txt"), join(folder, `${path}.age`)]);
    assert.equal(await value(raw, path), real, path);
    assert.ok(real.startsWith(Buffer.from(plaintext, "base64").toString()), path);
  }
  assert.equal(await value(raw, "mxm/red/nope"), undefined);
  await fails("backend", value(raw, "mxm/red/marketdata"), /folder/);
});

test("an entry without a first line is refused, as gopass does; its body can be had", async () => {
  await house.put("only-body", Buffer.from("\nuser: bob"));
  await house.put("headers", Buffer.from("Content-Disposition: attachment\n\nAAAA"));
  await house.put("blank", Buffer.from("\n"));
  const store = own({ format: "gopass" });
  assert.equal(await value(store, "blank"), "");
  await fails("backend", value(store, "only-body"), /first line.*body: true/);
  await fails("backend", value(store, "headers"), /first line/);
  assert.equal(await value(store, "only-body", { options: { body: true } }), "\nuser: bob\n");
});

test("files that the real program wrote: binary, armored, for several recipients, and for a passphrase", async () => {
  const key = house.file("real.txt", "");
  writeFileSync(key, runAge("age-keygen", []));
  const recipient = /age1\w+/.exec(readFileSync(key, "utf8"))?.[0] ?? "";
  const plain = house.file("plain", "the real one");
  const out = (name: string): string => join(house.folder, `${name}.age`);
  runAge("age", ["-r", recipient, "-o", out("binary"), plain]);
  runAge("age", ["-a", "-r", recipient, "-o", out("armored"), plain]);
  runAge("age", ["-r", house.recipient, "-r", recipient, "-o", out("several"), plain]);
  runAge("age", ["-p", "-o", out("passphrase"), plain], "correct horse\ncorrect horse\n");
  const store = own({ identity_file: key });
  for (const name of ["binary", "armored", "several"]) assert.equal(await value(store, name), "the real one");
  const byPassphrase = ageStore({ folder: house.folder, passphrase_env: "AGE_PASSPHRASE" });
  const env = { AGE_PASSPHRASE: "correct horse" };
  assert.equal(await value(byPassphrase, "passphrase", { env }), "the real one");
  await fails("authentication", value(byPassphrase, "passphrase", { env: { AGE_PASSPHRASE: "no" } }), /open/);
  await fails("locked", value(byPassphrase, "passphrase"), /AGE_PASSPHRASE/);
});

test("an identity that does not fit is told apart from a damaged file", async () => {
  await house.put("mine", Buffer.from("mine"));
  const other = await ageHouse();
  const whole = readFileSync(join(house.folder, "mine.age"));
  const put = (name: string, bytes: string | Uint8Array): unknown => house.file(`store/${name}.age`, bytes);
  try {
    await fails("authentication", value(own({ identity_file: other.keyFile }), "mine"), /not encrypted to/);
    const flipped = Buffer.from(whole);
    flipped[flipped.length - 1] = (flipped.at(-1) ?? 0) ^ 1;
    const mac = Buffer.from(
      whole.toString("latin1").replace(/--- ./, (found) => (found === "--- A" ? "--- B" : "--- A")),
      "latin1",
    );
    const damaged = {
      flipped,
      mac,
      cut: whole.subarray(0, -3),
      short: whole.subarray(0, 40),
      text: "s3cret",
      none: "",
    };
    for (const [name, bytes] of Object.entries({
      ...damaged,
      armor: armor.encode(whole).replace("A", "*"),
    })) {
      put(name, bytes);
      await fails("backend", value(own(), name), /damaged/);
    }
    // The header alone decides that: nothing of what follows it was looked at.
    await fails(
      "authentication",
      value(own({ identity_file: other.keyFile }), "flipped"),
      /not encrypted to/,
    );
  } finally {
    other.remove();
  }
});

test("identities: missing, malformed, none of a usable kind, open to others, the wrong passphrase", async () => {
  await house.put("mine", Buffer.from("mine"));
  const key = readFileSync(house.keyFile, "utf8");
  const at = (name: string, text: string | Uint8Array, mode?: number): SecretStore =>
    own({ identity_file: house.file(`keys/${name}`, text, mode), passphrase_env: "PASS" });
  await fails("authentication", value(own({ identity_file: "/nowhere/key.txt" }), "mine"), /not there/);
  await fails("authentication", value(at("empty", "# nothing\n"), "mine"), /no identity/);
  await fails("authentication", value(at("plugin", "AGE-PLUGIN-YUBIKEY-1QQQQ\n"), "mine"), /no identity/);
  await fails("authentication", value(at("bad", key.replace(/.{4}\n$/, "QQQQ\n")), "mine"), /malformed/);
  await fails(
    "configuration",
    value(at("readable", key, 0o644), "mine"),
    /read by other users.*chmod go-rwx/,
  );
  await fails("configuration", value(at("writable", key, 0o602), "mine"), /written by other users/);
  assert.equal(await value(at("crlf", key.replaceAll("\n", "\r\n")), "mine"), "mine");
  assert.equal(await value(at("gopass-pair", `${key.trim()}|${house.recipient}\n`), "mine"), "mine");
  const shut = await encryptedByPassphrase(key, "open sesame");
  const env = { PASS: "open sesame" };
  assert.equal(await value(at("shut", shut), "mine", { env }), "mine");
  assert.equal(await value(at("shut-armored", armor.encode(shut)), "mine", { env }), "mine");
  await fails(
    "authentication",
    value(at("shut", shut), "mine", { env: { PASS: "wrong" } }),
    /passphrase in PASS/,
  );
  await fails("locked", value(at("shut", shut), "mine", { env: { PASS: "" } }), /PASS/);
  await fails("locked", value(own({ identity_file: house.file("keys/x", shut) }), "mine"), /passphrase_env/);
  await fails("locked", ageBackend({ env: {} }).check(at("shut", shut)), /PASS/);
});

test("a passphrase that would need more than a gibibyte of memory is refused before any work", async () => {
  const shut = Buffer.from(await encryptedByPassphrase("value", "p"));
  const heavy = Buffer.from(shut.toString("latin1").replace(/^(-> scrypt \S+) 10$/m, "$1 21"), "latin1");
  assert.notDeepEqual(heavy, shut);
  house.file("store/heavy.age", heavy);
  const store = ageStore({ folder: house.folder, passphrase_env: "P" });
  const begun = performance.now();
  await fails("backend", value(store, "heavy", { env: { P: "p" } }), /work factor/);
  assert.ok(performance.now() - begun < 1000);
});

test("a link may lead elsewhere in the folder, not out of it; what others could have written is refused", async () => {
  await house.put("real/one", Buffer.from("linked"));
  const outside = house.file("outside/two.age", readFileSync(join(house.folder, "real", "one.age")));
  symlinkSync("real/one.age", join(house.folder, "inside.age"));
  symlinkSync(outside, join(house.folder, "leads-out.age"));
  symlinkSync(join(outside, ".."), join(house.folder, "folder-out"));
  symlinkSync("nothing.age", join(house.folder, "dangling.age"));
  assert.equal(await value(own(), "inside"), "linked");
  await fails("configuration", value(own(), "leads-out"), /leads out/);
  await fails("configuration", value(own(), "folder-out/two"), /leads out/);
  assert.equal(await value(own(), "dangling"), undefined);
  await house.put("open/file", Buffer.from("x"));
  chmodSync(join(house.folder, "open", "file.age"), 0o666);
  await fails("configuration", value(own(), "open/file"), /written by other users/);
  chmodSync(join(house.folder, "open", "file.age"), 0o600);
  assert.equal(await value(own(), "open/file"), "x");
  chmodSync(join(house.folder, "open"), 0o777);
  await fails("configuration", value(own(), "open/file"), /written by other users/);
  mkdirSync(join(house.folder, "is-a-folder.age"));
  await fails("backend", value(own(), "is-a-folder"), /folder/);
});

test("identities are opened once while their file stays the same, and anew when it is replaced", async () => {
  await house.put("rotated", Buffer.from("first"));
  const next = await ageHouse();
  try {
    const shut = await encryptedByPassphrase(readFileSync(house.keyFile, "utf8"), "p", 15);
    const file = house.file("rotating.txt", shut);
    const store = own({ identity_file: file, passphrase_env: "P" });
    const backend = ageBackend({ env: { P: "p" } });
    const get = async (): Promise<string | undefined> =>
      (await backend.retrieve(located(store, "rotated"), CONTEXT))?.reveal();
    const timed = async (): Promise<number> => {
      const begun = performance.now();
      assert.equal(await get(), "first");
      return performance.now() - begun;
    };
    const first = await timed();
    const again = Math.min(await timed(), await timed(), await timed());
    assert.ok(again < first / 2, `${again} ms after ${first} ms`);
    house.file("rotating.txt", readFileSync(next.keyFile));
    await assert.rejects(get(), { code: "authentication" });
    house.file("store/rotated.age", await encrypted("second", next.recipient));
    assert.equal(await get(), "second");
  } finally {
    next.remove();
  }
});
