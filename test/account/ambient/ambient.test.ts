// Which ambient identity counts: the order, what is here and broken, what a person says instead, and what a token must be
// before anybody sees it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { maskLine } from "../../../src/account/ambient/ambient-mask.ts";
import type { AmbientSource } from "../../../src/account/ambient/ambient-source.ts";
import { Secret } from "../../../src/secret.ts";
import { AUDIENCE, jwt, machine, NOW, refusal, type Variables } from "./ambient-place.ts";

const KUBERNETES = "/var/run/secrets/tokens/keywright";
const GITHUB = {
  GITHUB_ACTIONS: "true",
  ACTIONS_ID_TOKEN_REQUEST_URL: "https://run.actions.githubusercontent.com/token?x=1",
  ACTIONS_ID_TOKEN_REQUEST_TOKEN: "canary-request",
};
const FORGEJO = {
  GITHUB_SERVER_URL: "https://forge.example",
  ACTIONS_ID_TOKEN_REQUEST_URL:
    "https://forge.example/api/actions/_apis/pipelines/workflows/7/idtoken?placeholder=true",
  ACTIONS_ID_TOKEN_REQUEST_TOKEN: "canary-request",
};
const GITLAB = { GITLAB_CI: "true", KEYWRIGHT_ID_TOKEN: jwt() };
const CIRCLECI = { CIRCLECI: "true", CIRCLE_OIDC_TOKEN_V2: jwt() };
const BUILDKITE = { BUILDKITE: "true" };
const AZURE = { SYSTEM_OIDCREQUESTURI: "https://azure.example/token", SYSTEM_ACCESSTOKEN: "canary-access" };
const BITBUCKET = { BITBUCKET_STEP_OIDC_TOKEN: jwt() };
const SPIFFE = { SPIFFE_ENDPOINT_SOCKET: "unix:///run/spire.sock" };
const GOOGLE = { CLOUD_RUN_JOB: "job" };

/** From first to last; each row is here by its variables alone. */
const ROWS: readonly (readonly [string, Variables])[] = [
  ["variable", { KEYWRIGHT_ID_TOKEN: jwt() }],
  ["file", { KEYWRIGHT_ID_TOKEN_FILE: "/run/token" }],
  ["forgejo", FORGEJO],
  ["github", GITHUB],
  ["gitlab", GITLAB],
  ["circleci", CIRCLECI],
  ["buildkite", BUILDKITE],
  ["azure-devops", AZURE],
  ["bitbucket", BITBUCKET],
  ["spiffe", SPIFFE],
  ["google", GOOGLE],
];

test("each identity is found by what its runner sets", async () => {
  for (const [name, env] of ROWS) assert.equal((await machine().find(env))?.name, name);
  const there = machine({ [KUBERNETES]: jwt() });
  assert.equal((await there.find({}))?.name, "kubernetes");
  const firmware = machine({ "/sys/class/dmi/id/product_name": "Google Compute Engine\n" });
  assert.equal((await firmware.find({}))?.name, "google");
});

test("where there is none, there is none", async () => {
  assert.equal(await machine().find({}), undefined);
  assert.equal(await machine().find({ CI: "true", K_SERVICE: "knative" }), undefined);
  assert.equal(await machine({ "/sys/class/dmi/id/product_name": "KVM\n" }).find({}), undefined);
});

test("of two that are here at once the earlier one counts, in every pair", async () => {
  // GITLAB_CI says whose KEYWRIGHT_ID_TOKEN is; a Forgejo runner and GitHub's share their variables.
  const special = new Set(["variable gitlab", "forgejo github"]);
  for (const [index, [name, env]] of ROWS.entries()) {
    for (const [other, also] of ROWS.slice(index + 1)) {
      if (special.has(`${name} ${other}`)) continue;
      assert.equal((await machine().find({ ...also, ...env }))?.name, name, `${name} and ${other}`);
    }
  }
  assert.equal((await machine().find({ KEYWRIGHT_ID_TOKEN: jwt(), GITLAB_CI: "true" }))?.name, "gitlab");
  assert.equal((await machine().find({ ...GITHUB, FORGEJO_ACTIONS: "true" }))?.name, "forgejo");
  const pod = machine({ [KUBERNETES]: jwt() });
  assert.equal((await pod.find(GITLAB))?.name, "gitlab");
  assert.equal((await pod.find(SPIFFE))?.name, "kubernetes");
});

