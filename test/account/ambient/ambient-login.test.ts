// The exchange of an ambient identity for a login: what the broker is sent, with and without a proof, and what its refusals
// become.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import type { Ambient } from "../../../src/account/ambient/ambient.ts";
import { dpopKey, type DpopKey } from "../../../src/account/login/dpop-key.ts";
import type { Login } from "../../../src/account/login/login-store.ts";
import { workloadLogin } from "../../../src/account/login/workload-login.ts";
import { createHttp } from "../../../src/io/http.ts";
import { header, response, type Answer } from "../../io/servers.ts";
import { jwt, machine, NOW, refusal, service, type Service } from "./ambient-place.ts";

const GRANT = "urn:ietf:params:oauth:grant-type:token-exchange";
const ANSWER = {
  access_token: "canary-access",
  issued_token_type: "urn:ietf:params:oauth:token-type:access_token",
  token_type: "Bearer",
  expires_in: 900,
  scope: "registry",
};
const clock = { now: () => NOW };
const json = (status: number, data: unknown): string => response(status, JSON.stringify(data));

interface Extra {
  readonly dpop?: DpopKey;
  readonly grantTypes?: readonly string[];
  readonly claims?: Readonly<Record<string, unknown>>;
}

async function ambientFor(url: string, claims: Extra["claims"]): Promise<Ambient> {
  const token = jwt({ aud: url, ...claims });
  const found = await machine().find({ GITLAB_CI: "true", KEYWRIGHT_ID_TOKEN: token });
  assert.ok(found !== undefined);
  return found;
}

async function login({ url }: Service, { dpop, grantTypes, claims }: Extra = {}): Promise<Login> {
  return workloadLogin(await ambientFor(url, claims), {
    host: url,
    metadata: { tokenEndpoint: `${url}/oauth2/token`, grantTypes },
    profile: "ci",
    http: createHttp({ env: {}, clock, requestTimeout: 5 }),
    clock,
    dpop,
    deadline: undefined,
  });
}

function key(t: TestContext): DpopKey {
  const home = mkdtempSync(join(tmpdir(), "keywright-ambient-"));
  t.after(() => rmSync(home, { recursive: true, force: true }));
  return dpopKey(home, { clock, env: {} });
}

test("RFC 8693 §2.1: the identity token goes in the body of a POST, and nowhere else", async (t) => {
  const host = await service(t, json(200, ANSWER));
  const made = await login(host);
  const [request] = host.seen;
  assert.ok(request !== undefined && host.seen.length === 1);
  assert.equal(request.lines[0], "POST /oauth2/token HTTP/1.1");
  assert.equal(header(request, "content-type"), "application/x-www-form-urlencoded");
  assert.deepEqual(Object.fromEntries(new URLSearchParams(request.body)), {
    grant_type: GRANT,
    subject_token: jwt({ aud: host.url }),
    subject_token_type: "urn:ietf:params:oauth:token-type:jwt",
    requested_token_type: "urn:ietf:params:oauth:token-type:access_token",
    scope: "registry",
  });
  assert.ok(!request.lines.join("\n").includes("eyJ"));
  assert.equal(made.accessToken.reveal(), "canary-access");
  const { accessToken: _, ...rest } = made;
  assert.deepEqual(rest, {
    host: host.url,
    profile: "ci",
    expiresAt: NOW + 900,
    tokenType: "Bearer",
    refreshToken: undefined,
    scope: "registry",
    source: "workload",
    workload: "gitlab",
    tokenEndpoint: `${host.url}/oauth2/token`,
    clientId: "keywright",
    bound: false,
    shared: false,
    createdAt: NOW,
  });
});

test("RFC 9449 §8: with a key there is a proof, and a second one with the server's nonce", async (t) => {
  const nonceOf = (request: Parameters<Answer>[0]): unknown => {
    const [, payload = ""] = (header(request, "dpop") ?? "").split(".");
    return (JSON.parse(Buffer.from(payload, "base64url").toString()) as Record<string, unknown>)["nonce"];
  };
  const refused = response(400, '{"error":"use_dpop_nonce"}', "DPoP-Nonce: n-1");
  const answer: Answer = (request) =>
    nonceOf(request) === "n-1" ? json(200, { ...ANSWER, token_type: "DPoP" }) : refused;
  const host = await service(t, answer);
  const made = await login(host, { dpop: key(t) });
  assert.deepEqual([host.seen.length, made.tokenType, made.bound], [2, "DPoP", true]);
});

test("a token of another type than was asked for is none", async (t) => {
  for (const type of ["DPoP", "mac", undefined]) {
    const host = await service(t, json(200, { ...ANSWER, token_type: type }));
    assert.match((await refusal(login(host))).message, /has no token_type that was asked for/);
  }
  for (const answer of [
    { ...ANSWER, expires_in: undefined },
    { ...ANSWER, expires_in: 0 },
    { ...ANSWER, access_token: "" },
    [],
  ]) {
    const host = await service(t, json(200, answer));
    assert.equal((await refusal(login(host))).code, "backend");
  }
});

test("a refusal says whom the broker was shown, without the token, and who knows why", async (t) => {
  const claims = {
    iss: "https://token.actions.githubusercontent.example",
    sub: "repo:octocat@123/my-repo@456:ref:refs/heads/main",
    repository_id: "456",
    repository_owner_id: "123",
    repository: "octocat/my-repo",
    "kubernetes.io": { namespace: "build", serviceaccount: { name: "ci", uid: "u-1" } },
  };
  const refused = { error: "invalid_grant", error_description: "no rule takes this identity" };
  const host = await service(t, json(400, refused));
  const error = await refusal(login(host, { claims }));
  assert.equal(error.code, "authentication");
  assert.match(
    error.message,
    /refused the identity of GitLab CI\/CD: .*no rule takes this identity.*\(HTTP 400\)/,
  );
  assert.match(
    error.message,
    /it was shown iss=https:\/\/token\.actions\.githubusercontent\.example, sub=repo:octocat@123\/my-repo@456:ref:refs\/heads\/main, repository_id=456, repository_owner_id=123, kubernetes\.io\.namespace=build, kubernetes\.io\.serviceaccount\.uid=u-1$/,
  );
  assert.match(error.hint ?? "", /The audit of http.* says why; .*workloads/);
  assert.doesNotMatch(error.message, /login has ended/); // There was none yet.
  assert.ok(!`${error.message}${error.hint}`.includes("eyJ"));
});

test("a server that is down or busy is no refusal", async (t) => {
  for (const status of [429, 500, 503]) {
    const error = await refusal(login(await service(t, json(status, { error: "server_error" }))));
    assert.doesNotMatch(error.message, /it was shown/);
    assert.match(error.hint ?? "", /Try again later/);
  }
});

test("what the host echoes of the token is not shown", async (t) => {
  const host: Service = await service(t, (request) =>
    json(400, {
      error: "invalid_request",
      error_description: `bad ${new URLSearchParams(request.body).get("subject_token")}`,
    }),
  );
  assert.doesNotMatch((await refusal(login(host))).message, /eyJ|c2ln/);
});

test("nothing is sent where the token is for somebody else, or the host takes none", async (t) => {
  const host = await service(t, json(200, ANSWER));
  assert.match(
    (await refusal(login(host, { claims: { aud: "https://other.example" } }))).message,
    /not sent there/,
  );
  const without = await refusal(login(host, { grantTypes: ["client_credentials"] }));
  assert.match(without.message, /takes no identity of a job or machine/);
  assert.equal(host.seen.length, 0);
  await login(host, { grantTypes: [GRANT] });
  assert.equal(host.seen.length, 1);
});
