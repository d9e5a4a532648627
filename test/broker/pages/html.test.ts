// Escaping by construction, and what strangers can put onto a page: their program's name for itself, and their address.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { html, htmlText, strangersText } from "../../../src/broker/pages/html.ts";
import { enterCode, newPerson, pageHouse, visitor, waitingLogin } from "./house.ts";

/** From the OWASP filter evasion list and the HTML Living Standard's ways out of a text or an attribute. */
const CORPUS = [
  "<script>alert(1)</script>",
  '"><img src=x onerror=alert(1)>',
  "' onmouseover='alert(1)",
  "`onfocus=alert(1) autofocus",
  "</title><svg onload=alert(1)>",
  "<!--<script>-->",
  "&lt;script&gt;",
  "&#x3c;script>",
  "]]><script>",
  "<\u0000script>",
  "＜script＞",
  "javascript:alert(1)",
  "\u2028</script>\u2029",
  "{{7*7}}${7*7}",
];

test("what is put into a template is text, in text and in attributes", () => {
  for (const bad of CORPUS) {
    const made = htmlText(html`<p title="${bad}">${bad}</p>`);
    assert.equal(
      made
        .replace(/^<p title="|<\/p>$/g, "")
        .replace('">', "")
        .match(/[<>"'`]/),
      null,
      bad,
    );
  }
  const list = [html`<i>1</i>`, html`<u>2</u>`];
  assert.equal(htmlText(html`<p>${list}${undefined}${7}</p>`), "<p><i>1</i><u>2</u>7</p>");
});

test("an object that looks like a made piece is none, and an attribute needs its quotes", () => {
  assert.throws(() => html(["<p class=", ">"] as unknown as TemplateStringsArray, "x"), /quotes/);
  assert.equal(htmlText(html`<a href="/x?to=${"&"}">x</a>`), '<a href="/x?to=&amp;">x</a>');
  const forged = JSON.parse('{"html":"<script>"}') as string;
  assert.throws(() => htmlText(html`${forged}`), TypeError);
});

test("property: no text leaves its place, and a stranger's text is short, one line and visible", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 400 }), (text) => {
      assert.doesNotMatch(htmlText(html`${text}`), /[<>"'`]/);
      const shown = strangersText(text, 50);
      assert.ok([...shown].length <= 51);
      assert.doesNotMatch(shown, /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}]|\p{M}{4}/u);
    }),
  );
});

test("XSS: a user agent and an address are shown as what they are", async (t) => {
  const house = await pageHouse(t);
  const who = visitor(house);
  who.signIn(newPerson(house));
  for (const bad of [...CORPUS, "\u202egnp.exe", "a".repeat(5000), "e\u0301\u0301\u0301\u0301\u0301\u0301"]) {
    const { text, status } = await who.get(
      await enterCode(who, await waitingLogin(house, { agent: bad, address: bad.slice(0, 60) })),
    );
    assert.equal(status, 200);
    assert.doesNotMatch(text, /<script>|<img|<svg onload|onerror=alert\(1\)>|' on|\u202e|\u0000/);
    assert.ok(text.length < 8000);
  }
});

test("XSS: nothing of a query or a form comes back, whatever the page", async (t) => {
  const house = await pageHouse(t);
  const who = visitor(house);
  for (const bad of CORPUS.map((one, index) => `canary${index}${one}`)) {
    const q = encodeURIComponent(bad);
    house.clock.time += 700;
    for (const path of [
      `/device?user_code=${q}`,
      `/device?${q}=1`,
      `/approve?login=${q}`,
      `/login?to=${q}`,
      `/login?to=/device${q}`,
      `/login/start?to=${q}`,
      `/login/callback?state=${q}&error=${q}&error_description=${q}`,
      `/invite?token=${q}`,
      `/oauth2/authorize?client_id=${q}&state=${q}&redirect_uri=${q}`,
    ]) {
      const { text, location } = await who.get(path);
      assert.ok(!text.includes("canary") && !location.includes("canary"), path);
    }
    const { text } = await who.submit("/device", { user_code: bad });
    assert.ok(!text.includes("canary"));
  }
});
