// Ways in which a question to AWS fails, each with secrets in the place where a careless program would show them.
// `canary-aws.test.ts` runs every row and searches everything that it left.
import type { Fault } from "./aws/stand-in.ts";
import {
  CANARY_KEYS,
  KEY_ID,
  MINT,
  PASSWORD,
  type Row,
  SECRET_KEY,
  SESSION_TOKEN,
} from "./canary-aws-planted.ts";
import {
  ASSUME,
  config,
  container,
  CREDENTIALS,
  INSTANCE,
  keys,
  LIVING,
  RENEWABLE,
  sso,
  SUCCESSES,
  temporary,
  WEB,
} from "./canary-aws-ways.ts";

const echoed = { times: -1, kind: "raw", body: "{echo}", headers: { "X-Echo": "none" } } as const;
const json = { ...echoed, escaped: "json", headers: { "Content-Type": "application/json" } } as const;

/** A service that quotes the whole request, in each form in which somebody might show it. */
function echoes(api: Fault["api"], row: Omit<Row, "name">): readonly Row[] {
  const faults: Readonly<Record<string, Omit<Fault, "api">>> = {
    "400 as JSON": { ...json, status: 400, body: '{"message": "{echo}", "code": "ValidationException"}' },
    "403 as text": { ...echoed, status: 403 },
    "200 as text": { ...echoed, status: 200 },
    "200 with wrong fields": {
      ...json,
      status: 200,
      body: '{"message": "{echo}", "authorizationToken": 1, "Code": "{echo}", "error": "{echo}"}',
    },
    "a redirect": { ...echoed, status: 302, headers: { Location: "https://other.example/" } },
  };
  return Object.entries(faults).map(([name, fault]) => ({
    ...row,
    name: `${api}: ${name}`,
    faults: [{ api, ...fault }],
    says: row.says ?? /./,
  }));
}

const XML_ECHO = {
  ...echoed,
  escaped: "xml",
  status: 403,
  body: "<ErrorResponse><Error><Code>AccessDenied</Code><Message>{echo}</Message></Error></ErrorResponse>",
  headers: { "Content-Type": "text/xml" },
} as const;

