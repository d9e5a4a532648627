// What each platform puts into its tokens, as its documentation and its users show it, with a rule that fits.
import type { Issuer } from "./issuer.ts";

export interface Shape {
  /** What `issuers` says of it, on one line. */
  readonly issuer: string;
  /** The claims of a rule that fits, as lines. */
  readonly rule: readonly string[];
  readonly iss: string;
  /** Everything but iss, aud and the times. */
  readonly claims: Readonly<Record<string, unknown>>;
  /** Which claims make out who it is. */
  readonly immutable: readonly (readonly string[])[];
  /** undefined: the broker's URL. */
  readonly aud?: string;
}

export const ORG = "6804a3a0-e94c-41ae-9343-c5676fd58375";
export const PROJECT = "271ef6f7-5998-4b0f-86fb-4b54d9129990";
export const AWS = "https://sts.amazonaws.com/";

/** By preset. Issuers that have a fixed name are asked for their keys at the test's own address. */
export function shapesAt({ origin }: Pick<Issuer, "origin">): Readonly<Record<string, Shape>> {
  const keys = `jwks_uri: "${origin}/keys", private_network: true`;
  return {
    github: {
      issuer: `{ preset: github, issuer: "${origin}/_services/token", private_network: true }`,
      rule: [
        'repository_id: "456789"',
        'repository_owner_id: "123456"',
        "ref: [refs/heads/main, refs/heads/next]",
      ],
      iss: `${origin}/_services/token`,
      claims: GITHUB,
      immutable: [["repository_id"], ["repository_owner_id"]],
    },
    gitlab: {
      issuer: `{ preset: gitlab, issuer: "${origin}/gitlab", private_network: true }`,
      rule: ['project_id: "22"', 'namespace_id: "72"', 'ref_protected: "true"', "ref: main"],
      iss: `${origin}/gitlab`,
      claims: GITLAB,
      immutable: [["project_id"], ["namespace_id"]],
    },
    circleci: {
      issuer: `{ preset: circleci, issuer: "https://oidc.circleci.com/org/${ORG}", ${keys} }`,
      rule: [`oidc.circleci.com/org-id: ${ORG}`, `oidc.circleci.com/project-id: ${PROJECT}`],
      iss: `https://oidc.circleci.com/org/${ORG}`,
      claims: CIRCLECI,
      immutable: [["oidc.circleci.com/org-id"], ["oidc.circleci.com/project-id"]],
    },
    buildkite: {
      issuer: `{ preset: buildkite, ${keys} }`,
      rule: [`organization_id: ${ORG}`, `pipeline_id: ${PROJECT}`, "build_branch: main"],
      iss: "https://agent.buildkite.com",
      claims: BUILDKITE,
      immutable: [["organization_id"], ["pipeline_id"]],
    },
    kubernetes: {
      issuer: `{ preset: kubernetes, issuer: "${origin}/k8s", private_network: true }`,
      rule: [`kubernetes.io: { namespace: ci, serviceaccount: { uid: ${PROJECT} } }`],
      iss: `${origin}/k8s`,
      claims: KUBERNETES,
      immutable: [
        ["kubernetes.io", "namespace"],
        ["kubernetes.io", "serviceaccount", "uid"],
      ],
    },
    google: {
      issuer: `{ preset: google, ${keys} }`,
      rule: ['sub: "104876554433221100998"', "email: ci@project.example", "email_verified: true"],
      iss: "https://accounts.google.com",
      claims: GOOGLE,
      immutable: [["sub"]],
    },
    aws: {
      issuer: `{ preset: aws, issuer: "https://${ORG}.tokens.sts.global.api.aws", ${keys} }`,
      rule: [`"${AWS}": { aws_account: "123456789012" }`, "sub: arn:aws:iam::123456789012:role/ci"],
      iss: `https://${ORG}.tokens.sts.global.api.aws`,
      claims: OUTBOUND,
      immutable: [[AWS, "aws_account"], ["sub"]],
    },
    azure_devops: {
      issuer: `{ preset: azure_devops, issuer: "https://vstoken.dev.azure.com/${ORG}", ${keys} }`,
      rule: [`org_id: ${ORG}`, `prj_id: ${PROJECT}`, 'def_id: "1"'],
      iss: `https://vstoken.dev.azure.com/${ORG}`,
      claims: AZURE,
      immutable: [["org_id"], ["prj_id"]],
      aud: "api://AzureADTokenExchange",
    },
    entra: {
      issuer: `{ preset: entra, issuer: "https://login.microsoftonline.com/${ORG}/v2.0", ${keys} }`,
      rule: [`tid: ${ORG}`, `oid: ${PROJECT}`],
      iss: `https://login.microsoftonline.com/${ORG}/v2.0`,
      claims: {
        aio: "x",
        azp: PROJECT,
        azpacr: "2",
        oid: PROJECT,
        sub: PROJECT,
        tid: ORG,
        uti: "u1",
        ver: "2.0",
      },
      immutable: [["tid"], ["oid"]],
    },
    generic: {
      issuer: `{ preset: generic, issuer: "${origin}/spire", algorithms: [RS256], immutable: [sub], private_network: true }`,
      rule: ["sub: spiffe://prod.example/ci"],
      iss: `${origin}/spire`,
      claims: { sub: "spiffe://prod.example/ci" },
      immutable: [["sub"]],
    },
  };
}

