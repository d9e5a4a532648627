// Calls to OAuth endpoints: the form byte by byte, errors in words, and nothing of ours in what is shown.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { oauthCall, oauthFailure } from "../../../src/account/login/oauth-call.ts";
import { createHttp } from "../../../src/io/http.ts";
import { Secret } from "../../../src/secret.ts";
import { header, recordingServer, response } from "../../io/servers.ts";
import { NOW } from "./login.ts";

const cleanup: (() => Promise<void>)[] = [];
after(async () => {
  for (const undo of cleanup) await undo();
});

const http = createHttp({ env: {}, clock: { now: () => NOW }, requestTimeout: 5 });

async function answering(reply: string) {
  const server = await recordingServer(() => reply);
  cleanup.push(() => server.close());
  return { url: `http://127.0.0.1:${server.port}/oauth2/token`, seen: server.seen };
}

test("RFC 6749 appendix B: the form, without what is undefined; JSON or not, the answer comes back", async () => {
  const { url, seen } = await answering(response(200, '{"a":1}'));
  const form = { grant_type: "urn:x:y", code: "ä &=+%~'()*", none: undefined, empty: "" };
  const reply = await oauthCall({ http, url, form, deadline: undefined });
  assert.deepEqual([reply.status, reply.json], [200, { a: 1 }]);
  const [request] = seen;
  assert.equal(request?.body, "grant_type=urn%3Ax%3Ay&code=%C3%A4+%26%3D%2B%25~%27%28%29%2A&empty=");
  assert.equal(header(request!, "content-type"), "application/x-www-form-urlencoded");
  assert.equal(header(request!, "accept"), "application/json");
  assert.equal(header(request!, "dpop"), undefined);
  for (const body of ["", "<html>", "[]", "null", '"text"', "{"]) {
    const other = await answering(response(502, body));
    assert.equal((await oauthCall({ http, url: other.url, form, deadline: undefined })).json, undefined);
  }
});

const secret = new Secret("kwr_canary-refresh-token-0123456789");
const fault = {
  call: "the refresh of the login",
  host: "https://menda.example",
  secrets: [secret],
  hint: "Do it.",
};

test("RFC 6749 §5.2, RFC 8628 §3.5, RFC 9449 §5: errors are told in words, with a code", () => {
  const rows: readonly (readonly [number, Record<string, unknown> | undefined, string, RegExp])[] = [
    [
      400,
      { error: "invalid_grant" },
      "authentication",
      /ended, or was withdrawn: "invalid_grant" \(HTTP 400\)$/,
    ],
    [
      400,
      { error: "invalid_grant", error_description: "It is over." },
      "authentication",
      /: "It is over\." \(HTTP 400\)$/,
    ],
    [401, { error: "invalid_client" }, "authentication", /as a client/],
    [400, { error: "access_denied" }, "denied", /was refused/],
    [400, { error: "expired_token" }, "timed_out", /in time/],
    [400, { error: "invalid_dpop_proof" }, "authentication", /clock of this machine/],
    [503, { error: "temporarily_unavailable" }, "network", /cannot answer/],
    [503, undefined, "network", /the refresh of the login: HTTP 503$/],
    [500, { error: 5, detail: "Menda says no" }, "backend", /"Menda says no" \(HTTP 500\)$/],
    [403, { error: "constructor" }, "authentication", /"constructor" \(HTTP 403\)$/],
    [429, { error: "slow_down" }, "network", /HTTP 429/],
  ];
  for (const [status, json, code, message] of rows) {
    const error = oauthFailure({ status, json, body: "" }, fault);
    assert.equal(error.code, code, error.message);
    assert.match(error.message, /^https:\/\/menda\.example refused the refresh of the login: /);
    assert.match(error.message, message);
    assert.equal(error.hint, "Do it.");
  }
});

test("what the host says is shown without our secrets, control characters, and in bounds", () => {
  const texts = [
    secret.reveal(),
    encodeURIComponent(secret.reveal()),
    Buffer.from(secret.reveal()).toString("base64"),
    `a\u001b[31m\nb\u202ec ${secret.reveal()}`,
    "x".repeat(5000),
  ];
  for (const text of texts) {
    const { message } = oauthFailure(
      { status: 400, json: { error: "invalid_grant", error_description: text }, body: "" },
      fault,
    );
    assert.doesNotMatch(message, /canary|\p{C}/u);
    assert.doesNotMatch(message, /Y2FuYXJ5/);
    assert.ok(message.length < 500, message);
  }
});
