// Every row of the service's error table through the whole command: what `keyring get` says and how often it asked. Each row
// has a domain of its own, so that they run at once.
import assert from "node:assert/strict";
import { dirname } from "node:path";
import { before, test } from "node:test";
import { installTools } from "../../scripts/tools.ts";
import { startStandIn, type Fault, type Seen, type StandIn } from "./aws/stand-in.ts";
import { awsUser } from "./aws/user.ts";
import { ACCOUNT, REGION } from "./aws/world.ts";
import { runAs, type Ran } from "./installers.ts";
import { FORMS } from "./programs.ts";

before(() => installTools(["aws"], console.log));

interface Row {
  readonly fault: Omit<Fault, "api" | "about">;
  /** Message and hint, as one line each. */
  readonly says: readonly [message: RegExp, hint: RegExp];
  readonly calls: number;
}

const always = { times: -1 } as const;
const html = { "Content-Type": "text/html" };

const ROWS: Readonly<Record<string, Row>> = {
  validation: {
    fault: { ...always, code: "ValidationException", message: "bad field" },
    says: [
      /does not accept the request for the domain validation .*FIELD_VALIDATION_FAILED.*bad field/,
      /correct it/,
    ],
    calls: 1,
  },
  denied: {
    fault: { ...always, code: "AccessDeniedException", style: "header with an address" },
    says: [/does not allow codeartifact:GetAuthorizationToken .*domain denied/, /sts:GetServiceBearerToken/],
    calls: 1,
  },
  missing: {
    fault: { ...always, code: "ResourceNotFoundException", style: "type" },
    says: [
      /knows no such domain: the domain missing of account 123456789012 in eu-west-1/,
      /owner \(12 digits\)/,
    ],
    calls: 1,
  },
  conflict: {
    fault: { ...always, code: "ConflictException" },
    says: [/something else changes/, /Try again when/],
    calls: 1,
  },
  "internal-once": { fault: { times: 1, code: "InternalServerException" }, says: [/^$/, /^$/], calls: 2 },
  "throttled-twice": { fault: { times: 2, code: "ThrottlingException" }, says: [/^$/, /^$/], calls: 3 },
  // AWS wants us to wait for longer than there is time, so there is no sense in another attempt.
  "throttled-long": {
    fault: { ...always, code: "ThrottlingException", style: "code", headers: { "Retry-After": "60" } },
    says: [/too many requests for codeartifact:GetAuthorizationToken/, /quota/],
    calls: 1,
  },
  "unknown-key": {
    fault: { ...always, code: "UnrecognizedClientException", style: "Message" },
    says: [/does not know this access key in eu-west-1 \(from .*environment/, /deleted or switched off/],
    calls: 2,
  },
  "bad-signature": {
    fault: { ...always, code: "InvalidSignatureException" },
    says: [
      /does not accept the signature made with these credentials/,
      /does not belong to the access key id/,
    ],
    calls: 2,
  },
  expired: {
    fault: { ...always, code: "ExpiredTokenException" },
    says: [/temporary AWS credentials have expired/, /aws sso login/],
    calls: 2,
  },
  unsigned: {
    fault: { ...always, code: "MissingAuthenticationTokenException" },
    says: [/Authorization header did not reach AWS/, /proxy/],
    calls: 2,
  },
  incomplete: {
    fault: { ...always, code: "IncompleteSignatureException" },
    says: [/signature did not reach AWS whole/, /proxy/],
    calls: 2,
  },
  "login-page": {
    fault: { ...always, kind: "raw", status: 200, body: "<html>sign in</html>", headers: html },
    says: [/GetAuthorizationToken is not a JSON object/, /something other than AWS CodeArtifact/],
    calls: 1,
  },
  redirect: {
    fault: { ...always, kind: "raw", status: 302, body: "", headers: { Location: "https://other.example/" } },
    says: [/a redirect was answered/, /AWS_ENDPOINT_URL/],
    calls: 1,
  },
  "no-token": {
    fault: { ...always, kind: "raw", status: 200, body: '{"expiration": 4000000000}' },
    says: [/has no authorizationToken/, /something other than AWS CodeArtifact/],
    calls: 1,
  },
  milliseconds: {
    fault: {
      ...always,
      kind: "raw",
      status: 200,
      body: '{"authorizationToken": "t", "expiration": 4000000000000}',
    },
    says: [/has no expiration that is a time/, /something other than AWS CodeArtifact/],
    calls: 1,
  },
};

const NAMES = Object.keys(ROWS);

function url(domain: string): string {
  return `https://${domain}-${ACCOUNT}.d.codeartifact.${REGION}.amazonaws.com/pypi/repo/simple/`;
}

function about(standIn: StandIn, domain: string): readonly Seen[] {
  return standIn.seen("GetAuthorizationToken").filter(({ params }) => params?.["domain"] === domain);
}

for (const form of FORMS) {
  test(`${form.name}: each error of the service is said in its own words, and only what may pass is asked again`, async (t) => {
    const faults = NAMES.map((name): Fault => ({
      api: "GetAuthorizationToken",
      about: name,
      ...(ROWS[name] as Row).fault,
    }));
    const domains = Object.fromEntries(NAMES.map((name) => [name, { owner: ACCOUNT, regions: [REGION] }]));
    const standIn = await startStandIn(t, { domains });
    await standIn.tell({ faults });
    const keyring = dirname(form.program("keyring"));
    const runs = await Promise.all(
      NAMES.map((name) => runAs(awsUser(standIn, name, { keyring }), "keyring", ["get", url(name), "aws"])),
    );
    for (const [at, ran] of runs.entries()) expected(NAMES[at] ?? "", ran, standIn);
  });
}

function expected(name: string, { status, stdout, stderr }: Ran, standIn: StandIn): void {
  const { says, calls } = ROWS[name] as Row;
  const seen = about(standIn, name);
  assert.deepEqual([...new Set(seen.map(({ signature }) => signature))], ["valid"], `${name}: ${stderr}`);
  if (seen.at(-1)?.status === 200 && seen.at(-1)?.fault === undefined) {
    assert.equal(status, 0, `${name}: ${stderr}`);
    assert.equal(stderr, "", name);
  } else {
    assert.equal(status, 1, `${name}: ${stdout}`);
    assert.equal(stdout, "", name);
    const [message = "", hint = "", ...more] = stderr.trimEnd().split("\n");
    assert.deepEqual(more, [], stderr);
    assert.match(message, says[0], name);
    assert.match(hint, says[1], name);
  }
  assert.equal(seen.length, calls, `${name}: ${stderr}`);
}

test("a clock that is out of bounds is found by the Date of the answer, and is not tried again", async (t) => {
  const standIn = await startStandIn(t);
  for (const [ahead, way] of [
    [4000, "behind"],
    [-4000, "ahead of"],
  ] as const) {
    await standIn.tell({ ahead });
    const before = standIn.seen().length;
    const ran = await runAs(awsUser(standIn, way.slice(0, 5)), "keyring", ["get", url("dom"), "aws"]);
    assert.equal(ran.status, 1);
    assert.match(ran.stderr, new RegExp(`clock is (399|400)[0-9] seconds ${way} that of AWS`));
    assert.match(ran.stderr, /\n {2}Set the clock/);
    assert.equal(standIn.seen().length, before + 1);
  }
});