export const GITHUB = {
  jti: "example-id",
  sub: "repo:octocat/my-repo:ref:refs/heads/main",
  ref: "refs/heads/main",
  sha: "c291ea713801eb300054d353d279e7b02331f671",
  repository: "octocat/my-repo",
  repository_owner: "octocat",
  actor_id: "12",
  repository_visibility: "private",
  repository_id: "456789",
  repository_owner_id: "123456",
  run_id: "5",
  run_number: "10",
  run_attempt: "2",
  runner_environment: "github-hosted",
  actor: "octocat",
  workflow: "release",
  head_ref: "",
  base_ref: "",
  event_name: "push",
  ref_protected: "true",
  ref_type: "branch",
  workflow_ref: "octocat/my-repo/.github/workflows/release.yml@refs/heads/main",
  job_workflow_ref: "octocat/my-repo/.github/workflows/release.yml@refs/heads/main",
} as const;

export const GITLAB = {
  jti: "b9c0f3d2-0000-4000-8000-000000000001",
  sub: "project_path:my-group/my-project:ref_type:branch:ref:main",
  namespace_id: "72",
  namespace_path: "my-group",
  project_id: "22",
  project_path: "my-group/my-project",
  user_id: "20",
  user_login: "sample-user",
  pipeline_id: "574",
  pipeline_source: "push",
  job_id: "302",
  ref: "main",
  ref_type: "branch",
  ref_path: "refs/heads/main",
  ref_protected: "true",
  runner_id: 1,
  runner_environment: "gitlab-hosted",
  project_visibility: "public",
  ci_config_ref_uri: "gitlab.example/my-group/my-project//.gitlab-ci.yml@refs/heads/main",
} as const;

export const CIRCLECI = {
  sub: `org/${ORG}/project/${PROJECT}/user/0ca3ddd9-f0b0-4635-a98c-5866526961b6`,
  "oidc.circleci.com/org-id": ORG,
  "oidc.circleci.com/project-id": PROJECT,
  "oidc.circleci.com/context-ids": ["c0000000-0000-4000-8000-000000000001"],
  "oidc.circleci.com/vcs-origin": "github.com/octocat/my-repo",
  "oidc.circleci.com/vcs-ref": "refs/heads/main",
  "oidc.circleci.com/ssh-rerun": false,
} as const;

export const BUILDKITE = {
  sub: "organization:acme:pipeline:super-duper-app:ref:refs/heads/main:commit:9f3182061f1e:step:build",
  organization_slug: "acme",
  pipeline_slug: "super-duper-app",
  organization_id: ORG,
  pipeline_id: PROJECT,
  build_number: 1,
  build_branch: "main",
  build_commit: "9f3182061f1e",
  step_key: "build",
  job_id: "0184990a-477b-4fa8-9968-496074483cee",
  agent_id: "0184990a-4782-42b5-afc1-16715b10b8ff",
  build_source: "ui",
} as const;

export const KUBERNETES = {
  jti: "0184990a-477b-4fa8-9968-496074483cef",
  "kubernetes.io": {
    namespace: "ci",
    node: { name: "node-1", uid: "0184990a-477b-4fa8-9968-496074483ce0" },
    pod: { name: "builder-0", uid: "0184990a-477b-4fa8-9968-496074483ce1" },
    serviceaccount: { name: "builder", uid: PROJECT },
  },
  sub: "system:serviceaccount:ci:builder",
} as const;

export const GOOGLE = {
  azp: "104876554433221100998",
  email: "ci@project.example",
  email_verified: true,
  google: { compute_engine: { project_id: "project", project_number: 739419398126, zone: "us-west1-a" } },
  sub: "104876554433221100998",
} as const;

export const OUTBOUND = {
  jti: "0184990a-477b-4fa8-9968-496074483ce2",
  sub: "arn:aws:iam::123456789012:role/ci",
  [AWS]: {
    aws_account: "123456789012",
    source_region: "eu-central-1",
    org_id: "o-abc1234567",
    principal_tags: { team: "data" },
    request_tags: { aws_account: "999999999999" },
  },
} as const;

export const AZURE = {
  jti: "0184990a-477b-4fa8-9968-496074483ce3",
  sub: "p://acme/my-project/my-pipeline",
  org_id: ORG,
  prj_id: PROJECT,
  def_id: "1",
  rpo_id: "octocat/my-repo",
  rpo_uri: "https://code.example/octocat/my-repo.git",
  rpo_ver: "c291ea713801eb300054d353d279e7b02331f671",
  rpo_ref: "refs/heads/main",
  run_id: "5",
} as const;
