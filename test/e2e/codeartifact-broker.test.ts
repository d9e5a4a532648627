// Through a broker that assumes a role for each question: pip, uv, twine, uv publish and menda-keyring as its clients, the
// stand-in as AWS. A reader is refused at the gate, and its token at AWS; the broker's audit knows principal and role.
import assert from "node:assert/strict";
import { join } from "node:path";
import { before, test } from "node:test";
import type { TestContext } from "node:test";
import { installTools, toolPath } from "../../scripts/tools.ts";
import { HOST, startStandIn, type Seen, type StandIn } from "./aws/stand-in.ts";
import { awsUser, INDEX_URL, PUBLISHERS, PUBLISH_URL, wheelOf } from "./aws/user.ts";
import { ACCOUNT, DEV_ENV, DOMAIN, REGION, role, user as arnOf } from "./aws/world.ts";
import { brokerProcess, type BrokerProcess } from "./broker-process.ts";
import { imported, INSTALLERS, keyringGet, runAs, type Ran, type User } from "./installers.ts";
import { FORMS } from "./programs.ts";

before(() => installTools(["aws", "installers", "menda", "twine"], console.log));

const [CHECKOUT] = FORMS as [(typeof FORMS)[0]];
/** Both roles may publish: what keeps a reader from it is the policy of the session, which the broker chooses. */
const CONFIG = `principals: [reader, publisher, original]
stores:
  aws:
    backend: codeartifact
    options:
      duration: 900
      roles:
        - { actions: [read], role_arn: "${role("packages")}", session_policy: read, session_name: "kw-{principal}" }
        - { actions: [publish], role_arn: "${role("publisher")}", session_policy: publish, tags: { who: "{principal}", decision: "{decision}" } }
  domain:
    backend: codeartifact
    options: { domain: ${DOMAIN}, domain_owner: "${ACCOUNT}", region: ${REGION}, roles: [ { role_arn: "${role("reader")}" } ] }
refs:
  packages: { store: aws, match: "${HOST}/pypi/repo", username: aws, policy: registries }
  domain: { store: domain, match: "whole.example", username: aws, policy: domain }
policies:
  registries:
    grants:
      - { name: readers, principals: [reader, publisher], actions: [read] }
      - { name: publishers, principals: [publisher], actions: [publish] }
  domain: { allowed_principals: [original], actions: [read] }
menda: { original: domain }
`;

interface Place {
  readonly standIn: StandIn;
  readonly broker: BrokerProcess;
  /** A new client of the broker that acts as this principal, and a user with its secret and no AWS credentials. */
  client(principal: string): Promise<User>;
}

async function place(t: TestContext, form = CHECKOUT): Promise<Place> {
  const standIn = await startStandIn(t);
  const env = { ...standIn.env, ...DEV_ENV, AWS_REGION: REGION, AWS_EC2_METADATA_DISABLED: "true" };
  const broker = await brokerProcess(t, form, { config: CONFIG, env });
  return {
    standIn,
    broker,
    async client(principal) {
      const secret = await broker.client(principal, "--principal", principal, "--menda");
      const identity = {
        MENDA_HOST: broker.url,
        MENDA_CLIENT_ID: principal,
        MENDA_CLIENT_SECRET: secret,
      };
      return awsUser(standIn, principal, { env: identity });
    },
  };
}

interface AuditEntry {
  readonly kind: string;
  readonly id: string;
  readonly principal?: string;
  readonly decision?: string;
  readonly upstream?: string;
  readonly sha256?: string;
}

async function audited({ broker }: Place): Promise<readonly AuditEntry[]> {
  const lines = await broker.keywright("audit", "show", "--data", broker.data, "--json");
  return lines
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as AuditEntry);
}

for (const form of FORMS) {
  test(`${form.name}: pip and uv install through a broker, whose audit shows principal and role of every mint`, async (t) => {
    const here = await place(t, form);
    const { standIn } = here;
    const user = await here.client("reader");
    for (const name of ["the newest pip", "uv"] as const) {
      const target = join(standIn.folder("sites"), name);
      succeeded(await INSTALLERS[name](user, INDEX_URL, target));
      assert.equal(await imported(user, target), "installed with a short-lived token");
    }
    const [assumed, ...others] = standIn.seen("AssumeRole");
    assert.deepEqual(
      [assumed?.principal, assumed?.role, assumed?.signature],
      [arnOf("dev"), role("packages"), "valid"],
    );
    assert.equal(assumed?.params?.["RoleSessionName"], "kw-reader");
    assert.deepEqual(others, []);
    await auditKnows(here, standIn.seen("GetAuthorizationToken"), ["kw-reader", "reader"]);
  });
}

