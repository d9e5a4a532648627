// The table of AWS credentials: environments, files and what comes of them, with botocore as the oracle. It is run on the
// library and on the executable. `{HOME}` and `{AWS}` stand for the home folder and the stand-in's origin.
import { type ChainCase, KEYS, keysOf, LOGIN, ROLE, tool } from "./chain-case-parts.ts";
import { FAILING_CASES } from "./chain-failing-cases.ts";

const config = (text: string): Readonly<Record<string, string>> => ({ ".aws/config": text });
const credentials = (text: string): Readonly<Record<string, string>> => ({ ".aws/credentials": text });
const both = (one: string, other: string): Readonly<Record<string, string>> => ({
  ...config(one),
  ...credentials(other),
});
const web = { ".token": "token.of.somebody" };
const sso = `sso_account_id=111122223333\nsso_role_name=Reader\n`;
const session = `[profile s]\nsso_session=corp\n${sso}[sso-session corp]\nsso_region=eu-west-1\nsso_start_url=https://corp.example/start\n`;

const FOUND_CASES: readonly ChainCase[] = [
  { name: "environment", env: KEYS("ENV") },
  { name: "environment with a session token", env: { ...KEYS("ENV"), AWS_SESSION_TOKEN: "tok" } },
  {
    name: "the older name of the token goes first",
    env: { ...KEYS("ENV"), AWS_SESSION_TOKEN: "t1", AWS_SECURITY_TOKEN: "t2" },
  },
  { name: "an empty token is none", env: { ...KEYS("ENV"), AWS_SESSION_TOKEN: "" } },
  {
    name: "environment with an expiry",
    env: { ...KEYS("ENV"), AWS_CREDENTIAL_EXPIRATION: "2099-01-01T00:00:00Z" },
  },
  {
    name: "an empty key id is none",
    env: { ...KEYS("ENV"), AWS_ACCESS_KEY_ID: "" },
    files: credentials(`[default]\n${keysOf("DEF")}`),
  },
  {
    name: "environment and AWS_PROFILE",
    env: { ...KEYS("ENV"), AWS_PROFILE: "p" },
    files: credentials(`[p]\n${keysOf("PRO")}`),
  },
  {
    name: "environment and a profile by option",
    env: KEYS("ENV"),
    profile: "p",
    files: credentials(`[p]\n${keysOf("PRO")}`),
  },
  {
    name: "environment, and a profile by option without credentials",
    env: { ...KEYS("ENV"), AWS_EC2_METADATA_DISABLED: "false" },
    profile: "p",
    files: config(`[profile p]\nregion=eu-west-1\n`),
  },
  {
    name: "default of the credentials file",
    files: credentials(`[default]\n${keysOf("DEF")}aws_session_token = tok\n`),
  },
  {
    name: "the older name of the token in a file",
    files: credentials(`[default]\n${keysOf("DEF")}aws_session_token=t1\naws_security_token=t2\n`),
  },
  { name: "default of the config file", files: config(`[default]\n${keysOf("CFG")}`) },
  {
    name: "the credentials file goes before the config file",
    files: both(`[default]\n${keysOf("CFG")}region=eu-west-3\n`, `[default]\n${keysOf("CRE")}`),
  },
  {
    name: "[profile default] after [default]",
    files: config(`[default]\n${keysOf("ONE")}[profile default]\n${keysOf("TWO")}`),
  },
  {
    name: "[default] after [profile default]",
    files: config(`[profile default]\n${keysOf("ONE")}[default]\n${keysOf("TWO")}`),
  },
  {
    name: "AWS_PROFILE",
    env: { AWS_PROFILE: "p" },
    files: config(`[default]\n${keysOf("DEF")}[profile p]\n${keysOf("PRO")}`),
  },
  {
    name: "AWS_DEFAULT_PROFILE goes before AWS_PROFILE",
    env: { AWS_PROFILE: "p", AWS_DEFAULT_PROFILE: "q" },
    files: credentials(`[p]\n${keysOf("PRO")}[q]\n${keysOf("QQQ")}`),
  },
  {
    name: "a profile with a quoted name",
    env: { AWS_PROFILE: "my own" },
    files: config(`[profile "my own"]\n${keysOf("OWN")}`),
  },
  {
    name: "any section that begins with profile",
    env: { AWS_PROFILE: "x" },
    files: config(`[profiles x]\n${keysOf("PRX")}`),
  },
  {
    name: "[DEFAULT] is in every section",
    env: { AWS_PROFILE: "p" },
    files: config(
      `[DEFAULT]\naws_secret_access_key = ${KEYS("PRO")["AWS_SECRET_ACCESS_KEY"]}\n[profile p]\naws_access_key_id = ${KEYS("PRO")["AWS_ACCESS_KEY_ID"]}\n`,
    ),
  },
  {
    name: "colons, comments, capitals, spaces",
    files: credentials(
      `# one\n; two\n[default]\n  AWS_ACCESS_KEY_ID : ${KEYS("COL")["AWS_ACCESS_KEY_ID"]}\n\n  Aws_Secret_Access_Key=%(not)s # kept\n`,
    ),
  },
  {
    name: "groups of keys do not disturb",
    files: config(`[default]\ns3 =\n  max = 1\n  aws_access_key_id = inner\n${keysOf("GRP")}`),
  },
  {
    name: "AWS_CONFIG_FILE with a variable, AWS_SHARED_CREDENTIALS_FILE with ~",
    env: { PLACE: "{HOME}/x", AWS_CONFIG_FILE: "${PLACE}/c", AWS_SHARED_CREDENTIALS_FILE: "~/k" },
    files: { "x/c": `[default]\nregion=ap-south-1\n`, k: `[default]\n${keysOf("KEY")}` },
  },
  {
    name: "a file that is not there",
    env: { AWS_CONFIG_FILE: "{HOME}/nowhere" },
    files: credentials(`[default]\n${keysOf("DEF")}`),
  },
  {
    name: "source_profile",
    env: { AWS_PROFILE: "r" },
    files: config(`[profile r]\nrole_arn=${ROLE}/one\nsource_profile=u\n[profile u]\n${keysOf("USR")}`),
  },
  {
    name: "source_profile in the credentials file, all options",
    env: { AWS_PROFILE: "r" },
    files: both(
      `[profile r]\nrole_arn=${ROLE}/one\nsource_profile=u\nexternal_id=ex/1\nrole_session_name=me@x\nduration_seconds=1800\n`,
      `[u]\n${keysOf("USR")}`,
    ),
  },
  {
    name: "a key of both files is the credentials file's",
    env: { AWS_PROFILE: "r" },
    files: both(
      `[profile r]\nrole_arn=${ROLE}/one\nsource_profile=u\n`,
      `[r]\nrole_arn=${ROLE}/two\n[u]\n${keysOf("USR")}`,
    ),
  },
  {
    name: "duration_seconds that is no number",
    env: { AWS_PROFILE: "r" },
    files: config(
      `[profile r]\nrole_arn=${ROLE}/one\nsource_profile=u\nduration_seconds=long\n[profile u]\n${keysOf("USR")}`,
    ),
  },
  {
    name: "a chain of three roles",
    env: { AWS_PROFILE: "a" },
    files: config(
      `[profile a]\nrole_arn=${ROLE}/a\nsource_profile=b\n[profile b]\nrole_arn=${ROLE}/b\nsource_profile=c\n[profile c]\nrole_arn=${ROLE}/c\nsource_profile=u\n[profile u]\n${keysOf("USR")}`,
    ),
  },
  {
    name: "a profile that is its own source",
    env: { AWS_PROFILE: "r" },
    files: config(`[profile r]\nrole_arn=${ROLE}/one\nsource_profile=r\n${keysOf("USR")}`),
  },
  {
    name: "a role by option goes before the environment",
    env: KEYS("ENV"),
    profile: "r",
    files: config(`[profile r]\nrole_arn=${ROLE}/one\nsource_profile=u\n[profile u]\n${keysOf("USR")}`),
  },
  {
    name: "keys of the environment before a role",
    env: { ...KEYS("ENV"), AWS_PROFILE: "r" },
    files: config(`[profile r]\nrole_arn=${ROLE}/one\nsource_profile=u\n[profile u]\n${keysOf("USR")}`),
  },
  {
    name: "a source with keys and a role gives its keys",
    env: { AWS_PROFILE: "r" },
    files: config(
      `[profile r]\nrole_arn=${ROLE}/one\nsource_profile=u\n[profile u]\nrole_arn=${ROLE}/two\nsource_profile=v\n${keysOf("USR")}`,
    ),
  },
  {
    name: "the region of the profile in force",
    env: { AWS_PROFILE: "r", AWS_DEFAULT_REGION: "" },
    files: config(
      `[profile r]\nregion=eu-north-1\nrole_arn=${ROLE}/one\nsource_profile=u\n[profile u]\nregion=us-west-2\n${keysOf("USR")}`,
    ),
    differs: { why: "an empty AWS_DEFAULT_REGION is no region", ours: /^ASIA/, botocore: /Invalid|Error/ },
  },
  {
    name: "the region of the profile",
    env: { AWS_PROFILE: "r", AWS_DEFAULT_REGION: "-" },
    files: config(
      `[profile r]\nregion=eu-north-1\nrole_arn=${ROLE}/one\nsource_profile=u\n[profile u]\nregion=us-west-2\n${keysOf("USR")}`,
    ),
  },
  {
    name: "credential_source Environment",
    profile: "r",
    env: KEYS("ENV"),
    files: config(`[profile r]\nrole_arn=${ROLE}/one\ncredential_source=Environment\n`),
  },
  {
    name: "credential_source EcsContainer",
    profile: "r",
    env: { AWS_CONTAINER_CREDENTIALS_FULL_URI: "{AWS}/container/open" },
    files: config(`[profile r]\nrole_arn=${ROLE}/one\ncredential_source=EcsContainer\n`),
  },
  {
    name: "credential_source Ec2InstanceMetadata",
    profile: "r",
    env: { AWS_EC2_METADATA_DISABLED: "false" },
    files: config(`[profile r]\nrole_arn=${ROLE}/one\ncredential_source=Ec2InstanceMetadata\n`),
  },
  {
    name: "web identity of the environment",
    env: {
      AWS_WEB_IDENTITY_TOKEN_FILE: "{HOME}/.token",
      AWS_ROLE_ARN: `${ROLE}/web`,
      AWS_ROLE_SESSION_NAME: "pod",
    },
    files: web,
  },
  {
    name: "web identity of a profile",
    env: { AWS_PROFILE: "w" },
    files: {
      ...web,
      ...config(
        `[profile w]\nrole_arn=${ROLE}/web\nweb_identity_token_file={HOME}/.token\nduration_seconds=900\n`,
      ),
    },
  },
  {
    name: "web identity: the environment's role, the profile's token",
    env: { AWS_PROFILE: "w", AWS_ROLE_ARN: `${ROLE}/other` },
    files: {
      ...web,
      ...config(`[profile w]\nrole_arn=${ROLE}/web\nweb_identity_token_file={HOME}/.token\n`),
    },
  },
  {
    name: "a profile by option makes the environment's web identity not count",
    profile: "p",
    env: { AWS_WEB_IDENTITY_TOKEN_FILE: "{HOME}/.token", AWS_ROLE_ARN: `${ROLE}/web` },
    files: { ...web, ...credentials(`[p]\n${keysOf("PRO")}`) },
  },
  {
    name: "the environment's web identity before the keys of default",
    env: { AWS_WEB_IDENTITY_TOKEN_FILE: "{HOME}/.token", AWS_ROLE_ARN: `${ROLE}/web` },
    files: { ...web, ...credentials(`[default]\n${keysOf("DEF")}`) },
  },
  {
    name: "web identity as a source",
    env: { AWS_PROFILE: "r" },
    files: {
      ...web,
      ...config(
        `[profile r]\nrole_arn=${ROLE}/one\nsource_profile=w\n[profile w]\nrole_arn=${ROLE}/web\nweb_identity_token_file={HOME}/.token\n`,
      ),
    },
  },
  {
    name: "credential_process",
    env: { AWS_PROFILE: "p" },
    files: { ...config(`[profile p]\ncredential_process = {HOME}/bin/tool --for "a b"\n`), ...tool("PRC") },
  },
  {
    name: "credential_process found on the PATH, with an expiry",
    env: { AWS_PROFILE: "p", PATH: "relative::{HOME}/bin" },
    files: {
      ...config(`[profile p]\ncredential_process = tool\n`),
      ...tool("PRC", `"SessionToken": "tok", "Expiration": "2099-01-01T00:00:00+02:00", `),
    },
  },
  {
    name: "credential_process before the keys of the config file",
    files: { ...config(`[default]\ncredential_process = {HOME}/bin/tool\n${keysOf("CFG")}`), ...tool("PRC") },
  },
  {
    name: "the keys of the credentials file before credential_process",
    files: {
      ...both(`[default]\ncredential_process = {HOME}/bin/tool\n`, `[default]\n${keysOf("CRE")}`),
      ...tool("PRC"),
    },
  },
  {
    name: "credential_process as a source",
    env: { AWS_PROFILE: "r" },
    files: {
      ...config(
        `[profile r]\nrole_arn=${ROLE}/one\nsource_profile=p\n[profile p]\ncredential_process = {HOME}/bin/tool\n`,
      ),
      ...tool("PRC"),
    },
  },
  { name: "container", env: { AWS_CONTAINER_CREDENTIALS_FULL_URI: "{AWS}/container/open" } },
  {
    name: "container with a token",
    env: {
      AWS_CONTAINER_CREDENTIALS_FULL_URI: "{AWS}/container/auth",
      AWS_CONTAINER_AUTHORIZATION_TOKEN: "container-token",
    },
  },
  {
    name: "container with a token file, which goes first",
    env: {
      AWS_CONTAINER_CREDENTIALS_FULL_URI: "{AWS}/container/auth",
      AWS_CONTAINER_AUTHORIZATION_TOKEN: "old",
      AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: "{HOME}/t",
    },
    files: { t: "container-token" },
  },
  {
    name: "the keys of default before the container",
    env: { AWS_CONTAINER_CREDENTIALS_FULL_URI: "{AWS}/container/open" },
    files: credentials(`[default]\n${keysOf("DEF")}`),
  },
  { name: "instance", env: { AWS_EC2_METADATA_DISABLED: "false" } },
  {
    name: "instance, its endpoint from the profile",
    env: { AWS_EC2_METADATA_DISABLED: "false", AWS_EC2_METADATA_SERVICE_ENDPOINT: "-" },
    files: config(`[default]\nec2_metadata_service_endpoint = {AWS}/imds-b\n`),
  },
  {
    name: "instance with credentials that have expired",
    env: { AWS_EC2_METADATA_DISABLED: "false", AWS_EC2_METADATA_SERVICE_ENDPOINT: "{AWS}/imds-old" },
  },
  {
    name: "the container before the instance",
    env: { AWS_EC2_METADATA_DISABLED: "false", AWS_CONTAINER_CREDENTIALS_FULL_URI: "{AWS}/container/open" },
  },
  {
    name: "instance, version 1 only",
    env: { AWS_EC2_METADATA_DISABLED: "false", AWS_EC2_METADATA_SERVICE_ENDPOINT: "{AWS}/imds-1" },
    differs: { why: "version 1 is never spoken", ours: /^authentication$/, botocore: /^ASIA/ },
  },
  {
    name: "SSO with a session",
    env: { AWS_PROFILE: "s" },
    files: { ...config(session), ...LOGIN("corp", "sso-access-1", "2099-01-01T00:00:00Z") },
  },
  {
    name: "SSO, the old form",
    env: { AWS_PROFILE: "s" },
    files: {
      ...config(`[profile s]\n${sso}sso_region=eu-west-1\nsso_start_url=https://old.example/start\n`),
      ...LOGIN("https://old.example/start", "sso-access-2", "2099-01-01T00:00:00UTC"),
    },
  },
  {
    name: "SSO, refreshed",
    env: { AWS_PROFILE: "s" },
    files: { ...config(session), ...LOGIN("corp", "sso-access-3", "2026-01-01T00:00:00Z", "refresh-1") },
  },
  {
    name: "SSO, the refresh fails but the login lasts",
    env: { AWS_PROFILE: "s" },
    files: { ...config(session), ...LOGIN("corp", "sso-access-4", "{SOON}", "refresh-0") },
  },
  {
    name: "SSO before the keys of the same profile",
    env: { AWS_PROFILE: "s" },
    files: {
      ...both(session, `[s]\n${keysOf("KEY")}`),
      ...LOGIN("corp", "sso-access-1", "2099-01-01T00:00:00Z"),
    },
  },
  {
    name: "SSO as a source",
    env: { AWS_PROFILE: "r" },
    files: {
      ...config(`${session}[profile r]\nrole_arn=${ROLE}/one\nsource_profile=s\n`),
      ...LOGIN("corp", "sso-access-1", "2099-01-01T00:00:00Z"),
    },
  },
  {
    name: "services of the profile",
    env: { AWS_PROFILE: "r", AWS_ENDPOINT_URL: "-" },
    files: config(
      `[profile r]\nservices=local\nrole_arn=${ROLE}/one\nsource_profile=u\n[services local]\nsts =\n  endpoint_url = {AWS}\n[profile u]\n${keysOf("USR")}`,
    ),
  },
  {
    name: "endpoint_url of the profile",
    env: { AWS_PROFILE: "r", AWS_ENDPOINT_URL: "-" },
    files: config(
      `[profile r]\nendpoint_url={AWS}\nrole_arn=${ROLE}/one\nsource_profile=u\n[profile u]\n${keysOf("USR")}`,
    ),
  },
  {
    name: "AWS_CREDENTIAL_FILE",
    env: { AWS_CREDENTIAL_FILE: "{HOME}/ec2" },
    files: {
      ec2: `AWSAccessKeyId = ${KEYS("EC2")["AWS_ACCESS_KEY_ID"]}\nAWSSecretKey=${KEYS("EC2")["AWS_SECRET_ACCESS_KEY"]}\n`,
    },
  },
  { name: "boto 2", files: { ".boto": `[Credentials]\n${keysOf("BOT")}` } },
];

export const CHAIN_CASES: readonly ChainCase[] = [...FOUND_CASES, ...FAILING_CASES];
