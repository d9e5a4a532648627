// `keywright auth status`: what it says of logins that end with their token, and which profile it calls the one in use. And
// what whoever never logged in is told by the others.
import assert from "node:assert/strict";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { loginFolder, loginStore } from "../../src/account/login/login-store.ts";
import { aLogin } from "../account/login/login.ts";
import { placeFor } from "./auth-place.ts";

const HOST = "http://127.0.0.1:9"; // Nothing listens there.
const clock = { time: 1_800_000_000, now: () => clock.time };

test("a job's login is renewed only where its identity is: without it, it ends with its token", async (t) => {
  const job = { GITLAB_CI: "true", KEYWRIGHT_ID_TOKEN: "canary-identity" };
  for (const { env, after, logged } of [
    { env: job, after: 0, logged: true },
    { env: job, after: 700, logged: true },
    { env: {}, after: 0, logged: true },
    { env: {}, after: 700, logged: false },
  ]) {
    const place = placeFor(t, clock, { env, mendacfg: `[default]\nhost = ${HOST}\nauth_type = u2m\n` });
    const store = loginStore({ home: place.home.path, env: {}, clock });
    const times = { createdAt: clock.time - after, expiresAt: clock.time - after + 600 };
    const tokenEndpoint = `${HOST}/oauth2/token`;
    const made = { ...aLogin({ host: HOST }), ...times, tokenEndpoint, refreshToken: undefined };
    store.keep({ ...made, source: "workload", workload: "gitlab" });
    const { status, out } = await place.run("auth", "status", "--json");
    const [row] = JSON.parse(out) as Record<string, unknown>[];
    assert.deepEqual(
      [status, row?.["logged_in"], row?.["refreshable"]],
      [logged ? 0 : 5, logged, env === job],
    );
  }
});

test("the profile in use is that of the environment, or default, whichever is asked about", async (t) => {
  const mendacfg = `[default]\nhost = ${HOST}\nauth_type = u2m\n[work]\nhost = ${HOST}\nauth_type = u2m\n`;
  const place = placeFor(t, clock, { mendacfg });
  assert.match((await place.run("auth", "status", "--profile", "work")).out, /^work: not logged in$/m);
  assert.match(
    (await place.run("auth", "status")).out,
    /^default \(in use\): not logged in\n[^]*^work: not/m,
  );
});

test("whoever never logged in is told a command that is there", async (t) => {
  const nothing = await placeFor(t, clock).run("auth", "token");
  assert.equal(nothing.status, 3);
  assert.match(nothing.err, /^ {2}Run 'keywright auth login --host https:\/\/HOST', or set MENDA_CLIENT_ID/m);
  const place = placeFor(t, clock, { mendacfg: `[work]\nhost = ${HOST}\nauth_type = u2m\n` });
  assert.match((await place.run("auth", "whoami")).err, /^ {2}Run 'keywright auth login' with --profile/m);
  const known = await place.run("auth", "whoami", "--profile", "work");
  assert.match(known.err, /^ {2}Run 'keywright auth login --profile work' again\.$/m);
});

test("a login that is damaged keeps no other one from being shown or ended; logout --all removes it", async (t) => {
  const place = placeFor(t, clock, { mendacfg: `[default]\nhost = ${HOST}\nauth_type = u2m\n` });
  const { path: home } = place.home;
  const login = { ...aLogin({ host: HOST }), expiresAt: clock.time + 600, createdAt: clock.time };
  const store = loginStore({ home, env: {}, clock });
  const damaged = join(loginFolder(home), "damaged.json");
  for (const all of [false, true]) {
    store.keep(login);
    writeFileSync(damaged, "canary-half", { mode: 0o600 });
    const status = await place.run("auth", "status");
    assert.equal(status.status, 0);
    assert.match(status.out, /^default \(in use\): logged in$/m);
    assert.match(status.err, /damaged\.json is damaged, or of another version\n {2}Remove it/);
    const { status: code, err } = await place.run("auth", "logout", ...(all ? ["--all"] : []));
    assert.equal(code, 0);
    assert.match(err, all ? /is damaged, .*; it was removed$/m : /is damaged, .*\n {2}Remove it/);
    assert.deepEqual([store.glance(HOST, "default"), existsSync(damaged)], [undefined, !all]);
  }
});