/** Each token that AWS issued has an entry with its hash, and the role and session that AWS saw. */
async function auditKnows(
  here: Place,
  mints: readonly Seen[],
  [session, principal]: readonly [string, string],
): Promise<void> {
  const entries = await audited(here);
  assert.ok(mints.length > 0);
  for (const mint of mints) {
    assert.equal(mint.signature, "valid");
    const entry = entries.find(({ kind, sha256 }) => kind === "issued" && sha256 === mint.token_sha256);
    assert.ok(entry, "a mint without an entry");
    assert.match(entry.upstream ?? "", new RegExp(session));
    assert.ok(entry.upstream?.includes((mint.role ?? "").split("/")[1] ?? "no role"), entry.upstream);
    assert.equal(entries.find(({ id }) => id === entry.decision)?.principal ?? entry.principal, principal);
  }
}

test("a reader may not publish: refused at the gate, and its token by AWS", async (t) => {
  const here = await place(t);
  const { standIn } = here;
  const user = await here.client("reader");
  for (const [name, publish] of Object.entries(PUBLISHERS)) {
    const { status, stdout, stderr } = await publish(user, wheelOf(standIn));
    assert.notEqual(status, 0, name);
    assert.match(stdout + stderr, /This is not among the things that you may have/, name);
  }
  assert.deepEqual(standIn.seen("GetAuthorizationToken"), []);
  assert.deepEqual(standIn.seen("AssumeRole"), []);
  const denied = (await audited(here)).filter((entry) => "outcome" in entry && entry.outcome === "denied");
  assert.ok(denied.length >= 2, "each question for publishing is in the audit");

  // What it may have, used for what it may not.
  const asked = await keyringGet(user, INDEX_URL, "aws");
  succeeded(asked);
  const kept = await keyringGet(user, PUBLISH_URL, "aws");
  assert.deepEqual(
    [kept.status, kept.stdout],
    [1, ""],
    "a lease for reading answers no question for publishing",
  );
  const login = { username: "aws", password: asked.stdout.trimEnd() };
  for (const [name, publish] of Object.entries(PUBLISHERS)) {
    const { status, stdout, stderr } = await publish(user, wheelOf(standIn), login);
    assert.notEqual(status, 0, name);
    assert.match(stdout + stderr, /403/, name);
  }
  const uploads = standIn.seen("repository").filter(({ method }) => method === "POST");
  const withToken = uploads.filter(({ token_sha256: hash }) => hash !== undefined);
  assert.deepEqual(
    withToken.map(({ status, role: of }) => [status, of]),
    Object.keys(PUBLISHERS).map(() => [403, role("packages")]),
  );
  assert.ok(uploads.every(({ stored }) => stored === undefined));
});

test("a publisher publishes with twine and uv, by a session of its own", async (t) => {
  const here = await place(t);
  const { standIn } = here;
  const user = await here.client("publisher");
  for (const publish of Object.values(PUBLISHERS)) succeeded(await publish(user, wheelOf(standIn)));
  succeeded(await INSTALLERS.uv(user, INDEX_URL, standIn.folder("site")));
  const uploads = standIn.seen("repository").filter(({ stored }) => stored !== undefined);
  assert.deepEqual(
    uploads.map(({ status, role: of }) => [status, of]),
    [1, 2].map(() => [200, role("publisher")]),
  );
  const sessions = standIn
    .seen("AssumeRole")
    .map(({ params, role: of }) => [of, params?.["RoleSessionName"]]);
  assert.deepEqual([...new Set(sessions.map(String))].sort(), [
    `${role("packages")},kw-publisher`,
    `${role("publisher")},keywright-publisher`,
  ]);
  const { "Tags.member.1.Value": who, "Tags.member.2.Value": decision } =
    standIn.seen("AssumeRole")[0]?.params ?? {};
  assert.equal(who, "publisher");
  const decided = (await audited(here)).find(({ id }) => id === decision);
  assert.deepEqual([decided?.kind, decided?.principal], ["decision", "publisher"]);
});

test("menda-keyring 0.0.2 gets a token of AWS through the menda face", async (t) => {
  const here = await place(t);
  const { home, env } = await here.client("original");
  const user = {
    home,
    env: { ...env, PYTHON_KEYRING_BACKEND: "menda.keyring.backend.MendaCodeArtifactKeyring" },
  };
  const asked = await runAs(user, toolPath("menda", "keyring"), ["get", PUBLISH_URL, "aws"]);
  succeeded(asked);
  assert.equal(
    await here.standIn.get(HOST, "/pypi/repo/simple/keywright-demo-package/", asked.stdout.trim()),
    200,
  );
  await auditKnows(here, here.standIn.seen("GetAuthorizationToken"), ["keywright-original", "original"]);
});

function succeeded({ status, stdout, stderr }: Ran): void {
  assert.equal(status, 0, `${stdout}${stderr}`);
}
