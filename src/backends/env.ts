// env: values in the environment of this process, under the names that mxm-secrets 0.2 gave them. It starts nothing and
// reads no file.
import type { Environment } from "../io/spawn.ts";
import type { Backend } from "../resolver/backend.ts";
import { secretPathOf } from "../resolver/location.ts";
import { notText } from "../resolver/secret-faults.ts";
import { Secret } from "../secret.ts";
import { envStore, variableOf } from "./env-options.ts";

export function envBackend({ env }: { readonly env: Environment }): Backend {
  return {
    async retrieve(location) {
      const value = env[variableOf(location.store, secretPathOf(location))];
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
