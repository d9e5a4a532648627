// The sections of a configuration that this program reads: mxm_secrets, mxm_databases, mxm_paths. It says where each is wrong.
import { ConfigStoreError } from "../config/store/fault.ts";
import { loadedFrom } from "../config/store/load.ts";
import { makeView, toConfigData, type MXMConfig } from "../config/store/view.ts";
import { at, type MapTree, type Origin } from "../config/tree.ts";
import { KeywrightError } from "../errors.ts";
import type { SecretsConfigData } from "../secrets/names.ts";
import { SecretsApi, type SecretsOptions } from "../secrets/secrets-api.ts";
import { checkDatabases } from "./databases.ts";
import { runtimePaths, type RuntimePaths } from "./paths.ts";

/** In the order in which mxm-runtime 0.1.2 looks for them. */
export const SECTIONS = ["mxm_secrets", "mxm_databases", "mxm_paths"] as const;
export type SectionName = (typeof SECTIONS)[number];

export interface ReadSections {
  readonly secrets: SecretsApi | undefined;
  /** As plain data, checked. */
  readonly databases: MXMConfig | undefined;
  readonly paths: RuntimePaths | undefined;
}

export interface SectionsOptions extends SecretsOptions {
  /** Those that have to be there; others are read when they are. */
  readonly required: readonly SectionName[];
}

/** Throws a ConfigStoreError: `missing_path`, `not_a_mapping`, `section`. */
export function readSections(config: MXMConfig, { required, ...options }: SectionsOptions): ReadSections {
  const { tree } = loadedFrom(config);
  const views = SECTIONS.map((name) =>
    required.includes(name) || tree.entries.has(name) ? makeView(config, name) : undefined,
  );
  const [secretsView, databases, pathsView] = views;
  const of = (name: SectionName): MapTree => at(tree, [name]) as MapTree;
  const originOf = (path: string): Origin | undefined =>
    at(tree, ["mxm_secrets", ...path.split(".")])?.origin;
  return orSection(() => {
    const secrets =
      secretsView &&
      SecretsApi.fromConfigData(toConfigData(secretsView) as SecretsConfigData, { ...options, originOf });
    if (databases !== undefined) {
      checkDatabases(of("mxm_databases"), new Set(secrets?.secretRefRegistry.names() ?? []));
    }
    const paths = pathsView && runtimePaths(of("mxm_paths"), options.home);
    return { secrets, databases, paths };
  });
}

function orSection<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof KeywrightError)) throw error;
    throw new ConfigStoreError("section", error.message, { hint: error.hint, cause: error });
  }
}
