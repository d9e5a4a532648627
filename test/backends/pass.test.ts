import assert from "node:assert/strict";
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test, type TestContext } from "node:test";
import { passBackend } from "../../src/backends/pass.ts";
import type { Environment } from "../../src/io/spawn.ts";
import type { SecretRef } from "../../src/resolver/ref.ts";
import type { SecretStore } from "../../src/resolver/store.ts";
import { ROOT, secretBackendContract, type Place } from "./contract/contract.ts";
import { CONTEXT, forged, located } from "./contract/locations.ts";
import { RECORDED } from "./gopass-stand-in.ts";
import { gpgHome, type GpgHome } from "./gpg-home.ts";

const STORE = join(import.meta.dirname, "..", "fixtures", "gopass-gpg", "store");
const PATH = process.env["PATH"];
const nobody = (): undefined => undefined;

function backendWith(gpg: GpgHome, env: Environment = {}) {
  const all = { PATH, HOME: gpg.folder, GNUPGHOME: gpg.folder, ...env };
  return passBackend({ env: all, home: gpg.folder, terminal: nobody });
}

function storeAt(folder: string, options: SecretStore["options"] = {}, root = ROOT): SecretStore {
  return { name: "team", backend: "pass", root, options: { folder, ...options } };
}

function newStore(gpg: GpgHome): { readonly folder: string; put(path: string, value: Uint8Array): void } {
  const folder = join(gpg.folder, "password-store");
  mkdirSync(folder);
  writeFileSync(join(folder, ".gpg-id"), `${gpg.key}\n`);
  return {
    folder,
    put(path, value) {
      const file = join(folder, `${path}.gpg`);
      mkdirSync(dirname(file), { recursive: true });
      gpg.encrypt(file, value);
    },
  };
}

/** A `pass` that writes down its arguments and then is the real one: the value must be in none of them. */
function listening(gpg: GpgHome): { readonly bin: string; argv(): readonly (readonly string[])[] } {
  const bin = join(gpg.folder, "bin");
  const log = join(gpg.folder, "argv");
  mkdirSync(bin);
  writeFileSync(log, "");
  const script = `#!/bin/bash\nprintf '%s\\0' "$@" $'\\n' >> '${log}'\nexec /usr/bin/pass "$@"\n`;
  writeFileSync(join(bin, "pass"), script, { mode: 0o755 });
  const argv = () =>
    readFileSync(log, "utf8")
      .split("\n\0")
      .filter((line) => line !== "")
      .map((line) => line.split("\0").slice(0, -1));
  return { bin, argv };
}

function makePlace(body: boolean): Place {
  const gpg = gpgHome("fixture");
  const locked = gpgHome("passphrase");
  const { folder, put } = newStore(gpg);
  const shut = newStore(locked);
  const { bin, argv } = listening(gpg);
  for (const path of ["shut", "hangs"]) shut.put(`${ROOT}/${path}`, Buffer.from("shut-away"));
  return {
    backend: backendWith(gpg, { PATH: `${bin}:${PATH}` }),
    store: storeAt(folder),
    refOptions: { body },
    put,
    ...(body ? {} : { handedOut: (value: string) => value.split("\n")[0] ?? "" }),
    locked() {
      locked.pinentry(ASK("echo 'ERR 83886179 Operation cancelled <Pinentry>'"));
      return { backend: backendWith(locked), store: storeAt(shut.folder) };
    },
    hanging() {
      locked.pinentry(ASK("for i in $(seq 100); do sleep 0.2; done"));
      return { backend: backendWith(locked), store: storeAt(shut.folder, { timeout: 0.5 }) };
    },
    absent: () => ({ backend: backendWith(gpg, { PATH: gpg.folder }), store: storeAt(folder) }),
    argv,
    running: () => [locked.pinentryPid() ?? []].flat(),
    close() {
      gpg.close();
      locked.close();
    },
  };
}

const ASK = (answer: string): string =>
  `echo OK ready\nwhile read -r line; do case "$line" in "GETINFO pid") echo "D $$"; echo OK;; GETPIN*) ${answer};; BYE*) echo OK; exit;; *) echo OK;; esac; done`;

for (const body of [false, true]) {
  secretBackendContract(body ? "pass (body)" : "pass", () => makePlace(body), {
    timedOutSays: /locked, or waiting for touch or PIN/,
  });
}

const { plaintext_base64: PLAIN } = JSON.parse(readFileSync(RECORDED, "utf8")) as {
  plaintext_base64: Record<string, string>;
};

type Get = (path: string, options?: SecretRef["options"], store?: SecretStore) => Promise<string | undefined>;

/** The store that gopass wrote, with its key. */
function fixture(t: TestContext, env: Environment = {}): GpgHome & { readonly get: Get } {
  const gpg = gpgHome("fixture");
  t.after(gpg.close);
  const backend = backendWith(gpg, env);
  const get: Get = async (path, options, store = storeAt(STORE)) =>
    (await backend.retrieve(located(store, path, options), CONTEXT))?.reveal();
  return { ...gpg, get };
}

