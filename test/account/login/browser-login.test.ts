// The login on loopback (RFC 8252): with oidc-provider 9 and a person's browser, and with answers of somebody else.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { connect } from "node:net";
import { request } from "node:http";
import { inspect } from "node:util";
import { test, type TestContext } from "node:test";
import { browserLogin, type BrowserLoginOptions } from "../../../src/account/login/browser-login.ts";
import { dpopKey } from "../../../src/account/login/dpop-key.ts";
import { asKeywrightError } from "../../../src/errors.ts";
import { systemClock } from "../../../src/io/clock.ts";
import { createHttp } from "../../../src/io/http.ts";
import { recordingServer } from "../../io/servers.ts";
import { mendaHome } from "../home.ts";
import { json } from "./device-cloud.ts";
import { oidcPeer } from "./oidc-peer.ts";

type Open = (page: URL) => Promise<unknown>;

/** Nobody's patience ends here, unless `late`. */
async function attempt(
  open: Open,
  changes: Partial<BrowserLoginOptions> & { readonly host: string; readonly late?: boolean },
) {
  let opened: Promise<unknown> = Promise.resolve();
  let page: URL | undefined;
  const done = await browserLogin({
    http: createHttp({ env: {}, clock: systemClock, requestTimeout: 2 }),
    authorizationEndpoint: `${changes.host}/authorize?kept=1`,
    tokenEndpoint: `${changes.host}/token`,
    clientId: "keywright",
    scope: "registry",
    dpop: undefined,
    saysIssuer: false,
    again: "Log in again.",
    open(text) {
      page = new URL(text);
      opened = open(page);
    },
    wait: (_, signal) =>
      changes.late === true
        ? Promise.resolve()
        : new Promise((over) => void signal.addEventListener("abort", () => over())),
    ...changes,
  }).then(
    (granted) => ({ granted, error: undefined }),
    (thrown: unknown) => ({ granted: undefined, error: asKeywrightError(thrown) }),
  );
  await opened;
  assert.ok(page !== undefined);
  if (done.error !== undefined)
    assert.doesNotMatch(inspect(done.error, { depth: 9, showHidden: true }), /canary/);
  assert.equal(
    await isOpen(Number(new URL(page.searchParams.get("redirect_uri") ?? "").port)),
    false,
    "the port is free",
  );
  return { ...done, page };
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => (socket.destroy(), resolve(true)));
    socket.once("error", () => resolve(false));
  });
}

interface Got {
  readonly status: number;
  readonly text: string;
  readonly headers: Readonly<Record<string, unknown>>;
}

function ask(url: string, options: { method?: string; headers?: Record<string, string> } = {}): Promise<Got> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { agent: false, ...options }, (reply) => {
      let text = "";
      reply.setEncoding("utf8").on("data", (part: string) => (text += part));
      reply.on("end", () => resolve({ status: reply.statusCode ?? 0, text, headers: reply.headers }));
    });
    sent.on("error", reject).end();
  });
}

/** The address that the host sends the browser to, with this in it. */
function back(page: URL, answer: Readonly<Record<string, string>>): string {
  const url = new URL(page.searchParams.get("redirect_uri") ?? "");
  const whole = { state: page.searchParams.get("state") ?? "", ...answer };
  return `${url.href}?${new URLSearchParams(whole).toString()}`;
}

async function tokens(
  t: TestContext,
  answer = json(200, { access_token: "canary-a", token_type: "Bearer", expires_in: 60 }),
) {
  const server = await recordingServer(() => answer);
  t.after(() => server.close());
  return { server, host: `http://127.0.0.1:${server.port}` };
}

test("RFC 8252 §7.3: oidc-provider, a person's browser, a loopback port, tokens bound to the key", async (t) => {
  const { host, endpoints, visit } = await oidcPeer(t);
  let seen: Awaited<ReturnType<typeof visit>> | undefined;
  const { granted, error, page } = await attempt(
    async (to) => {
      seen = await visit(to.href);
    },
    {
      host,
      authorizationEndpoint: String(endpoints["authorization_endpoint"]),
      tokenEndpoint: String(endpoints["token_endpoint"]),
      dpop: dpopKey(mendaHome(t).path, { clock: systemClock, env: {} }),
      saysIssuer: endpoints["authorization_response_iss_parameter_supported"] === true,
    },
  );
  assert.equal(error, undefined);
  assert.equal(granted?.tokenType, "DPoP");
  assert.equal(page.searchParams.get("code_challenge_method"), "S256");
  assert.equal(endpoints["authorization_response_iss_parameter_supported"], true);
  assert.equal(seen?.status, 200);
  assert.match(seen.text, /<html lang="en">.*You can close this window/);
  assert.match(seen.headers.get("content-security-policy") ?? "", /^default-src 'none'/);
  assert.equal(seen.headers.get("cache-control"), "no-store");
  assert.equal(seen.headers.get("referrer-policy"), "no-referrer");
});

