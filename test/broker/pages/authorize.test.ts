// /oauth2/authorize, and the sign-in around it: where a browser is led, and where nobody can lead it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { DEFAULT_USERS } from "../../../src/config/users.ts";
import { createHash } from "node:crypto";
import { newPerson, pageHouse, visitor } from "./house.ts";

const CHALLENGE = createHash("sha256").update("verifier").digest("base64url");
const ASKS = {
  response_type: "code",
  client_id: "keywright",
  redirect_uri: "http://127.0.0.1:49152/callback",
  code_challenge: CHALLENGE,
  code_challenge_method: "S256",
  state: "a state",
};

const authorize = (changed: Readonly<Record<string, string>> = {}): string =>
  `/oauth2/authorize?${new URLSearchParams({ ...ASKS, ...changed }).toString()}`;

test("RFC 6749 §4.1.1: a login by the browser is asked about, then leads back with code, state and iss", async (t) => {
  const house = await pageHouse(t);
  const who = visitor(house);
  who.signIn(newPerson(house));
  const begun = await who.get(authorize());
  assert.equal(begun.status, 303);
  const asked = await who.get(begun.location);
  assert.match(
    String(asked.headers["content-security-policy"]),
    /form-action 'self' http:\/\/127\.0\.0\.1:49152;/,
  );
  assert.match(asked.text, /started this yourself just now, on\s+this computer/);
  assert.doesNotMatch(asked.text, /class="code"|a state/);
  const back = new URL((await who.submit(begun.location, { decision: "approve" })).location);
  assert.equal(`${back.origin}${back.pathname}`, ASKS.redirect_uri);
  assert.match(back.searchParams.get("code") ?? "", /^kwc_/);
  assert.deepEqual([back.searchParams.get("state"), back.searchParams.get("iss")], ["a state", house.url]);
});

test("clicked twice: one code, and both answers lead there", async (t) => {
  const house = await pageHouse(t);
  const who = visitor(house);
  who.signIn(newPerson(house));
  const { location } = await who.get(authorize());
  const [first, second] = [
    await who.submit(location, { decision: "approve" }).catch(() => undefined),
    await who.get(location),
  ];
  assert.equal(first?.status, 303);
  assert.equal(second.status, 404);
});

test("RFC 6749 §4.1.2.1: a no leads back as access_denied; a fault of who asks or where to stays here", async (t) => {
  const house = await pageHouse(t);
  const who = visitor(house);
  who.signIn(newPerson(house));
  const { location } = await who.get(authorize());
  const back = new URL((await who.submit(location, { decision: "deny" })).location);
  assert.deepEqual([back.searchParams.get("error"), back.searchParams.get("code")], ["access_denied", null]);
  for (const changed of [
    { client_id: "other" },
    { redirect_uri: "https://evil.example/callback" },
    { redirect_uri: "http://localhost:49152/callback" },
    { redirect_uri: "http://127.0.0.1:49152/other" },
    { redirect_uri: "http://127.0.0.1:49152@evil.example/callback" },
  ]) {
    const seen = await who.get(authorize(changed));
    assert.deepEqual(
      [seen.status, seen.location, seen.headers["content-type"]],
      [400, "", "text/html; charset=utf-8"],
    );
  }
  const told = await who.get(authorize({ code_challenge_method: "plain" }));
  assert.match(told.location, /^http:\/\/127\.0\.0\.1:49152\/callback\?error=invalid_request/);
});

test("RFC 8252 §7.3: a redirect to an IPv6 loopback, which no policy can name, goes by a page that leads on", async (t) => {
  const house = await pageHouse(t);
  const who = visitor(house);
  who.signIn(newPerson(house));
  const { location } = await who.get(authorize({ redirect_uri: "http://[::1]:49152/callback" }));
  assert.match(String((await who.get(location)).headers["content-security-policy"]), /form-action 'self';/);
  const page = await who.submit(location, { decision: "approve" });
  assert.equal(page.status, 200);
  assert.match(String(page.headers["refresh"]), /^0; url=http:\/\/\[::1\]:49152\/callback\?code=kwc_/);
});

test("open redirect: after the sign-in only pages of ours come", async (t) => {
  const house = await pageHouse(t);
  const who = visitor(house);
  who.signIn(newPerson(house));
  assert.equal((await who.get("/login?to=/device")).location, "/device");
  for (const to of [
    "https://evil.example/",
    "//evil.example",
    "/\\evil.example",
    "/device/../logout",
    "/device?user_code=BCDFGHJK",
    "/approve?login=1.x",
    "javascript:alert(1)",
    "/device\nx",
    "",
  ]) {
    const seen = await who.get(`/login?to=${encodeURIComponent(to)}`);
    assert.deepEqual([seen.status, seen.location], [200, ""], to);
  }
});

const PROVIDER = {
  issuer: "https://login.example",
  clientId: "keywright",
  clientSecretFile: undefined,
  scopes: ["openid"],
  nameClaim: "email",
  principals: [],
  privateNetwork: false,
};

test("with a provider there is nothing to choose: the way goes on to it, and its refusals are told in words", async (t) => {
  const house = await pageHouse(t, { users: { ...DEFAULT_USERS, provider: PROVIDER } });
  const who = visitor(house);
  const { location } = await who.get(authorize());
  assert.match((await who.get(location)).location, /^\/login\/start\?to=%2Fapprove%3Flogin%3D/);
  const page = await who.get("/login");
  assert.match(page.text, /href="\/login\/start\?to=%2Flogin"[^>]*>Continue with login\.example</);
  assert.equal(String(page.headers["content-security-policy"]).includes("script-src"), false);
  const back = await who.get("/login/callback?state=x&error=access_denied&error_description=<b>");
  assert.equal(back.status, 400);
  assert.match(back.text, /That took too long/);
});

test("a provider that does not answer: the page leads back to what was asked for, and the log says why", async (t) => {
  const provider = { ...PROVIDER, issuer: "http://127.0.0.1:1", privateNetwork: true };
  const house = await pageHouse(t, { users: { ...DEFAULT_USERS, provider } });
  const who = visitor(house);
  const { location } = await who.get(authorize());
  const start = (await who.get(location)).location;
  const page = await who.get(start);
  assert.equal(page.status, 503);
  const to = new URLSearchParams(start.split("?")[1]).get("to") ?? "";
  assert.ok(page.text.includes(`href="/login?to=${encodeURIComponent(to)}"`), page.text);
  assert.match(house.logged.join("\n"), /network [A-Za-z0-9_-]{16}: .*127\.0\.0\.1:1/);
});

test("/login/start without a provider says so", async (t) => {
  const house = await pageHouse(t);
  const seen = await visitor(house).get("/login/start");
  assert.equal(seen.status, 404);
  assert.match(seen.text, /sign in to this server with a passkey/);
});
