// The sections `issuers` and `workloads` of a broker's configuration: what is read, and what does not load, with its line.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { placeFor } from "./place.ts";

const ORG = "6804a3a0-e94c-41ae-9343-c5676fd58375";
const PROJECT = "271ef6f7-5998-4b0f-86fb-4b54d9129990";
const OTHER = "0ca3ddd9-f0b0-4635-a98c-5866526961b6";

interface Complete {
  /** The mapping of the issuer, on one line. */
  readonly issuer: string;
  /** Lines of claims, without indentation; each immutable one first. */
  readonly claims: readonly string[];
}

/** A rule for each preset that loads, with nothing in it that could be left out. */
const COMPLETE: Readonly<Record<string, Complete>> = {
  github: { issuer: "{ preset: github }", claims: ['repository_id: "123"', 'repository_owner_id: "456"'] },
  gitlab: {
    issuer: "{ preset: gitlab, issuer: https://gitlab.example }",
    claims: ['project_id: "22"', 'namespace_id: "72"'],
  },
  circleci: {
    issuer: `{ preset: circleci, issuer: https://oidc.circleci.com/org/${ORG} }`,
    claims: [`oidc.circleci.com/org-id: ${ORG}`, `oidc.circleci.com/project-id: ${PROJECT}`],
  },
  buildkite: {
    issuer: "{ preset: buildkite }",
    claims: [`organization_id: ${ORG}`, `pipeline_id: ${PROJECT}`],
  },
  kubernetes: {
    issuer: "{ preset: kubernetes, issuer: https://cluster.example }",
    claims: ["kubernetes.io: { namespace: ci, serviceaccount: { uid: " + PROJECT + " } }"],
  },
  google: { issuer: "{ preset: google }", claims: ['sub: "104876554433221100998"'] },
  aws: {
    issuer: `{ preset: aws, issuer: https://${ORG}.tokens.sts.global.api.aws }`,
    claims: [
      '"https://sts.amazonaws.com/": { aws_account: "123456789012" }',
      "sub: arn:aws:iam::123456789012:role/ci",
    ],
  },
  azure_devops: {
    issuer: `{ preset: azure_devops, issuer: https://vstoken.dev.azure.com/${ORG} }`,
    claims: [`org_id: ${ORG}`, `prj_id: ${PROJECT}`],
  },
  entra: {
    issuer: `{ preset: entra, issuer: https://login.microsoftonline.com/${ORG}/v2.0 }`,
    claims: [`tid: ${ORG}`, `oid: ${PROJECT}`],
  },
  generic: {
    issuer: "{ preset: generic, issuer: https://issuer.example, algorithms: [ES256], immutable: [sub] }",
    claims: ["sub: spiffe://prod.example/ci"],
  },
};

/** Line 2 is the issuer, line 8 the key `claims`, line 9 the first claim. */
function textOf(issuer: string, claims: readonly string[], more: readonly string[] = []): string {
  return [
    "issuers:",
    `  it: ${issuer}`,
    "principals: [ci, release]",
    "workloads:",
    "  deploy:",
    ...["issuer: it", "principal: ci", "claims:"].map((line) => `    ${line}`),
    ...claims.map((claim) => `      ${claim}`),
    ...more.map((line) => `    ${line}`),
    "",
  ].join("\n");
}

function fault(t: TestContext, text: string): { readonly message: string; readonly hint: string } {
  const place = placeFor(t);
  const { message, hint = "" } = place.fault({ user: text }, "broker");
  return { message: message.replace(place.user, "FILE"), hint };
}

test("workloads: a complete rule of each preset loads, with what the preset knows", (t) => {
  for (const [preset, { issuer, claims }] of Object.entries(COMPLETE)) {
    const { broker } = placeFor(t).load({ user: textOf(issuer, claims) }, "broker");
    const [read] = broker?.workloads?.issuers ?? [];
    assert.equal(read?.preset, preset);
    assert.ok((read?.algorithms.length ?? 0) > 0, preset);
    assert.equal(broker?.workloads?.rules.length, 1, preset);
  }
});

test("workloads: what is read", (t) => {
  const { broker } = placeFor(t).load(
    {
      user: textOf("{ preset: github }", [
        'repository_id: "123"',
        'repository_owner_id: "456"',
        "ref: [refs/heads/main, refs/heads/next]",
        "environment: prod",
      ]),
    },
    "broker",
  );
  assert.deepEqual(broker?.workloads, {
    issuers: [
      {
        name: "it",
        preset: "github",
        issuer: "https://token.actions.githubusercontent.com",
        algorithms: ["RS256"],
        jwksUri: undefined,
        privateNetwork: false,
        caFile: undefined,
        maxLife: 3600,
        immutable: [],
      },
    ],
    rules: [
      {
        name: "deploy",
        issuer: "it",
        principal: "ci",
        audience: undefined,
        claims: [
          { path: ["repository_id"], values: ["123"] },
          { path: ["repository_owner_id"], values: ["456"] },
          { path: ["ref"], values: ["refs/heads/main", "refs/heads/next"] },
          { path: ["environment"], values: ["prod"] },
        ],
      },
    ],
  });
});