const HALF = "gives this job half of an identity";
const BROKEN: readonly (readonly [string, Variables, RegExp, RegExp])[] = [
  ["no permission at GitHub", { GITHUB_ACTIONS: "true" }, /gives this job no identity/, /id-token: write/],
  ["no token at GitHub", { ...GITHUB, ACTIONS_ID_TOKEN_REQUEST_TOKEN: "" }, new RegExp(HALF), /id-token/],
  ["no URL at GitHub", { ...GITHUB, ACTIONS_ID_TOKEN_REQUEST_URL: undefined }, new RegExp(HALF), /id-token/],
  ["half of GitHub's without its mark", { ACTIONS_ID_TOKEN_REQUEST_TOKEN: "x" }, new RegExp(HALF), /both/],
  [
    "none at Forgejo",
    { FORGEJO_ACTIONS: "true", GITHUB_ACTIONS: "true" },
    /Forgejo/,
    /enable-openid-connect/,
  ],
  [
    "plain http",
    { ...GITHUB, ACTIONS_ID_TOKEN_REQUEST_URL: "http://run.actions.githubusercontent.com/" },
    /is not https/,
    /as the runner sets/,
  ],
  [
    "another host",
    { ...GITHUB, ACTIONS_ID_TOKEN_REQUEST_URL: "https://actions.githubusercontent.com.evil.example/" },
    /no address of GitHub/,
    /as the runner sets/,
  ],
  [
    "a host that only ends alike",
    { ...GITHUB, ACTIONS_ID_TOKEN_REQUEST_URL: "https://evilactions.githubusercontent.com/" },
    /no address of GitHub/,
    /as the runner sets/,
  ],
  [
    "a name in the address",
    { ...GITHUB, ACTIONS_ID_TOKEN_REQUEST_URL: "https://a@run.actions.githubusercontent.com/" },
    /not a plain address/,
    /as the runner sets/,
  ],
  [
    "no address at all",
    { ...GITHUB, ACTIONS_ID_TOKEN_REQUEST_URL: "token" },
    /not a plain address/,
    /as the runner sets/,
  ],
  [
    "no id_tokens at GitLab",
    { GITLAB_CI: "true", SIGSTORE_ID_TOKEN: "x" },
    /\(SIGSTORE_ID_TOKEN may be/,
    /id_tokens: \{ KEYWRIGHT_ID_TOKEN/,
  ],
  ["none at CircleCI", { CIRCLECI: "true" }, /CIRCLE_OIDC_TOKEN_V2/, /CircleCI's own/],
  [
    "no access token at Azure",
    { ...AZURE, SYSTEM_ACCESSTOKEN: undefined },
    /SYSTEM_ACCESSTOKEN is not set/,
    /Map it/,
  ],
  ["no address at Azure", { TF_BUILD: "True" }, /SYSTEM_OIDCREQUESTURI is not set/, /Map it/],
  [
    "plain http at Azure",
    { ...AZURE, SYSTEM_OIDCREQUESTURI: "http://azure.example/" },
    /no plain https/,
    /as the agent/,
  ],
  ["no oidc at Bitbucket", { BITBUCKET_PIPELINE_UUID: "{1}" }, /BITBUCKET_STEP_OIDC_TOKEN/, /oidc: true/],
  ["SPIFFE over TCP", { SPIFFE_ENDPOINT_SOCKET: "tcp://127.0.0.1:1" }, /is not unix/, /socket/],
];

for (const [what, env, message, hint] of BROKEN) {
  test(`present but broken is an error, not the turn of the next one: ${what}`, async () => {
    // The one that comes last is here, too, and works.
    const error = await refusal(machine().find({ ...GOOGLE, ...env }));
    assert.equal(error.code, "configuration");
    assert.match(error.message, message);
    assert.match(error.hint ?? "", hint);
    assert.match(error.hint ?? "", /KEYWRIGHT_AMBIENT/);
    assert.doesNotMatch(`${error.message}${error.hint}`, /canary/);
  });
}

test("KEYWRIGHT_AMBIENT names the one that counts, or none", async () => {
  const everything = { ...GITHUB, ...CIRCLECI, ...BITBUCKET, ...SPIFFE };
  const find = (name: string): ReturnType<ReturnType<typeof machine>["find"]> =>
    machine().find({ ...everything, KEYWRIGHT_AMBIENT: name });
  for (const name of ["circleci", "bitbucket", "spiffe", "buildkite", "google", "kubernetes"])
    assert.equal((await find(name))?.name, name);
  assert.equal(await find("none"), undefined);
  assert.equal(await machine().find({ GITHUB_ACTIONS: "true", KEYWRIGHT_AMBIENT: "none" }), undefined);
  for (const name of ["gitlab", "forgejo", "azure-devops", "variable", "file"])
    assert.equal((await refusal(machine().find({ KEYWRIGHT_AMBIENT: name }))).code, "configuration");
  const unknown = await refusal(find("jenkins\u001b[2J"));
  assert.equal(unknown.message, "KEYWRIGHT_AMBIENT names no identity that keywright knows");
  assert.match(unknown.hint ?? "", /one of variable, file, forgejo, github, .*google, or none/);
  const other = await refusal(machine().find({ ...FORGEJO, KEYWRIGHT_AMBIENT: "github" }));
  assert.match(other.message, /is github, which is not here/);
});

test("where a person sits, an identity of the machine counts only when it is named", async () => {
  const pod = machine({ [KUBERNETES]: jwt() });
  assert.equal(await pod.find({ ...GOOGLE, ...SPIFFE }, { attended: true }), undefined);
  assert.equal((await pod.find({ ...GOOGLE, ...GITLAB }, { attended: true }))?.name, "gitlab");
  const named = { ...GOOGLE, KEYWRIGHT_AMBIENT: "google" };
  assert.equal((await pod.find(named, { attended: true }))?.name, "google");
});

test("sources of rooms above come last", async () => {
  const more: AmbientSource = {
    name: "aws",
    kind: "machine",
    detect: () => ({ title: "AWS", obtain: async () => new Secret(jwt()), remedy: () => "" }),
  };
  assert.equal((await machine().find({}, { more: [more] }))?.name, "aws");
  assert.equal((await machine().find(GOOGLE, { more: [more] }))?.name, "google");
  assert.equal(
    (await machine().find({ ...GOOGLE, KEYWRIGHT_AMBIENT: "aws" }, { more: [more] }))?.name,
    "aws",
  );
});

const tokenOf = async (claims: Readonly<Record<string, unknown>>, env: Variables = {}): Promise<Secret> => {
  const found = await machine().find({ GITLAB_CI: "true", KEYWRIGHT_ID_TOKEN: jwt(claims), ...env });
  assert.ok(found !== undefined);
  return found.token(found.audience ?? AUDIENCE);
};

test("a token for the broker and nobody else is given out", async () => {
  assert.equal((await tokenOf({})).reveal(), jwt());
  await tokenOf({ aud: [AUDIENCE] });
  await tokenOf({ aud: "other" }, { KEYWRIGHT_ID_TOKEN_AUDIENCE: "other" });
});

const REFUSED: readonly (readonly [string, Readonly<Record<string, unknown>>, RegExp])[] = [
  [
    "another audience",
    { aud: "https://other.example" },
    /is for "https:\/\/other\.example", not for "https:\/\/broker\.example" alone/,
  ],
  ["the broker's address with a slash", { aud: `${AUDIENCE}/` }, /not for/],
  [
    "two audiences",
    { aud: [AUDIENCE, "https://other.example"] },
    /"https:\/\/broker.example" and "https:\/\/other.example"/,
  ],
  ["no audience", { aud: undefined }, /is for nobody/],
  ["an audience that is no text", { aud: { [AUDIENCE]: 1 } }, /is for nobody/],
  ["an audience that would draw on the terminal", { aud: "\u001b[2J" }, /"\?\[2J"/],
  ["one that has ended", { exp: NOW - 600 }, /has expired 10 minutes ago/],
  ["one that ends now", { exp: NOW }, /has expired 0 s ago/],
  ["one without an end", { exp: undefined }, /does not say when it expires/],
  ["an end that is no number", { exp: `${NOW + 60}` }, /does not say when/],
];

for (const [what, claims, message] of REFUSED) {
  test(`not given out: ${what}`, async () => {
    const error = await refusal(tokenOf(claims));
    assert.match(error.message, message);
    assert.ok(!`${error.message}${error.hint}`.includes(jwt(claims)));
    if ("aud" in claims)
      assert.match(error.hint ?? "", /aud: "https:\/\/broker\.example".*KEYWRIGHT_ID_TOKEN_AUDIENCE/s);
  });
}

test("what is no signed JWT is not sent anywhere, nor shown", async () => {
  const rows = [
    "$NPM_ID_TOKEN",
    "a.b",
    "canary",
    `${jwt()} ${jwt()}`,
    `${jwt()}.x.y`,
    "e30.bnVsbA.e30",
    "x".repeat(17_000),
  ];
  const huge = jwt({ pad: "x".repeat(17_000) });
  const unsigned = jwt().replace(/\.[^.]*$/, ".");
  for (const value of [...rows, huge, unsigned]) {
    const found = await machine().find({ KEYWRIGHT_ID_TOKEN: value });
    const error = await refusal(found?.token(AUDIENCE) ?? Promise.resolve());
    assert.equal(error.code, "backend", value);
    assert.doesNotMatch(`${error.message}${error.hint}`, /canary|NPM|xxx|eyJ/);
  }
});

test("the line that keeps a value out of a log is the pipeline's own", () => {
  const value = new Secret("v");
  assert.equal(maskLine({ GITHUB_ACTIONS: "true" }, value), "::add-mask::v");
  assert.equal(maskLine({ TF_BUILD: "True" }, value), "##vso[task.setsecret]v");
  assert.equal(maskLine({ GITLAB_CI: "true" }, value), undefined);
});
