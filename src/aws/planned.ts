// Finds the Plan in botocore's order, from the environment and the files alone. It asks no network and starts no program;
// what is asked for later stands in the plan.
import { KeywrightError } from "../errors.ts";
import { exportHint } from "./export-hint.ts";
import { containerPlan } from "./plan-container.ts";
import { instancePlan } from "./plan-instance.ts";
import { environmentKeys, legacyKeys, profileKeys } from "./plan-keys.ts";
import { rolePlan } from "./plan-role.ts";
import { ssoPlan } from "./plan-sso.ts";
import { webIdentityPlan } from "./plan-web-identity.ts";
import type { Plan, ProcessPlan } from "./plan.ts";
import { profileInForce, type SettingsOptions } from "./profile-settings.ts";
import { textOf, type Environment, type SharedConfig } from "./shared-config.ts";

/**
 * The first source that is there; undefined: there is none. Throws `configuration` for what is there and wrong, `locked`
 * where only a person with another program can go on.
 */
export function planOf(config: SharedConfig, options: SettingsOptions): Plan | undefined {
  const { env } = options;
  const { name = "default", explicit, section } = profileInForce(config, options);
  // Wrong settings are an error also where another source comes first: botocore reads them before it looks for any.
  const instance = instancePlan(env, section);
  const own = (profile: string): Plan | undefined => profilePlan(profile, config, {});
  return (
    (explicit ? undefined : environmentKeys(env)) ??
    rolePlan(name, { config, env, instance, own }) ??
    profilePlan(name, config, explicit ? {} : env) ??
    legacyKeys(options) ??
    containerPlan(env) ??
    instance
  );
}

/** What a profile has of its own, besides a role that others are assumed for; `env`: the variables that go before it. */
function profilePlan(profile: string, config: SharedConfig, env: Environment): Plan | undefined {
  const section = config.profiles.get(profile);
  return (
    webIdentityPlan(profile, section, env) ??
    ssoPlan(profile, section, config) ??
    profileKeys(profile, config.credentialsSections.get(profile), config.credentialsFile) ??
    refuseLogin(profile, textOf(section, "login_session")) ??
    processPlan(profile, textOf(section, "credential_process")) ??
    profileKeys(profile, config.configProfiles.get(profile), config.configFile)
  );
}

function refuseLogin(profile: string, session: string | undefined): undefined {
  if (session === undefined) return undefined;
  throw new KeywrightError(
    "locked",
    `the AWS profile "${profile}" uses aws login, which keywright cannot do`,
    {
      hint: exportHint(profile),
    },
  );
}

function processPlan(profile: string, command: string | undefined): ProcessPlan | undefined {
  return command === undefined ? undefined : { kind: "process", profile, command };
}
