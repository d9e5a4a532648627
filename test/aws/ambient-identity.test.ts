// AWS as an ambient identity: what STS is asked, when it counts by itself, and what its refusals become.
import assert from "node:assert/strict";
import { test } from "node:test";
import { findAmbient, type Ambient } from "../../src/account/ambient/ambient.ts";
import { awsAmbient } from "../../src/aws/ambient-identity.ts";
import { createHttp } from "../../src/io/http.ts";
import { AUDIENCE, jwt, NOW, refusal, service, type Variables } from "../account/ambient/ambient-place.ts";
import { header, response } from "../io/servers.ts";

const clock = { now: () => NOW };
const KEYS = {
  AWS_ACCESS_KEY_ID: "AKIDEXAMPLE",
  AWS_SECRET_ACCESS_KEY: "canary-secret",
  AWS_SESSION_TOKEN: "canary-session",
  AWS_REGION: "eu-west-1",
  AWS_CONFIG_FILE: "/nonexistent",
  AWS_SHARED_CREDENTIALS_FILE: "/nonexistent",
};

function find(env: Variables): Promise<Ambient | undefined> {
  const http = createHttp({ env: {}, clock, requestTimeout: 5 });
  const sleep = async (): Promise<void> => undefined;
  return findAmbient({
    env,
    home: "/nonexistent",
    http,
    clock,
    sleep,
    read: () => undefined,
    more: [awsAmbient],
  });
}

const answered = (token: string): string =>
  response(
    200,
    `<GetWebIdentityTokenResponse xmlns="https://sts.example/doc/2011-06-15/"><GetWebIdentityTokenResult>
      <WebIdentityToken>${token}</WebIdentityToken><Expiration>2027-01-15T08:05:00Z</Expiration>
      </GetWebIdentityTokenResult><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></GetWebIdentityTokenResponse>`,
  );

test("STS is asked for a token for the broker, signed, everything in the body", async (t) => {
  const { url, seen } = await service(t, answered(jwt()));
  const found = await find({ ...KEYS, KEYWRIGHT_AMBIENT: "aws", AWS_ENDPOINT_URL_STS: url });
  assert.equal((await found?.token(AUDIENCE))?.reveal(), jwt());
  const [request] = seen;
  assert.ok(request !== undefined && seen.length === 1);
  assert.equal(request.lines[0], "POST / HTTP/1.1");
  assert.deepEqual(Object.fromEntries(new URLSearchParams(request.body)), {
    Action: "GetWebIdentityToken",
    Version: "2011-06-15",
    "Audience.member.1": AUDIENCE,
    SigningAlgorithm: "RS256",
    DurationSeconds: "300",
  });
  assert.match(header(request, "authorization") ?? "", /AKIDEXAMPLE\/20270115\/eu-west-1\/sts\/aws4_request/);
  assert.equal(header(request, "x-amz-security-token"), "canary-session");
});

test("credentials alone make no ambient identity: they may be a person's", async () => {
  assert.equal(await find(KEYS), undefined);
  for (const mark of ["CODEBUILD_BUILD_ID", "AWS_LAMBDA_FUNCTION_NAME", "ECS_CONTAINER_METADATA_URI_V4"])
    assert.equal((await find({ ...KEYS, [mark]: "1" }))?.name, "aws");
});

test("no region, no credentials, a refusal, and an answer of somebody else are errors that show nothing", async (t) => {
  const refused = response(
    403,
    `<ErrorResponse><Error><Type>Sender</Type><Code>OutboundWebIdentityFederationDisabled</Code><Message>Outbound web identity federation is disabled</Message></Error></ErrorResponse>`,
  );
  const rows: readonly (readonly [string, Variables, RegExp])[] = [
    ["", { AWS_REGION: undefined }, /no AWS region/],
    [refused, {}, /OutboundWebIdentityFederationDisabled|federation is disabled/],
    [response(200, "<html></html>"), {}, /has no WebIdentityToken/],
    [answered("canary"), {}, /is no identity token/],
    [answered(jwt({ aud: "sts.example" })), {}, /is for "sts.example"/],
  ];
  for (const [answer, env, message] of rows) {
    const { url } = await service(t, answer);
    const all = { ...KEYS, KEYWRIGHT_AMBIENT: "aws", AWS_ENDPOINT_URL_STS: url, ...env };
    const error = await refusal(find(all).then((found) => found?.token(AUDIENCE)));
    assert.match(error.message, message);
    assert.doesNotMatch(`${error.message}${error.hint}`, /canary|eyJ/);
  }
});
