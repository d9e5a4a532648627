// The codeartifact backend: whose credentials it asks with, for which domain, and for how long; against a service on loopback.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { codeArtifactBackend } from "../../src/backends/codeartifact.ts";
import { lifetimeOf, type Bounds } from "../../src/backends/codeartifact-lifetime.ts";
import { cachedBackend } from "../../src/backends/cached.ts";
import { createAuthority } from "../io/certificates.ts";
import { header, recordingServer } from "../io/servers.ts";
import { json, KEYS, NOW, refused } from "../aws/place.ts";
import { ENV, HOST, place, question, READ_URL, type Question } from "./codeartifact-place.ts";

const MINT = "POST /v1/authorization-token?domain=my-domain&domain-owner=111122223333";

test("a token with the keys of the environment: request, user name, expiry, principal", async (t) => {
  const { backend, asked, seen, told } = await place(t);
  const trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  const secret = await backend.retrieve(...question({ trace }));
  assert.deepEqual(
    [secret?.reveal(), secret?.username, secret?.expiresAt, secret?.upstream],
    ["token-1", "aws", NOW + 3600, "AKIDEXAMPLE"],
  );
  assert.deepEqual(asked(), [`${MINT}&duration=3600`]);
  const [request] = seen;
  assert.ok(request !== undefined);
  assert.equal(header(request, "traceparent"), trace);
  assert.match(
    header(request, "authorization") ?? "",
    /Credential=AKIDEXAMPLE\/20261122\/eu-west-1\/codeartifact\//,
  );
  assert.ok(
    told.every((line) => !line.includes("token-1") && !line.includes("secret")),
    told.join("\n"),
  );
});

test("every form of address, and the user name that its format wants", async (t) => {
  const { backend, asked } = await place(t);
  const forms = [
    [`https://${HOST}/swift/repo/`, "token"],
    [`https://${HOST}/`, "aws"],
    ["https://my-domain-111122223333.codeartifact.eu-west-1.on.aws/npm/repo/", "aws"],
    [
      "https://vpce-0a-1b.d.codeartifact.eu-west-1.vpce.amazonaws.com/maven/d/my-domain-111122223333/repo/",
      "aws",
    ],
  ] as const;
  for (const [url, username] of forms)
    assert.equal((await backend.retrieve(...question({ url })))?.username, username, url);
  assert.deepEqual(new Set(asked()), new Set([`${MINT}&duration=3600`]));
});

test("an address of anything else is refused, and nobody is asked", async (t) => {
  const { backend, seen } = await place(t);
  const wrong = async (asked: Question, code: string, message: RegExp): Promise<void> => {
    for (const call of [backend.retrieve.bind(backend), backend.upstream?.bind(backend)])
      await assert.rejects(async () => call?.(...question(asked)), { code, message });
  };
  await wrong(
    { url: "https://packages.example/simple/" },
    "refused",
    /packages\.example\/simple is no address/,
  );
  await wrong({ url: `https://${HOST}.example/pypi/r/` }, "refused", /is no address/);
  await wrong({ url: `https://${HOST}:8443/pypi/r/` }, "refused", /is no address/);
  const china = READ_URL.replace("eu-west-1.amazonaws.com", "cn-north-1.amazonaws.com.cn");
  await wrong({ url: china }, "refused", /is no address/);
  await wrong(
    { options: { domain: "other" } },
    "refused",
    /names the domain my-domain, and the store aws has other/,
  );
  await wrong({ options: { domain_owner: "999999999999" } }, "refused", /domain_owner 111122223333/);
  await wrong({ options: { region: "us-east-1" } }, "refused", /region eu-west-1/);
  await wrong({ url: undefined }, "configuration", /does not name domain, domain_owner and region/);
  for (const duration of [899, 43_201, 1000.5, -1])
    await assert.rejects(backend.retrieve(...question({ ask: { duration } })), { code: "invalid_ask" });
  assert.deepEqual(seen, []);
});

