// Without a broker: somebody with AWS credentials, and real pip and uv, which ask our `keyring`. The registry and AWS are the
// stand-in, at their real names; it says who asked for which token, and what was installed with it.
import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { before, test } from "node:test";
import { installTools } from "../../scripts/tools.ts";
import {
  DUAL_STACK_HOST,
  ENDPOINT_HOST,
  HOST,
  startStandIn,
  type Seen,
  type StandIn,
} from "./aws/stand-in.ts";
import { awsUser, INDEX_URL, PUBLISHERS, wheelOf } from "./aws/user.ts";
import { ACCOUNT, DEV, DEV_ENV, DOMAIN, REGION, role, user as arnOf } from "./aws/world.ts";
import { imported, INSTALLERS, keyringGet, ownAudit, type Ran, type User } from "./installers.ts";
import { FORMS, plant } from "./programs.ts";

before(() => installTools(["aws", "installers", "pip-25", "twine"], console.log));

const WITHOUT_NAME = INDEX_URL.replace("aws@", "");
const [checkout, executable] = FORMS.map((form) => dirname(form.program("keyring"))) as [string, string];
const ROWS = [
  ["the newest pip", INDEX_URL, "checkout"],
  ["the newest pip", WITHOUT_NAME, "executable"],
  ["pip 25.0", INDEX_URL, "executable"],
  ["uv", INDEX_URL, "checkout"],
  ["uv", WITHOUT_NAME, "executable"],
] as const;

for (const [installer, url, form] of ROWS) {
  test(`${installer} installs ${url === INDEX_URL ? "with" : "without"} a user name, with AWS keys and the ${form} alone`, async (t) => {
    const standIn = await startStandIn(t);
    const user = awsUser(standIn, "dev", { keyring: form === "checkout" ? checkout : executable });
    await installs(standIn, user, installer, url);
    const [mint] = mints(standIn);
    const { principal, region, params } = mint ?? {};
    assert.deepEqual([principal, region], [arnOf("dev"), REGION]);
    assert.deepEqual(params, { domain: DOMAIN, "domain-owner": ACCOUNT, duration: "3600" });
    // The second run is answered out of the lease.
    await installs(standIn, user, installer, url);
    assert.equal(mints(standIn).length, 1);
    // An answer out of the lease is an answer, too: it has an entry of its own.
    const entries = (ownAudit(user) ?? []).filter(({ kind }) => kind === "issued");
    assert.ok(entries.length >= 2);
    for (const { sha256, upstream } of entries)
      assert.deepEqual([sha256, upstream], [mint?.token_sha256, DEV.accessKeyId]);
    const asked = new Set(standIn.proxy.asked.map(({ target }) => target));
    assert.deepEqual([...asked].sort(), [`codeartifact.${REGION}.amazonaws.com:443`, `${HOST}:443`]);
  });
}

test("the token is asked for where the environment says: regional, FIPS, dual-stack, and an endpoint of its own", async (t) => {
  const standIn = await startStandIn(t);
  const rows: readonly (readonly [Record<string, string>, string])[] = [
    [{}, `codeartifact.${REGION}.amazonaws.com`],
    [{ AWS_USE_FIPS_ENDPOINT: "true" }, `codeartifact-fips.${REGION}.amazonaws.com`],
    [{ AWS_USE_DUALSTACK_ENDPOINT: "true" }, `codeartifact.${REGION}.api.aws`],
    [{ AWS_ENDPOINT_URL: standIn.url }, standIn.url.slice("http://".length)],
    [
      { AWS_ENDPOINT_URL: "https://unused.example", AWS_ENDPOINT_URL_CODEARTIFACT: standIn.url },
      standIn.url.slice("http://".length),
    ],
  ];
  const asked = [];
  for (const [at, [env]] of rows.entries()) {
    const user = awsUser(standIn, `endpoint-${at}`, { env: { ...DEV_ENV, AWS_REGION: REGION, ...env } });
    const { status, stderr } = await keyringGet(user, INDEX_URL, "aws");
    assert.equal(status, 0, stderr);
    asked.push(mints(standIn).at(-1)?.host);
  }
  assert.deepEqual(
    asked,
    rows.map(([, host]) => host),
  );
});

test("pip and uv install from the dual-stack host and below a VPC endpoint, each with a token of its own address", async (t) => {
  const standIn = await startStandIn(t);
  const user = awsUser(standIn, "dev");
  await installs(standIn, user, "the newest pip", INDEX_URL.replace(HOST, DUAL_STACK_HOST));
  const below = `/pypi/d/${DOMAIN}-${ACCOUNT}/`;
  const endpoint = INDEX_URL.replace(HOST, ENDPOINT_HOST).replace("/pypi/", below);
  await installs(standIn, user, "uv", endpoint);
  const asked = mints(standIn).map(({ params, region }) => [params?.["domain"], region]);
  assert.deepEqual([...new Set(asked.map(String))], [`${DOMAIN},${REGION}`]);
});

