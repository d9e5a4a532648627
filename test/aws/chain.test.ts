// The chain as a whole: what is remembered and for how long, whom AWS would see, what is told. Which source comes first is
// in the table (chain-cases.ts).
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { credentialChain } from "../../src/aws/chain.ts";
import { profileSettings } from "../../src/aws/profile-settings.ts";
import type { KeywrightError } from "../../src/errors.ts";
import { KEYS, keysOf, LOGIN, ROLE } from "./chain-case-parts.ts";
import { keysBody, NOW, world } from "./chain-world.ts";

const CONTAINER = { AWS_CONTAINER_CREDENTIALS_FULL_URI: "http://169.254.170.23/v1/credentials" };
const jwt = (claims: object): string => `x.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.y`;

test("many questions at once are one, and what it got is remembered until shortly before it expires", async (t) => {
  let count = 0;
  const place = world(t, {
    env: CONTAINER,
    answer: () => keysBody(`ASIA${(count += 1)}`, place.clock.time, 3600),
  });
  const chain = place.chain();
  const all = await Promise.all(Array.from({ length: 50 }, () => chain.credentials()));
  assert.equal(place.asked.length, 1);
  assert.deepEqual(new Set(all.map(({ accessKeyId }) => accessKeyId)), new Set(["ASIA1"]));
  place.clock.time = NOW + 3600 - 301;
  assert.equal((await chain.credentials()).accessKeyId, "ASIA1");
  place.clock.time = NOW + 3600 - 300;
  const renewed = await Promise.all(Array.from({ length: 50 }, () => chain.credentials()));
  assert.deepEqual(new Set(renewed.map(({ accessKeyId }) => accessKeyId)), new Set(["ASIA2"]));
  assert.equal(place.asked.length, 2);
});

test("of short-lived ones the last quarter of their life is left", async (t) => {
  const place = world(t, { env: CONTAINER, answer: () => keysBody("ASIA1", place.clock.time, 400) });
  const chain = place.chain();
  await chain.credentials();
  place.clock.time = NOW + 299;
  await chain.credentials();
  assert.equal(place.asked.length, 1);
  place.clock.time = NOW + 300;
  await chain.credentials();
  assert.equal(place.asked.length, 2);
});

test("a renewal that fails leaves the old ones as long as they last, and is told", async (t) => {
  const place = world(t, {
    env: CONTAINER,
    answer: () => (place.clock.time === NOW ? keysBody("ASIA1", NOW, 3600) : { status: 503 }),
  });
  const chain = place.chain();
  await chain.credentials();
  place.clock.time = NOW + 3599;
  assert.equal((await chain.credentials()).accessKeyId, "ASIA1");
  assert.ok(
    place.told.some((text) => /were not renewed \(backend\)/.test(text)),
    place.told.join(),
  );
  place.clock.time = NOW + 3600;
  await assert.rejects(chain.credentials(), { code: "backend" });
});

test("a failure is not remembered, and forget() forgets also what is under way", async (t) => {
  const waiting: (() => void)[] = [];
  let count = 0;
  const place = world(t, {
    env: CONTAINER,
    answer: async () => {
      count += 1;
      const mine = count;
      if (mine === 1) return { status: 403 };
      if (mine === 2) await new Promise<void>((resolve) => waiting.push(resolve));
      return keysBody(`ASIA${mine}`, NOW, 3600);
    },
  });
  const chain = place.chain();
  await assert.rejects(chain.credentials(), { code: "authentication" });
  const before = chain.credentials();
  while (waiting.length === 0) await new Promise((resolve) => setImmediate(resolve));
  chain.forget();
  assert.equal((await chain.credentials()).accessKeyId, "ASIA3");
  waiting[0]?.();
  assert.equal((await before).accessKeyId, "ASIA2");
  assert.equal((await chain.credentials()).accessKeyId, "ASIA3");
});

test("what the files say now counts, whatever is remembered", async (t) => {
  const place = world(t, { files: { ".aws/credentials": `[default]\n${keysOf("ONE")}` } });
  const chain = place.chain();
  assert.equal(await chain.principal(), KEYS("ONE")["AWS_ACCESS_KEY_ID"]);
  writeFileSync(join(place.home, ".aws/credentials"), `[default]\n${keysOf("TWO")}`);
  assert.equal(await chain.principal(), KEYS("TWO")["AWS_ACCESS_KEY_ID"]);
  assert.equal((await chain.credentials()).accessKeyId, KEYS("TWO")["AWS_ACCESS_KEY_ID"]);
});

