// The standard face's token endpoint, by section of RFC 6749 (and 8707 for `resource`).
import assert from "node:assert/strict";
import { test } from "node:test";
import { basic, newClient, post, running, send, type Answer } from "./broker.ts";

const TOKEN = "/oauth2/token";
const GRANT = { grant_type: "client_credentials" };

function refused({ status, json, headers }: Answer, wanted: number, error: string): void {
  assert.equal(status, wanted);
  assert.equal(json["error"], error);
  assert.match(String(json["error_description"]), /^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/);
  assert.equal(json["detail"], json["error_description"]);
  assert.equal(headers["cache-control"], "no-store");
}

test("RFC 6749 §2.3.1: client credentials come by Basic or by form body", async (t) => {
  const broker = await running(t);
  const secret = newClient(broker.data, { name: "app", principal: "ci" });
  for (const answer of [
    await post(broker, TOKEN, GRANT, basic("app", secret)),
    await post(broker, TOKEN, { ...GRANT, client_id: "app" }, basic("app", secret)),
    await post(broker, TOKEN, { ...GRANT, client_id: "app", client_secret: secret }),
  ]) {
    assert.equal(answer.status, 200);
    assert.deepEqual(Object.keys(answer.json), ["access_token", "token_type", "expires_in", "scope"]);
    assert.match(String(answer.json["access_token"]), /^kw_[A-Za-z0-9_-]{49}$/);
    assert.deepEqual(
      { ...answer.json, access_token: "" },
      { access_token: "", token_type: "Bearer", expires_in: 600, scope: "registry" },
    );
    assert.equal(answer.headers["cache-control"], "no-store");
  }
});

test("RFC 6749 §2.3.1: both halves of Basic are form-decoded", async (t) => {
  const broker = await running(t);
  const secret = newClient(broker.data, { name: "a-b.c", principal: "ci" });
  assert.equal((await post(broker, TOKEN, GRANT, basic("a%2Db%2ec", secret))).status, 200);
  refused(await post(broker, TOKEN, GRANT, basic("a%zz", secret)), 401, "invalid_client");
});

test("RFC 6749 §2.3.1: credentials in the URL are refused", async (t) => {
  const broker = await running(t);
  const secret = newClient(broker.data, { name: "app", principal: "ci", queryCredentials: true });
  const query = `client_id=app&client_secret=${secret}`;
  refused(await post(broker, `${TOKEN}?${query}`, GRANT), 400, "invalid_request");
  refused(await post(broker, `${TOKEN}?grant_type=client_credentials&${query}`, {}), 400, "invalid_request");
  assert.equal((await post(broker, `${TOKEN}?foo=1`, GRANT, basic("app", secret))).status, 200);
});

test("RFC 6749 §2.3: two ways of client authentication are refused", async (t) => {
  const broker = await running(t);
  const secret = newClient(broker.data, { name: "app", principal: "ci" });
  const both = await post(
    broker,
    TOKEN,
    { ...GRANT, client_id: "app", client_secret: secret },
    basic("app", secret),
  );
  refused(both, 400, "invalid_request");
  refused(
    await post(broker, TOKEN, { ...GRANT, client_id: "other" }, basic("app", secret)),
    400,
    "invalid_request",
  );
  const twice = { Authorization: [basic("app", secret).Authorization, basic("app", secret).Authorization] };
  refused(await post(broker, TOKEN, GRANT, twice), 401, "invalid_client");
});