test("workloads: a rule that lacks an immutable id does not load, for any preset, and says where the id is", (t) => {
  const names: Readonly<Record<string, readonly string[]>> = {
    github: ["repository_id", "repository_owner_id"],
    gitlab: ["project_id", "namespace_id"],
    circleci: ["oidc.circleci.com/org-id", "oidc.circleci.com/project-id"],
    buildkite: ["organization_id", "pipeline_id"],
    kubernetes: ["kubernetes.io.namespace"],
    google: ["sub"],
    aws: ["https://sts.amazonaws.com/.aws_account", "sub"],
    azure_devops: ["org_id", "prj_id"],
    entra: ["tid", "oid"],
    generic: ["sub"],
  };
  for (const [preset, { issuer, claims }] of Object.entries(COMPLETE)) {
    for (const [index, name] of (names[preset] ?? []).entries()) {
      const left = ["environment: prod", ...claims.filter((_, at) => at !== index)];
      const { message, hint } = fault(t, textOf(issuer, left));
      assert.equal(
        message,
        `FILE:8: workloads.deploy.claims has no ${name}, which never goes to another workload`,
        preset,
      );
      assert.ok(hint.length > 20, preset);
    }
  }
  const half = fault(
    t,
    textOf(COMPLETE["kubernetes"]?.issuer ?? "", [
      "kubernetes.io: { namespace: ci, serviceaccount: { name: x } }",
    ]),
  );
  assert.match(half.message, /^FILE:8: .* has no kubernetes\.io\.serviceaccount\.uid, /);
  assert.match(half.hint, /kubectl get serviceaccount/);
  const inside = 'Write it inside: "kubernetes.io": { "serviceaccount": { uid: … } }.';
  assert.ok(half.hint.endsWith(inside), half.hint);
  const none = fault(
    t,
    "issuers: { it: { preset: github } }\nworkloads:\n  deploy: { issuer: it, principal: ci }\n",
  );
  assert.equal(none.message, "FILE:3: workloads.deploy has no claims, and so no repository_id");
});

test("workloads: an id that is none, is not text, or is more than one, does not load", (t) => {
  const rows: readonly (readonly [string, readonly string[], RegExp, RegExp?])[] = [
    [
      "github",
      ["repository_id: 123"],
      /^FILE:9: workloads\.deploy\.claims\.repository_id is text in the token$/,
      /quotes/,
    ],
    ["github", ['repository_id: ["123", "124"]'], /FILE:9: .*repository_id has to be one value/],
    ["github", ["repository_id: octo/repo"], /FILE:9: .*repository_id does not look like one/, /gh api/],
    ["github", ['repository_id: "*"'], /FILE:9: .*repository_id has a '\*'/],
    [
      "google",
      ["sub: ci@project.iam.gserviceaccount.example"],
      /FILE:9: .*\.sub does not look like one/,
      /uniqueId/,
    ],
    ["gitlab", ["ref_protected: true"], /FILE:9: .*ref_protected is text in the token/],
    ["gitlab", ["ref: feature/*"], /FILE:9: .*\.ref has a '\*', which stands for itself/, /List each/],
    ["gitlab", ["ref: []"], /FILE:9: .*\.ref lists no value/],
    ["gitlab", ["ref: null"], /FILE:9: .*\.ref has a value that is no text/],
    ["gitlab", ["nested: {}"], /FILE:9: .*\.nested names no claim/],
    ["gitlab", ["aud: x"], /FILE:9: .*\.aud is checked of every token/, /audience:/],
    ["gitlab", ["iss: x"], /FILE:9: .*\.iss is checked of every token/],
    ["google", ["email: ci@example.com"], /FILE:9: .*\.email means nothing alone/, /email_verified: true/],
    [
      "google",
      ["email: ci@example.com", "email_verified: [true, false]"],
      /FILE:9: .*\.email means nothing alone/,
      /email_verified: true/,
    ],
    [
      "aws",
      ['"https://sts.amazonaws.com/": { request_tags: { team: a } }'],
      /FILE:9: .*request_tags.*chosen by whoever asks/,
    ],
    [
      "circleci",
      [`oidc.circleci.com/org-id: ${OTHER}`],
      /FILE:9: .*org-id is not the one in the address of the issuer 'it'/,
    ],
    ["azure_devops", [`org_id: ${OTHER}`], /FILE:9: .*org_id is not the one in the address/],
    ["entra", [`tid: ${OTHER}`], /FILE:9: .*tid is not the one in the address/],
  ];
  for (const [preset, claims, message, hint] of rows) {
    const { issuer = "", claims: complete = [] } = COMPLETE[preset] ?? {};
    const keys = claims.map((line) => line.split(": ")[0]);
    const rest = complete.filter((line) => !keys.includes(line.split(": ")[0]));
    const found = fault(t, textOf(issuer, [...claims, ...rest]));
    assert.match(found.message, message, claims.join());
    if (hint !== undefined) assert.match(found.hint, hint, claims.join());
  }
});

