// SSO: the login of the AWS CLI is used, refreshed once however many ask, and written back as the CLI writes it. That the
// same login gives the same credentials as botocore is in the table (chain-cases.ts).
import assert from "node:assert/strict";
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { test, type TestContext } from "node:test";
import { KeywrightError } from "../../src/errors.ts";
import { secretOf, tokenOf } from "./aws-stand-in.ts";
import { LOGIN } from "./chain-case-parts.ts";
import { NOW, world, type Answers, type World } from "./chain-world.ts";

const CONFIG =
  "[profile s]\nsso_session=corp\nsso_account_id=111122223333\nsso_role_name=Reader\n" +
  "[sso-session corp]\nsso_region=eu-west-1\nsso_start_url=https://corp.example/start\n";
const iso = (at: number): string => new Date(at * 1000).toISOString();
const ENDED = iso(NOW - 1);

const portal = (): { body: string } => ({
  body: JSON.stringify({
    roleCredentials: {
      accessKeyId: "ASIASSO",
      secretAccessKey: secretOf("ASIASSO"),
      sessionToken: tokenOf("ASIASSO"),
      expiration: (NOW + 3600) * 1000,
    },
  }),
});

const FRESH = { accessToken: "fresh", tokenType: "Bearer", expiresIn: 28800, refreshToken: "refresh-2" };

function answers(token: ReturnType<Answers>): Answers {
  return ({ url }) => (url.startsWith("https://oidc.") ? token : portal());
}

interface SsoWorld extends World {
  /** The CLI's cache file. */
  readonly file: string;
  /** What was asked: `oidc` or `portal`. */
  kinds(): readonly string[];
}

function sso(
  t: TestContext,
  login: Readonly<Record<string, string>>,
  answer: Answers,
  config = CONFIG,
): SsoWorld {
  const place = world(t, { files: { ".aws/config": config, ...login }, env: { AWS_PROFILE: "s" }, answer });
  const file = join(place.home, Object.keys(LOGIN("corp", "", ""))[0] ?? "");
  const kinds = (): readonly string[] =>
    place.asked.map(({ url }) => (new URL(url).hostname.startsWith("oidc") ? "oidc" : "portal"));
  return { ...place, file, kinds };
}

async function failure(place: World): Promise<KeywrightError> {
  const error: unknown = await place
    .chain()
    .credentials()
    .then(
      () => assert.fail("no error"),
      (thrown: unknown) => thrown,
    );
  assert.ok(error instanceof KeywrightError, String(error));
  assert.doesNotMatch(
    `${error.message} ${error.hint} ${place.told.join()}`,
    /canary|refresh-1|client-secret/,
  );
  return error;
}

/** Root may write anywhere, so it becomes somebody to whom this home belongs. */
async function asNobody<T>(home: string, work: () => Promise<T>): Promise<T> {
  if (process.geteuid?.() !== 0) return work();
  await import("../../src/aws/sso-source.ts"); // Nobody may perhaps not read it.
  for (const path of ["", ...readdirSync(home, { recursive: true, encoding: "utf8" })])
    chownSync(join(home, path), 65_534, 65_534);
  process.seteuid?.(65_534);
  return work().finally(() => process.seteuid?.(0));
}

test("a login that lasts is used as it is", async (t) => {
  const place = sso(t, LOGIN("corp", "access", iso(NOW + 900), "refresh-1"), answers({}));
  const found = await place.chain().credentials();
  assert.deepEqual(
    [found.accessKeyId, found.expiresAt, found.role],
    ["ASIASSO", NOW + 3600, "111122223333/Reader"],
  );
  const [request] = place.asked;
  assert.equal(
    request?.url,
    "https://portal.sso.eu-west-1.amazonaws.com/federation/credentials?role_name=Reader&account_id=111122223333",
  );
  assert.equal(request?.headers?.["x-amz-sso_bearer_token"], "access");
  assert.deepEqual(place.kinds(), ["portal"]);
});

