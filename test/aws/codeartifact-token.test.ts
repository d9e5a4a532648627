// GetAuthorizationToken: the request of the service model, and what counts as a token and as a time.
import assert from "node:assert/strict";
import { test } from "node:test";
import { getAuthorizationToken } from "../../src/aws/codeartifact-token.ts";
import { header, response } from "../io/servers.ts";
import { json, KEYS, NOW, service, surroundings } from "./place.ts";

const WISH = { domain: "my-domain", owner: "111122223333", duration: 900 };

function asking(endpoint: string) {
  return { ...surroundings(), endpoint, region: "eu-west-1", credentials: KEYS };
}

test("POST with all parameters in the query, and an empty body", async (t) => {
  const { url, seen } = await service(
    t,
    json(200, { authorizationToken: "tok.en", expiration: NOW + 900.123 }),
  );
  const token = await getAuthorizationToken(asking(`${url}/prefix`), WISH);
  assert.deepEqual([token.reveal(), token.expiresAt], ["tok.en", NOW + 900.123]);
  const [request] = seen;
  assert.ok(request !== undefined);
  assert.equal(
    request.lines[0],
    "POST /prefix/v1/authorization-token?domain=my-domain&domain-owner=111122223333&duration=900 HTTP/1.1",
  );
  assert.deepEqual([request.body, header(request, "content-length")], ["", "0"]);
  assert.equal(header(request, "x-amz-target"), undefined);
});

test("duration 0 is sent, too", async (t) => {
  const { url, seen } = await service(t, json(200, { authorizationToken: "t", expiration: NOW }));
  await getAuthorizationToken(asking(url), { ...WISH, duration: 0 });
  assert.match(seen[0]?.lines[0] ?? "", /&duration=0 HTTP/);
});

test("the expiry: seconds, with a fraction, in scientific form, or ISO 8601", async (t) => {
  const rows: readonly (readonly [string, number])[] = [
    ["1.79537682e9", 1_795_376_820],
    [String(NOW), NOW],
    ['"2026-11-22T10:15:00Z"', NOW + 900],
    ['"2026-11-22T11:15:00.250+01:00"', NOW + 900.25],
  ];
  for (const [written, expected] of rows) {
    const { url } = await service(t, response(200, `{"authorizationToken":"t","expiration":${written}}`));
    assert.equal((await getAuthorizationToken(asking(url), WISH)).expiresAt, expected, written);
  }
});

test("anything else is an error of the backend, without a word of the answer", async (t) => {
  const good = { authorizationToken: "canary-token", expiration: NOW + 900 };
  const rows: readonly (readonly [string, RegExp])[] = [
    ["", /not a JSON object/],
    ["<html>canary</html>", /not a JSON object/],
    ['["canary"]', /not a JSON object/],
    ["null", /not a JSON object/],
    [JSON.stringify({ ...good, authorizationToken: undefined }), /no authorizationToken/],
    [JSON.stringify({ ...good, authorizationToken: "" }), /no authorizationToken/],
    [JSON.stringify({ ...good, authorizationToken: 7 }), /no authorizationToken/],
    [JSON.stringify({ ...good, authorizationToken: "canary\nHost: evil.example" }), /no authorizationToken/],
    [JSON.stringify({ ...good, authorizationToken: "canary token" }), /no authorizationToken/],
    [JSON.stringify({ ...good, authorizationToken: "canary\u00e4" }), /no authorizationToken/],
    [JSON.stringify({ ...good, expiration: undefined }), /no expiration/],
    [JSON.stringify({ ...good, expiration: null }), /no expiration/],
    [JSON.stringify({ ...good, expiration: String(NOW) }), /no expiration/],
    [JSON.stringify({ ...good, expiration: "2026-11-22T10:15:00" }), /no expiration/],
    [JSON.stringify({ ...good, expiration: (NOW + 900) * 1000 }), /no expiration/],
    [JSON.stringify({ ...good, expiration: -1 }), /no expiration/],
    [`{"authorizationToken":"canary","expiration":1e999}`, /no expiration/],
  ];
  for (const [body, said] of rows) {
    const { url } = await service(t, response(200, body));
    await assert.rejects(getAuthorizationToken(asking(url), WISH), (error: Error & { code?: string }) => {
      assert.equal(error.code, "backend", body);
      assert.match(error.message, said);
      assert.doesNotMatch(error.message, /canary/);
      return true;
    });
  }
});