test("issuers: what is none does not load", (t) => {
  const rows: readonly (readonly [string, RegExp, RegExp?])[] = [
    ["{}", /FILE:2: issuers\.it has no preset/],
    ["{ preset: gihub }", /FILE:2: issuers\.it\.preset is none of github, /, /'github'/],
    ["{ preset: github, isuer: x }", /FILE:2: unknown key 'isuer' in issuers\.it/, /'issuer'/],
    ["{ preset: kubernetes }", /FILE:2: issuers\.it has no issuer/, /claim iss/],
    ["{ preset: circleci }", /FILE:2: issuers\.it has no issuer/],
    ["{ preset: gitlab, issuer: http://gitlab.example }", /issuers\.it\.issuer is no https address/],
    ["{ preset: gitlab, issuer: http://127.0.0.1:1 }", /is no https address/],
    [
      "{ preset: gitlab, issuer: https://GitLab.example }",
      /is not written as it is sent/,
      /https:\/\/gitlab\.example\/\./,
    ],
    [
      "{ preset: gitlab, issuer: 'https://me@gitlab.example' }",
      /has more than a host and a path|not written/,
    ],
    ["{ preset: gitlab, issuer: 'https://gitlab.example/?a=b' }", /has more than a host and a path/],
    ["{ preset: gitlab, issuer: 'https://gitlab.example/#a' }", /has more than a host and a path/],
    // Forgejo has GitHub's variables, and another issuer.
    [
      "{ preset: github, issuer: https://forge.example/api/actions }",
      /is no issuer of the preset github/,
      /_services\/token/,
    ],
    [
      "{ preset: github, issuer: https://token.actions.githubusercontent.com.example }",
      /is no issuer of the preset github/,
    ],
    [
      "{ preset: generic, issuer: https://token.actions.githubusercontent.com }",
      /is an issuer of the preset github/,
      /preset: github/,
    ],
    ["{ preset: generic, issuer: https://gitlab.com }", /is an issuer of the preset gitlab/],
    [
      `{ preset: generic, issuer: https://oidc.circleci.com/org/${ORG} }`,
      /is an issuer of the preset circleci/,
    ],
    [
      "{ preset: circleci, issuer: https://oidc.circleci.com/org/acme }",
      /is no issuer of the preset circleci/,
    ],
    ["{ preset: aws, issuer: https://sts.amazonaws.com }", /is no issuer of the preset aws/],
    [
      "{ preset: generic, issuer: https://a.example, immutable: [sub] }",
      /FILE:2: issuers\.it has no algorithms/,
      /RS256/,
    ],
    [
      "{ preset: generic, issuer: https://a.example, immutable: [sub], algorithms: [HS256] }",
      /algorithms has one that is not accepted/,
    ],
    [
      "{ preset: generic, issuer: https://a.example, immutable: [sub], algorithms: [none] }",
      /algorithms has one that is not accepted/,
    ],
    [
      "{ preset: generic, issuer: https://a.example, immutable: [sub], algorithms: [] }",
      /algorithms names none/,
    ],
    [
      "{ preset: generic, issuer: https://a.example, algorithms: [RS256] }",
      /issuers\.it has no immutable/,
      /immutable: \[sub\]/,
    ],
    [
      "{ preset: generic, issuer: https://a.example, algorithms: [RS256], immutable: [] }",
      /immutable is no list of claims/,
    ],
    [
      "{ preset: generic, issuer: https://a.example, algorithms: [RS256], immutable: [iss] }",
      /immutable has 'iss', which tells no workload/,
    ],
    [
      "{ preset: generic, issuer: https://a.example, algorithms: [RS256], immutable: [7] }",
      /immutable has an entry that is no claim/,
    ],
    ["{ preset: github, immutable: [sub] }", /immutable is known for the preset github/],
    ["{ preset: github, ca_file: ca.pem }", /ca_file is not an absolute path/],
    ["{ preset: github, jwks_uri: http://keys.example/jwks }", /jwks_uri is no https address/],
    ["{ preset: github, private_network: 'yes' }", /private_network is text, not true or false/],
    ["{ preset: github, max_life: 5 }", /max_life is no whole number from 60/],
  ];
  for (const [issuer, message, hint] of rows) {
    const found = fault(t, textOf(issuer, COMPLETE["github"]?.claims ?? []));
    assert.match(found.message, message, issuer);
    if (hint !== undefined) assert.match(found.hint, hint, issuer);
  }
});