test("a login is refreshed a quarter of an hour before its end, and written as botocore writes it", async (t) => {
  const place = sso(
    t,
    LOGIN("corp", "access", iso(NOW + 899), "refresh-1"),
    answers({ body: JSON.stringify(FRESH) }),
  );
  await place.chain().credentials();
  assert.deepEqual(place.kinds(), ["oidc", "portal"]);
  assert.deepEqual(JSON.parse(place.asked[0]?.body ?? ""), {
    grantType: "refresh_token",
    clientId: "client",
    clientSecret: "client-secret",
    refreshToken: "refresh-1",
  });
  assert.equal(place.asked[1]?.headers?.["x-amz-sso_bearer_token"], "fresh");
  assert.equal(
    readFileSync(place.file, "utf8"),
    '{"startUrl": "https://corp.example/start", "region": "eu-west-1", "accessToken": "fresh", "expiresAt": "2027-01-15T16:00:00Z", ' +
      '"clientId": "client", "clientSecret": "client-secret", "registrationExpiresAt": "2099-01-01T00:00:00Z", "refreshToken": "refresh-2"}',
  );
  assert.equal(statSync(place.file).mode & 0o777, 0o600);
  assert.deepEqual(readdirSync(dirname(place.file)).length, 1);
});

test("another login's credentials are not those that are remembered", async (t) => {
  const place = sso(t, LOGIN("corp", "access", iso(NOW + 7200), "refresh-1"), answers({}));
  const chain = place.chain();
  await chain.credentials();
  await chain.credentials();
  assert.equal(place.asked.length, 1);
  writeFileSync(
    place.file,
    LOGIN("corp", "other", iso(NOW + 7200), "refresh-2")[Object.keys(LOGIN("corp", "", ""))[0] ?? ""] ?? "",
  );
  await chain.credentials();
  assert.equal(place.asked[1]?.headers?.["x-amz-sso_bearer_token"], "other");
  rmSync(place.file);
  await assert.rejects(chain.credentials(), { code: "locked", hint: "Run: aws sso login --profile s" });
});

test("many questions and many chains make one refresh", async (t) => {
  const place = sso(t, LOGIN("corp", "access", ENDED, "refresh-1"), async (request) => {
    await new Promise((resolve) => setTimeout(resolve, 20));
    return answers({ body: JSON.stringify(FRESH) })(request);
  });
  const chains = Array.from({ length: 8 }, () => place.chain());
  await Promise.all(chains.flatMap((chain) => [chain.credentials(), chain.credentials(), chain.principal()]));
  assert.equal(place.kinds().filter((kind) => kind === "oidc").length, 1);
});

test("a refresh that is refused leaves a login that lasts, and ends one that does not", async (t) => {
  const refused = {
    status: 400,
    body: '{"error": "invalid_grant", "error_description": "canary"}',
    headers: { "x-amzn-errortype": "InvalidGrantException" },
  };
  const lasting = sso(t, LOGIN("corp", "access", iso(NOW + 1), "refresh-1"), answers(refused));
  assert.equal((await lasting.chain().credentials()).accessKeyId, "ASIASSO");
  const ended = sso(t, LOGIN("corp", "access", ENDED, "refresh-1"), answers(refused));
  const error = await failure(ended);
  assert.deepEqual(
    [error.code, error.message, error.hint],
    ["locked", "the SSO login of the sso-session corp has ended", "Run: aws sso login --profile s"],
  );
  assert.deepEqual(ended.kinds(), ["oidc"]);
});

test("a refresh that cannot be made now is no end of the login", async (t) => {
  for (const [reply, code] of [
    [new KeywrightError("network", "no"), "network"],
    [{ status: 503 }, "backend"],
    [{ body: "<html>canary" }, "backend"],
  ] as const) {
    const answer = answers(reply instanceof Error ? Promise.reject(reply) : reply);
    const given: Answers = (request) => answer(request);
    assert.equal((await failure(sso(t, LOGIN("corp", "access", ENDED, "refresh-1"), given))).code, code);
    const lasting = sso(t, LOGIN("corp", "access", iso(NOW + 1), "refresh-1"), given);
    assert.equal((await lasting.chain().credentials()).accessKeyId, "ASIASSO");
  }
});

test("without a refresh token, with a registration that has ended, or in the old form nothing is refreshed", async (t) => {
  const old = CONFIG.replace("sso_session=corp\n", "sso_region=eu-west-1\nsso_start_url=corp\n");
  const [file = "", text = ""] = Object.entries(LOGIN("corp", "access", ENDED, "refresh-1"))[0] ?? [];
  const rows = [
    sso(t, LOGIN("corp", "access", ENDED), answers({})),
    sso(t, { [file]: text.replace("2099-01-01", "2027-01-15") }, answers({})),
    sso(t, LOGIN("corp", "access", ENDED, "refresh-1"), answers({}), old),
  ];
  for (const place of rows) {
    assert.equal((await failure(place)).code, "locked");
    assert.equal(place.asked.length, 0);
  }
});

