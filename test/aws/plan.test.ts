// What stands in files and variables and is hostile, broken or out of date; and where a role is assumed. The good rows, and
// those where botocore fails too, are in the table (chain-cases.ts).
import assert from "node:assert/strict";
import { chmodSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { KeywrightError } from "../../src/errors.ts";
import { epochOf, isoSeconds } from "../../src/aws/iso-time.ts";
import { secretOf, tokenOf } from "./aws-stand-in.ts";
import { KEYS, keysOf, ROLE } from "./chain-case-parts.ts";
import { NOW, world, type World } from "./chain-world.ts";

async function failure(place: World): Promise<KeywrightError> {
  const error: unknown = await place
    .chain()
    .credentials()
    .then(
      () => assert.fail("no error"),
      (thrown: unknown) => thrown,
    );
  assert.ok(error instanceof KeywrightError, String(error));
  assert.doesNotMatch(`${error.message} ${error.hint} ${place.told.join()}`, /canary/);
  return error;
}

test("keys that are none are an error that does not show them", async (t) => {
  const files = (text: string): Record<string, string> => ({ ".aws/credentials": `[default]\n${text}` });
  const rows: readonly (readonly [Record<string, string>, Record<string, string>])[] = [
    [{ AWS_ACCESS_KEY_ID: "canary\nX: y", AWS_SECRET_ACCESS_KEY: "canary" }, {}],
    [{ AWS_ACCESS_KEY_ID: "canary é", AWS_SECRET_ACCESS_KEY: "canary" }, {}],
    [{ AWS_ACCESS_KEY_ID: "c".repeat(129), AWS_SECRET_ACCESS_KEY: "canary" }, {}],
    [{}, files("aws_access_key_id =\naws_secret_access_key = canary\n")],
    [{}, files("aws_access_key_id = A\naws_secret_access_key =\n")],
    [{}, files("aws_access_key_id = A\n  canary\naws_secret_access_key = canary\n")],
    [{}, files("aws_access_key_id =\n  canary = 1\naws_secret_access_key = canary\n")],
    [{ AWS_CREDENTIAL_FILE: "/nowhere/keys" }, {}],
    [{ AWS_CREDENTIAL_FILE: "~/keys" }, { keys: "AWSAccessKeyId=A\n" }],
    [{}, { ".boto": "[Credentials]\naws_access_key_id = A\n" }],
    [{ BOTO_CONFIG: "~/other" }, { other: "canary" }],
  ];
  for (const [env, given] of rows) {
    const error = await failure(world(t, { env, files: given }));
    assert.deepEqual(
      [error.code, error.hint === undefined],
      ["configuration", false],
      JSON.stringify([env, given]),
    );
  }
});

test("keys of the environment are good until they expire", async (t) => {
  const place = world(t, { env: { ...KEYS("ENV"), AWS_CREDENTIAL_EXPIRATION: isoSeconds(NOW + 60) } });
  const chain = place.chain();
  assert.equal((await chain.credentials()).expiresAt, NOW + 60);
  place.clock.time = NOW + 59;
  await chain.credentials();
  place.clock.time = NOW + 60;
  await assert.rejects(chain.credentials(), { code: "authentication" });
});

test("a token file is the one of its owner alone, and has one token", async (t) => {
  const env = { AWS_WEB_IDENTITY_TOKEN_FILE: "{HOME}", AWS_ROLE_ARN: `${ROLE}/web` };
  const place = world(t, { files: { token: "canary", empty: " \n", large: "canary".repeat(12_000) } });
  chmodSync(join(place.home, "token"), 0o622);
  for (const name of ["token", "empty", "large", "missing", ".aws"]) {
    const tokenFile = join(place.home, name);
    const chain = place.chain({ env: { ...env, AWS_WEB_IDENTITY_TOKEN_FILE: tokenFile } });
    await assert.rejects(chain.credentials(), { code: "configuration" }, name);
    await assert.rejects(chain.principal(), { code: "configuration" }, name);
    const inside = {
      AWS_CONTAINER_CREDENTIALS_FULL_URI: "http://localhost/x",
      AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: tokenFile,
    };
    await assert.rejects(place.chain({ env: inside }).credentials(), { code: "configuration" }, name);
  }
  assert.equal(place.asked.length, 0);
});

/** An answer of STS. */
function assumed(id: string): { readonly body: string } {
  const keys = `<AccessKeyId>${id}</AccessKeyId><SecretAccessKey>${secretOf(id)}</SecretAccessKey><SessionToken>${tokenOf(id)}</SessionToken>`;
  const more = `<Expiration>${isoSeconds(NOW + 3600)}</Expiration></Credentials><AssumedRoleUser><Arn>arn:aws:sts::123456789012:assumed-role/x/y</Arn></AssumedRoleUser>`;
  return {
    body: `<AssumeRoleResponse><AssumeRoleResult><Credentials>${keys}${more}</AssumeRoleResult></AssumeRoleResponse>`,
  };
}

const ROLES =
  `[profile a]\nregion=eu-north-1\nrole_arn=${ROLE}/a\nsource_profile=b\n` +
  `[profile b]\nregion=eu-south-1\nrole_arn=${ROLE}/b\nsource_profile=u\n[profile u]\n${keysOf("USR")}`;

test("roles are assumed in the region of the profile in force, each once for many questions", async (t) => {
  const rows = [
    [{ AWS_PROFILE: "a" }, "https://sts.eu-north-1.amazonaws.com/"],
    [{ AWS_PROFILE: "a", AWS_DEFAULT_REGION: "us-west-2" }, "https://sts.us-west-2.amazonaws.com/"],
    [{ AWS_PROFILE: "a", AWS_USE_FIPS_ENDPOINT: "true" }, "https://sts-fips.eu-north-1.amazonaws.com/"],
    [{ AWS_PROFILE: "n" }, "https://sts.us-east-1.amazonaws.com/"],
  ] as const;
  for (const [env, url] of rows) {
    let count = 0;
    const files = { ".aws/config": `${ROLES}[profile n]\nrole_arn=${ROLE}/n\nsource_profile=b\n` };
    const place = world(t, { env, files, answer: () => assumed(`ASIA000000000000000${(count += 1)}`) });
    const chain = place.chain();
    const all = await Promise.all(Array.from({ length: 20 }, () => chain.credentials()));
    assert.deepEqual(new Set(all.map(({ accessKeyId }) => accessKeyId)), new Set(["ASIA0000000000000002"]));
    assert.deepEqual(
      place.asked.map((request) => request.url),
      [url, url],
    );
    assert.match(place.asked[1]?.headers?.["Authorization"] ?? "", /Credential=ASIA0000000000000001\//);
    const [found] = all;
    assert.equal(found?.role, `${ROLE}/${env.AWS_PROFILE}`);
    assert.equal(
      found?.source,
      `profile ${env.AWS_PROFILE}, role assumed with profile b, role assumed with profile u (~/.aws/config)`,
    );
  }
});

test("a session has the name of the profile, or one with the time in it", async (t) => {
  const named = ROLES.replace("source_profile=b\n", "source_profile=b\nrole_session_name=me@example\n");
  const place = world(t, {
    env: { AWS_PROFILE: "a" },
    files: { ".aws/config": named },
    answer: () => assumed("ASIA0000000000000001"),
  });
  await place.chain().credentials();
  const names = place.asked.map(({ body }) => new URLSearchParams(body).get("RoleSessionName"));
  assert.deepEqual(names, [`keywright-session-${NOW}`, "me@example"]);
});

test("times as AWS programs write them", () => {
  const rows: readonly (readonly [unknown, number | undefined])[] = [
    ["2027-01-15T08:00:00Z", NOW],
    ["2027-01-15T08:00:00UTC", NOW],
    ["2027-01-15 08:00:00 UTC", NOW],
    ["2027-01-15T08:00Z", NOW],
    ["2027-01-15T08:00:00.250Z", NOW + 0.25],
    ["2027-01-15T08:00:00.123456789Z", NOW + 0.123],
    ["2027-01-15T10:00:00+02:00", NOW],
    ["2027-01-15T03:30:00-0430", NOW],
    ["2027-01-15T09:00:00+01", NOW],
    ["2027-01-15T08:00:00", undefined],
    ["2027-13-15T08:00:00Z", undefined],
    ["2027-01-15", undefined],
    ["soon", undefined],
    ["", undefined],
    [1_800_000_000, undefined],
    [null, undefined],
  ];
  for (const [text, at] of rows) assert.equal(epochOf(text), at, String(text));
  assert.equal(isoSeconds(NOW + 0.9), "2027-01-15T08:00:00Z");
});
