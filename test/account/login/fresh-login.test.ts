// Logins that are kept fresh: ahead of their end, once for all, and what happens when that does not work.
import assert from "node:assert/strict";
import { after, test, type TestContext } from "node:test";
import type { MendaAccount } from "../../../src/account/account.ts";
import { registryToken } from "../../../src/account/cloud.ts";
import { dpopKey } from "../../../src/account/login/dpop-key.ts";
import { freshLogin, loginSession, refreshMargin } from "../../../src/account/login/fresh-login.ts";
import { hostMemory } from "../../../src/account/host-memory.ts";
import type { KnownLogin, Login } from "../../../src/account/login/login-store.ts";
import { shareLogin } from "../../../src/account/login/share-login.ts";
import { findLogin } from "../../../src/account/token-cache.ts";
import { whoami } from "../../../src/account/whoami.ts";
import { NoCachedLoginError } from "../../../src/errors.ts";
import { createHttp } from "../../../src/io/http.ts";
import { Secret } from "../../../src/secret.ts";
import { aLogin, aPlace, NOW, type Place } from "./login.ts";
import { loginCloud, say, tidyClouds, type LoginCloud } from "./login-cloud.ts";

after(tidyClouds);

const QUESTION = { url: "https://aws.example/pypi/simple/", action: "read" } as const;

interface House extends Place {
  readonly cloud: LoginCloud;
  readonly options: Parameters<typeof freshLogin>[1];
  known(): KnownLogin;
}

async function house(t: TestContext, changes: Partial<Login> = {}): Promise<House> {
  const place = aPlace(t);
  const { home, store, clock } = place;
  const bound = changes.bound !== false;
  const cloud = await loginCloud({ jkt: bound ? dpopKey(home, { clock, env: {} }).thumbprint : undefined });
  const { host } = cloud;
  const login = aLogin({
    host,
    tokenEndpoint: `${host}/oauth2/token`,
    ...(bound ? {} : { tokenType: "Bearer" }),
  });
  store.keep({ ...login, ...changes });
  const http = createHttp({ env: {}, clock, requestTimeout: 5 });
  const options = { http, clock, store, home, env: {}, deadline: undefined };
  const known = (): KnownLogin => store.glance(host, "default") ?? assert.fail("nobody is logged in");
  return { ...place, cloud, options, known };
}

const registry = (place: House, login: KnownLogin = place.known()): Promise<Secret> => {
  const { host } = login;
  const account: MendaAccount = { kind: "user", host, profile: "default", cached: login.accessToken, login };
  return registryToken(account, QUESTION, cloudOptions(place));
};

function cloudOptions({ options, home, clock }: House) {
  const session = loginSession(options);
  return { ...options, memory: hostMemory(home), protocol: "auto", now: clock.now(), session } as const;
}

test("a login is refreshed a minute or a tenth of its life ahead of its end, never before half of it", () => {
  const rows = [
    [60, 30],
    [100, 50],
    [120, 60],
    [600, 60],
    [3600, 360],
    [28_800, 2880],
  ];
  for (const [life = 0, margin] of rows) assert.equal(refreshMargin(life), margin);
});

for (const bound of [true, false]) {
  test(`${bound ? "a bound" : "an unbound"} login is used as it is until shortly before its end, then refreshed once`, async (t) => {
    const place = await house(t, { bound });
    const { cloud, clock, known, store, options } = place;
    clock.time = NOW + 539;
    const before = known();
    assert.equal((await freshLogin(before, options)).accessToken.reveal(), "canary-access-0");
    assert.equal(cloud.granted, 0);
    clock.time = NOW + 541;
    const fresh = await freshLogin(before, options);
    assert.equal(fresh.accessToken.reveal(), "canary-access-1");
    assert.equal(fresh.expiresAt, NOW + 541 + 600);
    assert.equal(fresh.id, before.id);
    assert.equal(known().accessToken.reveal(), "canary-access-1");
    assert.equal(store.find(cloud.host, "default")?.refreshToken?.reveal(), "canary-refresh-1");
    // Who still holds the old one finds the new one.
    assert.equal((await freshLogin(before, options)).accessToken.reveal(), "canary-access-1");
    assert.equal((await registry(place)).reveal().startsWith("canary-registry-"), true);
    assert.deepEqual([cloud.granted, cloud.reused], [1, 0]);
  });
}