test("a file that others can write is refused; nonsense in it is no login", async (t) => {
  const open = sso(t, LOGIN("corp", "access", iso(NOW + 3600)), answers({}));
  chmodSync(open.file, 0o666);
  assert.equal((await failure(open)).code, "configuration");
  assert.equal(open.asked.length, 0);
  for (const text of [
    "",
    "canary",
    "[]",
    "{}",
    '{"accessToken": "canary"}',
    '{"accessToken": "canary", "expiresAt": "then"}',
    '{"accessToken": 7, "expiresAt": "2099-01-01T00:00:00Z"}',
  ]) {
    const place = sso(t, { [Object.keys(LOGIN("corp", "", ""))[0] ?? ""]: text }, answers({}));
    const error = await failure(place);
    assert.deepEqual([error.code, error.hint], ["locked", "Run: aws sso login --profile s"], text);
  }
});

test("in a folder that others can write no refresh token is spent", async (t) => {
  const place = sso(t, LOGIN("corp", "access", ENDED, "refresh-1"), answers({ body: JSON.stringify(FRESH) }));
  chmodSync(dirname(place.file), 0o777);
  assert.equal((await failure(place)).code, "configuration");
  assert.equal(place.asked.length, 0);
});

test("what cannot be written back is used all the same", async (t) => {
  const place = sso(t, LOGIN("corp", "access", ENDED, "refresh-1"), (request) => {
    // As on a file system that has become read-only: a folder stands where the file is to go.
    if (request.url.startsWith("https://oidc.")) {
      rmSync(place.file);
      mkdirSync(place.file);
      writeFileSync(join(place.file, "x"), "");
    }
    return answers({ body: JSON.stringify(FRESH) })(request);
  });
  assert.equal((await place.chain().credentials()).accessKeyId, "ASIASSO");
  assert.ok(place.told.some((text) => text.endsWith("cannot be written")));
  assert.ok(lstatSync(place.file).isDirectory() && !existsSync(`${place.file}.lock`));
});

test("in a folder that cannot be written a login that lasts is not refreshed", async (t) => {
  const place = sso(
    t,
    LOGIN("corp", "access", iso(NOW + 60), "refresh-1"),
    answers({ body: JSON.stringify(FRESH) }),
  );
  const folder = dirname(place.file);
  chmodSync(folder, 0o500);
  const found = await asNobody(place.home, () => place.chain().credentials());
  chmodSync(folder, 0o700);
  assert.equal(found.accessKeyId, "ASIASSO");
  assert.deepEqual(place.kinds(), ["portal"], "the refresh token is the host's, too");
});

test("what the portal refuses is told as what it is", async (t) => {
  const rows = [
    [
      {
        status: 401,
        body: '{"message": "canary"}',
        headers: { "x-amzn-errortype": "UnauthorizedException" },
      },
      "locked",
    ],
    [
      {
        status: 403,
        body: '{"message": "No access"}',
        headers: { "x-amzn-errortype": "ForbiddenException" },
      },
      "authentication",
    ],
    [{ status: 404, body: "" }, "authentication"],
    [{ status: 500, body: "" }, "backend"],
    [{ status: 302, body: "" }, "backend"],
    [{ body: "canary" }, "backend"],
    [{ body: '{"roleCredentials": "canary"}' }, "backend"],
    [
      {
        body: '{"roleCredentials": {"accessKeyId": "A", "secretAccessKey": "canary", "sessionToken": "t", "expiration": "soon"}}',
      },
      "backend",
    ],
    [
      {
        body: '{"roleCredentials": {"accessKeyId": "A", "secretAccessKey": "canary", "sessionToken": "t", "expiration": 5}}',
      },
      "authentication",
    ],
  ] as const;
  for (const [reply, code] of rows) {
    const place = sso(t, LOGIN("corp", "access", iso(NOW + 3600)), () => reply);
    assert.equal((await failure(place)).code, code, JSON.stringify(reply));
  }
});

test("a region that is none goes nowhere", async (t) => {
  for (const region of [
    "evil.example/",
    "eu-west-1.evil.example",
    "eu-west-1@evil.example",
    "xx-nowhere-1",
    "",
  ]) {
    const place = sso(
      t,
      LOGIN("corp", "access", iso(NOW + 3600)),
      answers({}),
      CONFIG.replace("eu-west-1", region),
    );
    assert.equal((await failure(place)).code, "configuration", region);
    assert.equal(place.asked.length, 0);
  }
});
