// STS: what is sent in the body, what is signed, and what an answer has to be.
import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import { assumeRole, assumeRoleWithWebIdentity } from "../../src/aws/sts.ts";
import { Secret } from "../../src/secret.ts";
import { header, response, type Recorded } from "../io/servers.ts";
import { KEYS, NOW, refusedXml, service, surroundings } from "./place.ts";

const ROLE = "arn:aws:iam::111122223333:role/team/read";
const ASSUMED = "arn:aws:sts::111122223333:assumed-role/read/keywright-ci";
const WISH = { roleArn: ROLE, sessionName: "keywright-ci" };
const CREDENTIALS = `<Credentials><AccessKeyId>ASIAEXAMPLEEXAMPLE01</AccessKeyId><SecretAccessKey>s3cr3t/+=</SecretAccessKey>
  <SessionToken>tok/en+==</SessionToken><Expiration>2026-11-22T11:00:00Z</Expiration></Credentials>`;

function answered(operation: string, inside = `${CREDENTIALS}${USER}`): string {
  const body = `<${operation}Response xmlns="https://sts.example/doc/2011-06-15/"><${operation}Result>${inside}
    <PackedPolicySize>6</PackedPolicySize></${operation}Result><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></${operation}Response>`;
  return response(200, body, "Content-Type: text/xml");
}
const USER = `<AssumedRoleUser><AssumedRoleId>AROA:keywright-ci</AssumedRoleId><Arn>${ASSUMED}</Arn></AssumedRoleUser>`;

const formOf = (request: Recorded | undefined) => Object.fromEntries(new URLSearchParams(request?.body));

test("AssumeRole: everything in a signed body, the four elements out of the answer", async (t) => {
  const { url, seen } = await service(t, answered("AssumeRole"));
  const assumed = await assumeRole(
    { ...surroundings(), endpoint: url, region: "eu-west-1", credentials: KEYS },
    {
      ...WISH,
      policy: '{"Version":"2012-10-17"}',
      durationSeconds: 900,
      externalId: "ex:1",
      sourceIdentity: "me",
      tags: { team: "a b/ä", "k=": "2" },
      mfa: { serialNumber: "arn:aws:iam::111122223333:mfa/me", tokenCode: "123456" },
    },
  );
  const [request] = seen;
  assert.ok(request !== undefined);
  assert.equal(request.lines[0], "POST / HTTP/1.1");
  assert.deepEqual(formOf(request), {
    Action: "AssumeRole",
    Version: "2011-06-15",
    RoleArn: ROLE,
    RoleSessionName: "keywright-ci",
    Policy: '{"Version":"2012-10-17"}',
    DurationSeconds: "900",
    ExternalId: "ex:1",
    SourceIdentity: "me",
    SerialNumber: "arn:aws:iam::111122223333:mfa/me",
    TokenCode: "123456",
    "Tags.member.1.Key": "team",
    "Tags.member.1.Value": "a b/ä",
    "Tags.member.2.Key": "k=",
    "Tags.member.2.Value": "2",
  });
  assert.match(
    header(request, "authorization") ?? "",
    /eu-west-1\/sts\/aws4_request, SignedHeaders=content-type;host;/,
  );
  const { secretAccessKey, sessionToken, ...rest } = assumed;
  assert.deepEqual([secretAccessKey.reveal(), sessionToken.reveal()], ["s3cr3t/+=", "tok/en+=="]);
  assert.deepEqual(rest, {
    accessKeyId: "ASIAEXAMPLEEXAMPLE01",
    expiresAt: NOW + 3600,
    source: `role ${ROLE}, assumed with environment`,
    role: ROLE,
    assumedRoleArn: ASSUMED,
  });
  assert.ok(!inspect(assumed, { depth: 9 }).includes("s3cr3t"));
});

test("AssumeRoleWithWebIdentity is not signed, and its token is nowhere but in the body", async (t) => {
  const { url, seen } = await service(t, answered("AssumeRoleWithWebIdentity"));
  const webIdentityToken = new Secret("eyJ.a-b_c.sig");
  const place = { ...surroundings(), endpoint: url, region: "eu-west-1" };
  const { assumedRoleArn } = await assumeRoleWithWebIdentity(place, { ...WISH, webIdentityToken });
  assert.equal(assumedRoleArn, ASSUMED);
  assert.equal(formOf(seen[0])["WebIdentityToken"], "eyJ.a-b_c.sig");
  assert.ok(!seen[0]?.lines.some((line) => line.includes("eyJ") || /^authorization/i.test(line)));
  const refusing = await service(
    t,
    refusedXml(400, "InvalidIdentityToken", "the token eyJ.a-b_c.sig is bad"),
  );
  await assert.rejects(
    assumeRoleWithWebIdentity({ ...place, endpoint: refusing.url }, { ...WISH, webIdentityToken }),
    (error: Error) => {
      assert.match(error.message, /AWS says: the token \[secret\] is bad/);
      return true;
    },
  );
});

const UNUSABLE: Readonly<Record<string, string>> = {
  "a login page": response(200, "<html><body>log in</body></html>"),
  "another operation": answered("GetSessionToken"),
  nothing: response(200, ""),
  "no credentials": answered("AssumeRole", USER),
  "two credentials": answered("AssumeRole", `${CREDENTIALS}${CREDENTIALS}${USER}`),
  "no user": answered("AssumeRole", CREDENTIALS),
  "a short key": answered("AssumeRole", `${CREDENTIALS.replace("ASIAEXAMPLEEXAMPLE01", "A")}${USER}`),
  "a line break in the token": answered("AssumeRole", `${CREDENTIALS.replace("tok/en", "tok\nen")}${USER}`),
  "an escaped line break": answered("AssumeRole", `${CREDENTIALS.replace("tok/en", "tok&#10;en")}${USER}`),
  "no time": answered("AssumeRole", `${CREDENTIALS.replace("2026-11-22T11:00:00Z", "tomorrow")}${USER}`),
  "an entity": answered("AssumeRole", `${CREDENTIALS.replace("tok/en", "&x;")}${USER}`),
};

test("an answer that is none is an error, without a word of it", async (t) => {
  for (const [name, answer] of Object.entries(UNUSABLE)) {
    const { url } = await service(t, answer);
    const place = { ...surroundings(), endpoint: url, region: "eu-west-1", credentials: KEYS };
    await assert.rejects(assumeRole(place, WISH), (error: Error & { code?: string }) => {
      assert.equal(error.code, "backend", name);
      assert.match(error.message, /the answer of sts:AssumeRole has no usable \w+$/, name);
      return true;
    });
  }
});
