// env: values in the environment of this process, under the names that mxm-secrets 0.2 gave them. It starts nothing and
// reads no file.
import { KeywrightError } from "../errors.ts";
import type { Environment } from "../io/spawn.ts";
import type { Backend } from "../resolver/backend.ts";
import { secretPathOf } from "../resolver/location.ts";
import { notText } from "../resolver/secret-faults.ts";
import { Secret } from "../secret.ts";
import { envStore } from "./env-options.ts";

export function envBackend({ env }: { readonly env: Environment }): Backend {
  return {
    async retrieve(location) {
      const { prefix } = envStore(location.store);
      const value = env[`${prefix}${variableOf(secretPathOf(location))}`];
      if (value === undefined) return undefined;
      // The system's bytes were text of another encoding, or none: what was there is lost.
      if (value.includes("\ufffd")) throw notText(location);
      return new Secret(value);
    },
    async check(store) {
      envStore(store);
    },
  };
}

/** `mxm/dev/api-key` is MXM_DEV_API_KEY (mxm-secrets 0.2.0, its env backend). Throws `configuration` for what no variable is called. */
function variableOf(path: string): string {
  const name = path.toUpperCase().replace(/[-/]/g, "_");
  if (!name.includes("=")) return name;
  throw new KeywrightError("configuration", "the path of a secret in the environment has an equals sign");
}
