// What every page carries (clickjacking, injected scripts, leaks by address or cache), and the parts that pages load.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ASSETS } from "../../../src/broker/pages/assets.ts";
import { enterCode, newPerson, pageHouse, visitor, waitingLogin } from "./house.ts";

const PASSKEY_PAGES = ["/login", "/invite", "/approve by passkey"];

test("clickjacking, injection and leaks: the headers of every page", async (t) => {
  const house = await pageHouse(t);
  const who = visitor(house);
  who.signIn(newPerson(house));
  const approve = await enterCode(who, await waitingLogin(house));
  const stranger = visitor(house);
  const unnamed = visitor(house);
  const toTouch = await enterCode(unnamed, await waitingLogin(house));
  const seen = [
    ["/device", await stranger.get("/device")],
    ["/device", await stranger.submit("/device", { user_code: "BCDF-GHJK" })],
    ["/device", await stranger.post("/device", {})],
    ["/approve", await who.get(approve)],
    ["/approve", await stranger.get(approve)],
    ["/approve by passkey", await unnamed.get(toTouch)],
    ["/login", await stranger.get("/login")],
    ["/login in", await who.get("/login")],
    ["/login/callback", await stranger.get("/login/callback?state=x&code=y")],
    ["/invite", await stranger.get("/invite")],
    ["/oauth2/authorize", await stranger.get("/oauth2/authorize")],
    ["/device?twice", await stranger.get("/device?user_code=a&user_code=b")],
  ] as const;
  for (const [path, { headers, status }] of seen) {
    const where = `${path} ${status}`;
    const policy = String(headers["content-security-policy"]);
    const scripted = PASSKEY_PAGES.includes(path);
    assert.equal(headers["content-type"], "text/html; charset=utf-8", where);
    assert.equal(headers["cache-control"], "no-store", where);
    assert.equal(headers["x-content-type-options"], "nosniff", where);
    assert.equal(headers["x-frame-options"], "DENY", where);
    assert.equal(headers["referrer-policy"], "no-referrer", where);
    assert.equal(headers["cross-origin-opener-policy"], "same-origin", where);
    assert.equal(headers["access-control-allow-origin"], undefined, where);
    for (const part of [
      "default-src 'none'",
      "frame-ancestors 'none'",
      "base-uri 'none'",
      "form-action 'self'",
    ])
      assert.ok(policy.split("; ").includes(part), `${where}: ${part}`);
    assert.equal(policy.includes("script-src"), scripted, where);
    assert.equal(/unsafe|https?:|\*|data:/.test(policy), false, where);
    const permissions = String(headers["permissions-policy"]);
    const may = (call: string): boolean => permissions.includes(`publickey-credentials-${call}=(self)`);
    assert.deepEqual(
      [may("get"), may("create")],
      [scripted && path !== "/invite", path === "/invite"],
      where,
    );
  }
});

test("no page has an inline script, style or handler, or loads anything of others", async (t) => {
  const house = await pageHouse(t);
  const who = visitor(house);
  const pages = [
    (await who.get("/login")).text,
    (await who.get("/invite")).text,
    (await who.get("/device")).text,
  ];
  pages.push((await who.get(await enterCode(who, await waitingLogin(house)))).text);
  who.signIn(newPerson(house));
  pages.push((await who.get(await enterCode(who, await waitingLogin(house)))).text);
  for (const text of pages) {
    assert.doesNotMatch(text, /<style|\sstyle=|\son[a-z]+=|javascript:|<script(?! src="\/assets\/)/i);
    assert.match(text, /^<!doctype html>\n<html lang="en">/);
    assert.match(text, /<title>[A-Z][^<]+ · keywright<\/title>/);
    for (const [, address = ""] of text.matchAll(/(?:src|href|action)="([^"]*)"/g))
      assert.match(address, /^\//);
  }
});

test("the parts have the hash of their content in the name and may be kept for ever", async (t) => {
  const house = await pageHouse(t);
  const page = (await visitor(house).get("/login")).text;
  for (const { path, text, type } of ASSETS) {
    assert.match(path, /^\/assets\/[a-z]+-[0-9a-f]{16}\.(?:css|js|svg)$/);
    assert.ok(page.includes(`"${path}"`), path);
    const seen = await visitor(house).get(path);
    assert.deepEqual([seen.status, seen.text, seen.headers["content-type"]], [200, text, type]);
    assert.equal(seen.headers["cache-control"], "public, max-age=31536000, immutable");
    assert.equal(seen.headers["set-cookie"], undefined);
  }
});

test("RFC 9110 §9.3.2: HEAD is answered as GET is, without the body, and decides nothing", async (t) => {
  const house = await pageHouse(t);
  const who = visitor(house);
  who.signIn(newPerson(house));
  const pending = await waitingLogin(house);
  const approve = await enterCode(who, pending);
  for (const path of ["/device", "/invite", approve]) {
    const { status, text, headers } = await who.get(path, {}, "HEAD");
    assert.deepEqual([status, text, headers["content-type"]], [200, "", "text/html; charset=utf-8"]);
  }
  assert.equal(house.core.db.login(pending.id)?.state, "pending");
});

test("another method, and a path beside a page, are the API's JSON errors", async (t) => {
  const house = await pageHouse(t);
  for (const [method, path, status] of [
    ["PUT", "/approve", 405],
    ["GET", "/logout", 405],
    ["GET", "/assets/", 404],
    ["GET", "/device/", 404],
  ] as const) {
    const seen = await visitor(house).get(path, {}, method);
    assert.deepEqual([seen.status, seen.headers["content-type"]], [status, "application/json"]);
  }
});
