import assert from "node:assert/strict";
import { test } from "node:test";
import { loginsIn, mendaAccount, type MendaAccount } from "../../src/account/account.ts";
import { cliAccount } from "../../src/account/cli-account.ts";
import { loginStore } from "../../src/account/login/login-store.ts";
import {
  KeywrightError,
  M2MProfileWithoutClientCredentialsError,
  MendaKeyRingError,
  NoCachedLoginError,
  ProfileNotFoundError,
  ProfileWithoutHostError,
} from "../../src/errors.ts";
import { mendaHome } from "./home.ts";
import { aLogin } from "./login/login.ts";

const NOW = 1_800_000_000;
const TRIO = {
  MENDA_CLIENT_ID: "env-id",
  MENDA_CLIENT_SECRET: "env-secret",
  MENDA_HOST: "https://env.example//",
};
const MACHINE = "auth_type = m2m\nhost = https://menda.example/\nclient_id = id\nclient_secret = se%%cret\n";
const LOGIN = `id_token = id-tok\naccess_token = acc-tok\nexpires_in = 3600\ncached_at = ${NOW - 10}\n`;

const section = (name: string) =>
  `[${name}]\nhost = https://${name}.example\nauth_type=m2m\nclient_id=i\nclient_secret=s\n`;

/** What an account holds, its secrets in the open. */
function shown(account: MendaAccount) {
  const cached = account.cached?.reveal();
  return account.kind === "machine"
    ? { ...account, clientSecret: account.clientSecret.reveal(), cached }
    : { ...account, cached };
}

test("mendaAccount() takes the machine of the environment first, and only when all three are set", (t) => {
  const home = mendaHome(t, { mendacfg: `[default]\n${MACHINE}` }).path;
  const machine = {
    kind: "machine",
    clientId: "env-id",
    clientSecret: "env-secret",
    host: "https://env.example",
  };
  const ask = (env: Record<string, string>) =>
    shown(mendaAccount({ env, home, now: NOW, profile: "default" }));
  assert.deepEqual(ask(TRIO), { ...machine, profile: undefined, cached: undefined });
  for (const name of Object.keys(TRIO)) assert.equal(ask({ ...TRIO, [name]: "" }).profile, "default", name);
});

test("mendaAccount() needs no home folder for the environment's machine, and says so for a profile", () => {
  assert.equal(mendaAccount({ env: TRIO, home: undefined, now: NOW }).host, "https://env.example");
  assert.throws(() => mendaAccount({ env: {}, home: undefined, now: NOW }), {
    code: "configuration",
    name: KeywrightError.name,
  });
});

test("mendaAccount() takes the profile that is named: by the caller, by MENDA_PROFILE_ID, else default", (t) => {
  const home = mendaHome(t, { mendacfg: section("default") + section("env") + section("given") }).path;
  const profile = (env: Record<string, string>, given?: string) =>
    mendaAccount({ env, home, now: NOW, ...(given === undefined ? {} : { profile: given }) }).profile;
  assert.equal(profile({}), "default");
  assert.equal(profile({ MENDA_PROFILE_ID: "env" }), "env");
  assert.equal(profile({ MENDA_PROFILE_ID: "env" }, "given"), "given");
});

test("mendaAccount() looks for a machine's cached login under the profile, or the client id of the environment", (t) => {
  const tokens = `[env-id]\naccess_token = of-id\n[default]\n${LOGIN}`;
  const home = mendaHome(t, { mendacfg: `[default]\n${MACHINE}`, tokens }).path;
  assert.equal(mendaAccount({ env: TRIO, home, now: NOW }).cached?.reveal(), "of-id");
  assert.deepEqual(shown(mendaAccount({ env: {}, home, now: NOW })), {
    kind: "machine",
    host: "https://menda.example",
    clientId: "id",
    clientSecret: "se%cret",
    profile: "default",
    cached: "id-tok",
  });
});

test("mendaAccount() takes a profile without auth_type as a person's", (t) => {
  const home = mendaHome(t, {
    mendacfg: "[default]\nhost = https://menda.example\n",
    tokens: `[default]\n${LOGIN}`,
  }).path;
  const expected = { kind: "user", host: "https://menda.example", profile: "default", cached: "id-tok" };
  assert.deepEqual(shown(mendaAccount({ env: {}, home, now: NOW })), expected);
});

test("mendaAccount() obeys the file that the caller names, and no MENDA_CONFIG_FILE by itself", (t) => {
  const home = mendaHome(t, { mendacfg: `[default]\n${MACHINE}` });
  const other = mendaHome(t, { mendacfg: `[default]\n${MACHINE.replace("menda.example", "other.example")}` });
  const env = { MENDA_CONFIG_FILE: other.mendacfg };
  assert.equal(mendaAccount({ env, home: home.path, now: NOW }).host, "https://menda.example");
  const given = mendaAccount({ env, home: home.path, now: NOW, configFile: other.mendacfg });
  assert.equal(given.host, "https://other.example");
});

