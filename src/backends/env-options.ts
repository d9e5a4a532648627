// The options of an env store; its refs have none. It reads nothing.
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
