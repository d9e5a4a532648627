// The stand-in for AWS itself, before anything of ours is held against it: the real SDK gets its tokens from it, and what is
// signed wrongly, expired, out of range or not allowed gets the service's own error.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { before, test } from "node:test";
import { installTools, toolPath } from "../../scripts/tools.ts";
import {
  DUAL_STACK_HOST,
  ENDPOINT_HOST,
  HOST,
  OTHER_HOST,
  startStandIn,
  type StandIn,
} from "./aws/stand-in.ts";
import { awsUser, INDEX_URL, PUBLISHERS, wheelOf } from "./aws/user.ts";
import { ACCOUNT, DEV, DOMAIN, EVERYTHING, role, user, WORLD } from "./aws/world.ts";
import { INSTALLERS } from "./installers.ts";
import { plant, run } from "./programs.ts";

before(() => installTools(["aws", "installers", "twine"], console.log));

interface Step {
  readonly ask: Readonly<Record<string, string | number>>;
  readonly profile?: string;
  readonly keys?: readonly [id: string, secret: string, token?: string];
}

interface Got {
  readonly token?: string;
  readonly expires?: number;
  readonly code?: string;
  readonly status?: number;
}

const ASK = { domain: DOMAIN, domainOwner: ACCOUNT, durationSeconds: 900 };
const PAGE = "/pypi/repo/simple/keywright-demo-package/";
const PORTAL = "https://start.example/start";

/** A home with a profile for each way in which credentials are found. */
function homeOf(standIn: StandIn): string {
  const home = standIn.folder("home");
  const reader = `role_arn = ${role("reader")}\n`;
  const session = createHash("sha1").update("work").digest("hex");
  plant(home, {
    ".aws/credentials": `[base]\naws_access_key_id = ${DEV.accessKeyId}\naws_secret_access_key = ${DEV.secretAccessKey}\n`,
    ".aws/config": [
      `[profile reader]\n${reader}source_profile = base\n`,
      `[profile instance]\n${reader}credential_source = Ec2InstanceMetadata\n`,
      `[profile container]\n${reader}credential_source = EcsContainer\n`,
      `[profile web]\n${reader}web_identity_token_file = ${join(home, "jwt")}\n`,
      `[profile sso]\nsso_session = work\nsso_account_id = ${ACCOUNT}\nsso_role_name = reader\n`,
      `[sso-session work]\nsso_region = eu-west-1\nsso_start_url = ${PORTAL}\nsso_registration_scopes = sso:account:access\n`,
    ].join("\n"),
    jwt: "header.claims.signature",
    [`.aws/sso/cache/${session}.json`]: JSON.stringify({
      startUrl: PORTAL,
      region: "eu-west-1",
      accessToken: "portal-token",
      expiresAt: "2099-01-01T00:00:00Z",
    }),
  });
  return home;
}

async function boto3(standIn: StandIn, home: string, steps: readonly Step[]): Promise<readonly Got[]> {
  const env = {
    HOME: home,
    ...standIn.env,
    AWS_EC2_METADATA_SERVICE_ENDPOINT: standIn.url,
    AWS_CONTAINER_CREDENTIALS_FULL_URI: `${standIn.url}/v2/credentials/one`,
    AWS_CONTAINER_AUTHORIZATION_TOKEN: "of the task",
    AWS_MAX_ATTEMPTS: "1",
  };
  const program = join(import.meta.dirname, "aws", "boto_client.py");
  const ran = await run(toolPath("aws", "python"), ["-B", program], { env, input: JSON.stringify(steps) });
  assert.equal(ran.code, 0, ran.stderr);
  return JSON.parse(ran.stdout) as Got[];
}

const PLACES = {
  web_identities: { "header.claims.signature": { roles: [role("reader")] } },
  instance: { role: role("packages") },
  container: { path: "/v2/credentials/one", authorization: "of the task", role: role("packages") },
  sso: { sessions: { "portal-token": { roles: { [`${ACCOUNT}/reader`]: role("reader") } } } },
};

test("boto3 gets a token from it in every way, and the index serves for that token", async (t) => {
  const standIn = await startStandIn(t, PLACES);
  const profiles = ["base", "reader", "instance", "container", "web", "sso"];
  const got = await boto3(
    standIn,
    homeOf(standIn),
    profiles.map((profile) => ({ profile, ask: ASK })),
  );
  for (const [at, { token = "", expires = 0 }] of got.entries()) {
    const name = profiles[at] ?? "";
    assert.ok(Math.abs(expires - Date.now() / 1000 - 900) < 30, name);
    for (const [host, path] of [
      [HOST, PAGE],
      [DUAL_STACK_HOST, PAGE],
      [ENDPOINT_HOST, PAGE.replace("/pypi/", `/pypi/d/${DOMAIN}-${ACCOUNT}/`)],
    ] as const)
      assert.equal(await standIn.get(host, path, token), 200, `${name} ${host}`);
    assert.equal(await standIn.get(OTHER_HOST, PAGE, token), 401);
    assert.equal(await standIn.get(HOST, PAGE, `${token}x`), 401);
  }
  const mints = standIn.seen("GetAuthorizationToken");
  assert.deepEqual(
    mints.map(({ role: of, signature }) => [of ?? "", signature]),
    ["", ...Array(5).fill(role("reader"))].map((of) => [of, "valid"]),
  );
  await standIn.tell({ ahead: 901 });
  assert.equal(await standIn.get(HOST, PAGE, got[0]?.token ?? ""), 401);
});

