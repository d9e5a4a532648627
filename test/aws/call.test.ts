// One call: what is sent, which failures are tried again and for how long, and what every error of the table says.
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { inspect } from "node:util";
import { awsCall, type AwsCall } from "../../src/aws/call.ts";
import { AwsError } from "../../src/aws/aws-errors.ts";
import type { KeywrightError } from "../../src/errors.ts";
import { Secret } from "../../src/secret.ts";
import { header, response, type Answer } from "../io/servers.ts";
import { json, KEYS, NOW, refused, refusedXml, service, surroundings } from "./place.ts";

const CALL: Omit<AwsCall, "url"> = {
  operation: "codeartifact:GetAuthorizationToken",
  about: "the domain d of account 111122223333 in eu-west-1",
  service: "codeartifact",
  region: "eu-west-1",
  credentials: KEYS,
  method: "POST",
};

async function failure(
  t: TestContext,
  answer: string | Answer,
  call: Partial<AwsCall> = {},
): Promise<AwsError> {
  const { url } = await service(t, answer);
  const around = surroundings({ limit: 0.4 });
  const error = await awsCall(around, { ...CALL, url, ...call }).then(
    () => assert.fail("it was answered"),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof AwsError, inspect(error));
  assert.notEqual(error.hint ?? "", "", "every error says what to do");
  return error;
}

test("what is sent: the signature, the trace, the length of nothing", async (t) => {
  const { url, seen } = await service(t, json(200, { a: 1 }));
  const trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  const reply = await awsCall({ ...surroundings(), trace }, { ...CALL, url: `${url}/v1/x?b=1&a=2` });
  assert.equal(reply.body, '{"a":1}');
  const [request] = seen;
  assert.ok(request !== undefined);
  assert.equal(request.lines[0], "POST /v1/x?b=1&a=2 HTTP/1.1");
  assert.equal(header(request, "content-length"), "0");
  assert.equal(header(request, "x-amz-date"), "20261122T100000Z");
  assert.equal(header(request, "traceparent"), trace);
  assert.equal(header(request, "x-amz-target"), undefined);
  const authorization = header(request, "authorization") ?? "";
  assert.match(authorization, /Credential=AKIDEXAMPLE\/20261122\/eu-west-1\/codeartifact\/aws4_request/);
  assert.match(authorization, /SignedHeaders=host;x-amz-date;x-amz-security-token,/);
});

test("an unsigned call has no signature", async (t) => {
  const { url, seen } = await service(t, json(200, {}));
  await awsCall(surroundings(), { ...CALL, url, credentials: undefined });
  const [request] = seen;
  assert.ok(request !== undefined);
  assert.deepEqual(
    ["authorization", "x-amz-date", "x-amz-security-token"].map((name) => header(request, name)),
    [undefined, undefined, undefined],
  );
});

const ROWS: readonly [status: number, awsCode: string, code: string, message: RegExp, hint: RegExp][] = [
  [
    400,
    "ValidationException",
    "configuration",
    /does not accept the request for the domain d/,
    /names the field/,
  ],
  [
    403,
    "AccessDeniedException",
    "denied",
    /does not allow codeartifact:GetAuthorizationToken.*\(from environment\)/,
    /codeartifact:GetAuthorizationToken .*sts:GetServiceBearerToken/,
  ],
  [
    404,
    "ResourceNotFoundException",
    "not_found",
    /knows no such domain: the domain d of account 111122223333 in eu-west-1/,
    /domain, owner .*region/,
  ],
  [409, "ConflictException", "backend", /something else changes/, /Try again/],
  [429, "ThrottlingException", "backend", /too many requests/, /Try again later/],
  [
    500,
    "InternalServerException",
    "backend",
    /AWS failed at codeartifact:GetAuthorizationToken in eu-west-1/,
    /Try again later/,
  ],
  [
    403,
    "UnrecognizedClientException",
    "authentication",
    /does not know this access key in eu-west-1/,
    /deleted or switched off/,
  ],
  [403, "InvalidSignatureException", "authentication", /does not accept the signature/, /secret access key/],
  [403, "ExpiredTokenException", "authentication", /temporary AWS credentials have expired/, /aws sso login/],
  [
    403,
    "MissingAuthenticationTokenException",
    "backend",
    /Authorization header did not reach AWS/,
    /AWS_ENDPOINT_URL/,
  ],
  [403, "IncompleteSignatureException", "backend", /signature did not reach AWS whole/, /proxy/],
  [
    418,
    "TeapotException",
    "backend",
    /AWS refused codeartifact:GetAuthorizationToken .*HTTP 418, TeapotException/,
    /AWS_ENDPOINT_URL/,
  ],
  [403, "constructor", "backend", /AWS refused .*HTTP 403, constructor/, /proxy/],
  [302, "", "backend", /a redirect was answered/, /does not redirect/],
  [503, "", "backend", /AWS failed at/, /Try again later/],
];