test("fifty at once on a login that has ended: one refresh, and all have the new token", async (t) => {
  const place = await house(t);
  place.clock.time = NOW + 700;
  const login = place.known();
  const all = await Promise.all(Array.from({ length: 50 }, () => freshLogin(login, place.options)));
  assert.deepEqual([...new Set(all.map(({ accessToken }) => accessToken.reveal()))], ["canary-access-1"]);
  assert.deepEqual([place.cloud.granted, place.cloud.reused], [1, 0]);
});

test("RFC 9449 §8, §9: a nonce that the host wants is put in, at the token endpoint and at the others", async (t) => {
  const place = await house(t);
  place.cloud.nonce = "n-1";
  place.clock.time = NOW + 700;
  await registry(place);
  assert.equal(place.cloud.granted, 1);
  place.cloud.nonce = "n-2";
  place.cloud.asked.length = 0;
  await registry(place);
  assert.deepEqual(place.cloud.asked, ["POST /api/v1/registry/token", "POST /api/v1/registry/token"]);
  const answer = await whoami(
    {
      kind: "user",
      host: place.cloud.host,
      profile: "default",
      cached: place.known().accessToken,
      login: place.known(),
    },
    cloudOptions(place),
  );
  assert.equal(answer["username"], "kay");
});

test("RFC 9449 §8: a host that never stops asking for another nonce is asked twice", async (t) => {
  const place = await house(t);
  let count = 0;
  place.clock.time = NOW + 700;
  place.cloud.instead.set("/oauth2/token", (response) => {
    response.setHeader("DPoP-Nonce", `n-${(count += 1)}`);
    say(response, 400, { error: "use_dpop_nonce", error_description: "another one" });
  });
  await assert.rejects(freshLogin(place.known(), place.options), { code: "backend", message: /nonce/ });
  assert.equal(count, 2);
});

/** What a host may answer to a refresh, and whether the login is still there afterwards. */
const ANSWERS: readonly (readonly [name: string, status: number, body: unknown, code: string])[] = [
  ["is down", 503, "<html>", "network"],
  ["fails", 500, { error: "server_error", error_description: "canary-refresh-0 broke it" }, "backend"],
  ["limits", 429, { error: "slow_down" }, "network"],
  ["is no host of ours", 200, "<html>", "backend"],
  ["gives no token", 200, { token_type: "DPoP" }, "backend"],
  ["unbinds", 200, { token_type: "Bearer", access_token: "t" }, "backend"],
  ["refuses the program", 401, { error: "invalid_client" }, "authentication"],
  ["refuses the proof", 400, { error: "invalid_dpop_proof" }, "authentication"],
];
for (const [name, status, body, code] of ANSWERS) {
  test(`a host that ${name} costs nobody the login`, async (t) => {
    const place = await house(t);
    const { cloud, clock, options, known } = place;
    cloud.instead.set("/oauth2/token", (response) => say(response, status, body));
    clock.time = NOW + 700;
    await assert.rejects(freshLogin(known(), options), (error: Error & { code?: string }) => {
      assert.equal(error.code, code);
      assert.doesNotMatch(error.message, /canary/);
      return true;
    });
    assert.equal(place.store.find(cloud.host, "default")?.refreshToken?.reveal(), "canary-refresh-0");
    if (code === "authentication") return;
    clock.time = NOW + 590; // The token lives, so it is used.
    assert.equal((await freshLogin(known(), options)).accessToken.reveal(), "canary-access-0");
  });
}

test("a host that cannot be reached: the token is used while it lives", async (t) => {
  const place = await house(t);
  await place.cloud.close();
  place.clock.time = NOW + 590;
  assert.equal((await freshLogin(place.known(), place.options)).accessToken.reveal(), "canary-access-0");
  place.clock.time = NOW + 601;
  await assert.rejects(freshLogin(place.known(), place.options), { code: "network" });
});