const PROFILES = {
  ".aws/credentials": `[base]\naws_access_key_id = ${DEV.accessKeyId}\naws_secret_access_key = ${DEV.secretAccessKey}\n`,
  ".aws/config": [
    `[profile reading]\nrole_arn = ${role("reader")}\nsource_profile = base\nrole_session_name = reading\n`,
    `[profile packaging]\nrole_arn = ${role("packages")}\nsource_profile = base\nrole_session_name = packaging\n`,
  ].join("\n"),
};

test("twenty questions at once make one token", async (t) => {
  const standIn = await startStandIn(t);
  const user = awsUser(standIn, "dev", { keyring: executable });
  const asked = await Promise.all(Array.from({ length: 20 }, () => keyringGet(user, INDEX_URL, "aws")));
  assert.deepEqual([...new Set(asked.map(({ status }) => status))], [0]);
  assert.equal(new Set(asked.map(({ stdout }) => stdout)).size, 1);
  assert.equal(mints(standIn).length, 1);
});

test("keyringrc.cfg of keyrings.codeartifact chooses the profile and the lifetime", async (t) => {
  const standIn = await startStandIn(t);
  const user = awsUser(standIn, "dev", { env: {}, files: PROFILES });
  plant(user.home, {
    ".config/python_keyring/keyringrc.cfg": [
      "[codeartifact]\nprofile_name = base\ntoken_duration = 1800\n",
      `[codeartifact domain="${DOMAIN}" region="us-east-1"]\nprofile_name = packaging\n`,
      `[codeartifact domain="${DOMAIN}" name="repo"]\nprofile_name = reading\n`,
    ].join("\n"),
  });
  await installs(standIn, user, "the newest pip", INDEX_URL);
  const [mint] = mints(standIn);
  assert.equal(mint?.principal, `arn:aws:sts::${ACCOUNT}:assumed-role/reader/reading`);
  assert.equal(mint?.params?.["duration"], "1800");
});

test("a store of our own configuration chooses the profile and the lifetime", async (t) => {
  const standIn = await startStandIn(t);
  const user = awsUser(standIn, "dev", { env: {}, files: PROFILES });
  plant(user.home, {
    ".config/keywright/config.yaml": `stores:
  aws: { backend: codeartifact, options: { profile: packaging, duration: 900 } }
refs:
  packages: { store: aws, match: "*.d.codeartifact.*.amazonaws.com", username: aws, policy: registries }
policies:
  registries: { allowed_principals: [local_user], actions: [read] }
`,
  });
  await installs(standIn, user, "uv", INDEX_URL);
  await installs(standIn, user, "the newest pip", INDEX_URL);
  const [mint, ...more] = mints(standIn);
  assert.equal(mint?.principal, `arn:aws:sts::${ACCOUNT}:assumed-role/packages/packaging`);
  assert.equal(mint?.params?.["duration"], "900");
  assert.deepEqual(more, []);
});

test("a configuration that only lets read: pip installs, twine and uv publish are refused before anybody is asked", async (t) => {
  const standIn = await startStandIn(t);
  const user = awsUser(standIn, "reader");
  plant(user.home, {
    ".config/keywright/config.yaml": `stores:
  aws: { backend: codeartifact, options: { roles: [ { role_arn: "${role("packages")}", session_policy: read } ] } }
refs:
  packages: { store: aws, match: "${HOST}", username: aws, policy: registries }
policies:
  registries: { allowed_principals: [local_user], actions: [read] }
`,
  });
  for (const [name, publish] of Object.entries(PUBLISHERS)) {
    const { status, stdout, stderr } = await publish(user, wheelOf(standIn));
    assert.notEqual(status, 0, name);
    assert.match(
      stdout + stderr,
      /keyring: the policy does not allow .*no rule of policy registries grants publish to principal local_user/,
      name,
    );
  }
  const asked = standIn.seen().filter(({ api }) => api !== "repository");
  assert.deepEqual(asked, []);
  await installs(standIn, user, "the newest pip", INDEX_URL);
  assert.equal(mints(standIn)[0]?.role, role("packages"));
});

async function installs(
  standIn: StandIn,
  user: User,
  installer: keyof typeof INSTALLERS,
  url: string,
): Promise<void> {
  const earlier = standIn.seen("repository").length;
  const target = join(standIn.folder("sites"), String(earlier));
  const { status, stdout, stderr }: Ran = await INSTALLERS[installer](user, url, target);
  assert.equal(status, 0, `${stdout}${stderr}`);
  assert.equal(await imported(user, target), "installed with a short-lived token");
  const served = standIn.seen("repository").slice(earlier);
  assert.match([...new Set(served.map((one) => one.status))].sort().join(), /^200(,401)?$/);
  const used = new Set(served.flatMap(({ token_sha256: hash }) => hash ?? []));
  assert.equal(used.size, 1, "one token, and only tokens of the stand-in");
}

function mints(standIn: StandIn): readonly Seen[] {
  const all = standIn.seen("GetAuthorizationToken");
  assert.deepEqual([...new Set(all.map(({ signature }) => signature))], ["valid"]);
  return all;
}
