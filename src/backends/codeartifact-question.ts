// A question to a `codeartifact` store with everything that local files and the environment say about it: which domain,
// whose credentials, how long, and where AWS is asked. It asks nobody.
import type { Keyringrc } from "../account/keyringrc.ts";
import { credentialChain } from "../aws/chain.ts";
import type { CredentialChain } from "../aws/credentials.ts";
import { awsEndpoint, type AwsService } from "../aws/endpoints.ts";
import { profileSettings, type ProfileSettings } from "../aws/profile-settings.ts";
import type { Clock } from "../io/clock.ts";
import type { Http, HttpOptions } from "../io/http.ts";
import type { Say } from "../io/log.ts";
import type { CodeArtifactTarget } from "../resolver/codeartifact.ts";
import type { Location } from "../resolver/location.ts";
import type { SecretStore } from "../resolver/store.ts";
import { codeArtifactSettings, type CodeArtifactSettings } from "./codeartifact-options.ts";
import { targetOf } from "./codeartifact-target.ts";

export interface CodeArtifactOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string | undefined;
  readonly clock: Clock;
  readonly debug?: Say | undefined;
  /** Instead of a client of our own. */
  readonly http?: Http | undefined;
  /** Instead of what the files and the environment say. */
  readonly chain?: CredentialChain | undefined;
  /** Between attempts; undefined: real waiting and real chance. */
  readonly sleep?: ((seconds: number) => Promise<void>) | undefined;
  readonly random?: (() => number) | undefined;
}

export interface Question {
  readonly settings: CodeArtifactSettings;
  readonly target: CodeArtifactTarget;
  /** The section of keyringrc.cfg that is for it; undefined: none, or the file is not to be read. */
  readonly section: Keyringrc | undefined;
  readonly chain: CredentialChain;
  readonly http: Http;
  /** Origin of the service. Throws `configuration`. */
  endpoint(service: AwsService): string;
}

export interface Questions {
  /** Throws `configuration`, and `refused` for an address that is none of the store's. */
  about(location: Location): Promise<Question>;
  /** The credentials of a store for whatever it is asked. Throws `configuration`. */
  chainOf(store: SecretStore): CredentialChain;
}

const MOST_CHAINS = 64;

export function createQuestions(options: CodeArtifactOptions): Questions {
  const { env, home } = options;
  const chains = new Map<string, { readonly chain: CredentialChain; readonly http: Http }>();

  /** One for each profile, so that a session serves until it ends. */
  function asking(settings: CodeArtifactSettings, region: string | undefined, section?: Keyringrc) {
    const { profile = section?.profile, requestTimeout } = settings;
    const known = profileSettings({ env, home, profile });
    const whose = { profile, region: known.region === undefined ? region : undefined };
    const key = JSON.stringify([whose, requestTimeout, section?.caFile, known.caBundle]);
    const made =
      chains.get(key) ?? makeChain(options, { whose, requestTimeout, known, caFile: section?.caFile });
    // Regions come out of addresses: whoever may ask for any must not fill the memory of a broker.
    if (chains.size >= MOST_CHAINS) chains.clear();
    chains.set(key, made);
    const keys = settings.profile === undefined ? section?.keys : undefined;
    const chain = keys === undefined ? made.chain : keysChain(keys, section?.section ?? "");
    return { known, http: made.http, chain: options.chain ?? chain };
  }

  return {
    async about(location) {
      const settings = codeArtifactSettings(location.store);
      const target = targetOf(location, settings);
      const section = await sectionOf(settings, target, options);
      const { known, http, chain } = asking(settings, target.region, section);
      const { partitions } = settings;
      const endpoint = (service: AwsService): string =>
        awsEndpoint(service, target.region, { env, profile: known.endpoints(), partitions });
      return { settings, target, section, chain, http, endpoint };
    },
    chainOf: (store) => {
      const settings = codeArtifactSettings(store);
      return asking(settings, settings.region).chain;
    },
  };
}

async function sectionOf(
  { keyringrc }: CodeArtifactSettings,
  target: CodeArtifactTarget,
  { env, home }: CodeArtifactOptions,
): Promise<Keyringrc | undefined> {
  if (keyringrc === undefined) return undefined;
  const { keyringrcFor } = await import("../account/keyringrc.ts");
  const file = keyringrc === true ? undefined : keyringrc;
  return keyringrcFor({ env, home, file })(target);
}

interface Making {
  readonly whose: { readonly profile: string | undefined; readonly region: string | undefined };
  readonly requestTimeout: number;
  readonly known: ProfileSettings;
  readonly caFile: string | undefined;
}

function makeChain(options: CodeArtifactOptions, { whose, requestTimeout, known, caFile }: Making) {
  const { env, home, clock, debug, sleep } = options;
  const http =
    options.http ?? lateHttp({ env, clock, debug, requestTimeout, caBundle: bundleOf(env, known, caFile) });
  return { http, chain: credentialChain({ env, home, clock, http, debug, sleep, ...whose }) };
}

/** botocore's order: what the caller says, the variable, the profile. */
function bundleOf(
  env: CodeArtifactOptions["env"],
  { caBundle }: ProfileSettings,
  caFile: string | undefined,
) {
  if (caFile !== undefined) return { file: caFile, namedBy: "verify of keyringrc.cfg" };
  if (caBundle === undefined) return undefined;
  const variable = env["AWS_CA_BUNDLE"] === caBundle;
  return { file: caBundle, namedBy: variable ? "AWS_CA_BUNDLE" : "ca_bundle of the AWS profile" };
}

/** The client is loaded by the first request. */
function lateHttp(options: HttpOptions): Http {
  let http: Promise<Http> | undefined;
  const load = async (): Promise<Http> => (await import("../io/http.ts")).createHttp(options);
  return { request: async (request) => (await (http ??= load())).request(request) };
}

function keysChain(keys: NonNullable<Keyringrc["keys"]>, section: string): CredentialChain {
  const credentials = {
    ...keys,
    sessionToken: undefined,
    expiresAt: undefined,
    source: section,
    role: undefined,
  };
  return {
    credentials: async () => credentials,
    principal: async () => keys.accessKeyId,
    describe: async () => `access key ${keys.accessKeyId} of ${section}`,
    forget: () => undefined,
    region: () => undefined,
  };
}