test("the principal is never a profile's name, and asks nobody where local evidence is enough", async (t) => {
  const user = KEYS("USR")["AWS_ACCESS_KEY_ID"];
  const token = jwt({ sub: "system:serviceaccount:ns:app", iss: "https://oidc.example", exp: 1, jti: "1" });
  const files = {
    ".token": token,
    ".aws/config":
      `[profile u]\n${keysOf("USR")}[profile r]\nrole_arn=${ROLE}/one\nsource_profile=u\nrole_session_name=me\n` +
      `[profile rr]\nrole_arn=${ROLE}/two\nsource_profile=r\n[profile w]\nrole_arn=${ROLE}/web\nweb_identity_token_file=HOME/.token\n` +
      `[profile s]\nsso_session=corp\nsso_account_id=111122223333\nsso_role_name=Reader\n` +
      `[sso-session corp]\nsso_region=eu-west-1\nsso_start_url=https://corp.example/start\n`,
    ...LOGIN("corp", "sso-access-1", "2099-01-01T00:00:00Z", "refresh-1"),
  };
  const place = world(t, { files });
  writeFileSync(join(place.home, ".aws/config"), files[".aws/config"].replace("HOME", place.home));
  const principal = (profile: string): Promise<string> => place.chain({ profile }).principal();
  assert.equal(await principal("u"), user);
  assert.equal(await principal("r"), `${ROLE}/one/me through ${user}`);
  assert.equal(await principal("rr"), `${ROLE}/two through ${ROLE}/one/me through ${user}`);
  const web = await principal("w");
  assert.match(
    web,
    /^arn:aws:iam::123456789012:role\/web through web identity system:serviceaccount:ns:app \(claims [0-9a-f]{16}\)$/,
  );
  const sso = await principal("s");
  assert.match(sso, /^SSO https:\/\/corp\.example\/start 111122223333\/Reader login [0-9a-f]{16}$/);
  assert.equal(place.asked.length, 0);
  // The next token of the same identity is the same principal, another identity's is not.
  writeFileSync(
    join(place.home, ".token"),
    jwt({ sub: "system:serviceaccount:ns:app", iss: "https://oidc.example", exp: 2, jti: "2" }),
  );
  assert.equal(await principal("w"), web);
  writeFileSync(
    join(place.home, ".token"),
    jwt({ sub: "system:serviceaccount:ns:app", iss: "https://other.example" }),
  );
  assert.notEqual(await principal("w"), web);
  // Another access token of the same login too; another login, or none, is another principal.
  const login = (access: string, refresh: string): void => {
    for (const [name, text] of Object.entries(LOGIN("corp", access, "2099-01-01T00:00:00Z", refresh)))
      writeFileSync(join(place.home, name), text);
  };
  login("sso-access-2", "refresh-1");
  assert.equal(await principal("s"), sso);
  login("sso-access-3", "refresh-2");
  assert.notEqual(await principal("s"), sso);
  writeFileSync(join(place.home, Object.keys(LOGIN("corp", "", ""))[0] ?? ""), "{}");
  assert.match(await principal("s"), / nobody$/);
});

test("where only who gives the credentials can tell, the principal is their key id", async (t) => {
  const place = world(t, {
    env: CONTAINER,
    files: { ".aws/config": `[profile r]\nrole_arn=${ROLE}/one\ncredential_source=EcsContainer\n` },
    answer: () => keysBody("ASIACONTAINER0000000", NOW, 3600),
  });
  const chain = place.chain();
  assert.equal(await chain.principal(), "ASIACONTAINER0000000");
  await chain.credentials();
  assert.equal(place.asked.length, 1);
  assert.equal(await place.chain({ profile: "r" }).principal(), `${ROLE}/one through ASIACONTAINER0000000`);
});

test("describe() asks nobody, shows no secret, and says why the environment goes before a profile", async (t) => {
  const place = world(t, {
    env: { ...KEYS("ENV"), ...CONTAINER, AWS_PROFILE: "s", AWS_DEFAULT_REGION: "eu-west-3" },
    files: {
      ".aws/config":
        `[profile s]\nsso_account_id=111122223333\nsso_role_name=Reader\nsso_region=eu-west-1\nsso_start_url=https://corp.example/start\n` +
        `[profile r]\nrole_arn=${ROLE}/one\nsource_profile=u\n[profile u]\n${keysOf("USR")}[profile m]\nrole_arn=${ROLE}/m\nmfa_serial=x\nsource_profile=u\n` +
        `[profile p]\ncredential_process=tool canary-argument\n`,
      ...LOGIN("https://corp.example/start", "canary-access", new Date((NOW + 3600) * 1000).toISOString()),
    },
  });
  const describe = (profile?: string): Promise<string> => place.chain({ profile }).describe();
  assert.equal(
    await describe(),
    `the keys of environment (${KEYS("ENV")["AWS_ACCESS_KEY_ID"]}), region eu-west-3; the environment's keys go before the profile s, as in botocore (the JavaScript SDK takes the profile)`,
  );
  assert.match(
    await describe("s"),
    /^the role Reader of account 111122223333, by the SSO login at https:\/\/corp\.example\/start/,
  );
  assert.match(
    await describe("r"),
    /^the role arn:aws:iam::123456789012:role\/one of profile r, assumed with the keys of profile u/,
  );
  assert.match(
    await describe("m"),
    /^none can be used: .*MFA.*aws configure export-credentials --profile m --format env/,
  );
  assert.match(await describe("gone"), /^none can be used: .*"gone", which does not exist/);
  for (const profile of [undefined, "s", "r", "m", "p", "gone"])
    assert.doesNotMatch(await describe(profile), /secret\/of|canary/);
  assert.equal(place.asked.length, 0);
});