test("RFC 6749 §5.2: invalid_grant ends the login here, too, with the original's words", async (t) => {
  const place = await house(t, { shared: true });
  const { cloud, clock, known, home, store } = place;
  shareLogin(home, "default", { accessToken: known().accessToken, expiresIn: 7200 }, clock);
  shareLogin(home, "other", { accessToken: known().accessToken, expiresIn: 7200 }, clock);
  cloud.instead.set("/oauth2/token", (response) => say(response, 400, { error: "invalid_grant" }));
  clock.time = NOW + 700;
  await assert.rejects(registry(place), (error: Error) => {
    assert.ok(error instanceof NoCachedLoginError);
    const words = "Run `menda auth login` or use M2M (env vars or auth_type=m2m).";
    assert.equal(error.message, `No valid cached token for profile 'default'. ${words}`);
    assert.equal(error.hint, "Run 'keywright auth login' again."); // Bound as before, where menda's would share it.
    return true;
  });
  assert.equal(store.find(cloud.host, "default"), undefined);
  assert.equal(findLogin(home, "default", clock.now()), "none");
  assert.notEqual(findLogin(home, "other", clock.now()), "none");
});

test("a token that is refused though it should live is refreshed once, by one of all who met that", async (t) => {
  const place = await house(t);
  const { cloud, known } = place;
  cloud.withdrawn.add("canary-access-0");
  const login = known();
  await Promise.all(Array.from({ length: 10 }, () => registry(place, login)));
  assert.deepEqual([cloud.granted, cloud.reused], [1, 0]);
  // And when the next one is refused, too, that is the answer.
  cloud.withdrawn.add("canary-access-1").add("canary-access-2");
  await assert.rejects(registry(place), { statusCode: 401, code: "authentication" });
  assert.equal(cloud.granted, 2);
});

test("a login that is shared is shared again when it is refreshed", async (t) => {
  const place = await house(t, { shared: true, bound: false });
  const { clock, known, home, options } = place;
  clock.time = NOW + 700;
  await freshLogin(known(), options);
  const found = findLogin(home, "default", clock.now());
  assert.ok(found instanceof Secret);
  assert.equal(found.reveal(), "canary-access-1");
  assert.equal(found.expiresAt, NOW + 1300);
});

test("nobody who logs out, or in as somebody else, meanwhile is logged in again by a refresh", async (t) => {
  for (const next of [undefined, "canary-other"]) {
    const place = await house(t);
    const { cloud, clock, known, store, options } = place;
    const before = known();
    clock.time = NOW + 700;
    store.forget(cloud.host, "default");
    if (next !== undefined)
      store.keep(aLogin({ host: cloud.host, accessToken: new Secret(next), createdAt: NOW + 700 }));
    await assert.rejects(freshLogin(before, options), NoCachedLoginError);
    assert.equal(store.find(cloud.host, "default")?.accessToken.reveal(), next);
    assert.equal(cloud.granted, 0);
  }
});

test("a login that cannot be refreshed lasts as long as its token", async (t) => {
  const place = await house(t, { refreshToken: undefined });
  place.clock.time = NOW + 599;
  assert.equal((await freshLogin(place.known(), place.options)).accessToken.reveal(), "canary-access-0");
  place.clock.time = NOW + 600;
  await assert.rejects(freshLogin(place.known(), place.options), NoCachedLoginError);
  assert.deepEqual(place.cloud.asked, []);
});

test("what cannot be written is not spent: the refresh token stays good", async (t) => {
  const place = await house(t);
  const full = Object.assign(new Error("no space"), { code: "ENOSPC", syscall: "write" });
  const store = {
    ...place.store,
    keep: () => {
      throw full;
    },
  };
  place.clock.time = NOW + 700;
  const failure = {
    code: "backend",
    message: "the login cannot be refreshed: it cannot be written (ENOSPC)",
  };
  await assert.rejects(freshLogin(place.known(), { ...place.options, store }), failure);
  assert.deepEqual(place.cloud.asked, []);
  place.clock.time = NOW + 590;
  const { accessToken } = await freshLogin(place.known(), { ...place.options, store });
  assert.equal(accessToken.reveal(), "canary-access-0");
});
