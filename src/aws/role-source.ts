// Assumes the role of a plan: with other credentials, or for a web identity token. Regions and endpoints are those of the
// profile in force, as in botocore, not those of the profile that a role comes from.
import type { Asking } from "./asking.ts";
import type { AwsCredentials } from "./credentials.ts";
import { awsEndpoint } from "./endpoints.ts";
import type { RolePlan, WebIdentityPlan } from "./plan.ts";
import { assumeRole, assumeRoleWithWebIdentity, type StsSurroundings } from "./sts.ts";
import { identityToken } from "./web-identity-token.ts";

/** Where the global endpoint of STS is, which botocore takes when nobody names a region. */
const DEFAULT_REGION = "us-east-1";

/** Throws what `assumeRole` throws. */
export function roleCredentials(
  { roleArn, sessionName, externalId, durationSeconds, profile }: RolePlan,
  credentials: AwsCredentials,
  asking: Asking,
): Promise<AwsCredentials> {
  return named(
    assumeRole(
      { ...stsOf(asking), credentials },
      { roleArn, sessionName: sessionName ?? madeUp(asking), externalId, durationSeconds },
    ),
    `profile ${profile}, role assumed with ${credentials.source}`,
  );
}

/** Throws what `assumeRoleWithWebIdentity` throws, and `configuration` when the token cannot be read. */
export async function webIdentityCredentials(
  { roleArn, sessionName, tokenFile, source }: WebIdentityPlan,
  asking: Asking,
): Promise<AwsCredentials> {
  const webIdentityToken = identityToken(tokenFile);
  return named(
    assumeRoleWithWebIdentity(stsOf(asking), {
      roleArn,
      sessionName: sessionName ?? madeUp(asking),
      webIdentityToken,
    }),
    `web identity (${source})`,
  );
}

function stsOf({ settings, env, http, clock, debug, sleep }: Asking): StsSurroundings {
  const region = settings.region ?? DEFAULT_REGION;
  const endpoint = awsEndpoint("sts", region, { env, profile: settings.endpoints() });
  return { endpoint, region, http, clock, debug, sleep };
}

function madeUp({ clock }: Asking): string {
  return `keywright-session-${Math.floor(clock.now())}`;
}

async function named(assumed: Promise<AwsCredentials>, source: string): Promise<AwsCredentials> {
  const { accessKeyId, secretAccessKey, sessionToken, expiresAt, role } = await assumed;
  return { accessKeyId, secretAccessKey, sessionToken, expiresAt, source, role };
}