test("it refuses what AWS refuses, with AWS's own codes", async (t) => {
  const session = { secret: "of a session", token: "its token", arn: user("dev"), policies: [EVERYTHING] };
  const standIn = await startStandIn(t, {
    roles: { ...WORLD.roles, [role("reader")]: { trusts: [], policies: [] } },
    users: {
      ...WORLD.users,
      ASIAEXPIRED: { ...session, expires: 1 },
      ASIALIVING: { ...session, expires: 4e9 },
      AKIANOBODY: { ...session, policies: [] },
    },
  });
  const home = homeOf(standIn);
  const { accessKeyId: id, secretAccessKey: secret } = DEV;
  const right = [id, secret] as const;
  const rows: readonly (readonly [Step, string, number])[] = [
    [{ keys: [id, `${secret}x`], ask: ASK }, "InvalidSignatureException", 403],
    [{ keys: [`${id}X`, secret], ask: ASK }, "UnrecognizedClientException", 403],
    [{ keys: right, ask: { ...ASK, durationSeconds: 899 } }, "ValidationException", 400],
    [{ keys: right, ask: { ...ASK, durationSeconds: 0 } }, "ValidationException", 400],
    [{ keys: right, ask: { ...ASK, domainOwner: "12345678901x" } }, "ValidationException", 400],
    [{ keys: right, ask: { ...ASK, domain: "no-such-domain" } }, "ResourceNotFoundException", 404],
    [{ keys: right, ask: { ...ASK, domainOwner: "999999999999" } }, "ResourceNotFoundException", 404],
    [{ profile: "reader", ask: ASK }, "AccessDenied", 403],
    [{ keys: ["AKIANOBODY", "of a session", "its token"], ask: ASK }, "AccessDeniedException", 403],
    [{ keys: ["ASIAEXPIRED", "of a session", "its token"], ask: ASK }, "ExpiredTokenException", 403],
    [{ keys: ["ASIALIVING", "of a session", "another"], ask: ASK }, "UnrecognizedClientException", 403],
    [{ keys: ["ASIALIVING", "of a session"], ask: ASK }, "UnrecognizedClientException", 403],
  ];
  const expected = rows.map(([, code, status]) => ({ code, status }));
  assert.deepEqual(
    await boto3(
      standIn,
      home,
      rows.map(([step]) => step),
    ),
    expected,
  );
  await standIn.tell({ ahead: 3600 });
  const [late] = await boto3(standIn, home, [{ keys: right, ask: ASK }]);
  assert.deepEqual(late, { code: "InvalidSignatureException", status: 403 });
  await standIn.tell({ ahead: 0, faults: [{ api: "GetAuthorizationToken", code: "ThrottlingException" }] });
  const [throttled, again] = await boto3(standIn, home, [
    { keys: right, ask: ASK },
    { keys: right, ask: ASK },
  ]);
  assert.deepEqual(throttled, { code: "ThrottlingException", status: 429 });
  assert.ok(again?.token);
});

test("twine and uv publish with a token of a session that may, and neither with a reader's", async (t) => {
  const standIn = await startStandIn(t);
  const somebody = awsUser(standIn, "publisher");
  const steps = ["base", "reader"].map((profile) => ({ profile, ask: ASK }));
  const [may, reader] = await boto3(standIn, homeOf(standIn), steps);
  for (const [name, publish] of Object.entries(PUBLISHERS)) {
    const refused = await publish(somebody, wheelOf(standIn), {
      username: "aws",
      password: reader?.token ?? "",
    });
    assert.notEqual(refused.status, 0, name);
    assert.match(refused.stdout + refused.stderr, /403/, name);
    const done = await publish(somebody, wheelOf(standIn), { username: "aws", password: may?.token ?? "" });
    assert.equal(done.status, 0, done.stdout + done.stderr);
  }
  const uploads = standIn.seen("repository").filter(({ method }) => method === "POST");
  assert.deepEqual(
    uploads.map(({ status, stored }) => [status, stored !== undefined]),
    [403, 200, 403, 200].map((status) => [status, status === 200]),
  );
  const url = INDEX_URL.replace("aws@", `aws:${reader?.token ?? ""}@`);
  const installed = await INSTALLERS.uv(somebody, url, standIn.folder("site"));
  assert.equal(installed.status, 0, installed.stderr);
});