test("without an address the options name the domain; with one they may agree", async (t) => {
  const { backend, asked } = await place(t);
  const options = { domain: "my-domain", domain_owner: "111122223333", region: "eu-west-1", duration: 900 };
  await backend.retrieve(...question({ url: undefined, options }));
  await backend.retrieve(...question({ options }));
  assert.deepEqual(asked(), [`${MINT}&duration=900`, `${MINT}&duration=900`]);
});

test("a store for secrets is said to hold none", async (t) => {
  const { backend } = await place(t);
  const [location, context] = question({ url: undefined });
  const secret = { ...location, ref: { ...location.ref, match: undefined } } as typeof location;
  await assert.rejects(backend.retrieve(secret, context), { code: "configuration", message: /no secrets/ });
});

const LIVES: readonly [Bounds, duration: number, seconds: number | undefined, decided: string][] = [
  [{ policy: 3600, request: undefined, session: undefined }, 3600, 3600, "policy"],
  [{ policy: 3600, request: 900, session: undefined }, 900, 900, "request"],
  [{ policy: 3600, request: 7200, session: undefined }, 3600, 3600, "policy"],
  [{ policy: 3600, request: 3600, session: undefined }, 3600, 3600, "policy"],
  [{ policy: 3600, request: undefined, session: 2000 }, 0, 2000, "session"],
  [{ policy: 3600, request: undefined, session: 899 }, 0, 899, "session"],
  [{ policy: 900, request: undefined, session: 900 }, 0, 900, "session"],
  [{ policy: 900, request: undefined, session: 901 }, 900, 900, "policy"],
  [{ policy: 0, request: undefined, session: 5000 }, 0, 5000, "session"],
  [{ policy: 0, request: undefined, session: undefined }, 0, undefined, "session"],
  [{ policy: 0, request: 1800, session: 5000 }, 1800, 1800, "request"],
  [{ policy: 0, request: 1800, session: 1000 }, 0, 1000, "session"],
  [{ policy: 3600, request: 0, session: 5000 }, 3600, 3600, "policy"],
  [{ policy: 3600, request: 0, session: 3000 }, 0, 3000, "session"],
  [{ policy: 3600, request: 0, session: undefined }, 3600, 3600, "policy"],
];

test("a token's life is the smallest of policy, request and session", () => {
  for (const [bounds, duration, seconds, decided] of LIVES)
    assert.deepEqual(lifetimeOf(bounds), { duration, seconds, decided }, JSON.stringify(bounds));
});

test("the request's duration, and a session of the environment's that ends first", async (t) => {
  const env = {
    ...ENV,
    AWS_SESSION_TOKEN: "t",
    AWS_CREDENTIAL_EXPIRATION: new Date((NOW + 1200) * 1000).toISOString(),
  };
  const { backend, asked } = await place(t, { env });
  await backend.retrieve(...question({ ask: { duration: 900 } }));
  await backend.retrieve(...question({ ask: { duration: 1800 } }));
  await backend.retrieve(...question({ options: { duration: 0 } }));
  assert.deepEqual(
    asked(),
    [900, 0, 0].map((seconds) => `${MINT}&duration=${seconds}`),
  );
});

test("the time that credentials took (a person at a credential_process) is not AWS's", async () => {
  const clock = { time: NOW, now: () => clock.time };
  const left: number[] = [];
  const backend = codeArtifactBackend({
    env: {},
    home: undefined,
    clock,
    chain: {
      credentials: async () => ((clock.time += 45), KEYS),
      principal: async () => "AKIDEXAMPLE",
      describe: async () => "",
      forget: () => undefined,
      region: () => undefined,
    },
    http: {
      async request({ deadline = Infinity }) {
        left.push(deadline - clock.time);
        return { status: 200, headers: {}, body: `{"authorizationToken":"t","expiration":${NOW + 3600}}` };
      },
    },
  });
  await backend.retrieve(...question({ options: { timeout: 15 } }));
  assert.deepEqual(left, [15]);
});

const CREDENTIALS =
  "[default]\naws_access_key_id = AKIDDEFAULT\naws_secret_access_key = one\n[dev]\naws_access_key_id = AKIDDEV\naws_secret_access_key = two\n";

