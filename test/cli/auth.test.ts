// `keywright auth` at a real broker, whose person says yes and no.
import assert from "node:assert/strict";
import { existsSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { codeFor, loginHouse, say, type House } from "../broker/login-house.ts";
import { HERE, placeFor } from "./auth-place.ts";

/** The person confirms the code. */
const confirming = (house: House) => ({ waits: (code: string) => say(house, code, true) });

/** The person's browser, up to the loopback port. */
const browsing = (house: House, went: Promise<unknown>[]) => ({
  browser: HERE,
  open(page: string) {
    const asked = new URL(page).searchParams;
    const back = codeFor(house, Object.fromEntries(asked)).then((answer) =>
      fetch(`${asked.get("redirect_uri")}?${answer.toString()}`).then((reply) => reply.text()),
    );
    went.push(back);
  },
  wait: (_: number, signal?: AbortSignal) =>
    new Promise<void>((over) => signal?.addEventListener("abort", () => over())),
});

test("one command: auth login --host at a broker, by a code; bound, private, known, and gone after logout", async (t) => {
  const house = await loginHouse(t);
  const { url, clock } = house.broker;
  const place = placeFor(t, clock);
  assert.equal(await place.login({ host: url, json: true }, confirming(house)), undefined);
  const made = JSON.parse(place.said.out) as Record<string, unknown>;
  const { expires_at, ...rest } = made;
  assert.deepEqual(rest, {
    profile: "default",
    host: url,
    user: "anna",
    source: "device",
    workload: null,
    bound: true,
    shared: false,
  });
  assert.ok(Number(expires_at) > clock.time);
  assert.match(
    place.said.err,
    /✓ Logged in to \S+ as anna \(profile default\)\n {2}bound to this machine, good until .* UTC, renewed by itself\n/,
  );
  assert.match(readFileSync(place.home.mendacfg, "utf8"), /^\[default\]\nauth_type = u2m\nhost = http/);
  assert.equal(existsSync(place.home.tokens), false);

  const status = await place.run("auth", "status", "--json");
  const [row] = JSON.parse(status.out) as Record<string, unknown>[];
  const { file, expires_at: _, ...known } = row ?? {};
  assert.deepEqual(known, {
    profile: "default",
    host: url,
    protocol: "standard",
    logged_in: true,
    user: "anna",
    source: "device",
    bound: true,
    shared: false,
    refreshable: true,
  });
  assert.equal(statSync(String(file)).mode & 0o777, 0o600);
  assert.equal(status.status, 0);
  const who = await place.run("auth", "whoami", "--json");
  assert.equal((JSON.parse(who.out) as Record<string, unknown>)["username"], "anna");
  const token = await place.run("auth", "token", "--json");
  const { access_token, token_type } = JSON.parse(token.out) as Record<string, string>;
  assert.equal(token_type, "DPoP");
  assert.match(token.err, /no other program can use it/);
  const copied = await fetch(`${url}/api/v1/whoami`, {
    headers: { Authorization: `Bearer ${access_token}` },
  });
  assert.equal(copied.status, 401);

  assert.equal(house.core.db.sessions().length, 1);
  const out = await place.run("auth", "logout", "--json");
  assert.deepEqual(JSON.parse(out.out), [{ profile: "default", host: url, revoked: true }]);
  assert.equal(existsSync(String(file)), false);
  // RFC 7009 §2.1: the whole login has ended, not only what is kept here.
  assert.equal(house.core.db.sessions().length, 0);
  assert.equal((await place.run("auth", "status")).status, 5);
  assert.equal((await place.run("auth", "logout")).status, 7);
});

test("auth login in the browser of this machine, at a broker", async (t) => {
  const house = await loginHouse(t);
  const place = placeFor(t, house.broker.clock);
  const went: Promise<unknown>[] = [];
  assert.equal(await place.login({ host: house.broker.url, json: true }, browsing(house, went)), undefined);
  assert.match(String(await went[0]), /You can close this window/);
  const { source, bound, user } = JSON.parse(place.said.out) as Record<string, unknown>;
  assert.deepEqual([source, bound, user], ["browser", true, "anna"]);
});

test("auth login --share-with-menda: a bearer token where the originals look, and status says so", async (t) => {
  const house = await loginHouse(t);
  const { url, clock } = house.broker;
  const place = placeFor(t, clock);
  assert.equal(
    await place.login({ host: url, shareWithMenda: true, json: true }, confirming(house)),
    undefined,
  );
  const { bound, shared } = JSON.parse(place.said.out) as Record<string, unknown>;
  assert.deepEqual([bound, shared], [false, true]);
  const cache = readFileSync(place.home.tokens, "utf8");
  assert.match(
    cache,
    /^\[default\]\nid_token = ?\naccess_token = kw_\S+\nrefresh_token = ?\nexpires_in = 28[0-9]+\ntoken_type = Bearer\ncached_at = \d/,
  );
  const status = await place.run("auth", "status");
  assert.match(status.out, /shared with menda-keyring and menda-cli/);
  assert.match((await place.run("auth", "whoami")).out, /^username +anna$/m);
  // Then bound: what the originals could use goes.
  assert.equal(await place.login({ device: true }, confirming(house)), undefined);
  assert.doesNotMatch(readFileSync(place.home.tokens, "utf8"), /kw_/);
  assert.equal((await place.run("auth", "logout")).status, 0);
});

test("auth login: refused in the browser is told plainly, and nothing is kept", async (t) => {
  const house = await loginHouse(t);
  const place = placeFor(t, house.broker.clock);
  const error = await place.login({ host: house.broker.url }, { waits: (code) => say(house, code, false) });
  assert.deepEqual([error?.code, error?.message], ["denied", "the login was refused in the browser"]);
  assert.equal(existsSync(place.home.mendacfg), false);
  assert.equal((await place.run("auth", "status", "--json")).out, "[]\n");
});

test("auth login in CI: an identity that is there and broken is an error, --device is not asked for it", async (t) => {
  const house = await loginHouse(t);
  const { url, clock } = house.broker;
  const place = placeFor(t, clock, { env: { KEYWRIGHT_ID_TOKEN: "canary-broken" } });
  const error = await place.login({ host: url }, {});
  assert.notEqual(error, undefined);
  assert.doesNotMatch(`${error?.message} ${error?.hint} ${place.said.err}`, /canary/);
  assert.match(place.said.err, /found the identity of /);
  assert.equal(await place.login({ host: url, device: true }, confirming(house)), undefined);
});

test("auth login again: the login that it replaces ends at the broker, too; a second profile's does not", async (t) => {
  const house = await loginHouse(t);
  const { url, clock } = house.broker;
  const place = placeFor(t, clock);
  const sessions = (): readonly number[] => house.core.db.sessions().map(({ id }) => id);
  assert.equal(await place.login({ host: url, shareWithMenda: true }, confirming(house)), undefined);
  const [first] = sessions();
  assert.equal(await place.login({ device: true }, confirming(house)), undefined);
  const [second] = sessions();
  assert.deepEqual([sessions().length, second === first], [1, false]);
  assert.equal(await place.login({ host: url, profile: "work" }, confirming(house)), undefined);
  assert.equal(await place.login({ device: true }, confirming(house)), undefined);
  assert.deepEqual([sessions().length, sessions().includes(second ?? 0)], [2, false]);
  assert.equal((await place.run("auth", "token", "--json")).status, 0);
});

test("auth login where nothing can be kept: said before anybody confirms; what is granted in vain is ended", async (t) => {
  const house = await loginHouse(t);
  const { url, clock } = house.broker;
  const place = placeFor(t, clock);
  const state = join(place.home.path, ".local");
  writeFileSync(state, "in the way");
  const early = await place.login({ host: url }, {});
  assert.deepEqual([early?.code, early?.message.endsWith("cannot be written (ENOTDIR)")], ["backend", true]);
  assert.match(early?.hint ?? "", /writable/);
  assert.equal(place.said.err, "");
  const other = placeFor(t, clock);
  const waits = (code: string) => {
    say(house, code, true);
    symlinkSync("/proc/nowhere", join(other.home.path, ".menda"));
  };
  const late = await other.login({ host: url }, { waits });
  assert.deepEqual([late?.code, late?.message.includes("mendacfg cannot be written")], ["backend", true]);
  assert.equal(house.core.db.sessions().length, 0);
});
