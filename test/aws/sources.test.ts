// What gives out credentials outside of the files: a container's endpoint, an instance, a program. Each hostile or broken.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import type { HttpReply, HttpRequest } from "../../src/io/http.ts";
import { KeywrightError } from "../../src/errors.ts";
import { ROLE } from "./chain-case-parts.ts";
import { keysBody, NOW, world, type Answers, type World } from "./chain-world.ts";

const CANARY = "canary+secret+value";

async function failure(place: World): Promise<KeywrightError> {
  const error: unknown = await place
    .chain()
    .credentials()
    .then(
      () => assert.fail("no error"),
      (thrown: unknown) => thrown,
    );
  assert.ok(error instanceof KeywrightError, String(error));
  assert.doesNotMatch(`${error.message} ${error.hint} ${String(error.cause)} ${place.told.join()}`, /canary/);
  return error;
}

const container = (t: TestContext, env: Record<string, string>, answer?: Answers): World =>
  world(t, { env, ...(answer === undefined ? {} : { answer }) });

test("container: the relative form goes to the one address, and is a path", async (t) => {
  const place = container(
    t,
    {
      AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: "/v2/credentials/x?y=1",
      AWS_CONTAINER_CREDENTIALS_FULL_URI: "https://other.example",
    },
    () => keysBody("ASIA1", NOW, 900),
  );
  assert.equal((await place.chain().credentials()).source, "the container's endpoint");
  assert.equal(place.asked[0]?.url, "http://169.254.170.2/v2/credentials/x?y=1");
  assert.equal(place.asked[0]?.metadata, true);
  assert.equal(place.asked[0]?.headers?.["Authorization"], undefined);
  for (const path of [
    "@evil.example/",
    ".evil.example/",
    ":80@evil.example/",
    "",
    "v2",
    "/a b",
    "/a\\b",
    "/a\nb",
  ]) {
    const bad = container(t, { AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: path });
    assert.equal((await failure(bad)).code, "configuration", JSON.stringify(path));
    assert.equal(bad.asked.length, 0);
  }
});

test("container: plain http goes to loopback and three addresses only, https anywhere", async (t) => {
  const good = [
    "http://localhost:80/a",
    "http://127.0.0.9/a",
    "http://[::1]/a",
    "http://169.254.170.2/a",
    "http://169.254.170.23/v1/credentials",
    "http://[fd00:ec2::23]/v1/credentials",
    "https://vault.example/a",
  ];
  for (const url of good) {
    const place = container(t, { AWS_CONTAINER_CREDENTIALS_FULL_URI: url }, () =>
      keysBody("ASIA1", NOW, 900),
    );
    await place.chain().credentials();
    assert.equal(place.asked.length, 1, url);
  }
  const bad = [
    "http://169.254.169.254/a",
    "http://169.254.170.2.example/",
    "http://169.254.170.2@evil.example/",
    "https://user:pass@x.example/",
    "ftp://localhost/",
    "//localhost/",
    "",
    "http://evil.example\\@localhost/",
    "http://[fd00:ec2::24]/",
    "http://2130706433.example/",
  ];
  for (const url of bad) {
    const place = container(t, { AWS_CONTAINER_CREDENTIALS_FULL_URI: url });
    assert.equal((await failure(place)).code, "configuration", url);
    assert.equal(place.asked.length, 0, url);
  }
});

test("container: what passes by itself is tried again, a refusal is not", async (t) => {
  const env = {
    AWS_CONTAINER_CREDENTIALS_FULL_URI: "http://169.254.170.23/x",
    AWS_CONTAINER_AUTHORIZATION_TOKEN: CANARY,
  };
  const rows: readonly (readonly [Partial<HttpReply> | KeywrightError, number, string])[] = [
    [{ status: 403, body: CANARY }, 1, "authentication"],
    [{ status: 302, body: "" }, 1, "authentication"],
    [{ status: 503, body: CANARY }, 3, "backend"],
    [{ status: 429 }, 3, "backend"],
    [{ body: CANARY }, 1, "backend"],
    [{ body: "[]" }, 1, "backend"],
    [{ body: JSON.stringify({ AccessKeyId: CANARY, SecretAccessKey: CANARY, Token: CANARY }) }, 1, "backend"],
    [
      {
        body: JSON.stringify({
          AccessKeyId: `${CANARY}\n`,
          SecretAccessKey: CANARY,
          Token: CANARY,
          Expiration: "2099-01-01T00:00:00Z",
        }),
      },
      1,
      "backend",
    ],
    [
      {
        body: JSON.stringify({
          AccessKeyId: "A",
          SecretAccessKey: { CANARY },
          Token: CANARY,
          Expiration: "2099-01-01T00:00:00Z",
        }),
      },
      1,
      "backend",
    ],
    [
      {
        body: JSON.stringify({
          AccessKeyId: "A",
          SecretAccessKey: CANARY,
          Token: CANARY,
          Expiration: "2099-01-01T00:00:00",
        }),
      },
      1,
      "backend",
    ],
    [keysBody("ASIA1", NOW - 10, 10), 1, "authentication"],
    [new KeywrightError("network", "no"), 3, "network"],
    [new KeywrightError("timed_out", "no"), 3, "timed_out"],
    [new KeywrightError("configuration", "no"), 1, "configuration"],
  ];
  for (const [reply, times, code] of rows) {
    const place = container(t, env, () => {
      if (reply instanceof Error) throw reply;
      return reply;
    });
    assert.equal((await failure(place)).code, code, JSON.stringify(reply));
    assert.equal(place.asked.length, times, JSON.stringify(reply));
    assert.equal(place.asked[0]?.headers?.["Authorization"], CANARY);
  }
});

