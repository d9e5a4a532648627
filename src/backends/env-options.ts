// The options of an env store; its refs have none. It reads nothing.
import { KeywrightError } from "../errors.ts";
import { storeOptions } from "../resolver/options.ts";
import type { SecretStore } from "../resolver/store.ts";

/** `prefix`: what every variable of the store begins with; "" when there is none. Throws `configuration`. */
export function envStore(store: SecretStore): { readonly prefix: string } {
  const options = storeOptions(store, ["prefix"]);
  const prefix = options.text("prefix") ?? "";
  if (!/^(?:[A-Za-z_][A-Za-z0-9_]*)?$/.test(prefix))
    throw options.fault("prefix", "letters, digits and underscores, not beginning with a digit");
  return { prefix };
}

/** `mxm/dev/api-key` is MXM_DEV_API_KEY (mxm-secrets 0.2.0, its env backend). Throws `configuration` for what no variable is called. */
export function variableOf(store: SecretStore, path: string): string {
  const name = path.toUpperCase().replace(/[-/]/g, "_");
  if (!name.includes("=")) return `${envStore(store).prefix}${name}`;
  throw new KeywrightError("configuration", "the path of a secret in the environment has an equals sign");
}
