// What a profile and the environment say besides credentials: region, endpoints, and how to reach them. In botocore's
// order (the option, the environment, the profile); it makes no endpoint itself.
import { KeywrightError } from "../errors.ts";
import type { ProfileEndpoints } from "./endpoints.ts";
import { readSharedConfig, textOf, type Place, type Section, type SharedConfig } from "./shared-config.ts";

export interface SettingsOptions extends Place {
  /** As botocore's Session(profile=…); undefined: AWS_DEFAULT_PROFILE, AWS_PROFILE, or `default` if there is one. */
  readonly profile?: string | undefined;
  /** Goes before what the environment and the profile say. */
  readonly region?: string | undefined;
}

export interface ProfileSettings {
  /** The profile that somebody named; undefined: nobody did. */
  readonly profile: string | undefined;
  /** undefined: nobody says it. */
  readonly region: string | undefined;
  /** `regional` or `legacy`, as written; undefined: nobody says it. */
  readonly stsRegionalEndpoints: string | undefined;
  /** A file of certificates, as written; undefined: nobody names one. */
  readonly caBundle: string | undefined;
  /** For `awsEndpoint`. Throws `configuration` when the profile names a `[services …]` section that is not there. */
  endpoints(): ProfileEndpoints;
}

/** Throws `configuration` when a file cannot be used, or when the profile that is named is in neither. */
export function profileSettings(options: SettingsOptions): ProfileSettings {
  return settingsOf(readSharedConfig(options), options);
}

/** The same, of files that are read already. */
export function settingsOf(config: SharedConfig, options: SettingsOptions): ProfileSettings {
  const { env } = options;
  const { name, section } = profileInForce(config, options);
  return {
    profile: name,
    // Other SDKs read AWS_REGION; botocore does not, so it counts only where botocore would know no region.
    region: given(
      options.region ?? env["AWS_DEFAULT_REGION"] ?? textOf(section, "region") ?? env["AWS_REGION"],
    ),
    stsRegionalEndpoints: given(
      env["AWS_STS_REGIONAL_ENDPOINTS"] ?? textOf(section, "sts_regional_endpoints"),
    ),
    caBundle: given(env["AWS_CA_BUNDLE"] ?? textOf(section, "ca_bundle")),
    endpoints: () => ({
      endpointUrl: textOf(section, "endpoint_url"),
      services: servicesOf(config, section),
      useFips: truth(textOf(section, "use_fips_endpoint")),
      useDualstack: truth(textOf(section, "use_dualstack_endpoint")),
      ignore: truth(textOf(section, "ignore_configured_endpoint_urls")),
    }),
  };
}

export interface ProfileInForce {
  /** undefined: nobody named one, so `default` is taken if it is there. */
  readonly name: string | undefined;
  /** True: the option names it, which makes the keys of the environment not count. */
  readonly explicit: boolean;
  readonly section: Section | undefined;
}

/** Throws `configuration` when the named profile does not exist. */
export function profileInForce(config: SharedConfig, { profile, env }: SettingsOptions): ProfileInForce {
  const [by, name] =
    profile !== undefined
      ? ["the configuration", profile]
      : env["AWS_DEFAULT_PROFILE"] !== undefined
        ? ["AWS_DEFAULT_PROFILE", env["AWS_DEFAULT_PROFILE"]]
        : ["AWS_PROFILE", env["AWS_PROFILE"]];
  const section = config.profiles.get(name ?? "default");
  if (name !== undefined && section === undefined) {
    throw new KeywrightError("configuration", `${by} names the AWS profile "${name}", which does not exist`, {
      hint: `Add it to ${config.configFile}, or name another one (${knownProfiles(config)}).`,
    });
  }
  return { name, explicit: profile !== undefined, section };
}

function knownProfiles({ profiles }: SharedConfig): string {
  const names = [...profiles.keys()].slice(0, 20);
  return names.length === 0 ? "there is none" : `there are: ${names.join(", ")}`;
}

/** The endpoint of each service in the profile's `[services …]` section; undefined: it names none. */
function servicesOf(
  config: SharedConfig,
  section: Section | undefined,
): Readonly<Record<string, string | undefined>> | undefined {
  const name = textOf(section, "services");
  if (name === undefined) return undefined;
  const services = config.services.get(name);
  if (services === undefined || services.size === 0) {
    throw new KeywrightError(
      "configuration",
      `the AWS profile names [services ${name}], which does not exist`,
      {
        hint: `Add it to ${config.configFile}, or remove the profile's services.`,
      },
    );
  }
  return Object.fromEntries(
    [...services].map(([service, group]) => [
      service,
      typeof group === "string" ? undefined : group.get("endpoint_url"),
    ]),
  );
}

/** botocore's ensure_boolean; undefined: not said. */
export function truth(text: string | undefined): boolean | undefined {
  return text === undefined ? undefined : text.toLowerCase() === "true";
}

function given(text: string | undefined): string | undefined {
  return text === "" ? undefined : text;
}
