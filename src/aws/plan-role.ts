// A profile with `role_arn`: which role, and whose credentials are to assume it. Source: AssumeRoleProvider of botocore
// 1.44.5. It assumes nothing.
import { KeywrightError } from "../errors.ts";
import { exportHint } from "./export-hint.ts";
import { containerPlan } from "./plan-container.ts";
import { environmentKeys } from "./plan-keys.ts";
import type { InstancePlan, Plan, RolePlan } from "./plan.ts";
import { textOf, type Environment, type Section, type SharedConfig } from "./shared-config.ts";

export interface RoleSurroundings {
  readonly config: SharedConfig;
  readonly env: Environment;
  /** undefined: switched off. */
  readonly instance: InstancePlan | undefined;
  /** What a profile has besides a role to assume. */
  own(profile: string): Plan | undefined;
}

/** undefined: the profile assumes no role, or does so with a web identity. Throws `configuration` and `locked`. */
export function rolePlan(profile: string, surroundings: RoleSurroundings): RolePlan | undefined {
  return assumes(surroundings.config.profiles.get(profile))
    ? assumed(profile, surroundings, [profile])
    : undefined;
}

function assumes(section: Section | undefined): boolean {
  return section?.has("role_arn") === true && !section.has("web_identity_token_file");
}

function assumed(profile: string, surroundings: RoleSurroundings, visited: readonly string[]): RolePlan {
  const section = surroundings.config.profiles.get(profile);
  const from = sourceOf(profile, section, surroundings, visited);
  if (section?.has("mfa_serial") === true) {
    throw new KeywrightError(
      "locked",
      `the AWS profile "${profile}" wants an MFA code, which keywright cannot ask for`,
      {
        hint: exportHint(profile),
      },
    );
  }
  return {
    kind: "role",
    profile,
    roleArn: textOf(section, "role_arn") ?? "",
    sessionName: textOf(section, "role_session_name"),
    externalId: textOf(section, "external_id"),
    durationSeconds: pythonInt(textOf(section, "duration_seconds")),
    from,
  };
}

function sourceOf(
  profile: string,
  section: Section | undefined,
  surroundings: RoleSurroundings,
  visited: readonly string[],
): Plan {
  const source = textOf(section, "source_profile");
  const named = textOf(section, "credential_source");
  if (named !== undefined && source !== undefined)
    throw wrong(profile, "has both source_profile and credential_source", "Remove one of the two.");
  if (named !== undefined) return namedSource(profile, named, surroundings);
  if (source === undefined)
    throw wrong(profile, "has role_arn, but no source_profile", "Add source_profile or credential_source.");
  return profileSource(profile, source, surroundings, visited);
}

function profileSource(
  profile: string,
  source: string,
  surroundings: RoleSurroundings,
  visited: readonly string[],
): Plan {
  const section = surroundings.config.profiles.get(source);
  if (section === undefined)
    throw wrong(
      profile,
      `names the source_profile "${source}", which does not exist`,
      "Add it, or correct the name.",
    );
  const keys = section.has("aws_access_key_id") || section.has("aws_secret_access_key");
  // A profile may name itself when it has keys: then it is both the role and the user who assumes it.
  if (visited.includes(source) && (source !== profile || !keys)) {
    throw wrong(
      profile,
      `leads by source_profile in a circle: ${[...visited, source].join(", ")}`,
      "Let one of them have keys.",
    );
  }
  if (!keys && assumes(section)) return assumed(source, surroundings, [...visited, source]);
  const plan = surroundings.own(source);
  if (plan === undefined)
    throw wrong(profile, `names the source_profile "${source}", which has no credentials`, "Add them to it.");
  return plan;
}

/** The names are compared as they are written, as botocore does. */
function namedSource(profile: string, name: string, { env, instance }: RoleSurroundings): Plan {
  const sources: Readonly<Record<string, () => Plan | undefined>> = {
    Environment: () => environmentKeys(env),
    EcsContainer: () => containerPlan(env),
    Ec2InstanceMetadata: () => instance,
  };
  const known = Object.keys(sources);
  if (!known.includes(name))
    throw wrong(profile, `has the credential_source "${name}"`, `It must be one of ${known.join(", ")}.`);
  const plan = sources[name]?.();
  if (plan === undefined)
    throw wrong(
      profile,
      `has the credential_source ${name}, which has no credentials`,
      "Set them there, or name a source_profile.",
    );
  return plan;
}

/** As Python's int(); botocore passes over what is none, so STS decides. */
function pythonInt(text: string | undefined): number | undefined {
  return text !== undefined && /^\s*\+?\d+(?:_\d+)*\s*$/.test(text)
    ? Number(text.replaceAll("_", ""))
    : undefined;
}

function wrong(profile: string, fault: string, hint: string): KeywrightError {
  return new KeywrightError("configuration", `the AWS profile "${profile}" ${fault}`, { hint });
}
