// Where AWS credentials come from, each through the whole command in both forms: what `keyring get` answers, and what the
// places themselves were asked, by the stand-in that serves all of them.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { before, test } from "node:test";
import { installTools } from "../../scripts/tools.ts";
import { HOST, startStandIn, type Seen, type StandIn } from "./aws/stand-in.ts";
import { awsUser, INDEX_URL } from "./aws/user.ts";
import { ACCOUNT, DEV, REGION, role, WORLD, type World } from "./aws/world.ts";
import { keyringGet, type Ran } from "./installers.ts";
import { FORMS, plant } from "./programs.ts";

before(() => installTools(["aws"], console.log));

const PAGE = "/pypi/repo/simple/keywright-demo-package/";
interface Row {
  readonly world: Partial<World>;
  readonly env?: (standIn: StandIn) => Readonly<Record<string, string>>;
  readonly files?: Readonly<Record<string, string>>;
  /** The name of the session's role and of the session; undefined: the command has to fail. */
  readonly as: string | undefined;
  /** What was asked before the token, in order. */
  readonly asked: readonly string[];
  readonly says?: RegExp;
}

const CONFIG = ".aws/config";
const region = `region = ${REGION}\n`;
const BASE = `[profile base]\naws_access_key_id = ${DEV.accessKeyId}\naws_secret_access_key = ${DEV.secretAccessKey}\n`;
const instance = { role: role("packages") };
const metadata = (standIn: StandIn): Record<string, string> => ({
  AWS_EC2_METADATA_SERVICE_ENDPOINT: standIn.url,
  AWS_EC2_METADATA_DISABLED: "false",
});
const V2 = [
  "PUT /latest/api/token 200",
  "GET /latest/meta-data/iam/security-credentials/ 200",
  "GET /latest/meta-data/iam/security-credentials/packages 200",
];
const container = { path: "/v2/credentials/one", authorization: "of the task", role: role("packages") };
const task = (standIn: StandIn, token: string): Record<string, string> => ({
  AWS_CONTAINER_CREDENTIALS_FULL_URI: `${standIn.url}${container.path}`,
  AWS_CONTAINER_AUTHORIZATION_TOKEN: token,
});

const ROWS: Readonly<Record<string, Row>> = {
  "instance metadata, version 2": {
    world: { instance },
    env: metadata,
    files: { [CONFIG]: `[default]\n${region}` },
    as: "packages/i-0123456789abcdef0",
    asked: V2,
  },
  "an instance without a role": {
    world: {},
    env: metadata,
    files: { [CONFIG]: `[default]\n${region}` },
    as: undefined,
    asked: ["PUT /latest/api/token 404"],
    says: /keyring: .*\n {2}./,
  },
  "the container endpoint": {
    world: { container },
    env: (standIn) => task(standIn, "of the task"),
    as: "packages/task",
    asked: ["GET /v2/credentials/one 200"],
  },
  "the container endpoint, with another token": {
    world: { container },
    env: (standIn) => task(standIn, "of another"),
    as: undefined,
    asked: ["GET /v2/credentials/one 401"],
    says: /container.*401|401.*container/i,
  },
  "a web identity": {
    world: { web_identities: { "head.claims.seal": { roles: [role("reader")] } } },
    env: () => ({ AWS_ROLE_ARN: role("reader"), AWS_ROLE_SESSION_NAME: "pod" }),
    files: { jwt: "head.claims.seal" },
    as: "reader/pod",
    asked: ["AssumeRoleWithWebIdentity 200"],
  },
  "a web identity that expired": {
    world: { web_identities: { "head.claims.seal": { roles: [role("reader")], expired: true } } },
    env: () => ({ AWS_ROLE_ARN: role("reader"), AWS_ROLE_SESSION_NAME: "pod" }),
    files: { jwt: "head.claims.seal" },
    as: undefined,
    // The file is read once more, since whoever writes it may just have written a new one.
    asked: ["AssumeRoleWithWebIdentity 400", "AssumeRoleWithWebIdentity 400"],
    says: /web identity token has expired.*\n {2}Let whoever writes/,
  },
  "a role of a profile, with an external id": {
    world: {
      roles: {
        [role("reader")]: {
          trusts: [`arn:aws:iam::${ACCOUNT}:user/dev`],
          external_id: "pact/7",
          policies: [],
        },
      },
    },
    files: {
      [CONFIG]: `${BASE}[default]\nrole_arn = ${role("reader")}\nsource_profile = base\nexternal_id = pact/7\nrole_session_name = me\n`,
    },
    // The role itself may nothing, which only the token's own call finds out.
    as: undefined,
    asked: ["AssumeRole 200"],
    says: /does not allow codeartifact:GetAuthorizationToken/,
  },
  "a role over a role": {
    world: {},
    files: {
      [CONFIG]: `${BASE}[profile middle]\nrole_arn = ${role("packages")}\nsource_profile = base\n[default]\nrole_arn = ${role("reader")}\nsource_profile = middle\nrole_session_name = me\n`,
    },
    as: "reader/me",
    asked: ["AssumeRole 200", "AssumeRole 200"],
  },
  "a role by instance metadata": {
    world: { instance },
    env: metadata,
    files: {
      [CONFIG]: `[default]\nrole_arn = ${role("reader")}\ncredential_source = Ec2InstanceMetadata\nrole_session_name = me\n`,
    },
    as: "reader/me",
    asked: [...V2, "AssumeRole 200"],
  },
};

