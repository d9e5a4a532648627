// Loads a client's configuration for a command that looks at it: the layers in force, or one file that a person named.
import type { LoadedConfig } from "../config/load.ts";
import type { CliContext } from "./context.ts";

/** Throws `configuration`. `file`: read alone, instead of the layers. */
export async function loadedClient({ home, env, log }: CliContext, file?: string): Promise<LoadedConfig> {
  const { loadConfig } = await import("../config/load.ts");
  const { matchFault } = await import("../resolver/match.ts");
  const { CLIENT_BACKENDS, optionChecks } = await import("../all-backends.ts");
  const checks = await optionChecks();
  return loadConfig({
    home,
    env,
    kind: "client",
    file,
    backends: CLIENT_BACKENDS,
    matchFault,
    ...checks,
    debug: log?.debug,
  });
}