test("describe() says of what local files show to be useless that it cannot be used", async (t) => {
  const place = world(t, {
    env: { ...KEYS("ENV"), AWS_CREDENTIAL_EXPIRATION: new Date(NOW * 1000).toISOString() },
    files: {
      ".aws/config":
        `[profile s]\nsso_account_id=111122223333\nsso_role_name=Reader\nsso_session=corp\n[sso-session corp]\nsso_region=eu-west-1\n` +
        `sso_start_url=https://corp.example/start\n[profile w]\nrole_arn=${ROLE}/w\nweb_identity_token_file=/nowhere/token\n` +
        `[profile r]\nrole_arn=${ROLE}/r\nsource_profile=s\n`,
    },
  });
  const describe = (profile?: string): Promise<string> => place.chain({ profile }).describe();
  assert.match(await describe(), /^none can be used: .* have expired/);
  const noLogin =
    /^none can be used: the SSO login of the sso-session corp is not there \(Run: aws sso login --profile s\)/;
  assert.match(await describe("s"), noLogin);
  assert.match(await describe("r"), noLogin);
  assert.match(await describe("w"), /^none can be used: .*\/nowhere\/token cannot be read/);
  const ended = LOGIN("corp", "access", new Date(NOW * 1000 - 1000).toISOString());
  for (const [path, text] of Object.entries(ended)) {
    mkdirSync(dirname(join(place.home, path)), { recursive: true, mode: 0o700 });
    writeFileSync(join(place.home, path), text, { mode: 0o600 });
  }
  assert.match(await describe("s"), /^none can be used: .* has ended/);
  assert.equal(place.asked.length, 0);
});

test("what only the AWS CLI can do is refused with the command that does it", async (t) => {
  const files = {
    ".aws/config": `[profile l's]\nlogin_session=x\n[profile m]\nrole_arn=${ROLE}/m\nmfa_serial=x\nsource_profile=u\n[profile u]\n${keysOf("USR")}`,
  };
  const place = world(t, { files });
  await assert.rejects(place.chain({ profile: "m" }).credentials(), (error: KeywrightError) => {
    assert.equal(error.code, "locked");
    assert.match(error.hint ?? "", /aws configure export-credentials --profile m --format env/);
    return true;
  });
  writeFileSync(
    join(place.home, ".aws/config"),
    files[".aws/config"].replace("[profile l's]", `[profile "l's; x"]`),
  );
  await assert.rejects(place.chain({ profile: "l's; x" }).credentials(), (error: KeywrightError) => {
    assert.ok(error.hint?.includes(`--profile 'l'\\''s; x' --format env`), error.hint);
    return true;
  });
});

test("the settings of a profile, each with the environment before it", (t) => {
  const { home } = world(t, {
    files: {
      ".aws/config":
        "[profile p]\nregion=eu-west-1\nca_bundle=/x.pem\nsts_regional_endpoints=legacy\nuse_fips_endpoint=True\nuse_dualstack_endpoint=no\n" +
        "endpoint_url=https://all.example\nservices=mine\n[services mine]\ncodeartifact =\n  endpoint_url = https://ca.example\nsts = plain\n",
    },
  });
  const ofProfile = profileSettings({ env: { AWS_PROFILE: "p", AWS_REGION: "ap-south-1" }, home });
  assert.deepEqual(
    [ofProfile.profile, ofProfile.region, ofProfile.caBundle, ofProfile.stsRegionalEndpoints],
    ["p", "eu-west-1", "/x.pem", "legacy"],
  );
  assert.deepEqual(ofProfile.endpoints(), {
    endpointUrl: "https://all.example",
    services: { codeartifact: "https://ca.example", sts: undefined },
    useFips: true,
    useDualstack: false,
    ignore: undefined,
  });
  const env = {
    AWS_PROFILE: "p",
    AWS_DEFAULT_REGION: "eu-west-2",
    AWS_CA_BUNDLE: "/y.pem",
    AWS_STS_REGIONAL_ENDPOINTS: "regional",
  };
  const ofEnvironment = profileSettings({ env, home });
  assert.deepEqual(
    [ofEnvironment.region, ofEnvironment.caBundle, ofEnvironment.stsRegionalEndpoints],
    ["eu-west-2", "/y.pem", "regional"],
  );
  assert.equal(profileSettings({ env, home, region: "us-east-2" }).region, "us-east-2");
  assert.equal(profileSettings({ env: { AWS_REGION: "ap-south-1" }, home }).region, "ap-south-1");
  assert.equal(profileSettings({ env: {}, home }).region, undefined);
  assert.equal(
    credentialChain({
      env,
      home,
      clock: { now: () => NOW },
      http: { request: () => Promise.reject(new Error("asked")) },
    }).region(),
    "eu-west-2",
  );
});
