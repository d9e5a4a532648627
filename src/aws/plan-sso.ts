// A profile of IAM Identity Center (SSO): which account and role, and whose login. Source: SSOProvider and SSOTokenProvider
// of botocore 1.44.5. It reads no login.
import { KeywrightError } from "../errors.ts";
import type { SsoPlan } from "./plan.ts";
import { textOf, type Section, type SharedConfig } from "./shared-config.ts";

/** undefined: the profile has neither an account nor a role of SSO. Throws `configuration` when it has only a part. */
export function ssoPlan(
  profile: string,
  section: Section | undefined,
  { ssoSessions, configFile }: SharedConfig,
): SsoPlan | undefined {
  if (section === undefined || !(section.has("sso_account_id") || section.has("sso_role_name")))
    return undefined;
  const session = textOf(section, "sso_session");
  const shared = session === undefined ? undefined : ssoSessions.get(session);
  if (session !== undefined && shared === undefined) {
    throw wrong(
      profile,
      `names the sso-session "${session}", which does not exist`,
      `Add [sso-session ${session}] to ${configFile}.`,
    );
  }
  // What both say must be the same; the login belongs to what the session says.
  for (const [key, value] of shared ?? []) {
    const own = section.get(key);
    if (own !== undefined && own !== value)
      throw wrong(profile, `has another ${key} than its sso-session`, "Remove it from the profile.");
  }
  const required = (from: Section | undefined, key: string): string => {
    const value = textOf(from, key) ?? "";
    if (value === "") throw wrong(profile, `uses SSO, but has no ${key}`, "Run: aws configure sso");
    return value;
  };
  return {
    kind: "sso",
    profile,
    session,
    startUrl: required(shared ?? section, "sso_start_url"),
    region: required(shared ?? section, "sso_region"),
    accountId: required(shared?.has("sso_account_id") ? shared : section, "sso_account_id"),
    roleName: required(shared?.has("sso_role_name") ? shared : section, "sso_role_name"),
  };
}

function wrong(profile: string, fault: string, hint: string): KeywrightError {
  return new KeywrightError("configuration", `the AWS profile "${profile}" ${fault}`, { hint });
}
