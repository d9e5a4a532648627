// Credentials of a role in IAM Identity Center, for a login that `aws sso login` made; the login is refreshed when it is
// about to end. Source: SSOCredentialFetcher and SSOTokenProvider of botocore 1.44.5. It logs nobody in.
import { dirname } from "node:path";
import { KeywrightError } from "../errors.ts";
import { ensurePrivateFolder } from "../io/files.ts";
import { preferLock } from "../io/lock.ts";
import { Secret } from "../secret.ts";
import { answeredCredentials, type Asking } from "./asking.ts";
import { AwsError } from "./aws-errors.ts";
import { awsCall } from "./call.ts";
import type { AwsCredentials } from "./credentials.ts";
import { awsEndpoint, type AwsService } from "./endpoints.ts";
import { epochOf, isoSeconds } from "./iso-time.ts";
import { jsonObject } from "./json-object.ts";
import type { SsoPlan } from "./plan.ts";
import { encodedPairs } from "./sigv4.ts";
import { loginFile, readLogin, writeLogin, type SsoLogin } from "./sso-login.ts";

/** Seconds before its end at which a login is refreshed. */
const WINDOW = 900;

/** Throws `locked` when nobody is logged in, or the login has ended; `authentication` when it may not use the role. */
export async function ssoCredentials(plan: SsoPlan, asking: Asking): Promise<AwsCredentials> {
  const login = await currentLogin(plan, asking);
  const query = encodedPairs({ role_name: plan.roleName, account_id: plan.accountId });
  const about = `the role ${plan.roleName} of account ${plan.accountId}`;
  const call = awsCall(asking, {
    operation: "sso:GetRoleCredentials",
    about,
    service: "sso",
    region: plan.region,
    credentials: undefined,
    secrets: [login.accessToken],
    method: "GET",
    url: `${endpointOf("sso", plan, asking)}/federation/credentials?${query}`,
    headers: { "x-amz-sso_bearer_token": login.accessToken.reveal(), Accept: "application/json" },
  });
  const { body } = await call.catch((error: unknown) => {
    throw refusal(error, plan, about);
  });
  return credentialsOf(body, plan, asking.clock.now());
}

function credentialsOf(body: string, plan: SsoPlan, now: number): AwsCredentials {
  const found = (jsonObject(body)?.["roleCredentials"] ?? {}) as Readonly<Record<string, unknown>>;
  const { expiration } = found;
  const usable = typeof expiration === "number" && expiration >= 0 && expiration < 1e14;
  const answer = {
    AccessKeyId: found["accessKeyId"],
    SecretAccessKey: found["secretAccessKey"],
    Token: found["sessionToken"],
    Expiration: usable ? isoSeconds(expiration / 1000) : undefined,
  };
  const source = `SSO (profile ${plan.profile})`;
  const credentials = answeredCredentials(answer, { token: "Token", temporary: true }, source, now);
  // Its ARN has a suffix that only IAM knows; the name and the account are what people know it by.
  return { ...credentials, role: `${plan.accountId}/${plan.roleName}` };
}

function refusal(error: unknown, plan: SsoPlan, about: string): unknown {
  if (!(error instanceof AwsError)) return error;
  if (error.status === 401) return loggedOut(plan, "is not accepted any more");
  if (error.status !== 403 && error.status !== 404) return error;
  return new KeywrightError("authentication", `the SSO login may not use ${about} (HTTP ${error.status})`, {
    hint: `Check sso_account_id and sso_role_name of the AWS profile "${plan.profile}"; aws sso login lists nothing else.`,
  });
}

/** Throws `locked` when there is no login, or one that has ended and cannot be refreshed. Asks nobody. */
export function assertLogin(plan: SsoPlan, asking: Asking): void {
  const login = readLogin(loginFile(plan, asking.home));
  if (login === undefined) throw loggedOut(plan, "is not there");
  if (!isDue(login, plan, asking)) valid(login, plan, asking);
}