test("RFC 6749 §3.2: POST only, empty means absent, unknown is ignored, nothing comes twice", async (t) => {
  const broker = await running(t);
  const secret = newClient(broker.data, { name: "app", principal: "ci" });
  const got = await send(broker, TOKEN, { headers: basic("app", secret) });
  refused(got, 405, "method_not_allowed");
  assert.equal(got.headers["allow"], "POST");
  assert.equal(
    (await post(broker, TOKEN, { ...GRANT, scope: "", foo: "1" }, basic("app", secret))).status,
    200,
  );
  const headers = { "Content-Type": "application/x-www-form-urlencoded", ...basic("app", secret) };
  const twice = {
    method: "POST",
    headers,
    body: "grant_type=client_credentials&scope=registry&scope=registry",
  };
  refused(await send(broker, TOKEN, twice), 400, "invalid_request");
  const json = {
    method: "POST",
    headers: { ...headers, "Content-Type": "application/json" },
    body: JSON.stringify(GRANT),
  };
  refused(await send(broker, TOKEN, json), 400, "invalid_request");
});

test("RFC 6749 §5.2: the faults and their codes", async (t) => {
  const broker = await running(t);
  const auth = basic("app", newClient(broker.data, { name: "app", principal: "ci" }));
  const index = basic("index", newClient(broker.data, { name: "index", resource: "packages" }));
  const rows: readonly (readonly [object, object, number, string])[] = [
    [{}, auth, 400, "invalid_request"],
    [{ grant_type: "password" }, auth, 400, "unsupported_grant_type"],
    [{ grant_type: "refresh_token", refresh_token: "x" }, auth, 400, "invalid_grant"],
    [{ grant_type: "refresh_token" }, auth, 400, "invalid_request"],
    [{ ...GRANT, client_id: "keywright" }, {}, 400, "unauthorized_client"],
    [{ client_id: "keywright" }, {}, 400, "invalid_request"],
    [{ grant_type: "password", client_id: "keywright" }, {}, 400, "unsupported_grant_type"],
    [{ ...GRANT, client_id: "keywright", client_secret: "x" }, {}, 401, "invalid_client"],
    [{ ...GRANT, scope: "admin" }, auth, 400, "invalid_scope"],
    [{ ...GRANT, resource: "https://elsewhere.example" }, auth, 400, "invalid_target"],
    [GRANT, index, 400, "unauthorized_client"],
    [GRANT, {}, 401, "invalid_client"],
    [{ ...GRANT, client_id: "app" }, {}, 401, "invalid_client"],
    [{ ...GRANT, client_secret: "x" }, {}, 400, "invalid_request"],
    [GRANT, basic("app", "wrong"), 401, "invalid_client"],
    [GRANT, { Authorization: "Basic !!!" }, 401, "invalid_client"],
    [GRANT, { Authorization: "Bearer abc" }, 401, "invalid_client"],
  ];
  for (const [form, headers, status, error] of rows) {
    const answer = await post(
      broker,
      TOKEN,
      form as Record<string, string>,
      headers as Record<string, string>,
    );
    refused(answer, status, error);
    if (status === 401) assert.match(String(answer.headers["www-authenticate"]), /^Basic /);
  }
});

test("RFC 8707 §2: the broker itself may be named as the resource", async (t) => {
  const broker = await running(t);
  const auth = basic("app", newClient(broker.data, { name: "app", principal: "ci" }));
  assert.equal((await post(broker, TOKEN, { ...GRANT, resource: broker.url }, auth)).status, 200);
});

test("RFC 6749 §5.2: nothing that comes in is echoed", async (t) => {
  const broker = await running(t);
  const auth = basic("app", newClient(broker.data, { name: "app", principal: "ci" }));
  for (const odd of ['"><script>', "canary\r\nX-Injected: 1", "canary\u0000"]) {
    const answer = await post(broker, TOKEN, { grant_type: odd, scope: odd }, auth);
    assert.ok(!answer.text.includes("canary") && !answer.text.includes("<"));
    assert.equal(answer.headers["x-injected"], undefined);
  }
});

test("a client whose principal is no longer configured gets nothing", async (t) => {
  const broker = await running(t);
  const auth = basic("app", newClient(broker.data, { name: "app", principal: "retired" }));
  refused(await post(broker, TOKEN, GRANT, auth), 400, "unauthorized_client");
});