test("the gpg store that gopass wrote: first lines, bodies, a missing entry, a folder, a climbing path", async (t) => {
  const { get, folder } = fixture(t);
  for (const [path, base64] of Object.entries(PLAIN)) {
    if (!path.startsWith(`${ROOT}/`)) continue;
    const plain = Buffer.from(base64, "base64").toString();
    const relative = path.slice(ROOT.length + 1);
    assert.equal(await get(relative), plain.split("\n")[0], path);
    // gopass itself ends what it stores with a newline.
    assert.equal((await get(relative, { body: true }))?.replace(/\n$/, ""), plain.replace(/\n$/, ""), path);
  }
  assert.equal(await get("nope"), undefined);
  await assert.rejects(get("marketdata"), { code: "backend", message: /a folder/ });
  assert.throws(() => located(storeAt(STORE), "../black/only_in_black"), { code: "configuration" });
  const climbing = forged(storeAt(STORE), "mxm/red/../black/only_in_black");
  const backend = passBackend({ env: { PATH, HOME: folder, GNUPGHOME: folder }, home: folder });
  await assert.rejects(backend.retrieve(climbing, CONTEXT), { code: "configuration" });
  const black = storeAt(STORE, {}, "mxm/black");
  assert.equal(await get("only_in_black", {}, black), "black-secret");
});

test("without the option folder it is ~/.password-store, whatever PASSWORD_STORE_DIR says", async (t) => {
  const { get, folder } = fixture(t, {
    PASSWORD_STORE_DIR: "/nowhere",
    PASSWORD_STORE_GPG_OPTS: "--no-such",
  });
  const usual: SecretStore = { name: "team", backend: "pass", root: ROOT, options: {} };
  await assert.rejects(get("execution/broker_password", {}, usual), { code: "backend", hint: /pass init/ });
  symlinkSync(STORE, join(folder, ".password-store"));
  assert.equal(await get("execution/broker_password", {}, usual), "ex-broker-1");
});

test("an entry that is also a folder is an entry", async (t) => {
  const { get, folder } = fixture(t);
  cpSync(STORE, join(folder, "copy"), { recursive: true });
  const red = join(folder, "copy", ROOT);
  cpSync(join(red, "execution/broker_password.gpg"), join(red, "execution.gpg"));
  assert.equal(await get("execution", {}, storeAt(join(folder, "copy"))), "ex-broker-1");
});

test("a key that is not there is told from one that is locked, and from a file that is no entry", async (t) => {
  const { encrypt } = fixture(t);
  const none = gpgHome("empty");
  const shut = gpgHome("passphrase");
  t.after(() => (none.close(), shut.close()));
  const store = newStore(shut);
  store.put(`${ROOT}/a`, Buffer.from("v1"));
  const other = join(store.folder, ROOT, "other.gpg");
  encrypt(other, Buffer.from("v2"));
  writeFileSync(join(store.folder, ROOT, "text.gpg"), "no entry\n");
  const asked = (gpg: GpgHome, path: string) =>
    backendWith(gpg).retrieve(located(storeAt(store.folder), path), CONTEXT);
  const said = ["ERR 83886179 Operation cancelled <Pinentry>", "D wrong-one\\nOK"];
  for (const answer of said) {
    shut.pinentry(ASK(`printf '${answer}\\n'`));
    await assert.rejects(asked(shut, "a"), { code: "locked" }, answer);
  }
  shut.pinentry("exit 1");
  await assert.rejects(asked(shut, "a"), { code: "locked" });
  await assert.rejects(asked(none, "a"), { code: "authentication", message: /no key here/ });
  await assert.rejects(asked(shut, "other"), { code: "authentication", message: /no key here/ });
  await assert.rejects(asked(shut, "text"), { code: "authentication", message: /could not decrypt/ });
  shut.pinentry(ASK("printf 'D throw-away\\nOK\\n'"));
  assert.equal((await asked(shut, "a"))?.reveal(), "v1");
});

test("another program called pass is refused before it is asked for a value", async (t) => {
  const gpg = gpgHome("empty");
  t.after(gpg.close);
  const log = join(gpg.folder, "asked");
  mkdirSync(join(gpg.folder, "bin"));
  const script = `#!/bin/sh\necho "$1" >> '${log}'\necho my own password manager\n`;
  writeFileSync(join(gpg.folder, "bin", "pass"), script, { mode: 0o755 });
  const backend = backendWith(gpg, { PATH: `${gpg.folder}/bin:${PATH}` });
  for (const work of [backend.retrieve(located(storeAt(STORE), "a"), CONTEXT), backend.check(storeAt(STORE))])
    await assert.rejects(work, { code: "backend", message: /another program/, hint: /passwordstore/ });
  assert.deepEqual(new Set(readFileSync(log, "utf8").trim().split("\n")), new Set(["version"]));
});

test("check: a folder that is not there, or is no password store, is not ready", async (t) => {
  const gpg = gpgHome("empty");
  t.after(gpg.close);
  const backend = backendWith(gpg);
  await backend.check(storeAt(STORE));
  await assert.rejects(backend.check(storeAt(join(gpg.folder, "gone"))), { code: "backend", hint: /folder/ });
  await assert.rejects(backend.check(storeAt(gpg.folder)), { code: "backend", message: /\.gpg-id/ });
});
