// Registries: models by their names, to look at. They decide nothing, and a SecretsApi does not change when they do.
import { suggestion } from "../config/fault.ts";
import { KeywrightError } from "../errors.ts";
import type { SecretPolicy, SecretRef, SecretStore } from "./models.ts";

export interface Registry<T, Name extends string = string> {
  /** Throws `unknown` for a name that is not there. */
  get(name: Name): T;
  contains(name: string): name is Name;
  /** Sorted. */
  names(): readonly Name[];
}

interface Maker<T> {
  /** Throws `configuration` when two have the same name. */
  of(models: Iterable<T>): Registry<T>;
}

export type SecretRefRegistry<Name extends string = string> = Registry<SecretRef, Name>;
export const SecretRefRegistry: Maker<SecretRef> = { of: (refs) => registryOf("secret name", refs) };

export type SecretStoreRegistry = Registry<SecretStore>;
export const SecretStoreRegistry: Maker<SecretStore> = { of: (stores) => registryOf("secret store", stores) };

export type SecretPolicyRegistry = Registry<SecretPolicy>;
export const SecretPolicyRegistry: Maker<SecretPolicy> = {
  of: (policies) => registryOf("secret policy", policies),
};

function registryOf<T extends { readonly name: string }>(what: string, models: Iterable<T>): Registry<T> {
  const byName = new Map<string, T>();
  for (const model of models) {
    if (byName.has(model.name))
      throw new KeywrightError("configuration", `two have the ${what} '${model.name}'`);
    byName.set(model.name, model);
  }
  return Object.freeze({
    get(name: string): T {
      const model = byName.get(name);
      if (model !== undefined) return model;
      const said = String(name).slice(0, 80);
      throw new KeywrightError("unknown", `there is no ${what} ${JSON.stringify(said)}`, {
        hint: suggestion(said, byName.keys()),
      });
    },
    contains: (name: string): name is string => byName.has(name),
    names: () => [...byName.keys()].sort(),
  });
}
