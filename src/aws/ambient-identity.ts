// AWS as a source of ambient identity: STS signs a token for another party (GetWebIdentityToken) with whatever credentials
// the chain finds. Without being named it counts only where AWS runs the job itself, never for a person's own profile.
import { failed, setting, type AmbientPlace, type AmbientSource } from "../account/ambient/ambient-source.ts";
import { KeywrightError } from "../errors.ts";
import { Secret } from "../secret.ts";
import { awsCall } from "./call.ts";
import { credentialChain } from "./chain.ts";
import { awsEndpoint } from "./endpoints.ts";
import { profileSettings } from "./profile-settings.ts";
import { encodedPairs } from "./sigv4.ts";
import { childOf, parseXml } from "./xml.ts";

const OPERATION = "GetWebIdentityToken";
/** Seconds; STS takes 60 to 3600. */
const LIFE = "300";
/** Of CodeBuild, Lambda, and tasks of ECS. */
const MARKS = ["CODEBUILD_BUILD_ID", "AWS_LAMBDA_FUNCTION_NAME", "ECS_CONTAINER_METADATA_URI_V4"] as const;
const TITLE = "AWS";

export const awsAmbient: AmbientSource = {
  name: "aws",
  kind: "machine",
  detect: (place, named) => {
    if (!named && !MARKS.some((name) => setting(place.env, name) !== undefined)) return undefined;
    return {
      title: TITLE,
      obtain: (audience) => webIdentity(audience, place),
      remedy: () => "STS answered with another audience than it was asked for; check AWS_ENDPOINT_URL.",
    };
  },
};

async function webIdentity(audience: string, place: AmbientPlace): Promise<Secret> {
  const chain = credentialChain(place);
  const region = chain.region();
  if (region === undefined) {
    // It is asked of a region only: the global address of STS does not have it.
    throw failed(
      "configuration",
      "no AWS region is set, which STS needs for an identity token",
      "Set AWS_REGION.",
    );
  }
  const { env } = place;
  const endpoint = awsEndpoint("sts", region, { env, profile: profileSettings(place).endpoints() });
  const { body } = await awsCall(place, {
    operation: `sts:${OPERATION}`,
    about: `a token for ${audience}`,
    service: "sts",
    region,
    credentials: await chain.credentials(),
    method: "POST",
    url: `${endpoint}/`,
    headers: { "Content-Type": "application/x-www-form-urlencoded; charset=utf-8" },
    body: encodedPairs({
      Action: OPERATION,
      Version: "2011-06-15",
      "Audience.member.1": audience,
      SigningAlgorithm: "RS256",
      DurationSeconds: LIFE,
    }),
  });
  const root = parseXml(body);
  const result = root?.name === `${OPERATION}Response` ? childOf(root, `${OPERATION}Result`) : undefined;
  const token = childOf(result, "WebIdentityToken")?.text ?? "";
  if (token !== "") return new Secret(token);
  throw new KeywrightError("backend", `the answer of sts:${OPERATION} has no WebIdentityToken`, {
    hint: "Check AWS_ENDPOINT_URL and the proxy: something other than AWS STS seems to answer.",
  });
}