const NOWHERE = { instance: null, container: null, web_identities: {}, roles: WORLD.roles };

for (const form of FORMS) {
  test(`${form.name}: the credentials of each place lead to a token of the right session`, async (t) => {
    const standIn = await startStandIn(t);
    const keyring = dirname(form.program("keyring"));
    for (const [name, row] of Object.entries(ROWS)) {
      await t.test(name, async () => {
        await standIn.tell({ world: { ...NOWHERE, ...row.world } });
        const earlier = standIn.seen().length;
        const { files = {} } = row;
        const user = awsUser(standIn, name.replaceAll(" ", "-"), {
          keyring,
          files,
          env: row.env?.(standIn) ?? {},
        });
        const token = "jwt" in files ? { AWS_WEB_IDENTITY_TOKEN_FILE: `${user.home}/jwt` } : {};
        const ran = await keyringGet({ ...user, env: { ...user.env, ...token } }, INDEX_URL, "aws");
        await answered(row, ran, standIn, standIn.seen().slice(earlier));
      });
    }
  });
}

async function answered(row: Row, ran: Ran, standIn: StandIn, seen: readonly Seen[]): Promise<void> {
  const { status, stdout, stderr } = ran;
  const mints = seen.filter(({ api }) => api === "GetAuthorizationToken");
  const before = seen.filter((one) => !mints.includes(one));
  assert.deepEqual(before.map(shown), row.asked, stderr);
  if (row.as === undefined) {
    assert.equal(status, 1);
    assert.match(stderr, row.says ?? /./);
    return;
  }
  assert.equal(status, 0, stderr);
  const principal = `arn:aws:sts::${ACCOUNT}:assumed-role/${row.as}`;
  assert.deepEqual(
    mints.map((mint) => [mint.principal, mint.signature]),
    [[principal, "valid"]],
  );
  assert.equal(await standIn.get(HOST, PAGE, stdout.trimEnd()), 200);
}

function shown({ api, method, path, status }: Seen): string {
  return `${method === undefined ? api : `${method} ${path}`} ${status}`;
}

test("version 1 of instance metadata is not asked when version 2 is refused", async (t) => {
  const standIn = await startStandIn(t, { instance });
  await standIn.tell({ faults: [{ api: "instance", kind: "raw", status: 403, body: "", times: 1 }] });
  const files = { [CONFIG]: `[default]\n${region}` };
  const user = awsUser(standIn, "somebody", { env: metadata(standIn), files });
  const ran = await keyringGet(user, INDEX_URL, "aws");
  assert.equal(ran.status, 1);
  assert.equal(standIn.seen("instance").length, 1);
  assert.match(ran.stderr, /metadata/);
});

for (const form of FORMS) {
  test(`${form.name}: a login of single sign-on is renewed once and kept, and without that a person is told to log in`, async (t) => {
    const roles = { [`${ACCOUNT}/reader`]: role("reader") };
    const renewed = { access_token: "renewed", refresh_token: "the next", session: { roles, name: "me" } };
    const standIn = await startStandIn(t, {
      sso: { sessions: {}, clients: { app: "of the app" }, refresh: { "the first": renewed } },
    });
    const login = {
      startUrl: "https://start.example/start",
      region: REGION,
      accessToken: "too old",
      expiresAt: "2020-01-01T00:00:00Z",
      clientId: "app",
      clientSecret: "of the app",
      registrationExpiresAt: "2099-01-01T00:00:00Z",
      refreshToken: "the first",
    };
    const place = `.aws/sso/cache/${createHash("sha1").update("work").digest("hex")}.json`;
    const user = awsUser(standIn, "somebody", {
      keyring: dirname(form.program("keyring")),
      env: {},
      files: {
        [CONFIG]: `[default]\nsso_session = work\nsso_account_id = ${ACCOUNT}\nsso_role_name = reader\n[sso-session work]\nsso_region = ${REGION}\nsso_start_url = ${login.startUrl}\nsso_registration_scopes = sso:account:access\n`,
        [place]: JSON.stringify(login),
      },
    });
    const leases = join(user.home, ".cache", "keywright", "leases");
    for (const calls of [
      ["CreateToken 200", "GetRoleCredentials 200", "GetAuthorizationToken 200"],
      ["GetRoleCredentials 200", "GetAuthorizationToken 200"],
    ]) {
      const earlier = standIn.seen().length;
      rmSync(leases, { recursive: true, force: true });
      const { status, stderr } = await keyringGet(user, INDEX_URL, "aws");
      assert.equal(status, 0, stderr);
      assert.deepEqual(standIn.seen().slice(earlier).map(shown), calls);
    }
    const kept = JSON.parse(readFileSync(join(user.home, place), "utf8")) as typeof login;
    assert.deepEqual([kept.accessToken, kept.refreshToken], ["renewed", "the next"]);
    assert.equal(statSync(join(user.home, place)).mode & 0o777, 0o600);

    rmSync(leases, { recursive: true, force: true });
    plant(user.home, { [place]: JSON.stringify({ ...login, refreshToken: "used up" }) });
    const { status, stderr } = await keyringGet(user, INDEX_URL, "aws");
    assert.equal(status, 1);
    assert.match(stderr, /\n {2}.*aws sso login/);
  });
}
