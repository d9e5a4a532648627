// A login that has ended, and a hundred `keyring get` at once: the host is asked for one refresh, and every one has its token.
// Each asks for another index, so that no lease of one is an answer for another; and once more for the same index.
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { after, test, type TestContext } from "node:test";
import { dpopKey } from "../../src/account/login/dpop-key.ts";
import { loginFolder, loginStore, type LoginStore } from "../../src/account/login/login-store.ts";
import { systemClock } from "../../src/io/clock.ts";
import { aLogin } from "../account/login/login.ts";
import { CONFIG as CONFIG_OF_BROKER } from "../broker/broker.ts";
import { entriesOf } from "../broker/entries.ts";
import { loggedIn, loginHouse, type House } from "../broker/login-house.ts";
import { Secret } from "../../src/secret.ts";
import { loginCloud, tidyClouds, type LoginCloud } from "../account/login/login-cloud.ts";
import { FORMS, plant, run, temporary, type Form, type Ran } from "./programs.ts";

after(tidyClouds);

const CONFIG = `stores: { menda: { backend: menda, options: { request_timeout: 60, timeout: 60 } } }
refs: { index: { store: menda, match: "*.packages.example", policy: registries } }
policies: { registries: { allowed_principals: [local_user] } }
`;

interface Place {
  readonly home: string;
  readonly cloud: LoginCloud;
  readonly store: LoginStore;
}

/** A person who logged in an hour ago, with a token of ten minutes; the refresh token is good. */
async function place(t: TestContext, bound: boolean): Promise<Place> {
  const home = temporary(t, "refresh");
  const where = { clock: systemClock, env: {} };
  const cloud = await loginCloud({ jkt: bound ? dpopKey(home, where).thumbprint : undefined });
  const { host } = cloud;
  plant(home, {
    ".config/keywright/config.yaml": CONFIG,
    ".menda/mendacfg": `[default]\nhost = ${host}\nauth_type = u2m\n`,
  });
  const store = loginStore({ home, ...where });
  const createdAt = systemClock.now() - 3600;
  const kind = bound ? {} : ({ bound, tokenType: "Bearer" } as const);
  const tokenEndpoint = `${host}/oauth2/token`;
  store.keep(aLogin({ host, tokenEndpoint, createdAt, expiresAt: createdAt + 600, ...kind }));
  return { home, cloud, store };
}

const executable = FORMS.find(({ name }) => name === "executable") as Form;

function get(home: string, index: string, form: Form = executable): Promise<Ran> {
  return run(form.program("keyring"), ["get", `https://${index}.packages.example/simple/`, "token"], {
    env: { HOME: home },
  });
}

for (const bound of [true, false]) {
  test(`a hundred at once on ${bound ? "a bound" : "an unbound"} login that has ended: one refresh, a hundred tokens`, async (t) => {
    const { home, cloud, store } = await place(t, bound);
    const ran = await Promise.all(Array.from({ length: 100 }, (_, n) => get(home, `i${n}`)));
    for (const { code, stdout, stderr } of ran) {
      assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
      assert.match(stdout, /^canary-registry-[0-9]+\n$/);
    }
    assert.deepEqual([cloud.granted, cloud.reused], [1, 0]);
    const asked = (what: string): number => cloud.asked.filter((one) => one === what).length;
    assert.deepEqual([asked("POST /oauth2/token"), asked("POST /api/v1/registry/token")], [1, 100]);
    assert.equal(store.find(cloud.host, "default")?.refreshToken?.reveal(), "canary-refresh-1");
    // Neither locks nor half-written files are left, and nobody else can read what is there.
    const [name, ...more] = readdirSync(loginFolder(home));
    assert.deepEqual(more, []);
    assert.equal(statSync(join(loginFolder(home), name ?? "")).mode & 0o777, 0o600);
    const audit = readFileSync(join(home, ".local/state/keywright/audit.jsonl"), "utf8");
    assert.doesNotMatch(audit, /canary/);
  });
}

