// The rows of the credential table where botocore raises: what it raises, and the code of our error.
import { type ChainCase, KEYS, keysOf, LOGIN, ROLE, tool } from "./chain-case-parts.ts";

const config = (text: string): Readonly<Record<string, string>> => ({ ".aws/config": text });
const sso = `sso_account_id=111122223333\nsso_role_name=Reader\n`;
const session = `[profile s]\nsso_session=corp\n${sso}[sso-session corp]\nsso_region=eu-west-1\nsso_start_url=https://corp.example/start\n`;
const role = (more: string): string => `[profile r]\nrole_arn=${ROLE}/one\n${more}`;
const invalid = ["InvalidConfigError", "configuration"] as const;
const partial = ["PartialCredentialsError", "configuration"] as const;
const unparsed = ["ConfigParseError", "configuration"] as const;
const unfound = ["ProfileNotFound", "configuration"] as const;
const circle = ["InfiniteLoopConfigError", "configuration"] as const;

export const FAILING_CASES: readonly ChainCase[] = [
  { name: "nothing at all", fails: ["None", "authentication"] },
  { name: "AWS_PROFILE that does not exist", env: { AWS_PROFILE: "gone" }, fails: unfound },
  {
    name: "AWS_PROFILE that does not exist, with keys in the environment",
    env: { ...KEYS("ENV"), AWS_PROFILE: "gone" },
    fails: unfound,
  },
  {
    name: "an empty AWS_PROFILE",
    env: { AWS_PROFILE: "" },
    files: config(`[default]\n${keysOf("DEF")}`),
    fails: unfound,
  },
  {
    name: "a profile by option that does not exist",
    profile: "gone",
    files: config(`[default]\n${keysOf("DEF")}`),
    fails: unfound,
  },
  { name: "default by option, which does not exist", profile: "default", fails: unfound },
  {
    name: "a section without the word profile",
    env: { AWS_PROFILE: "p" },
    files: config(`[p]\n${keysOf("PRO")}`),
    fails: unfound,
  },
  {
    name: "a key id without a secret in the environment",
    env: { AWS_ACCESS_KEY_ID: "AKIAEXAMPLE0000000000" },
    files: config(`[default]\n${keysOf("DEF")}`),
    fails: partial,
  },
  {
    name: "a key id without a secret in a file",
    files: config(`[default]\naws_access_key_id=AKIAEXAMPLE0000000000\n`),
    fails: partial,
  },
  {
    name: "an expiry that is none",
    env: { ...KEYS("ENV"), AWS_CREDENTIAL_EXPIRATION: "soon" },
    fails: ["ParserError", "configuration"],
  },
  {
    name: "keys of the environment that have expired",
    env: { ...KEYS("ENV"), AWS_CREDENTIAL_EXPIRATION: "2026-01-01T00:00:00Z" },
    fails: ["RuntimeError", "authentication"],
  },
  {
    name: "a line before the first section",
    env: KEYS("ENV"),
    files: config(`region=x\n[default]\n`),
    fails: unparsed,
  },
  {
    name: "the same section twice",
    files: config(`[default]\n${keysOf("ONE")}[default]\n${keysOf("TWO")}`),
    fails: unparsed,
  },
  {
    name: "a broken credentials file",
    env: KEYS("ENV"),
    files: { ".aws/credentials": "[default\n" },
    fails: unparsed,
  },
  {
    name: "a group of keys with a line that is none",
    env: KEYS("ENV"),
    files: config(`[default]\ns3 =\n  nothing\n`),
    fails: unparsed,
  },
  { name: "a role without a source", env: { AWS_PROFILE: "r" }, files: config(role("")), fails: partial },
  {
    name: "a role with two sources",
    env: { AWS_PROFILE: "r" },
    files: config(role(`source_profile=u\ncredential_source=Environment\n[profile u]\n${keysOf("USR")}`)),
    fails: invalid,
  },
  {
    name: "a source that does not exist",
    env: { AWS_PROFILE: "r" },
    files: config(role("source_profile=gone\n")),
    fails: invalid,
  },
  {
    name: "a source without credentials",
    env: { AWS_PROFILE: "r" },
    files: config(role("source_profile=u\n[profile u]\nregion=x\n")),
    fails: invalid,
  },
  {
    name: "a source with half a key",
    env: { AWS_PROFILE: "r" },
    files: config(role("source_profile=u\n[profile u]\naws_secret_access_key=x\n")),
    fails: invalid,
  },
  {
    name: "its own source without keys",
    env: { AWS_PROFILE: "r" },
    files: config(role("source_profile=r\n")),
    fails: circle,
  },
  {
    name: "a circle of two",
    env: { AWS_PROFILE: "r" },
    files: config(role(`source_profile=t\n[profile t]\nrole_arn=${ROLE}/two\nsource_profile=r\n`)),
    fails: circle,
  },
  {
    name: "credential_source that is none",
    env: { AWS_PROFILE: "r" },
    files: config(role("credential_source=environment\n")),
    fails: invalid,
  },
  {
    name: "credential_source without anything there",
    env: { AWS_PROFILE: "r" },
    files: config(role("credential_source=Environment\n")),
    fails: ["CredentialRetrievalError", "configuration"],
  },
  {
    name: "a role that may not be assumed",
    env: { AWS_PROFILE: "r" },
    files: config(`[profile r]\nrole_arn=${ROLE}/denied\nsource_profile=u\n[profile u]\n${keysOf("USR")}`),
    fails: ["ClientError", "denied"],
  },
  {
    name: "a role, and a secret that is wrong",
    env: { AWS_PROFILE: "r" },
    files: config(
      role(
        "source_profile=u\n[profile u]\naws_access_key_id=AKIAEXAMPLE0000000000\naws_secret_access_key=wrong\n",
      ),
    ),
    fails: ["ClientError", "authentication"],
  },
  {
    name: "MFA",
    env: { AWS_PROFILE: "r" },
    files: config(
      role(`mfa_serial=arn:aws:iam::123456789012:mfa/me\nsource_profile=u\n[profile u]\n${keysOf("USR")}`),
    ),
    fails: ["EOFError", "locked"],
  },
  {
    name: "aws login",
    env: { AWS_PROFILE: "l" },
    files: config(`[profile l]\nlogin_session=arn:aws:iam::123456789012:user/me\n`),
    fails: ["MissingDependencyException", "locked"],
  },
  {
    name: "web identity without a role",
    env: { AWS_WEB_IDENTITY_TOKEN_FILE: "{HOME}/.token" },
    files: { ".token": "token.x" },
    fails: invalid,
  },
  {
    name: "web identity without its file",
    env: { AWS_WEB_IDENTITY_TOKEN_FILE: "{HOME}/.token", AWS_ROLE_ARN: `${ROLE}/web` },
    fails: ["FileNotFoundError", "configuration"],
  },
  {
    name: "web identity that is not accepted",
    env: { AWS_WEB_IDENTITY_TOKEN_FILE: "{HOME}/.token", AWS_ROLE_ARN: `${ROLE}/web` },
    files: { ".token": "another" },
    fails: ["InvalidIdentityTokenException", "authentication"],
  },
  {
    name: "credential_process that fails",
    files: {
      ...config("[default]\ncredential_process={HOME}/bin/tool\n"),
      "bin/tool": "#!/bin/sh\nexit 3\n",
    },
    fails: ["CredentialRetrievalError", "authentication"],
  },
  {
    name: "credential_process of another version",
    files: {
      ...config("[default]\ncredential_process={HOME}/bin/tool\n"),
      "bin/tool": `#!/bin/sh\necho '{"Version": "1"}'\n`,
    },
    fails: ["CredentialRetrievalError", "backend"],
  },
  {
    name: "credential_process without a secret",
    files: {
      ...config("[default]\ncredential_process={HOME}/bin/tool\n"),
      "bin/tool": `#!/bin/sh\necho '{"Version": 1, "AccessKeyId": "AKIAEXAMPLE0000000000"}'\n`,
    },
    fails: ["CredentialRetrievalError", "backend"],
  },
  {
    name: "credential_process that is no JSON",
    files: {
      ...config("[default]\ncredential_process={HOME}/bin/tool\n"),
      "bin/tool": "#!/bin/sh\necho hello\n",
    },
    fails: ["JSONDecodeError", "backend"],
  },
  {
    name: "credential_process with what has expired",
    files: {
      ...config("[default]\ncredential_process={HOME}/bin/tool\n"),
      ...tool("OLD", `"SessionToken": "t", "Expiration": "2026-01-01T00:00:00Z", `),
    },
    fails: ["RuntimeError", "authentication"],
  },
  {
    name: "credential_process with an open quotation",
    files: config(`[default]\ncredential_process=tool "a\n`),
    fails: ["ValueError", "configuration"],
  },
  {
    name: "credential_process that is not there",
    files: config("[default]\ncredential_process={HOME}/bin/tool\n"),
    fails: ["FileNotFoundError", "backend"],
  },
  {
    name: "credential_process in the working directory",
    env: { PATH: "" },
    files: config("[default]\ncredential_process=package.json\n"),
    fails: ["PermissionError", "configuration"],
  },
  {
    name: "container that refuses",
    env: { AWS_CONTAINER_CREDENTIALS_FULL_URI: "{AWS}/container/refused" },
    fails: ["CredentialRetrievalError", "authentication"],
  },
  {
    name: "container that is none",
    env: { AWS_CONTAINER_CREDENTIALS_FULL_URI: "{AWS}/container/text" },
    fails: ["CredentialRetrievalError", "backend"],
  },
  {
    name: "container with a part",
    env: { AWS_CONTAINER_CREDENTIALS_FULL_URI: "{AWS}/container/part" },
    fails: ["KeyError", "backend"],
  },
  {
    name: "container elsewhere without https",
    env: { AWS_CONTAINER_CREDENTIALS_FULL_URI: "http://192.0.2.1/x" },
    fails: ["ValueError", "configuration"],
  },
  {
    name: "container with a token of two lines",
    env: {
      AWS_CONTAINER_CREDENTIALS_FULL_URI: "{AWS}/container/auth",
      AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: "{HOME}/t",
    },
    files: { t: "container-token\n" },
    fails: ["ValueError", "configuration"],
  },
  {
    name: "instance without a role",
    env: { AWS_EC2_METADATA_DISABLED: "false", AWS_EC2_METADATA_SERVICE_ENDPOINT: "{AWS}/imds-none" },
    fails: ["None", "authentication"],
  },
  {
    name: "instance mode that is none",
    env: { ...KEYS("ENV"), AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE: "ipv5" },
    fails: ["InvalidIMDSEndpointModeError", "configuration"],
  },
  {
    name: "SSO without a login",
    env: { AWS_PROFILE: "s" },
    files: config(session),
    fails: ["SSOTokenLoadError", "locked"],
  },
  {
    name: "SSO, the login has ended",
    env: { AWS_PROFILE: "s" },
    files: { ...config(session), ...LOGIN("corp", "sso-access-1", "2026-01-01T00:00:00Z") },
    fails: ["TokenRetrievalError", "locked"],
  },
  {
    name: "SSO, the refresh is refused",
    env: { AWS_PROFILE: "s" },
    files: { ...config(session), ...LOGIN("corp", "sso-access-1", "2026-01-01T00:00:00Z", "refresh-0") },
    fails: ["TokenRetrievalError", "locked"],
  },
  {
    name: "SSO, the login is not accepted",
    env: { AWS_PROFILE: "s" },
    files: { ...config(session), ...LOGIN("corp", "revoked", "2099-01-01T00:00:00Z") },
    fails: ["UnauthorizedSSOTokenError", "locked"],
  },
  {
    name: "SSO, no such role",
    env: { AWS_PROFILE: "s" },
    files: {
      ...config(session.replace("Reader", "Missing")),
      ...LOGIN("corp", "sso-access-1", "2099-01-01T00:00:00Z"),
    },
    fails: ["ResourceNotFoundException", "authentication"],
  },
  {
    name: "SSO, half of it",
    env: { AWS_PROFILE: "s" },
    files: config("[profile s]\nsso_account_id=111122223333\n"),
    fails: invalid,
  },
  {
    name: "SSO, a session that does not exist",
    env: { AWS_PROFILE: "s" },
    files: config(`[profile s]\nsso_session=gone\n${sso}`),
    fails: invalid,
  },
  {
    name: "SSO, session and profile say different things",
    env: { AWS_PROFILE: "s" },
    files: config(`${session}`.replace("sso_session=corp\n", "sso_session=corp\nsso_region=us-east-1\n")),
    fails: invalid,
  },
  {
    name: "SSO, the old form has ended",
    env: { AWS_PROFILE: "s" },
    files: {
      ...config(`[profile s]\n${sso}sso_region=eu-west-1\nsso_start_url=https://old.example/start\n`),
      ...LOGIN("https://old.example/start", "sso-access-1", "2026-01-01T00:00:00Z", "refresh-1"),
    },
    fails: ["UnauthorizedSSOTokenError", "locked"],
  },
  {
    name: "services that do not exist",
    env: { AWS_PROFILE: "r", AWS_ENDPOINT_URL: "-" },
    files: config(role(`services=gone\nsource_profile=u\n[profile u]\n${keysOf("USR")}`)),
    fails: invalid,
  },
];
