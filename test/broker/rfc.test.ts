// Requirements of the RFCs that cut across endpoints, or that the tests of one endpoint leave out. By section.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  accessToken,
  askRegistry,
  basic,
  newClient,
  PACKAGES,
  post,
  running,
  send,
  type Answer,
} from "./broker.ts";

const FORM = { "Content-Type": "application/x-www-form-urlencoded" };
const GRANT = "grant_type=client_credentials";

/** Basic with these halves as they are. */
const raw = (text: string): object => ({
  Authorization: `Basic ${Buffer.from(text).toString("base64")}`,
});

async function place(t: Parameters<typeof running>[0]) {
  const broker = await running(t);
  const secret = newClient(broker.data, { name: "app", principal: "ci" });
  const auth = basic("app", secret);
  const token = (body: string, path = "/oauth2/token", headers: object = auth): Promise<Answer> =>
    send(broker, path, { method: "POST", headers: { ...FORM, ...headers }, body });
  return { broker, secret, auth, token };
}

test("RFC 6749 §3.2: client_id twice is refused, in the body, in the URL, and split over both", async (t) => {
  const { token, secret } = await place(t);
  const own = `client_id=app&client_secret=${secret}`;
  const rows: readonly (readonly [path: string, body: string])[] = [
    ["/oauth2/token", `${GRANT}&${own}&client_id=app`],
    ["/oauth2/token?client_id=app&client_id=app", `${GRANT}&client_secret=${secret}`],
    ["/oauth2/token?client_id=app", `${GRANT}&${own}`],
  ];
  for (const [path, body] of rows) {
    const { status, json } = await token(body, path, {});
    assert.deepEqual([status, json["error"]], [400, "invalid_request"], path);
  }
});

test("RFC 6749 §2.3.1: %, + and : in the halves of Basic are form-decoded, once", async (t) => {
  const { token, secret } = await place(t);
  assert.equal((await token(GRANT, undefined, raw(`%61pp:${secret}`))).status, 200);
  for (const wrong of [
    `%2561pp:${secret}`,
    `ap+p:${secret}`,
    `app:${secret}%20`,
    `app%3A${secret}`,
    `app:${secret}:`,
    `:${secret}`,
  ])
    assert.equal((await token(GRANT, undefined, raw(wrong))).status, 401, wrong.slice(0, 9));
});

test("RFC 6749 §4.4: client_credentials is for confidential clients, and gives no refresh token", async (t) => {
  const { token } = await place(t);
  assert.ok(!("refresh_token" in (await token(GRANT)).json));
  for (const body of [`${GRANT}&client_id=app`, `${GRANT}&client_id=app&client_secret=`]) {
    const { status, json } = await token(body, undefined, {});
    assert.deepEqual([status, json["error"]], [401, "invalid_client"]);
  }
});

test("RFC 6749 §5.1: nothing is stored, whatever the answer; the lifetime is a whole number", async (t) => {
  const { broker, token, auth } = await place(t);
  const granted = await token(GRANT);
  assert.ok(Number.isInteger(granted.json["expires_in"]));
  for (const { headers } of [
    granted,
    await token("grant_type=x"),
    await token(GRANT, undefined, {}),
    await post(broker, "/oauth2/introspect", { token: "x" }, auth),
    await post(broker, "/oauth2/revoke", { token: "x" }, auth),
  ]) {
    assert.equal(headers["cache-control"], "no-store");
    assert.equal(headers["content-type"], "application/json");
  }
});