const IMDS = { AWS_EC2_METADATA_DISABLED: "false" };
const token: Answers = ({ method }) => (method === "PUT" ? { body: "imds" } : { status: 404 });

test("instance: version 2 only, by the usual addresses", async (t) => {
  const answer: Answers = ({ method, url, headers }) => {
    if (method === "PUT") return { body: "imds" };
    assert.equal(headers?.["X-aws-ec2-metadata-token"], "imds");
    return url.endsWith("/security-credentials/") ? { body: "machine" } : keysBody("ASIAMACHINE", NOW, 3600);
  };
  for (const [mode, origin] of [
    ["IPv4", "http://169.254.169.254"],
    ["ipv6", "http://[fd00:ec2::254]"],
  ] as const) {
    const place = world(t, { env: { ...IMDS, AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE: mode }, answer });
    const found = await place.chain().credentials();
    assert.deepEqual([found.accessKeyId, found.source], ["ASIAMACHINE", "instance metadata (role machine)"]);
    const paths = place.asked.map(({ method, url }) => `${method} ${url}`);
    const roles = `${origin}/latest/meta-data/iam/security-credentials/`;
    assert.deepEqual(paths, [`PUT ${origin}/latest/api/token`, `GET ${roles}`, `GET ${roles}machine`]);
    assert.ok(place.asked.every(({ metadata, deadline }) => metadata === true && deadline === NOW + 1));
  }
});

test("instance: without a token nothing else is asked for", async (t) => {
  for (const status of [400, 401, 403, 404, 405, 500]) {
    const place = world(t, { env: IMDS, answer: () => ({ status, body: CANARY }) });
    assert.equal((await failure(place)).code, "authentication");
    assert.deepEqual(
      place.asked.map(({ method }) => method),
      ["PUT"],
      String(status),
    );
  }
  for (const code of ["network", "timed_out"] as const) {
    const place = world(t, {
      env: { ...IMDS, AWS_METADATA_SERVICE_NUM_ATTEMPTS: "3" },
      answer: () => Promise.reject(new KeywrightError(code, "no")),
    });
    assert.equal((await failure(place)).code, "authentication");
    assert.deepEqual(
      place.asked.map(({ method }) => method),
      ["PUT", "PUT", "PUT"],
    );
  }
});

test("instance: switched off nobody is asked, and a wrong endpoint is an error also then", async (t) => {
  const off = world(t, { env: { AWS_EC2_METADATA_DISABLED: "TRUE" } });
  assert.equal((await failure(off)).code, "authentication");
  assert.equal(off.asked.length, 0);
  const rows = [
    { AWS_EC2_METADATA_SERVICE_ENDPOINT: "http://evil.example" },
    { AWS_EC2_METADATA_SERVICE_ENDPOINT: "http://169.254.169.254@evil.example" },
    { AWS_EC2_METADATA_SERVICE_ENDPOINT: "nonsense" },
    { AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE: "v4" },
    { AWS_METADATA_SERVICE_TIMEOUT: "long" },
    { AWS_METADATA_SERVICE_NUM_ATTEMPTS: "0" },
  ];
  for (const env of rows) {
    const place = world(t, { env });
    assert.equal((await failure(place)).code, "configuration", JSON.stringify(env));
    assert.equal(place.asked.length, 0);
  }
});

