import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { gopassBackend } from "../../src/backends/gopass.ts";
import type { KeywrightError } from "../../src/errors.ts";
import type { SecretRef } from "../../src/resolver/ref.ts";
import type { SecretStore } from "../../src/resolver/store.ts";
import { ROOT, secretBackendContract, type Place } from "./contract/contract.ts";
import { CONTEXT, forged, located } from "./contract/locations.ts";
import { gopassStandIn, RECORDED, type Mode, type StandIn } from "./gopass-stand-in.ts";

const STORE: SecretStore = { name: "red", backend: "gopass", root: ROOT, options: {} };

/** Much that gopass must not get, and what it needs. */
const HOSTILE = {
  HOME: "/home/somebody",
  GNUPGHOME: "/home/somebody/.gnupg",
  GOPASS_HOMEDIR: "/home/somebody",
  GOPASS_AGE_PASSWORD: "throwaway",
  XDG_RUNTIME_DIR: "/run/user/1000",
  DISPLAY: ":0",
  SSH_AUTH_SOCK: "/run/agent",
  LC_ALL: "de_DE.UTF-8",
  PASSWORD_STORE_DIR: "/home/somebody/elsewhere",
  GOPASS_CONFIG_COUNT: "0",
  GOPASS_DEBUG_LOG: "/tmp/log",
  GOPASS_GPG_OPTS: "--output /tmp/stolen",
  AWS_SECRET_ACCESS_KEY: "aws",
  KEYWRIGHT_CONFIG: "/tmp/config",
  NODE_OPTIONS: "--require /tmp/evil.js",
  LD_PRELOAD: "/tmp/evil.so",
};

function backendWith({ bin }: StandIn) {
  return gopassBackend({ env: { ...HOSTILE, PATH: `.:${bin}:` }, terminal: () => undefined });
}

function makePlace(body: boolean): Place {
  const program = gopassStandIn();
  const backend = backendWith(program);
  const inMode = (mode: Mode, options: SecretStore["options"] = {}) => {
    program.mode(mode);
    return { backend: later(program, backend), store: { ...STORE, options } };
  };
  return {
    backend,
    store: STORE,
    refOptions: { body },
    put: program.put,
    handedOut: body
      ? (value) => (value.endsWith("\n") ? value : `${value}\n`)
      : (value) => value.split("\n")[0] ?? "",
    locked: () => inMode("no pinentry"),
    hanging: () => inMode("hangs", { timeout: 0.5 }),
    absent: () => ({ backend: gopassBackend({ env: { PATH: "/nowhere:." } }), store: STORE }),
    argv: () => program.calls().map(({ argv }) => argv),
    running: program.running,
    close: program.close,
  };
}

/** The same backend, after whose answer the program is its old self. */
function later(program: StandIn, backend: Place["backend"]): Place["backend"] {
  return {
    ...backend,
    retrieve: (location, context) => backend.retrieve(location, context).finally(() => program.mode("1.16")),
  };
}

for (const body of [false, true]) {
  secretBackendContract(body ? "gopass (body)" : "gopass", () => makePlace(body), {
    timedOutSays: /locked, or waiting for touch or PIN/,
  });
}

function standIn(t: TestContext, mode: Mode = "1.16"): StandIn & { readonly get: Get } {
  const program = gopassStandIn();
  t.after(program.close);
  program.mode(mode);
  const backend = backendWith(program);
  const get: Get = async (path, options) =>
    (await backend.retrieve(located(STORE, path, options), CONTEXT))?.reveal();
  return { ...program, get };
}

type Get = (path: string, options?: SecretRef["options"]) => Promise<string | undefined>;

const { plaintext_base64: PLAIN } = JSON.parse(readFileSync(RECORDED, "utf8")) as {
  plaintext_base64: Record<string, string>;
};

for (const kind of ["age", "gpg"] as const) {
  test(`what gopass 1.16.1 answered (${kind} store): lines, bodies, a missing entry, a folder`, async (t) => {
    const { get } = standIn(t, `recorded ${kind}`);
    for (const [path, base64] of Object.entries(PLAIN)) {
      if (!path.startsWith(`${ROOT}/`)) continue;
      const plain = Buffer.from(base64, "base64").toString();
      const relative = path.slice(ROOT.length + 1);
      assert.equal(await get(relative), plain.split("\n")[0], path);
      assert.equal(await get(relative, { body: true }), plain.endsWith("\n") ? plain : `${plain}\n`, path);
    }
    for (const options of [{}, { body: true }]) {
      assert.equal(await get("nope", options), undefined);
      await assert.rejects(get("marketdata", options), { code: "backend", message: /a folder/ });
    }
  });

  test(`the climbing path that gopass answers (${kind} store) never gets there`, async (t) => {
    const { calls, bin } = standIn(t, `recorded ${kind}`);
    const climbing = "mxm/red/../black/only_in_black";
    const backend = gopassBackend({ env: { PATH: bin } });
    assert.throws(() => located(STORE, "../black/only_in_black"), { code: "configuration" });
    await assert.rejects(backend.retrieve(forged(STORE, climbing), CONTEXT), { code: "configuration" });
    assert.deepEqual(calls(), []);
  });
}