test("RFC 6749 §5.2: an error with Authorization in use is answered with its scheme", async (t) => {
  const { broker } = await place(t);
  for (const path of ["/oauth2/token", "/oauth2/introspect", "/oauth2/revoke"]) {
    const { status, headers } = await post(broker, path, { token: "x" }, basic("app", "wrong"));
    assert.equal(status, 401);
    assert.match(String(headers["www-authenticate"]), /^Basic realm="/);
  }
});

test("RFC 6750 §3.1: a token that is not accepted is a 401 with Bearer and error; the body says the same", async (t) => {
  const { broker } = await place(t);
  const { status, headers, json } = await askRegistry(broker, "kw_nothing", { url: PACKAGES });
  assert.deepEqual([status, json["error"]], [401, "invalid_token"]);
  assert.match(
    String(headers["www-authenticate"]),
    /^Bearer realm="keywright", error="invalid_token", resource_metadata="http:/,
  );
});

test("RFC 7009 §2.1: a wrong or unknown hint changes nothing; the token is not active from then on", async (t) => {
  const { broker, secret, auth } = await place(t);
  for (const token_type_hint of ["refresh_token", "nonsense", ""]) {
    const token = await accessToken(broker, "app", secret);
    assert.equal(
      (await post(broker, "/oauth2/introspect", { token, token_type_hint }, auth)).json["active"],
      true,
    );
    assert.equal((await post(broker, "/oauth2/revoke", { token, token_type_hint }, auth)).status, 200);
    assert.deepEqual((await post(broker, "/oauth2/introspect", { token }, auth)).json, { active: false });
  }
});

test("RFC 7009 §2.2: revoking twice is no error", async (t) => {
  const { broker, secret, auth } = await place(t);
  const token = await accessToken(broker, "app", secret);
  for (const _ of [1, 2]) assert.equal((await post(broker, "/oauth2/revoke", { token }, auth)).status, 200);
});

test("RFC 8414 §2: every grant that is not advertised is refused", async (t) => {
  const { broker, token } = await place(t);
  const metadata = (await send(broker, "/.well-known/oauth-authorization-server")).json;
  assert.deepEqual(metadata["grant_types_supported"], [
    "authorization_code",
    "refresh_token",
    "client_credentials",
    "urn:ietf:params:oauth:grant-type:device_code",
  ]);
  for (const grant of [
    "implicit",
    "password",
    "urn:ietf:params:oauth:grant-type:token-exchange",
    "urn:ietf:params:oauth:grant-type:jwt-bearer",
    "urn:openid:params:grant-type:ciba",
    "CLIENT_CREDENTIALS",
  ]) {
    const { status, json } = await token(new URLSearchParams({ grant_type: grant }).toString());
    assert.deepEqual([status, json["error"]], [400, "unsupported_grant_type"], grant);
  }
});

test("RFC 8414 §2: client authentication that is not advertised is refused", async (t) => {
  const { token } = await place(t);
  const assertion = new URLSearchParams({
    grant_type: "client_credentials",
    client_id: "app",
    client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    client_assertion: "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhcHAifQ.",
  });
  const { status, json } = await token(assertion.toString(), undefined, {});
  assert.deepEqual([status, json["error"]], [401, "invalid_client"]);
});

test("RFC 8707 §2: a resource with a fragment, a relative or a foreign one is invalid_target", async (t) => {
  const { broker, token } = await place(t);
  for (const resource of [
    `${broker.url}#x`,
    "/",
    "packages",
    `${broker.url}/`,
    `${broker.url}.evil.example`,
  ]) {
    const { status, json } = await token(`${GRANT}&resource=${encodeURIComponent(resource)}`);
    assert.deepEqual([status, json["error"]], [400, "invalid_target"], resource);
  }
});

test("RFC 9700 §4.12: nothing is ever redirected", async (t) => {
  const { broker, auth } = await place(t);
  for (const path of [
    "/",
    "/oauth2",
    "/oauth2/token",
    "/oauth2/token/",
    "/oauth2/revoke",
    "/api/v1/auth/whoami",
    "/openapi.json/",
  ])
    for (const method of ["GET", "POST", "HEAD"]) {
      const { status, headers } = await send(broker, path, { method, headers: auth });
      assert.ok(status < 300 || status >= 400, `${method} ${path}`);
      assert.equal(headers["location"], undefined);
    }
});