test("instance: a role's name that is none, credentials that are none", async (t) => {
  const answers =
    (role: string, keys: Partial<HttpReply>): Answers =>
    (request: HttpRequest) =>
      request.method === "PUT"
        ? { body: "imds" }
        : request.url.endsWith("/security-credentials/")
          ? { body: role }
          : keys;
  const rows: readonly (readonly [string, Partial<HttpReply>, string])[] = [
    ["../../user-data", {}, "backend"],
    ["a\nb", {}, "backend"],
    ["machine", { body: CANARY }, "backend"],
    ["machine", { body: JSON.stringify({ Code: "Failed", Message: CANARY }) }, "authentication"],
    ["machine", { body: JSON.stringify({ AccessKeyId: "A", SecretAccessKey: CANARY }) }, "backend"],
  ];
  for (const [role, keys, code] of rows) {
    const place = world(t, { env: IMDS, answer: answers(role, keys) });
    assert.equal((await failure(place)).code, code, `${role} ${JSON.stringify(keys)}`);
  }
  const none = world(t, { env: IMDS, answer: token });
  assert.equal((await failure(none)).code, "authentication");
  const role = {
    ".aws/config": `[profile r]\nrole_arn=${ROLE}/one\ncredential_source=Ec2InstanceMetadata\n`,
  };
  const sourced = world(t, { env: { ...IMDS, AWS_PROFILE: "r" }, files: role, answer: token });
  assert.equal((await failure(sourced)).code, "authentication");
});

function withProgram(
  t: TestContext,
  text: string,
  command = "{HOME}/bin/tool",
  env: Record<string, string> = {},
): World {
  const files = {
    ".aws/config": `[default]\ncredential_process = ${command}\n`,
    "bin/tool": `#!/bin/sh\n${text}\n`,
  };
  return world(t, { env: { ...env, CANARY }, files });
}

test("process: its words are its own, no shell has a say", async (t) => {
  const text = 'printf \'{"Version": 1, "AccessKeyId": "%s", "SecretAccessKey": "s"}\' "$#$2$3$4"';
  const place = withProgram(t, text, `{HOME}/bin/tool "a b" $HOME;id '*' \\$x`);
  assert.equal((await place.chain().credentials()).accessKeyId, "4$HOME;id*$x");
});

test("process: a failure tells nothing of what it printed", async (t) => {
  const answer = (rest: string): string =>
    `echo "{\\"Version\\": 1, \\"AccessKeyId\\": \\"$CANARY\\"${rest}}"`;
  const rows: readonly (readonly [string, string])[] = [
    ["echo $CANARY; echo $CANARY >&2; exit 2", "authentication"],
    ["kill -9 $$", "authentication"],
    ["echo $CANARY", "backend"],
    ["echo '{\"Version\": 2}'", "backend"],
    [answer(""), "backend"],
    [answer(', \\"SecretAccessKey\\": \\"\\"'), "backend"],
    [answer(', \\"SecretAccessKey\\": \\"s\\", \\"Expiration\\": \\"then\\"'), "backend"],
    ["while :; do echo $CANARY$CANARY$CANARY$CANARY$CANARY$CANARY$CANARY$CANARY; done", "backend"],
  ];
  for (const [text, code] of rows) assert.equal((await failure(withProgram(t, text))).code, code, text);
});

test("process: on the PATH by absolute folders only, never in the working directory", async (t) => {
  const good = 'echo \'{"Version": 1, "AccessKeyId": "AKIA1", "SecretAccessKey": "s"}\'';
  const before = process.cwd();
  t.after(() => process.chdir(before));
  for (const [command, path] of [
    ["tool", ".:bin:./bin::"],
    ["./bin/tool", "/bin"],
    ["bin/tool", "/bin"],
    ["tool", "/nowhere"],
    ["", "/bin"],
  ] as const) {
    const place = withProgram(t, good, command, { PATH: path });
    process.chdir(place.home);
    assert.equal((await failure(place)).code, "configuration", command);
  }
  const below = withProgram(t, good, "bin/tool");
  await assert.rejects(below.chain({ env: { PATH: below.home } }).credentials(), { code: "configuration" });
  const found = withProgram(t, good, "tool");
  const chain = found.chain({ env: { PATH: `.:/nowhere:${found.home}:${found.home}/bin` } });
  assert.equal((await chain.credentials()).accessKeyId, "AKIA1");
});

test("process: without an expiry it runs again after a minute, not for every question", async (t) => {
  const answer = '{"Version": 1, "AccessKeyId": "AKIA1", "SecretAccessKey": "s"}';
  const place = withProgram(t, `echo x >>"$0.count"; echo '${answer}'`);
  const count = (): number => readFileSync(join(place.home, "bin/tool.count"), "utf8").length / 2;
  const chain = place.chain();
  await Promise.all([chain.principal(), chain.credentials(), chain.credentials()]);
  place.clock.time += 59;
  await chain.credentials();
  assert.equal(count(), 1);
  place.clock.time += 1;
  await chain.credentials();
  assert.equal(count(), 2);
  await chain.describe();
  assert.equal(count(), 2);
});