test("mendaAccount() fails as menda-keyring does, and says what to do", (t) => {
  const rows: readonly (readonly [string | undefined, string, typeof KeywrightError, string, string])[] = [
    [
      undefined,
      "p",
      MendaKeyRingError,
      "configuration",
      "Menda config file not found at {cfg}. Run 'menda auth configure' first.",
    ],
    [
      "",
      "p",
      ProfileNotFoundError,
      "configuration",
      "No profile 'p' in {cfg}. Set MENDA_PROFILE_ID or add a [p] section.",
    ],
    [
      "",
      "",
      ProfileNotFoundError,
      "configuration",
      "No profile '' in {cfg}. Set MENDA_PROFILE_ID or add a [] section.",
    ],
    [
      "",
      "it's",
      ProfileNotFoundError,
      "configuration",
      `No profile "it's" in {cfg}. Set MENDA_PROFILE_ID or add a [it's] section.`,
    ],
    [
      "[P]\nhost=h",
      "p",
      ProfileNotFoundError,
      "configuration",
      "No profile 'p' in {cfg}. Set MENDA_PROFILE_ID or add a [p] section.",
    ],
    [
      "",
      "DEFAULT",
      ProfileWithoutHostError,
      "configuration",
      "Profile 'DEFAULT' has no host; set host = https://... in ~/.menda/mendacfg.",
    ],
    [
      "[p]\nhost =\n",
      "p",
      ProfileWithoutHostError,
      "configuration",
      "Profile 'p' has no host; set host = https://... in ~/.menda/mendacfg.",
    ],
    [
      "[p]\nhost=h\nauth_type=m2m\nclient_id=x",
      "p",
      M2MProfileWithoutClientCredentialsError,
      "configuration",
      "Profile 'p' has auth_type=m2m but is missing client_id or client_secret in mendacfg.",
    ],
    [
      "[p]\nhost=h\nauth_type=M2M\n",
      "p",
      NoCachedLoginError,
      "authentication",
      "No valid cached token for profile 'p'. Run `menda auth login` or use M2M (env vars or auth_type=m2m).",
    ],
  ];
  for (const [mendacfg, profile, kind, code, message] of rows) {
    const home = mendaHome(t, { mendacfg });
    assert.throws(
      () => mendaAccount({ env: { MENDA_PROFILE_ID: profile }, home: home.path, now: NOW }),
      (error) => {
        assert.ok(error instanceof kind && error.constructor === kind, String(error));
        assert.equal(error.message, message.replace("{cfg}", home.mendacfg));
        assert.equal(error.code, code);
        assert.ok(error.hint);
        return true;
      },
    );
  }
});

const CACHED = `[default]\naccess_token = theirs\nexpires_in = 3600\ncached_at = ${NOW - 10}\n`;

test("mendaAccount() takes a login of ours before the shared cache, for its own host and profile only", (t) => {
  const { path: home } = mendaHome(t, {
    mendacfg: `[default]\nhost = https://menda.example/\n[work]\nhost = https://menda.example\n[m]\n${MACHINE}`,
    tokens: `${CACHED}[work]\naccess_token = theirs\n`,
  });
  const logins = loginStore({ home, env: {}, clock: { now: () => NOW } });
  logins.keep(aLogin());
  const found = (options: Partial<Parameters<typeof mendaAccount>[0]> = {}) => {
    const account = mendaAccount({ env: {}, home, now: NOW, logins, ...options });
    const login = account.kind === "user" ? account.login?.profile : undefined;
    return [account.kind, account.cached?.reveal(), login];
  };
  assert.deepEqual(found(), ["user", "canary-access-0", "default"]);
  assert.deepEqual(found({ profile: "work" }), ["user", "theirs", undefined]);
  assert.deepEqual(found({ env: TRIO }), ["machine", undefined, undefined]);
  assert.deepEqual(found({ profile: "m" }), ["machine", undefined, undefined]);
  assert.deepEqual(found({ logins: undefined }), ["user", "theirs", undefined]);
  // Its token has ended, but it can be refreshed.
  assert.deepEqual(found({ now: NOW + 700 }), ["user", "canary-access-0", "default"]);
});

test("mendaAccount() passes over a login that has ended, and one that is only what the shared cache holds", (t) => {
  const { path: home } = mendaHome(t, {
    mendacfg: "[default]\nhost = https://menda.example\n",
    tokens: CACHED,
  });
  const logins = loginStore({ home, env: {}, clock: { now: () => NOW } });
  const cached = (now: number) => mendaAccount({ env: {}, home, now, logins }).cached?.reveal();
  logins.keep(aLogin({ refreshToken: undefined }));
  assert.equal(cached(NOW + 599), "canary-access-0");
  assert.equal(cached(NOW + 600), "theirs");
  // Whoever logged in last with menda-cli counts, as for the originals.
  logins.keep(aLogin({ refreshToken: undefined, tokenEndpoint: undefined, shared: true }));
  assert.equal(cached(NOW), "theirs");
  logins.keep(aLogin({ shared: true }));
  assert.equal(cached(NOW), "canary-access-0");
});

test("loginsIn() is undefined where nobody ever logged in", async (t) => {
  const { path: home } = mendaHome(t);
  const where = { env: {}, clock: { now: () => NOW } };
  assert.equal(await loginsIn(undefined, where), undefined);
  assert.equal(await loginsIn(home, where), undefined);
  loginStore({ home, ...where }).keep(aLogin());
  assert.ok((await loginsIn(home, where))?.glance("https://menda.example", "default"));
});

test("cliAccount() takes a login of ours first, too", (t) => {
  const { path: home, mendacfg } = mendaHome(t, {
    mendacfg: "[default]\nhost = https://menda.example\nauth_type = u2m\n",
    tokens: CACHED,
  });
  const logins = loginStore({ home, env: {}, clock: { now: () => NOW } });
  const options = { env: {}, home, now: NOW, profile: "default", configFile: mendacfg, logins };
  assert.equal(cliAccount(options).cached?.reveal(), "theirs");
  logins.keep(aLogin());
  assert.equal(cliAccount(options).cached?.reveal(), "canary-access-0");
});
