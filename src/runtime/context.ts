// The runtime context of an application: its identity, its configuration, its secrets, databases and folders, put together
// once at the start. It resolves no secret before it is asked for one.
import { loadStoreConfig, type StoreConfigOptions } from "../config/store/load.ts";
import type { MXMConfig } from "../config/store/view.ts";
import { KeywrightError } from "../errors.ts";
import { discoverSubstrate, isContainer, type Sights } from "../identity/discover.ts";
import { homeIn, processEnvironment } from "../io/surroundings.ts";
import { identityOf, type AttestedIdentity, type RuntimeIdentity } from "../secrets/identity.ts";
import type { SecretsApi, SecretsOptions } from "../secrets/secrets-api.ts";
import { databasesOf, type DbConfigs } from "./databases.ts";
import { attestedAsFound, attestRuntimeIdentity, validateRuntimeIdentityShape, wordsOf } from "./identity.ts";
import type { RuntimePaths } from "./paths.ts";
import { readSections, SECTIONS } from "./sections.ts";

/** What is known about where this runs. */
export interface RuntimeMetadata {
  /** As it is discovered here, whatever the identity says. */
  readonly substrate: string;
  readonly isContainer: boolean;
  /** True: machine and substrate of the context's identity are known to be true here, or better than that. */
  readonly attested: boolean;
}

export interface RuntimeContext {
  /** Pass it on to `secrets.getSecret`: policies see how well each field is known. */
  readonly identity: AttestedIdentity;
  readonly config: MXMConfig;
  readonly secrets: SecretsApi;
  readonly dbConfigs: DbConfigs;
  readonly paths: RuntimePaths;
  readonly runtime: RuntimeMetadata;
}

export interface RuntimeContextOptions extends Omit<StoreConfigOptions, "identity"> {
  /** Five words, or what was attested about them already. */
  readonly identity: RuntimeIdentity | AttestedIdentity;
  /**
   * `required`: throws unless machine and substrate are true here. `as_found` (default): those that are true count as
   * discovered, the others as asserted. `never`: nothing is looked at, words count as asserted.
   */
  readonly attest?: Attest | undefined;
  readonly sights?: Sights | undefined;
  /** For `SecretsApi.fromConfigData`; `env`, `home` and `warn` are those of the context. */
  readonly secrets?: Omit<SecretsOptions, "env" | "home" | "warn" | "originOf"> | undefined;
}

export type Attest = "required" | "as_found" | "never";

/**
 * Throws RuntimeIdentityError, RuntimeIdentityAttestationError, or a ConfigStoreError: those of `loadConfig`, `missing_path`
 * for a section that is missing (mxm_secrets, mxm_databases, mxm_paths), `section` for one that is wrong.
 */
export function buildRuntimeContext(options: RuntimeContextOptions): RuntimeContext {
  const { env = processEnvironment(), warn } = options;
  const home = options.home ?? homeIn(env);
  const identity = Object.freeze(attested(options));
  const config = loadStoreConfig({ ...options, env, home });
  const around = { env, home, warn };
  const sections = readSections(config, { ...options.secrets, ...around, required: SECTIONS });
  const { secrets, databases, paths } = sections;
  if (secrets === undefined || databases === undefined || paths === undefined) {
    throw new KeywrightError("internal", "a section that is required was not read");
  }
  const dbConfigs = databasesOf(databases, (secretName) => secrets.getSecret({ secretName, identity }));
  const runtime = metadataOf(identity, options.sights);
  return Object.freeze({ identity, config, secrets, dbConfigs, paths, runtime });
}

function attested({ identity, attest = "as_found", sights = {} }: RuntimeContextOptions): AttestedIdentity {
  const words = wordsOf(identity);
  validateRuntimeIdentityShape(words);
  const found = attest === "required" ? attestRuntimeIdentity(words, sights) : undefined;
  if (Object.values(identity).some((field) => typeof field !== "string")) return identityOf(identity);
  if (attest === "never") return identityOf(words);
  return found ?? attestedAsFound(words, sights);
}

function metadataOf({ machine, substrate }: AttestedIdentity, sights: Sights | undefined): RuntimeMetadata {
  const here = discoverSubstrate(sights);
  const known = [machine, substrate].every(
    (field) => field !== undefined && field.attestation !== "asserted",
  );
  return Object.freeze({ substrate: here, isContainer: isContainer(here), attested: known });
}