for (const form of FORMS) {
  test(`${form.name}: a lease outlives the refreshes of its login, and ends for whoever logs in next`, async (t) => {
    const { home, cloud, store } = await place(t, true);
    const ask = async (): Promise<string> => {
      const { code, stdout, stderr } = await get(home, "one", form);
      assert.equal(code, 0, stderr);
      return stdout;
    };
    const first = await ask();
    const login = store.find(cloud.host, "default");
    assert.ok(login);
    await store.alone(cloud.host, "default", async () =>
      store.keep({ ...login, expiresAt: login.createdAt }),
    );
    assert.equal(await ask(), first);
    assert.equal(cloud.granted, 1);
    // Logged out: nothing is handed out, though the lease is still there.
    store.forget(cloud.host, "default");
    const none = await get(home, "one", form);
    assert.equal(none.code, 1);
    assert.match(none.stderr, /No valid cached token for profile 'default'\. Run `menda auth login`/);
    store.keep({ ...login, id: undefined });
    assert.notEqual(await ask(), first);
  });
}

/** A broker of ours in this process, by the system's clock, with a person who logged in on this machine by the device flow. */
async function brokerPlace(t: TestContext): Promise<{ home: string; house: House; store: LoginStore }> {
  const refs = CONFIG_OF_BROKER.refs.slice(0, 1).map((ref) => ({ ...ref, match: "*.packages.example" }));
  const house = await loginHouse(t, { config: { ...CONFIG_OF_BROKER, refs } });
  Object.defineProperty(house.broker.clock, "time", { get: () => systemClock.now() });
  const { url } = house.broker;
  const home = temporary(t, "refresh");
  plant(home, {
    ".config/keywright/config.yaml": CONFIG,
    ".menda/mendacfg": `[default]\nhost = ${url}\nauth_type = u2m\n`,
  });
  const where = { clock: systemClock, env: {} };
  const key = dpopKey(home, where);
  const headers = (path: string) => ({ DPoP: key.proof({ method: "POST", url: `${url}${path}` }) });
  const tokens = await loggedIn(house, { jkt: key.thumbprint, headers });
  const store = loginStore({ home, ...where });
  const createdAt = systemClock.now() - 3600;
  const held = { accessToken: new Secret(tokens.access), refreshToken: new Secret(tokens.refresh) };
  store.keep(
    aLogin({
      ...held,
      host: url,
      tokenEndpoint: `${url}/oauth2/token`,
      createdAt,
      expiresAt: createdAt + 600,
    }),
  );
  return { home, house, store };
}

test("a hundred at once at a broker of ours: one refresh, and nobody's session ends for reuse", async (t) => {
  const { home, house, store } = await brokerPlace(t);
  const ran = await Promise.all(Array.from({ length: 100 }, (_, n) => get(home, `i${n}`)));
  for (const { code, stdout, stderr } of ran) {
    assert.deepEqual({ code, stderr }, { code: 0, stderr: "" });
    assert.notEqual(stdout, "\n");
  }
  const entries = entriesOf(house.broker.data);
  const refreshed = entries.filter((entry) => entry["grant"] === "refresh_token");
  assert.deepEqual(
    refreshed.map(({ outcome }) => outcome),
    ["granted"],
  );
  assert.deepEqual(
    entries.filter(({ kind }) => kind === "session_ended"),
    [],
  );
  assert.ok(store.find(house.broker.url, "default"));
});

test("a lease of somebody with a login of ours loads four files more than one of a machine", async (t) => {
  const { home } = await place(t, true);
  const [checkout] = FORMS;
  const list = join(home, "modules");
  const ask = (options: Record<string, string>): Promise<Ran> =>
    run((checkout as Form).program("keyring"), ["get", "https://i.packages.example/simple/", "token"], {
      env: { HOME: home, MODULE_LIST: list, ...options },
    });
  const copy = join(home, ".cache/keywright/config-snapshot.json");
  for (let turn = 0; turn < 50 && !existsSync(copy); turn += 1) assert.equal((await ask({})).code, 0);
  const options = { NODE_OPTIONS: `--import=${join(import.meta.dirname, "module-list.mjs")}` };
  assert.equal((await ask(options)).code, 0);
  const golden = readFileSync(join(import.meta.dirname, "hot-path-modules.txt"), "utf8").split("\n");
  const more = readFileSync(list, "utf8")
    .trimEnd()
    .split("\n")
    .filter((name) => !golden.includes(name));
  const store = ["src/account/login/login-entry.ts", "src/account/login/login-store.ts"];
  assert.deepEqual(more.toSorted(), [...store, "src/io/keychain.ts", "src/io/programs.ts"]);
});