const WRONG_FILES: readonly Row[] = [
  {
    name: "credentials: a broken line",
    files: () => ({ ".aws/credentials": `[default]\n${SECRET_KEY.value.replaceAll("=", "")}\n` }),
    says: /credentials/,
  },
  {
    name: "credentials: no section",
    files: () => ({ ".aws/credentials": `aws_secret_access_key = ${SECRET_KEY.value}\n` }),
    says: /credentials/,
  },
  {
    name: "credentials: twice",
    files: () => ({ ".aws/credentials": `${CREDENTIALS}aws_secret_access_key = ${SECRET_KEY.value}\n` }),
    says: /credentials/,
  },
  {
    name: "credentials: only the secret",
    files: () => ({ ".aws/credentials": `[default]\naws_secret_access_key = ${SECRET_KEY.value}\n` }),
    says: /./,
  },
  {
    name: "credentials: only the id",
    env: () => ({ AWS_ACCESS_KEY_ID: KEY_ID, AWS_SESSION_TOKEN: SESSION_TOKEN.value }),
    says: /AWS_SECRET_ACCESS_KEY/,
  },
  {
    name: "id and secret the wrong way round",
    env: () => ({ AWS_ACCESS_KEY_ID: SECRET_KEY.value, AWS_SECRET_ACCESS_KEY: KEY_ID }),
    says: /./,
  },
  {
    name: "a role that is not trusted",
    files: config(ASSUME.replace("/reader", "/publisher")),
    says: /not allow/,
  },
  {
    name: "credential_process: ends with an error, and tells everything",
    files: ({ home }) => ({
      ".aws/config": `[default]\ncredential_process = /bin/sh ${home}/tell\n`,
      tell: `echo ${SECRET_KEY.value}; echo ${SESSION_TOKEN.value} >&2; exit 3\n`,
    }),
    says: /credential_process/,
  },
  {
    name: "credential_process: another version",
    files: ({ home }) => ({
      ".aws/config": `[default]\ncredential_process = /bin/cat ${home}/out.json\n`,
      "out.json": JSON.stringify({ Version: 2, SecretAccessKey: SECRET_KEY.value }),
    }),
    says: /credential_process/,
  },
  {
    name: "credential_process: no JSON",
    files: ({ home }) => ({
      ".aws/config": `[default]\ncredential_process = /bin/cat ${home}/out.json\n`,
      "out.json": SECRET_KEY.value,
    }),
    says: /credential_process/,
  },
  {
    name: "SSO: a login that cannot be read",
    files: (place) =>
      Object.fromEntries(
        Object.entries(sso(LIVING)(place)).map(([file, text]) => [file, text.replace(/\}$/, "")]),
      ),
    says: /./,
  },
  {
    name: "SSO: a login that expired",
    files: sso({ ...LIVING, expiresAt: "2020-01-01T00:00:00Z" }),
    says: /aws sso login/,
  },
  {
    name: "an endpoint with a password",
    env: ({ url }) => ({
      ...CANARY_KEYS,
      AWS_ENDPOINT_URL_CODEARTIFACT: url.replace("//", `//me:${PASSWORD.value}@`),
    }),
    says: /endpoint|address|AWS_ENDPOINT_URL/i,
  },
  {
    name: "a container with a password in its address",
    env: ({ url }) => ({
      ...container({ url, home: "" }),
      AWS_CONTAINER_CREDENTIALS_FULL_URI: `${url.replace("//", `//me:${PASSWORD.value}@`)}/v2`,
    }),
    says: /AWS_CONTAINER_CREDENTIALS_FULL_URI/,
  },
  {
    name: "keyringrc.cfg with a secret in a line that is wrong",
    env: keys,
    files: () => ({ ".config/python_keyring/keyringrc.cfg": `[codeartifact]\n${SECRET_KEY.value}\n` }),
    says: /keyringrc/,
  },
  {
    name: "store options with a secret",
    env: keys,
    files: () => ({
      ".config/keywright/config.yaml": `stores: { aws: { backend: codeartifact, options: { aws_secret_access_key: ${JSON.stringify(SECRET_KEY.value)} } } }\nrefs: { a: { store: aws, match: "*.d.codeartifact.*.amazonaws.com", policy: p } }\npolicies: { p: { allowed_principals: [local_user] } }\n`,
    }),
    says: /unknown option/,
  },
];

/** A token that cannot be used is not shown either. */
function unusable(name: string, fields: object): Row {
  const body = JSON.stringify({ authorizationToken: MINT.value, expiration: 4e9, ...fields });
  const headers = { "Content-Type": "application/json" };
  return {
    name: `a token ${name}`,
    env: keys,
    faults: [{ api: "GetAuthorizationToken", times: -1, kind: "raw", status: 200, body, headers }],
    says: /the answer of codeartifact:GetAuthorizationToken has no/,
  };
}

const FAILURES: readonly Row[] = [
  unusable("with a line end", { authorizationToken: `${MINT.value}\n` }),
  unusable("in a list", { authorizationToken: [MINT.value] }),
  unusable("as its own expiry", { expiration: MINT.value }),
  ...WRONG_FILES,
  ...echoes("GetAuthorizationToken", { env: temporary }),
  ...echoes("GetRoleCredentials", { files: sso(LIVING) }),
  ...echoes("CreateToken", { files: sso(RENEWABLE) }),
  ...echoes("container", { env: container }),
  ...echoes("instance", INSTANCE),
  ...echoes("AssumeRole", { files: config(ASSUME) }),
  {
    name: "AssumeRole: XML",
    faults: [{ api: "AssumeRole", ...XML_ECHO }],
    files: config(ASSUME),
    says: /not allow/,
  },
  ...echoes("AssumeRoleWithWebIdentity", WEB),
  {
    name: "AssumeRoleWithWebIdentity: XML",
    faults: [{ api: "AssumeRoleWithWebIdentity", ...XML_ECHO }],
    ...WEB,
    says: /not allow/,
  },
];

export const ROWS: readonly Row[] = [...SUCCESSES, ...FAILURES];

/** What a broker meets that assumes a role; the last is as it should be, since an answer may be kept. */
export const BROKER_ROWS: readonly Row[] = [
  ...echoes("AssumeRole", {}),
  { name: "AssumeRole: XML", faults: [{ api: "AssumeRole", ...XML_ECHO }], says: /./ },
  ...echoes("GetAuthorizationToken", {}),
  { name: "as it should be" },
];
