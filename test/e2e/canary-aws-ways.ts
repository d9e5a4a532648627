// Every way to credentials of AWS, each with secrets in the place where it has them, as it should be. The failures are in
// canary-aws-cases.ts.
import { createHash } from "node:crypto";
import { ACCOUNT, REGION } from "./aws/world.ts";
import {
  CANARY_KEYS,
  CLIENT_SECRET,
  type Files,
  IDENTITY_TOKEN,
  KEY_ID,
  type Place,
  PORTAL,
  PORTAL_TOKEN,
  READER,
  REFRESH_TOKEN,
  type Row,
  SECRET_KEY,
  SESSION_TOKEN,
  TASK_TOKEN,
  TEMPORARY,
  TEMPORARY_ID,
  TEMPORARY_SECRET,
} from "./canary-aws-planted.ts";

export const CREDENTIALS = `[default]\naws_access_key_id = ${KEY_ID}\naws_secret_access_key = ${SECRET_KEY.value}\n`;
export const keys = (): typeof CANARY_KEYS => CANARY_KEYS;
export const temporary = (): typeof TEMPORARY => TEMPORARY;
export const config =
  (text: string, more: Readonly<Record<string, string>> = {}) =>
  (): Record<string, string> => ({ ".aws/config": text, ...more });

export const ASSUME = `[default]\nrole_arn = ${READER}\nsource_profile = base\n[profile base]\naws_access_key_id = ${KEY_ID}\naws_secret_access_key = ${SECRET_KEY.value}\n`;
export const WEB = { files: (): Record<string, string> => ({ jwt: IDENTITY_TOKEN.value }), env: webEnv };

function webEnv({ home }: Place): Record<string, string> {
  return { AWS_WEB_IDENTITY_TOKEN_FILE: `${home}/jwt`, AWS_ROLE_ARN: READER };
}

export function sso(fields: Readonly<Record<string, string>>): Files {
  const session = createHash("sha1").update("work").digest("hex");
  const login = { startUrl: PORTAL, region: REGION, accessToken: PORTAL_TOKEN.value, ...fields };
  return config(
    `[default]\nsso_session = work\nsso_account_id = ${ACCOUNT}\nsso_role_name = reader\n[sso-session work]\nsso_region = ${REGION}\nsso_start_url = ${PORTAL}\nsso_registration_scopes = sso:account:access\n`,
    { [`.aws/sso/cache/${session}.json`]: JSON.stringify(login) },
  );
}

export const LIVING = { expiresAt: "2099-01-01T00:00:00Z" };
export const RENEWABLE = {
  expiresAt: "2020-01-01T00:00:00Z",
  clientId: "canary",
  clientSecret: CLIENT_SECRET.value,
  registrationExpiresAt: "2099-01-01T00:00:00Z",
  refreshToken: REFRESH_TOKEN.value,
};
export const instance = ({ url }: Place): Record<string, string> => ({
  AWS_EC2_METADATA_DISABLED: "false",
  AWS_EC2_METADATA_SERVICE_ENDPOINT: url,
});
export const container = ({ url }: Place): Record<string, string> => ({
  AWS_CONTAINER_CREDENTIALS_FULL_URI: `${url}/v2/credentials/one`,
  AWS_CONTAINER_AUTHORIZATION_TOKEN: TASK_TOKEN.value,
});

/** The file stands for the firmware of a machine of EC2, which says that there may be such credentials. */
export const INSTANCE = { env: instance, files: config(`[default]\nregion = ${REGION}\n`) };

export const SUCCESSES: readonly Row[] = [
  { name: "keys of the environment", env: keys },
  { name: "temporary credentials of the environment", env: temporary },
  { name: "the credentials file", files: () => ({ ".aws/credentials": CREDENTIALS }) },
  { name: "an assumed role", files: config(ASSUME) },
  { name: "a web identity", ...WEB },
  { name: "single sign-on", files: sso(LIVING) },
  { name: "single sign-on, refreshed", files: sso(RENEWABLE) },
  { name: "the instance", ...INSTANCE },
  { name: "the container", env: container },
  {
    name: "credential_process",
    files: ({ home }) => ({
      ".aws/config": `[default]\ncredential_process = /bin/cat ${home}/out.json\n`,
      "out.json": JSON.stringify({
        Version: 1,
        AccessKeyId: TEMPORARY_ID,
        SecretAccessKey: TEMPORARY_SECRET.value,
        SessionToken: SESSION_TOKEN.value,
        Expiration: "2099-01-01T00:00:00Z",
      }),
    }),
  },
];
