// `keywright auth` at a menda cloud without metadata, and what it says before it asks any host.
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { shareLogin } from "../../src/account/login/share-login.ts";
import type { LoginOptions } from "../../src/cli/auth-login.ts";
import { runKeywright } from "../../src/cli/keywright.ts";
import { Secret } from "../../src/secret.ts";
import { json, PENDING, TOKENS } from "../account/login/device-cloud.ts";
import { HERE, mendaFor, placeFor } from "./auth-place.ts";

test("auth login at a menda cloud: by its own contract, shared as menda-cli would", async (t) => {
  const { cloud, clock } = await mendaFor(t, { polls: [PENDING, json(200, TOKENS)] });
  const place = placeFor(t, clock, {
    mendacfg: "# mine\n[work]\nhost = https://w.example\nauth_type = u2m\n",
  });
  assert.equal(await place.login({ host: cloud.host }, { browser: HERE }), undefined);
  assert.deepEqual(place.opened, [`${cloud.host}/device?user_code=BCDF-GHJK`]);
  assert.match(place.said.err, /as änn .*\n {2}shared with menda-keyring and menda-cli/);
  assert.match(
    readFileSync(place.home.tokens, "utf8"),
    /id_token = canary-id\.token\n.*\nrefresh_token = ?\n/,
  );
  assert.match(readFileSync(place.home.mendacfg, "utf8"), /^# mine\n\[work\]/);
  const rows = JSON.parse((await place.run("auth", "status", "--json")).out) as Record<string, unknown>[];
  assert.deepEqual(
    rows.map(({ profile, protocol, logged_in, shared }) => [profile, protocol, logged_in, shared]),
    [
      ["work", null, false, false],
      ["default", "menda", true, true],
    ],
  );
  const out = await place.run("auth", "logout");
  assert.match(out.err, /cannot be told: its token is good until/);
  assert.doesNotMatch(readFileSync(place.home.tokens, "utf8"), /canary/);
});

test("auth login --no-share-with-menda at a menda cloud keeps the token for keywright alone", async (t) => {
  const { cloud, clock } = await mendaFor(t);
  const place = placeFor(t, clock);
  assert.equal(await place.login({ host: cloud.host, shareWithMenda: false }, {}), undefined);
  assert.equal(existsSync(place.home.tokens), false);
  const { out, err } = await place.run("auth", "token");
  assert.deepEqual([out, err], ["canary-id.token", ""]);
});

test("auth login changes the host of a profile only when told to, and no token follows to the new host", async (t) => {
  const { cloud, clock } = await mendaFor(t);
  const place = placeFor(t, clock, { mendacfg: "[default]\nhost = https://old.example/\nauth_type = u2m\n" });
  shareLogin(place.home.path, "default", { accessToken: new Secret("canary-old"), expiresIn: 3600 }, clock);
  const asked = await place.login({ host: cloud.host }, {});
  assert.equal(asked?.code, "usage");
  assert.match(asked?.message ?? "", /the profile default is for https:\/\/old\.example, not for /);
  assert.equal(cloud.seen.length, 0);
  assert.equal(await place.login({ host: cloud.host, yes: true, shareWithMenda: false }, {}), undefined);
  assert.doesNotMatch(readFileSync(place.home.tokens, "utf8"), /canary-old/);
  assert.match(readFileSync(place.home.mendacfg, "utf8"), /host = http:\/\/127/);
});

test("auth login says what is missing", async (t) => {
  const clock = { time: 1_800_000_000, now: () => clock.time };
  const place = placeFor(t, clock, {
    mendacfg: "[ci]\nhost = https://h.example\nauth_type = m2m\n[empty]\nauth_type = u2m\n",
  });
  const rows: readonly (readonly [LoginOptions, string, RegExp])[] = [
    [{}, "configuration", /nothing says which host the profile default is for/],
    [{ profile: "empty" }, "configuration", /nothing says which host/],
    [{ profile: "ci" }, "configuration", /the profile ci is a machine's/],
    [{ host: "http://menda.example" }, "usage", /not of the form https/],
    [{ host: "https://u:p@menda.example" }, "usage", /not of the form https/],
    [{ profile: "DEFAULT", host: "https://menda.example" }, "usage", /not a name for a profile/],
  ];
  for (const [options, code, said] of rows) {
    const error = await place.login(options, {});
    assert.equal(error?.code, code, JSON.stringify(options));
    assert.match(error?.message ?? "", said);
  }
});

test("auth login warns when a machine of the environment comes first", async (t) => {
  const { cloud, clock } = await mendaFor(t);
  const env = { MENDA_CLIENT_ID: "i", MENDA_CLIENT_SECRET: "canary-s", MENDA_HOST: "https://h.example" };
  const place = placeFor(t, clock, { env });
  assert.equal(await place.login({ host: cloud.host }, {}), undefined);
  assert.match(place.said.err, /keyring uses that machine and not this login/);
  const [row] = JSON.parse((await place.run("auth", "status", "--json")).out) as Record<string, unknown>[];
  assert.deepEqual([row?.["profile"], row?.["source"]], [null, "machine"]);
});

test("auth token shows no token to a terminal unless told to", async (t) => {
  const { cloud, clock } = await mendaFor(t);
  const place = placeFor(t, clock);
  await place.login({ host: cloud.host }, {});
  const terminal = { ...place.context, terminal: true };
  assert.equal(await runKeywright(["auth", "token"], terminal), 2);
  assert.doesNotMatch(place.said.out, /canary/);
  assert.equal(await runKeywright(["auth", "token", "--show"], terminal), 0);
  assert.match(place.said.out, /canary-id\.token\n$/);
});

test("a home folder has to be there", async (t) => {
  const place = placeFor(t, { time: 0, now: () => 0 });
  assert.equal(await runKeywright(["auth", "status"], { ...place.context, home: undefined }), 3);
});

test("auth logout: a login of menda-cli is left and named, and leased passwords go", async (t) => {
  const { cloud, clock } = await mendaFor(t);
  const place = placeFor(t, clock);
  assert.equal(await place.login({ host: cloud.host, shareWithMenda: false }, {}), undefined);
  shareLogin(place.home.path, "default", { accessToken: new Secret("canary-cli"), expiresIn: 3600 }, clock);
  const leases = join(place.home.path, ".cache", "keywright", "leases");
  mkdirSync(leases, { recursive: true });
  writeFileSync(join(leases, "one.json"), "canary-lease");
  const out = await place.run("auth", "logout");
  assert.equal(out.status, 0);
  assert.match(out.err, /a login of menda-cli is left under the profile default; it goes with --all/);
  assert.deepEqual(readdirSync(leases), []);
  const again = await place.run("auth", "logout");
  assert.equal(again.status, 7);
  assert.match(again.err, /the login under the profile default is menda-cli's/);
  assert.equal((await place.run("auth", "logout", "--all")).status, 0);
  assert.doesNotMatch(readFileSync(place.home.tokens, "utf8"), /canary/);
});