test("RFC 7636 §4.5, RFC 6749 §4.1.3: what is redeemed, and where", async (t) => {
  const { server, host } = await tokens(t);
  const { granted, page } = await attempt((to) => ask(back(to, { code: "canary-code" })), { host });
  assert.equal(granted?.accessToken.reveal(), "canary-a");
  assert.equal(page.searchParams.get("kept"), "1");
  const form = new URLSearchParams(server.seen[0]?.body);
  assert.deepEqual([...form.keys()], ["grant_type", "code", "redirect_uri", "client_id", "code_verifier"]);
  assert.equal(form.get("redirect_uri"), page.searchParams.get("redirect_uri"));
  assert.match(form.get("redirect_uri") ?? "", /^http:\/\/127\.0\.0\.1:[0-9]+\/callback$/);
  const challenge = createHash("sha256")
    .update(form.get("code_verifier") ?? "")
    .digest("base64url");
  assert.equal(challenge, page.searchParams.get("code_challenge"));
});

test("RFC 6749 §10.12, RFC 9207 §2.4: what somebody else sends to the port changes nothing", async (t) => {
  const { server, host } = await tokens(t);
  const { granted } = await attempt(
    async (page) => {
      const state = page.searchParams.get("state") ?? "";
      const port = new URL(back(page, {})).origin;
      const rows: readonly (readonly [string, number, Parameters<typeof ask>[1]?])[] = [
        [`${port}/`, 404],
        [`${port}/favicon.ico`, 404],
        [`${port}/callback/`, 404],
        [`${port}/Callback?code=x&state=${state}`, 404],
        [`${port}/callback`, 400],
        [back(page, { code: "evil", state: "other" }), 400],
        [back(page, { code: "evil", state: "" }), 400],
        [`${back(page, { code: "evil" })}&state=${state}`, 400],
        [`${back(page, { code: "evil" })}&code=evil2`, 400],
        [back(page, { code: "" }), 400],
        [back(page, {}), 400],
        [back(page, { code: "evil\u0000" }), 400],
        [back(page, { code: "evil", error: "access_denied" }), 400],
        [back(page, { code: "evil", iss: "https://evil.example" }), 400],
        [back(page, { code: "evil", iss: `${host}/` }), 400],
        [back(page, { error: "access_denied", state: "other" }), 400],
        [back(page, { code: "evil" }), 421, { headers: { Host: "evil.example" } }],
        [back(page, { code: "evil" }), 405, { method: "POST" }],
        [back(page, { code: "evil" }), 405, { method: "HEAD" }],
      ];
      for (const [url, status, options] of rows) assert.equal((await ask(url, options)).status, status, url);
      assert.equal((await ask(back(page, { code: "good", iss: host }))).status, 200);
    },
    { host },
  );
  assert.ok(granted !== undefined);
  assert.deepEqual(
    server.seen.map(({ body }) => new URLSearchParams(body).get("code")),
    ["good"],
  );
});

test("RFC 9207 §2.4: a host that says iss always says it", async (t) => {
  const { host } = await tokens(t);
  const { granted } = await attempt(
    async (page) => {
      assert.equal((await ask(back(page, { code: "evil" }))).status, 400);
      await ask(back(page, { code: "good", iss: host }));
    },
    { host, saysIssuer: true },
  );
  assert.ok(granted !== undefined);
});

test("RFC 6749 §4.1.2.1: access_denied is said plainly, another error in its words, without what turns a terminal around", async (t) => {
  const { host, server } = await tokens(t);
  const denied = await attempt((page) => ask(back(page, { error: "access_denied" })), { host });
  assert.deepEqual(
    [denied.error?.code, denied.error?.message],
    ["denied", "the login was refused in the browser"],
  );
  const scope = await attempt(
    (page) => ask(back(page, { error: "invalid_scope", error_description: "no \u001b]0;x\u0007such" })),
    { host },
  );
  assert.match(scope.error?.message ?? "", /does not give what was asked for/);
  assert.doesNotMatch(scope.error?.message ?? "", /\p{Cc}/u);
  assert.equal(server.seen.length, 0);
});

test("nobody answers for five minutes: it ends, says what else there is, and the port is free", async (t) => {
  const { host } = await tokens(t);
  const { error } = await attempt(() => Promise.resolve(), { host, late: true });
  assert.equal(error?.code, "timed_out");
  assert.match(error?.message ?? "", /in 5 minutes/);
  assert.match(error?.hint ?? "", /--device/);
});

test("a code that the host refuses is told without the code", async (t) => {
  const { host } = await tokens(
    t,
    json(400, { error: "invalid_grant", error_description: "canary-code unknown" }),
  );
  const { error } = await attempt((page) => ask(back(page, { code: "canary-code" })), { host });
  assert.equal(error?.code, "authentication");
});

test("RFC 9449 §10: the request names the key that the code is for", async (t) => {
  const { host } = await tokens(
    t,
    json(200, { access_token: "canary-a", token_type: "DPoP", expires_in: 60 }),
  );
  const dpop = dpopKey(mendaHome(t).path, { clock: systemClock, env: {} });
  const { page, granted } = await attempt((to) => ask(back(to, { code: "c" })), { host, dpop });
  assert.equal(page.searchParams.get("dpop_jkt"), dpop.thumbprint);
  assert.equal(granted?.tokenType, "DPoP");
});