test("the store's profile", async (t) => {
  const { backend } = await place(t, { env: {}, files: { ".aws/credentials": CREDENTIALS } });
  const upstreamOf = async (options: Question["options"] = {}) =>
    (await backend.retrieve(...question({ options })))?.upstream;
  assert.deepEqual([await upstreamOf(), await upstreamOf({ profile: "dev" })], ["AKIDDEFAULT", "AKIDDEV"]);
  await assert.rejects(upstreamOf({ profile: "gone" }), { code: "configuration", message: /"gone"/ });
});

test("credentials that the front door does not accept are looked up once more, and no more than once", async (t) => {
  const no = () => refused(403, "UnrecognizedClientException", "invalid token");
  const { backend, seen, told } = await place(t, { answers: [no] });
  assert.equal((await backend.retrieve(...question()))?.reveal(), "token-2");
  assert.equal(seen.length, 2);
  assert.ok(told.some((line) => line.includes("looked up once more")));
  const never = await place(t, { answers: [no, no, no] });
  await assert.rejects(never.backend.retrieve(...question()), { code: "authentication" });
  assert.equal(never.seen.length, 2);
  const denied = await place(t, { answers: [() => refused(403, "AccessDeniedException", "no")] });
  await assert.rejects(denied.backend.retrieve(...question()), { code: "denied" });
  assert.equal(denied.seen.length, 1);
});

test("rotated keys are found by the second look", async (t) => {
  const program = "#!/bin/sh\nn=$(cat $0.n 2>/dev/null || echo 0); n=$((n+1)); echo $n > $0.n\n";
  const reply =
    'echo "{\\"Version\\":1,\\"AccessKeyId\\":\\"AKIDPROCESS$n\\",\\"SecretAccessKey\\":\\"s\\"}"\n';
  const no = () => refused(403, "ExpiredTokenException", "expired");
  const made = await place(t, {
    env: { PATH: "/usr/bin:/bin" },
    answers: [no],
    files: { "give.sh": program + reply },
  });
  const { writeFileSync, mkdirSync } = await import("node:fs");
  mkdirSync(`${made.home}/.aws`);
  writeFileSync(
    `${made.home}/.aws/config`,
    `[default]\ncredential_process = /bin/sh ${made.home}/give.sh\n`,
    { mode: 0o600 },
  );
  const [location, context] = question();
  assert.equal((await made.backend.retrieve(location, context))?.upstream, "AKIDPROCESS2");
});

test("keyringrc.cfg: what the store does not say, by the section of the address", async (t) => {
  const sections = `[codeartifact]\ntoken_duration=1800\n[codeartifact domain="my-domain"]\nprofile_name=dev\n[codeartifact name="keys"]\naws_access_key_id=AKIDKEYS\naws_secret_access_key=three\n`;
  const files = { ".aws/credentials": CREDENTIALS, ".config/python_keyring/keyringrc.cfg": sections };
  const { backend, asked } = await place(t, { env: {}, files });
  const upstreamOf = async (options: Question["options"] = {}, url = READ_URL) =>
    (await backend.retrieve(...question({ options, url })))?.upstream;
  assert.equal(await upstreamOf(), "AKIDDEFAULT", "it is read only when the store says so");
  assert.equal(await upstreamOf({ keyringrc: true }), "AKIDDEV");
  assert.equal(await upstreamOf({ keyringrc: true, profile: "default", duration: 900 }), "AKIDDEFAULT");
  const keys = `https://${HOST.replace("my-domain", "other")}/pypi/keys/simple/`;
  assert.equal(await upstreamOf({ keyringrc: true }, keys), "AKIDKEYS");
  assert.deepEqual(
    asked().map((line) => /duration=(\d+)/.exec(String(line))?.[1]),
    ["3600", "1800", "900", "1800"],
  );
  const [location, context] = question({ options: { keyringrc: true }, url: keys });
  assert.equal((await backend.upstream?.(location, context))?.principal, "AKIDKEYS");
});

