// CredentialChain over botocore's order of sources: plans from files and environment, asks the source of the plan, and
// remembers what it got until shortly before it expires. The sources that ask somebody are loaded when they are asked.
import { asKeywrightError, KeywrightError } from "../errors.ts";
import type { Clock } from "../io/clock.ts";
import type { Http } from "../io/http.ts";
import type { Say } from "../io/log.ts";
import type { Asking } from "./asking.ts";
import type { AwsCredentials, CredentialChain } from "./credentials.ts";
import { keyOf, localPrincipal, planWords, rolePrincipal } from "./plan-words.ts";
import type { KeysPlan, Plan } from "./plan.ts";
import { planOf } from "./planned.ts";
import { settingsOf, type SettingsOptions } from "./profile-settings.ts";
import { rememberCredentials } from "./remembered.ts";
import { readSharedConfig } from "./shared-config.ts";

export interface ChainOptions extends SettingsOptions {
  readonly clock: Clock;
  readonly http: Http;
  readonly debug?: Say | undefined;
  /** Waits that many seconds between two attempts; undefined: really. */
  readonly sleep?: ((seconds: number) => Promise<void>) | undefined;
}

/** Reads the files again for every question, so that what is remembered never outlives what they say. */
export function credentialChain(options: ChainOptions): CredentialChain {
  const memory = rememberCredentials(options.clock, options.debug);
  const look = (): Looked => {
    const config = readSharedConfig(options);
    const settings = settingsOf(config, options);
    return { plan: planOf(config, options), asking: { ...options, settings } };
  };
  const found = async (plan: Plan, asking: Asking): Promise<AwsCredentials> => {
    if (plan.kind === "keys") return keysOf(plan, asking);
    const principal = await localPrincipal(innermost(plan), options);
    return memory.get(keyOf(plan, principal), async () => {
      const credentials = await asked(plan, asking, (from) => found(from, asking));
      if (credentials === undefined) throw none();
      return credentials;
    });
  };
  const principalOf = async (plan: Plan, asking: Asking): Promise<string> => {
    const local = await localPrincipal(plan, options);
    if (local !== undefined) return local;
    if (plan.kind === "role") return rolePrincipal(plan, await principalOf(plan.from, asking));
    return (await found(plan, asking)).accessKeyId;
  };
  return {
    async credentials() {
      const { plan, asking } = look();
      return found(planned(plan), asking);
    },
    async principal() {
      const { plan, asking } = look();
      return principalOf(planned(plan), asking);
    },
    describe: async () => described(look),
    forget: () => memory.forget(),
    region: () => look().asking.settings.region,
  };
}

interface Looked {
  readonly plan: Plan | undefined;
  readonly asking: Asking;
}

function planned(plan: Plan | undefined): Plan {
  if (plan === undefined) throw none();
  return plan;
}

/** Whose credentials come first: what a role is assumed with. */
function innermost(plan: Plan): Plan {
  return plan.kind === "role" ? innermost(plan.from) : plan;
}

/** undefined: the source turned out not to be there. */
async function asked(
  plan: Exclude<Plan, KeysPlan>,
  asking: Asking,
  found: (from: Plan) => Promise<AwsCredentials>,
): Promise<AwsCredentials | undefined> {
  switch (plan.kind) {
    case "role":
      return (await import("./role-source.ts")).roleCredentials(plan, await found(plan.from), asking);
    case "web identity":
      return (await import("./role-source.ts")).webIdentityCredentials(plan, asking);
    case "sso":
      return (await import("./sso-source.ts")).ssoCredentials(plan, asking);
    case "process":
      return (await import("./process-source.ts")).processCredentials(plan, asking);
    case "container":
      return (await import("./container-source.ts")).containerCredentials(plan, asking);
    case "instance":
      return (await import("./instance-source.ts")).instanceCredentials(plan, asking);
  }
}

function keysOf(plan: KeysPlan, { clock }: Asking): AwsCredentials {
  const { kind: _, ...keys } = plan;
  if (keys.expiresAt === undefined || keys.expiresAt > clock.now()) return { ...keys, role: undefined };
  throw new KeywrightError("authentication", "the AWS credentials of the environment have expired", {
    hint: "Set fresh ones (AWS_CREDENTIAL_EXPIRATION says when they expire), or unset them.",
  });
}

function none(): KeywrightError {
  return new KeywrightError("authentication", "there are no AWS credentials", {
    hint:
      "Set AWS_PROFILE or AWS_ACCESS_KEY_ID, run aws configure or aws configure sso, or give this machine a role; " +
      "instance metadata is asked by version 2 only.",
  });
}

/** Throws what local files show already: keys and logins that have ended, a token that is not there. */
async function seenThrough(plan: Plan, asking: Asking): Promise<void> {
  const first = innermost(plan);
  if (first.kind === "keys") keysOf(first, asking);
  if (first.kind === "web identity") await localPrincipal(first, asking);
  if (first.kind === "sso") (await import("./sso-source.ts")).assertLogin(first, asking);
}

async function described(look: () => Looked): Promise<string> {
  try {
    const { plan, asking } = look();
    if (plan === undefined) return "no AWS credentials";
    await seenThrough(plan, asking);
    const { settings } = asking;
    const beaten = plan.kind === "keys" && plan.source === "environment" && settings.profile !== undefined;
    const why = beaten
      ? `; the environment's keys go before the profile ${settings.profile}, as in botocore (the JavaScript SDK takes the profile)`
      : "";
    const region = settings.region === undefined ? "" : `, region ${settings.region}`;
    return `${planWords(plan)}${region}${why}`;
  } catch (thrown) {
    const { message, hint } = asKeywrightError(thrown);
    return `none can be used: ${message}${hint === undefined ? "" : ` (${hint})`}`;
  }
}