/** The login, refreshed if that is due and possible, by one process at a time. */
async function currentLogin(plan: SsoPlan, asking: Asking): Promise<SsoLogin> {
  const file = loginFile(plan, asking.home);
  const login = readLogin(file);
  if (login === undefined) throw loggedOut(plan, "is not there");
  if (!isDue(login, plan, asking)) return valid(login, plan, asking);
  // Said before the refresh token is spent: afterwards the new one could not be kept.
  ensurePrivateFolder(dirname(file));
  return preferLock(`${file}.lock`, { clock: asking.clock, timeoutMs: 10_000 }, async () => {
    const found = readLogin(file) ?? login;
    if (!isDue(found, plan, asking)) return valid(found, plan, asking);
    // A mount that cannot be written (~/.aws in a container) shares its refresh token with the host, who keeps it.
    const kept = writeLogin(file, plan, found);
    if (!kept && found.expiresAt > asking.clock.now()) return found;
    const fresh = await refreshed(found, plan, asking);
    if (fresh === undefined) return valid(found, plan, asking);
    if (!writeLogin(file, plan, fresh)) asking.debug?.(`aws: ${file} cannot be written`);
    return fresh;
  });
}

/** The old form has no refresh. */
function isDue(login: SsoLogin, { session }: SsoPlan, { clock }: Asking): boolean {
  const { expiresAt, refreshToken, registration } = login;
  if (session === undefined || refreshToken === undefined || expiresAt - clock.now() >= WINDOW) return false;
  const registered = epochOf(registration?.expiresAt);
  return registered !== undefined && registered > clock.now();
}

function valid(login: SsoLogin, plan: SsoPlan, { clock }: Asking): SsoLogin {
  if (login.expiresAt > clock.now()) return login;
  throw loggedOut(plan, "has ended");
}

/** undefined: not refreshed. Throws only when the login has ended already and it was no refusal. */
async function refreshed(login: SsoLogin, plan: SsoPlan, asking: Asking): Promise<SsoLogin | undefined> {
  try {
    return await createToken(login, plan, asking);
  } catch (error) {
    const refused = error instanceof AwsError && error.kind !== "passing";
    if (!refused && login.expiresAt <= asking.clock.now()) throw error;
    asking.debug?.(`aws: the SSO login was not refreshed (${error instanceof Error ? error.name : "error"})`);
    return undefined;
  }
}

async function createToken(
  { refreshToken, registration }: SsoLogin,
  plan: SsoPlan,
  asking: Asking,
): Promise<SsoLogin> {
  const { body } = await awsCall(asking, {
    operation: "sso-oauth:CreateToken",
    about: "the SSO login",
    service: "sso-oauth",
    region: plan.region,
    credentials: undefined,
    secrets: [refreshToken, registration?.clientSecret].filter((secret) => secret !== undefined),
    method: "POST",
    url: `${endpointOf("oidc", plan, asking)}/token`,
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({
      grantType: "refresh_token",
      clientId: registration?.clientId,
      clientSecret: registration?.clientSecret.reveal(),
      refreshToken: refreshToken?.reveal(),
    }),
  });
  const { accessToken, expiresIn, refreshToken: next } = jsonObject(body) ?? {};
  if (
    typeof accessToken !== "string" ||
    !/^[\u0021-\u007e]+$/.test(accessToken) ||
    typeof expiresIn !== "number"
  ) {
    throw new KeywrightError("backend", "the answer of sso-oauth:CreateToken has no usable token", {
      hint: "Check AWS_ENDPOINT_URL_SSO_OIDC and the proxy: something else seems to answer.",
    });
  }
  return {
    accessToken: new Secret(accessToken),
    expiresAt: asking.clock.now() + expiresIn,
    refreshToken: typeof next === "string" && next !== "" ? new Secret(next) : undefined,
    registration,
  };
}

function endpointOf(service: AwsService, { region }: SsoPlan, { env, settings }: Asking): string {
  return awsEndpoint(service, region, { env, profile: settings.endpoints() });
}

function loggedOut({ profile, session }: SsoPlan, state: string): KeywrightError {
  const whose = session === undefined ? `of profile ${profile}` : `of the sso-session ${session}`;
  return new KeywrightError("locked", `the SSO login ${whose} ${state}`, {
    hint: `Run: aws sso login --profile ${profile}`,
  });
}
