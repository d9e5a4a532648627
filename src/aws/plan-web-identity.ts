// A role for a token that somebody else issued, a Kubernetes cluster for example: which role, and which file holds the
// token. Source: AssumeRoleWithWebIdentityProvider of botocore 1.44.5.
import { KeywrightError } from "../errors.ts";
import type { WebIdentityPlan } from "./plan.ts";
import { textOf, type Environment, type Section } from "./shared-config.ts";

/** Each value by itself comes from the environment or else from the profile. Throws `configuration` without a role. */
export function webIdentityPlan(
  profile: string,
  section: Section | undefined,
  env: Environment,
): WebIdentityPlan | undefined {
  const ofEnvironment = env["AWS_WEB_IDENTITY_TOKEN_FILE"];
  const tokenFile = ofEnvironment ?? textOf(section, "web_identity_token_file") ?? "";
  if (tokenFile === "") return undefined;
  const source = ofEnvironment === undefined ? `profile ${profile}` : "AWS_WEB_IDENTITY_TOKEN_FILE";
  const roleArn = env["AWS_ROLE_ARN"] ?? textOf(section, "role_arn") ?? "";
  if (roleArn === "") {
    throw new KeywrightError(
      "configuration",
      `there is a web identity token (${source}), but no role for it`,
      {
        hint: "Set AWS_ROLE_ARN, or role_arn in the profile.",
      },
    );
  }
  const sessionName = env["AWS_ROLE_SESSION_NAME"] ?? textOf(section, "role_session_name");
  return { kind: "web identity", source, roleArn, sessionName, tokenFile };
}