test("each row of CodeArtifact's errors is an error of its own, by header and by body", async (t) => {
  for (const [status, awsCode, code, message, hint] of ROWS) {
    const bodies =
      awsCode === ""
        ? [response(status, "<html>not AWS</html>")]
        : [
            refused(status, awsCode, "quite so"),
            json(status, { Message: "quite so", __type: `com.amazon.coral.service#${awsCode}` }),
            json(status, { message: "quite so", code: awsCode }),
          ];
    for (const body of bodies) {
      const error = await failure(t, body);
      assert.deepEqual([error.code, error.status], [code, status], awsCode);
      assert.match(error.message, message);
      assert.match(error.hint ?? "", hint);
      if (awsCode !== "") assert.match(error.message, / AWS says: quite so/);
      else assert.doesNotMatch(error.message, /html/);
    }
  }
});

const STS_ROWS: readonly [status: number, awsCode: string, code: string, message: RegExp, hint: RegExp][] = [
  [403, "AccessDenied", "denied", /does not allow sts:AssumeRole for the role r/, /trust policy/],
  [403, "InvalidClientTokenId", "authentication", /does not know this access key/, /deleted/],
  [403, "ExpiredToken", "authentication", /have expired/, /Log in again/],
  [403, "SignatureDoesNotMatch", "authentication", /does not accept the signature/, /secret access key/],
  [403, "RegionDisabledException", "configuration", /STS is not active in eu-west-1/, /Activate/],
  [400, "MalformedPolicyDocument", "configuration", /session policy for the role r/, /session_policy/],
  [400, "PackedPolicyTooLarge", "configuration", /session policy/, /packed limit/],
  [400, "ValidationError", "configuration", /does not accept the request/, /field/],
  [400, "InvalidIdentityToken", "authentication", /web identity token for the role r/, /trust policy/],
  [403, "IDPRejectedClaim", "authentication", /web identity token/, /issuer/],
  [400, "IDPCommunicationError", "backend", /could not reach the issuer/, /Try again/],
  [400, "Throttling", "backend", /too many requests/, /Try again later/],
];

test("each row of the errors of STS, whose answers are XML", async (t) => {
  const call = { operation: "sts:AssumeRole", about: "the role r", service: "sts" };
  for (const [status, awsCode, code, message, hint] of STS_ROWS) {
    const error = await failure(t, refusedXml(status, awsCode, "so &lt;it&gt; is"), call);
    assert.deepEqual([error.code, error.awsCode], [code, awsCode]);
    assert.match(error.message, message);
    assert.match(error.message, /AWS says: so <it> is/);
    assert.match(error.hint ?? "", hint);
  }
  const unsigned = await failure(t, refusedXml(400, "ExpiredTokenException", "old"), {
    ...call,
    credentials: undefined,
  });
  assert.match(unsigned.message, /^the web identity token has expired/);
});

test("a clock that is out of bounds is named, with its seconds and its side; one that is not, is not", async (t) => {
  const at = (seconds: number) => `Date: ${new Date((NOW + seconds) * 1000).toUTCString()}`;
  const code = "InvalidSignatureException";
  const ahead = await failure(t, refused(403, code, "Signature expired", at(-1234)));
  assert.match(ahead.message, /clock is 1234 seconds ahead of that of AWS/);
  assert.deepEqual([ahead.code, ahead.kind], ["authentication", "permanent"]);
  assert.match(ahead.hint ?? "", /Set the clock/);
  const behind = await failure(t, refusedXml(403, "SignatureDoesNotMatch", "not yet current", at(301)));
  assert.match(behind.message, /clock is 301 seconds behind/);
  for (const date of [at(300), at(-300), "Date: soon"]) {
    const error = await failure(t, refused(403, code, "no", date));
    assert.match(error.message, /does not accept the signature/);
    assert.equal(error.kind, "credentials");
  }
});