test("a lease is for one duration, and for whoever AWS would see", async (t) => {
  const { backend, home, clock, seen } = await place(t);
  const cached = cachedBackend(backend, { home, clock, parent: () => undefined });
  const value = async (asked: Question) => (await cached.retrieve(...question(asked)))?.reveal();
  assert.equal(await value({}), "token-1");
  assert.equal(await value({}), "token-1");
  assert.equal(await value({ ask: { duration: 900 } }), "token-2");
  assert.equal(await value({ ask: { duration: 900 } }), "token-2");
  assert.equal(
    await value({ url: `https://${HOST}/npm/another/` }),
    "token-1",
    "a token is good for the whole domain",
  );
  assert.equal(seen.length, 2);
});

test("a lease is for the duration that keyringrc.cfg says now", async (t) => {
  const path = ".config/python_keyring/keyringrc.cfg";
  const files = { [path]: "[codeartifact]\ntoken_duration=43200\n" };
  const { backend, home, clock, asked } = await place(t, { files });
  const ask = async (options: NonNullable<Question["options"]>) => {
    const cached = cachedBackend(backend, { home, clock, parent: () => undefined });
    return (await cached.retrieve(...question({ options })))?.reveal();
  };
  assert.equal(await ask({ keyringrc: true }), "token-1");
  assert.equal(await ask({ keyringrc: true }), "token-1");
  writeFileSync(join(home, path), "[codeartifact]\ntoken_duration=900\n");
  assert.equal(
    await ask({ keyringrc: true }),
    "token-2",
    "the long one is not what the file allows any more",
  );
  assert.match(String(asked()[1]), /duration=900$/);
});

test("AWS_CA_BUNDLE, ca_bundle of the profile and keyringrc's verify name whom to trust", async (t) => {
  const made = await place(t, { files: { ".aws/credentials": CREDENTIALS } });
  const [ours, strangers] = [createAuthority(made.home, "ours"), createAuthority(made.home, "strangers")];
  const pair = ours.issue("DNS:localhost");
  const answer = () => json(200, { authorizationToken: "over tls".replace(" ", "-"), expiration: NOW + 900 });
  const server = await recordingServer(answer, pair);
  t.after(() => server.close());
  const { writeFileSync } = await import("node:fs");
  const mint = async (
    env: Record<string, string>,
    config = "",
    cfg?: string,
  ): Promise<string | undefined> => {
    writeFileSync(`${made.home}/.aws/config`, `[default]\n${config}`, { mode: 0o600 });
    if (cfg !== undefined) writeFileSync(`${made.home}/k.cfg`, cfg, { mode: 0o600 });
    const options = cfg === undefined ? {} : { keyringrc: `${made.home}/k.cfg` };
    const all = { ...env, AWS_ENDPOINT_URL: `https://localhost:${server.port}` };
    const backend = codeArtifactBackend({ env: all, home: made.home, clock: made.clock });
    return (await backend.retrieve(...question({ options })))?.reveal();
  };
  const untrusted = { code: "network", message: /TLS connection to https:\/\/localhost/ };
  await assert.rejects(mint({}), untrusted);
  assert.equal(await mint({ AWS_CA_BUNDLE: ours.file }), "over-tls");
  assert.equal(await mint({ AWS_CA_BUNDLE: ours.file, SSL_CERT_FILE: strangers.file }), "over-tls");
  assert.equal(await mint({}, `ca_bundle = ${ours.file}\n`), "over-tls");
  assert.equal(await mint({}, "", `[codeartifact]\nverify=${ours.file}\n`), "over-tls");
  await assert.rejects(mint({ AWS_CA_BUNDLE: strangers.file }, `ca_bundle = ${ours.file}\n`), untrusted);
  await assert.rejects(mint({ AWS_CA_BUNDLE: "/nowhere.pem" }), {
    code: "configuration",
    message: /AWS_CA_BUNDLE names \/nowhere/,
  });
});

test("check: the credentials are found, and the store can be used", async (t) => {
  const store = question()[0].store;
  await (await place(t)).backend.check(store);
  await assert.rejects((await place(t, { env: {} })).backend.check(store), { code: "authentication" });
});