test("one process for a value, after one that shows which program it is", async (t) => {
  const { get, put, calls } = standIn(t);
  put(`${ROOT}/a`, Buffer.from("v1"));
  for (const options of [{}, {}, { body: true }]) await get("a", options);
  assert.deepEqual(
    calls().map(({ argv }) => argv),
    [
      ["--version"],
      ["show", "-n", "-o", "--", `${ROOT}/a`],
      ["show", "-n", "-o", "--", `${ROOT}/a`],
      ["show", "-n", "--", `${ROOT}/a`],
    ],
  );
});

test("what says where the store is and how it opens arrives, the user's other settings do not", async (t) => {
  const { get, calls } = standIn(t);
  await get("nope");
  const { env = {} } = calls().at(-1) ?? {};
  for (const name of [
    "HOME",
    "GNUPGHOME",
    "GOPASS_HOMEDIR",
    "GOPASS_AGE_PASSWORD",
    "DISPLAY",
    "SSH_AUTH_SOCK",
  ] as const)
    assert.equal(env[name], HOSTILE[name]);
  assert.deepEqual([env["GOPASS_CONFIG_COUNT"], env["GOPASS_GPG_OPTS"]], ["4", "--status-fd 2"]);
});

test("an entry whose text looks like a folder is an entry", async (t) => {
  const { get, put } = standIn(t);
  const bodies = [`${ROOT}/tree/\n├── a\n`, "\n├── a\n", "x (y)\nz\n"];
  for (const [at, body] of bodies.entries()) {
    put(`${ROOT}/tree${at}`, Buffer.from(body));
    assert.equal(await get(`tree${at}`, { body: true }), body);
  }
});

test("an entry that is also a folder is an entry", async (t) => {
  const { get, put } = standIn(t);
  put(`${ROOT}/both`, Buffer.from("v1\n"));
  put(`${ROOT}/both/inside`, Buffer.from("v2"));
  assert.equal(await get("both"), "v1");
  assert.equal(await get("both", { body: true }), "v1\n");
});

test("an empty first line above more is an error that names the option, not an empty value", async (t) => {
  const { get, put } = standIn(t);
  put(`${ROOT}/cat`, Buffer.from("\nContent-Transfer-Encoding: Base64\n\nAAEC\n"));
  await assert.rejects(get("cat"), { code: "backend", message: /empty first line/, hint: /body: true/ });
});

const FAILURES: readonly (readonly [Mode, string, RegExp, RegExp])[] = [
  ["uninitialised", "backend", /no store here yet/, /gopass init/],
  ["no pinentry", "locked", /passphrase, touch or PIN/, /Unlock/],
  ["locked key", "locked", /passphrase, touch or PIN/, /Unlock/],
  ["no key", "authentication", /no key here/, /Import the secret key/],
  ["wrong passphrase", "authentication", /no key here/, /passphrase/],
  ["broken", "backend", /exit code 11/, /by hand/],
  ["another program", "backend", /another program/, /Debian/],
];

for (const [mode, code, message, hint] of FAILURES) {
  test(`${mode}: ${code}, and none of what gopass says is repeated`, async (t) => {
    const { get, put, mode: set } = standIn(t, mode);
    put(`${ROOT}/a`, Buffer.from("v1"));
    const error = await get("a").then(
      () => assert.fail("answered"),
      (thrown: KeywrightError) => thrown,
    );
    assert.equal(error.code, code);
    assert.match(error.message, message);
    assert.match(error.hint ?? "", hint);
    assert.doesNotMatch(`${error.message}${error.hint}`, /panic|GNUPG|v-0123456789/);
    set("1.16");
    assert.equal(await get("a"), "v1", "the next question is not answered from the failure");
  });
}

test("1.17 has a code of its own for what is missing, and for what is empty", async (t) => {
  const { get, put } = standIn(t, "1.17");
  put(`${ROOT}/empty`, Buffer.from(""));
  put(`${ROOT}/headless`, Buffer.from("\nuser: bob\n"));
  assert.equal(await get("nope"), undefined);
  assert.equal(await get("empty"), "");
  await assert.rejects(get("headless"), { message: /empty first line/ });
});

test("check: not ready without a store, with another program, without a program; no value is shown for it", async (t) => {
  const { mode, calls, bin } = standIn(t);
  const backend = gopassBackend({ env: { ...HOSTILE, PATH: bin } });
  await backend.check(STORE);
  assert.deepEqual(
    calls().map(({ argv }) => argv.join(" ")),
    ["--version", "ls --flat"],
  );
  mode("uninitialised");
  await assert.rejects(backend.check(STORE), { code: "backend", message: /no store here yet/ });
  mode("another program");
  await assert.rejects(gopassBackend({ env: { PATH: bin } }).check(STORE), { message: /another program/ });
});

test("a gopass in the working directory is never run", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "keywright-here-"));
  const before = process.cwd();
  t.after(() => (process.chdir(before), rmSync(folder, { recursive: true })));
  writeFileSync(join(folder, "gopass"), `#!/bin/sh\ntouch '${folder}/was-run'\n`, { mode: 0o755 });
  process.chdir(folder);
  for (const PATH of ["", ".", ":", "./", "bin:.", undefined]) {
    const backend = gopassBackend({ env: { PATH } });
    await assert.rejects(backend.check(STORE), { code: "backend", message: /not on the PATH/ }, String(PATH));
  }
  assert.throws(() => readFileSync(join(folder, "was-run")));
});