test("what is quoted has no secret, no control character, and an end", async (t) => {
  const token = KEYS.sessionToken?.reveal() ?? "";
  const web = new Secret("eyJh.bGci.xyz-canary");
  const said = `canonical x-amz-security-token:${token}\r\n\u001b[31mred\u202e ${encodeURIComponent(token)} ${web.reveal()} end`;
  const error = await failure(t, refused(403, "InvalidSignatureException", said), { secrets: [web] });
  assert.match(
    error.message,
    /canonical x-amz-security-token:\[secret\] \[31mred \[secret\] \[secret\] end$/,
  );
  const shown = inspect(error, { depth: 9, showHidden: true });
  for (const value of [token, encodeURIComponent(token), "canary", KEYS.secretAccessKey.reveal()])
    assert.ok(!shown.includes(value), value);
  // Cut after the secrets are out: no half of one remains at the end.
  const long = await failure(
    t,
    refused(400, "ValidationException", `${"ab ".repeat(95)}${token}${"x ".repeat(500)}`),
  );
  assert.ok(long.message.length < 520, String(long.message.length));
  assert.doesNotMatch(long.message, /AQoEX/);
  assert.match(long.message, /…$/);
});

test("a body that is neither JSON nor XML of AWS is not quoted, whatever it holds", async (t) => {
  for (const body of [
    "",
    "[]",
    "null",
    '"text"',
    "<Error>",
    "{",
    "<html>login page</html>",
    '{"message":1}',
  ]) {
    const error = await failure(t, response(403, body));
    assert.doesNotMatch(error.message, /AWS says/);
    assert.equal(error.awsCode, undefined);
  }
});

test("throttling and 5xx are tried again with jitter, a denial is not", async (t) => {
  const answers = [
    refused(429, "ThrottlingException", "slow"),
    refused(500, "InternalServerException", "oops"),
    response(503, "busy"),
    json(200, { fine: true }),
  ];
  const { url, seen } = await service(t, ...answers);
  const around = surroundings({ random: 0.5 });
  assert.equal((await awsCall(around, { ...CALL, url })).body, '{"fine":true}');
  assert.deepEqual(around.waits, [0.25, 0.5, 1]);
  const dates = seen.map((request) => header(request, "x-amz-date"));
  assert.equal(new Set(dates).size, 2, "each attempt is signed anew, with the time of now");
  assert.ok(around.told.every((line) => !line.includes("AKID")));

  const denied = await service(t, refused(403, "AccessDeniedException", "no"), json(200, {}));
  await assert.rejects(awsCall(surroundings(), { ...CALL, url: denied.url }), { code: "denied" });
  assert.equal(denied.seen.length, 1);
});

test("Retry-After is honoured, as seconds and as a date; beyond the time limit there is no waiting", async (t) => {
  const later = (value: string) => refused(429, "ThrottlingException", "slow", `Retry-After: ${value}`);
  const date = new Date((NOW + 3) * 1000).toUTCString();
  const { url } = await service(t, later(date), later("4"), json(200, {}));
  const around = surroundings({ random: 0 });
  await awsCall(around, { ...CALL, url });
  assert.deepEqual(around.waits, [3, 4]);

  const busy = await service(t, later("30"));
  const short = surroundings();
  await assert.rejects(awsCall(short, { ...CALL, url: busy.url }), { code: "backend" });
  assert.deepEqual([short.waits, busy.seen.length], [[], 1]);
});

test("the attempts end: by their number, and by the time limit", async (t) => {
  const { url, seen } = await service(t, response(500));
  const around = surroundings({ random: 0.999, limit: 1000 });
  await assert.rejects(awsCall(around, { ...CALL, url }), { code: "backend", message: /after 6 attempts/ });
  assert.equal(seen.length, 6);
  assert.ok(around.waits.every((wait) => wait < 8));

  const limited = await service(t, response(500));
  const little = surroundings({ random: 0.999, limit: 3 });
  await assert.rejects(awsCall(little, { ...CALL, url: limited.url }), { code: "backend" });
  assert.equal(limited.seen.length, 3);
});

test("a connection that breaks is tried again, one that nobody listens for is not", async (t) => {
  const broken: Answer = () => "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf";
  const { url, seen } = await service(t, broken, () => Buffer.alloc(0), json(200, {}));
  await awsCall(surroundings(), { ...CALL, url });
  assert.equal(seen.length, 3);

  const gone = await service(t, "");
  await gone.close();
  const around = surroundings();
  await assert.rejects(awsCall(around, { ...CALL, url: gone.url }), (error: KeywrightError) => {
    assert.equal(error.code, "network");
    return true;
  });
  assert.deepEqual(around.waits, []);
});

test("no answer within the time for one request is tried again within the time for all", async (t) => {
  const silent: Answer = () => undefined;
  const { url, seen } = await service(t, silent, json(200, {}));
  await awsCall(surroundings({ requestTimeout: 0.2 }), { ...CALL, url });
  assert.equal(seen.length, 2);
});