test("workloads: names, principals and issuers that do not exist, and rules that are the same, do not load", (t) => {
  const github = COMPLETE["github"]?.claims ?? [];
  const text = textOf("{ preset: github }", github);
  const rows: readonly (readonly [string, RegExp, RegExp?])[] = [
    [
      text.replace("issuer: it", "issuer: at"),
      /FILE:6: workloads\.deploy\.issuer names 'at', which issuers does not have/,
      /'it'/,
    ],
    [
      text.replace("principal: ci", "principal: cy"),
      /FILE:7: .*principal names 'cy', which principals does not list/,
    ],
    [text.replace("principal: ci", "principal: Root"), /FILE:7: .*principal is no name of a principal/],
    [text.replace("principal: ci", "principal: default"), /is no name of a principal/],
    [text.replace("principal: ci", "principle: ci"), /unknown key 'principle' in workloads\.deploy/],
    [text.replace("deploy:", "Deploy:"), /workloads has the name 'Deploy'/],
    [text.replace("deploy:", "keywright:"), /has the name of the client that people log in with/],
    [
      `${text}  again:\n    ${["issuer: it", "principal: release", "claims:"].join("\n    ")}\n      ${github.toReversed().join("\n      ")}\n`,
      /FILE:11: workloads\.again fits the same tokens as 'deploy'/,
    ],
    ["issuers:\n  it: { preset: github }\n", /FILE:2: issuers\.it has no rule in workloads/],
    [
      text.replace("  it: {", "  too: { preset: github }\n  it: {"),
      /FILE:3: issuers\.it\.issuer is the issuer of 'too', too/,
    ],
  ];
  for (const [row, message, hint] of rows) {
    const found = fault(t, row);
    assert.match(found.message, message);
    if (hint !== undefined) assert.match(found.hint, hint);
  }
});

test("issuers: GitHub Enterprise Server and GitHub with data residency have issuers of their own", (t) => {
  for (const issuer of [
    "https://github.example/_services/token",
    "https://token.actions.githubusercontent.com/octo-enterprise",
    "https://token.actions.octo.ghe.com",
  ]) {
    const user = textOf(`{ preset: github, issuer: ${issuer} }`, COMPLETE["github"]?.claims ?? []);
    assert.equal(placeFor(t).load({ user }, "broker").broker?.workloads?.issuers[0]?.issuer, issuer);
  }
});

test("issuers: where Google's and Entra's keys are is known; what is configured counts before it", (t) => {
  const uriOf = (preset: string, more = ""): string | undefined => {
    const { issuer = "", claims = [] } = COMPLETE[preset] ?? {};
    const user = textOf(issuer.replace(" }", `${more} }`), claims);
    return placeFor(t).load({ user }, "broker").broker?.workloads?.issuers[0]?.jwksUri;
  };
  assert.equal(uriOf("google"), "https://www.googleapis.com/oauth2/v3/certs");
  assert.equal(uriOf("entra"), `https://login.microsoftonline.com/${ORG}/discovery/v2.0/keys`);
  assert.equal(uriOf("google", ", jwks_uri: https://keys.example/jwks"), "https://keys.example/jwks");
});

test("docs/workload-identity.md: every example loads, and every preset has one", (t) => {
  const page = readFileSync(join(import.meta.dirname, "..", "..", "docs", "workload-identity.md"), "utf8");
  const blocks = page.match(/(?:^ {4}.*\n)+/gm)?.filter((block) => block.startsWith("    issuers:")) ?? [];
  const presets = blocks.map((block) => {
    const user = block.replace(/^ {4}/gm, "");
    const { broker } = placeFor(t).load({ user }, "broker");
    assert.ok((broker?.workloads?.rules.length ?? 0) > 0, block);
    return broker?.workloads?.issuers[0]?.preset;
  });
  assert.deepEqual(new Set(presets), new Set(Object.keys(COMPLETE)));
});
