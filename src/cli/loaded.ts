// Loads a configuration for a command that looks at it, with the backends that its kind may name: the layers in force, or one
// file that a person named.
import type { Places } from "../config/layers.ts";
import type { LoadedConfig } from "../config/load.ts";
import type { CliContext } from "./context.ts";

/** Throws `configuration`. */
export async function loadedConfig(places: Places): Promise<LoadedConfig> {
  const { loadConfig } = await import("../config/load.ts");
  const { matchFault } = await import("../resolver/match.ts");
  const { BROKER_BACKENDS } = await import("../broker/config.ts");
  const { CLIENT_BACKENDS, optionChecks, UPSTREAM_BACKENDS } = await import("../all-backends.ts");
  const backends = places.kind === "broker" ? [...BROKER_BACKENDS, ...UPSTREAM_BACKENDS] : CLIENT_BACKENDS;
  return loadConfig({ ...places, backends, matchFault, ...(await optionChecks()) });
}

/** Throws `configuration`. `file`: read alone, instead of the layers. */
export function loadedClient({ home, env, log }: CliContext, file?: string): Promise<LoadedConfig> {
  return loadedConfig({ home, env, kind: "client", file, debug: log?.debug });
}
