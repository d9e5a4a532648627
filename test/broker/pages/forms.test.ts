// Cross-site request forgery: what a form has to carry, and what browsers say about where it comes from.
import assert from "node:assert/strict";
import { test } from "node:test";
import { enterCode, hiddenOf, newPerson, pageHouse, visitor, waitingLogin } from "./house.ts";

test("CSRF: without the token, with a wrong one, or with another browser's, no form does anything", async (t) => {
  const house = await pageHouse(t);
  const who = visitor(house);
  who.signIn(newPerson(house));
  const pending = await waitingLogin(house);
  const form = hiddenOf((await who.get(await enterCode(who, pending))).text, "/approve");
  const other = visitor(house);
  other.signIn(newPerson(house, "mallory"));
  const foreign = hiddenOf((await other.get("/device")).text, "/device")["csrf"] ?? "";
  const fields: Readonly<Record<string, string>> = { ...form, decision: "approve", user_code: "BCDF-GHJK" };
  for (const csrf of [undefined, "", "x", foreign, `${form["csrf"]}x`, String(form["csrf"]).slice(1)])
    for (const path of ["/approve", "/device", "/logout"]) {
      const { csrf: _, ...rest } = fields;
      const seen = await who.post(path, csrf === undefined ? rest : { ...rest, csrf });
      assert.deepEqual([seen.status, seen.headers["content-type"]], [403, "text/html; charset=utf-8"], path);
    }
  assert.equal(house.core.db.login(pending.id)?.state, "pending");
  assert.equal((await who.get("/login")).text.includes("You are signed in"), true);
});

test("CSRF: the token alone is not enough where the browser says that another site sent it", async (t) => {
  const house = await pageHouse(t);
  const who = visitor(house);
  who.signIn(newPerson(house));
  const pending = await waitingLogin(house);
  const form = {
    ...hiddenOf((await who.get(await enterCode(who, pending))).text, "/approve"),
    decision: "approve",
  };
  for (const headers of [
    { "Sec-Fetch-Site": "cross-site" },
    { "Sec-Fetch-Site": "same-site" },
    { "Sec-Fetch-Site": "none" },
    { Origin: "https://evil.example" },
    { Origin: `${house.url}.evil.example` },
    { Origin: house.url.replace("http", "https") },
    { Origin: `http://127.0.0.1:${house.port}` },
  ])
    assert.equal((await who.post("/approve", form, headers)).status, 403, JSON.stringify(headers));
  assert.equal(house.core.db.login(pending.id)?.state, "pending");
  assert.equal((await who.post("/approve", form, { Origin: house.url })).status, 200);
});

test("CSRF: the calls of the script ask for the same, and for JSON", async (t) => {
  const house = await pageHouse(t);
  const who = visitor(house);
  const page = (await who.get("/login")).text;
  const csrf = /data-csrf="([^"]{43})"/.exec(page)?.[1];
  const json = { "Content-Type": "application/json", Origin: house.url };
  for (const path of ["/login/passkey/options", "/login/passkey", "/invite/options", "/invite"]) {
    const call = async (body: unknown, headers: object = {}): Promise<number> =>
      (await who.post(path, JSON.stringify(body), { ...json, ...headers })).status;
    assert.equal(await call({}), 403, path);
    assert.equal(await call({ csrf: "x" }), 403, path);
    assert.equal(await call({ csrf: [csrf] }), 403, path);
    assert.equal(await call({ csrf }, { Origin: "https://evil.example" }), 403, path);
    assert.equal(await call({ csrf }, { "Sec-Fetch-Site": "cross-site" }), 403, path);
    assert.equal(await call({ csrf }, { "Content-Type": "text/plain" }), 400, path);
    for (const body of [null, [], "x", 7]) assert.equal(await call(body), 400, path);
    assert.equal((await who.post(path, "{", json)).status, 400, path);
  }
  const options = await who.post("/login/passkey/options", JSON.stringify({ csrf }), json);
  assert.equal(options.status, 200);
});

test("a form in another form, too large, or with a field twice is refused on a page", async (t) => {
  const house = await pageHouse(t);
  const who = visitor(house);
  for (const [body, headers] of [
    ['{"user_code":"x"}', { "Content-Type": "application/json" }],
    ["user_code=a&user_code=b", {}],
    ["csrf=a", { "Content-Type": "multipart/form-data" }],
  ] as const) {
    const seen = await who.post("/device", body, headers);
    assert.deepEqual([seen.status, seen.headers["content-type"]], [400, "text/html; charset=utf-8"], body);
  }
});

test("session fixation: signing out ends this browser's row; its cookie is worth nothing after that", async (t) => {
  const house = await pageHouse(t);
  const who = visitor(house);
  who.signIn(newPerson(house));
  const old = who.cookies.get("keywright") ?? "";
  const left = await who.submit("/device", {}, "/logout");
  assert.deepEqual([left.status, left.location], [303, "/login"]);
  assert.equal(who.cookies.has("keywright"), false);
  who.cookies.set("keywright", old);
  assert.doesNotMatch((await who.get("/device")).text, /Signed in/);
});
