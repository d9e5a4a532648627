// Where an AWS service is asked: the regional host of its partition, FIPS and dual-stack where they are wanted, or an
// address that the user names. It knows which settings there are, and reads no file.
import { KeywrightError } from "../errors.ts";
import { isLoopback } from "../loopback.ts";
import { PARTITIONS, partitionOf } from "../resolver/partitions.ts";

export type AwsService = "codeartifact" | "sts" | "sso" | "oidc";

/** What a profile of the shared configuration says about endpoints; undefined: it says nothing. */
export interface ProfileEndpoints {
  /** `endpoint_url` of the profile. */
  readonly endpointUrl?: string | undefined;
  /** `endpoint_url` by service (`codeartifact`, `sts`, `sso`, `sso_oidc`) of the profile's `services` section. */
  readonly services?: Readonly<Record<string, string | undefined>> | undefined;
  readonly useFips?: boolean | undefined;
  readonly useDualstack?: boolean | undefined;
  /** `ignore_configured_endpoint_urls`. */
  readonly ignore?: boolean | undefined;
}

export interface EndpointSettings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly profile?: ProfileEndpoints | undefined;
  /** Names of partitions; undefined: every one that is known. */
  readonly partitions?: readonly string[] | undefined;
}

/** As the settings call the service: in variables in capitals, in a profile as it is. */
const SETTING: Readonly<Record<AwsService, string>> = {
  codeartifact: "codeartifact",
  sts: "sts",
  sso: "sso",
  oidc: "sso_oidc",
};
const HOST: Readonly<Record<AwsService, string>> = {
  codeartifact: "codeartifact",
  sts: "sts",
  sso: "portal.sso",
  oidc: "oidc",
};
const REGION = /^[a-z]{2,8}(?:-[a-z0-9]{1,20}){1,4}$/;

/**
 * Scheme, host and perhaps a path, without a slash at the end. Throws `configuration` for a region that is none of an
 * enabled partition, an address that is neither https nor loopback, and an address together with FIPS or dual-stack.
 */
export function awsEndpoint(
  service: AwsService,
  region: string,
  { env, profile = {}, partitions }: EndpointSettings,
): string {
  if (!REGION.test(region))
    throw wrong(`'${region.slice(0, 60)}' is not a region of AWS`, "For example eu-west-1.");
  const fips = flag(env, "AWS_USE_FIPS_ENDPOINT") ?? profile.useFips ?? false;
  const dualstack = flag(env, "AWS_USE_DUALSTACK_ENDPOINT") ?? profile.useDualstack ?? false;
  const named = customEndpoint(service, env, profile);
  if (named === undefined) return regionalEndpoint(service, region, { fips, dualstack, partitions });
  if (fips || dualstack) {
    const [other, variable] = fips
      ? ["FIPS", "AWS_USE_FIPS_ENDPOINT"]
      : ["dual-stack", "AWS_USE_DUALSTACK_ENDPOINT"];
    throw wrong(
      `${named.origin} names an endpoint, and ${other} asks for another one`,
      `Unset ${named.origin}, or ${variable} (in a profile: ${variable.slice(4).toLowerCase()}).`,
    );
  }
  return checked(named);
}

interface Wanted {
  readonly fips: boolean;
  readonly dualstack: boolean;
  readonly partitions: readonly string[] | undefined;
}

function regionalEndpoint(service: AwsService, region: string, wanted: Wanted): string {
  const { fips, dualstack, partitions } = wanted;
  const partition = partitionOf(region);
  if (partition === undefined) {
    throw wrong(
      `the region ${region} belongs to no partition that keywright knows`,
      "Check the region, or name the service's address in AWS_ENDPOINT_URL_*.",
    );
  }
  const { name, suffix, dualStackSuffix } = partition;
  if (partitions?.includes(name) === false) {
    const enabled = PARTITIONS.map((each) => each.name).filter((each) => partitions.includes(each));
    throw wrong(
      `the region ${region} belongs to the partition ${name}, which is not enabled`,
      `Set the option partitions of the store: [${[...enabled, name].join(", ")}].`,
    );
  }
  // In GovCloud the ordinary host of these is the FIPS one (botocore's endpoint rules).
  const ordinary = name === "aws-us-gov" && service !== "codeartifact" && !dualstack;
  const host = `${HOST[service]}${fips && !ordinary ? "-fips" : ""}.${region}`;
  if (!dualstack) return `https://${host}.${suffix}`;
  if (dualStackSuffix === undefined)
    throw wrong(`the partition ${name} has no dual-stack endpoints`, undefined);
  return `https://${host}.${dualStackSuffix}`;
}

interface Named {
  readonly url: string;
  /** What names it, for people. */
  readonly origin: string;
}

/** In botocore's order: the service's variable, the general one, the profile's services, the profile itself. */
function customEndpoint(
  service: AwsService,
  env: EndpointSettings["env"],
  profile: ProfileEndpoints,
): Named | undefined {
  if (flag(env, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS") ?? profile.ignore ?? false) return undefined;
  const setting = SETTING[service];
  const variable = `AWS_ENDPOINT_URL_${setting.toUpperCase()}`;
  const places: readonly (readonly [string | undefined, string])[] = [
    [env[variable], variable],
    [env["AWS_ENDPOINT_URL"], "AWS_ENDPOINT_URL"],
    [profile.services?.[setting], `endpoint_url of ${setting} in the profile's services`],
    [profile.endpointUrl, "endpoint_url of the profile"],
  ];
  const [url, origin] = places.find(([value]) => value !== undefined && value !== "") ?? [];
  return url === undefined || origin === undefined ? undefined : { url, origin };
}

function checked({ url: text, origin }: Named): string {
  const url = /^[\u0021-\u007e]+$/.test(text) && !text.includes("\\") ? URL.parse(text) : null;
  if (url === null) throw wrong(`${origin} is not an address`, "For example https://host.example.");
  if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "")
    throw wrong(`${origin} has more than scheme, host, port and path`, undefined);
  if (url.protocol !== "https:" && !(url.protocol === "http:" && isLoopback(url.hostname)))
    throw wrong(`${origin} is not https`, "Use https://; plain http is for loopback addresses only.");
  return `${url.origin}${url.pathname.replace(/\/+$/, "")}`;
}

/** As botocore reads it: everything but `true` is false; undefined: not set. */
function flag(env: EndpointSettings["env"], variable: string): boolean | undefined {
  const value = env[variable];
  return value === undefined || value === "" ? undefined : value.toLowerCase() === "true";
}

function wrong(message: string, hint: string | undefined): KeywrightError {
  return new KeywrightError("configuration", message, { hint });
}
