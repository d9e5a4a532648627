// Which variables of the environment hold values or credentials of stores: what a program that `keywright run` starts has no
// business with. It reads none of them.
import { ageSettings } from "./backends/age-options.ts";
import { variableOf } from "./backends/env-options.ts";
import { vaultSettings, type Credential } from "./backends/vault-options.ts";
import type { SecretRef } from "./resolver/ref.ts";
import type { SecretStore } from "./resolver/store.ts";

/** The options have been checked. A program of an exec store may need its variables (`pass_env`) elsewhere: they are not among these. */
export function storeVariables(
  stores: ReadonlyMap<string, SecretStore>,
  refs: readonly SecretRef[],
): readonly string[] {
  const all = [...stores.values()].flatMap((store) =>
    variablesOf(
      store,
      refs.filter((ref) => ref.store === store.name),
    ),
  );
  return [...new Set(all)];
}

function variablesOf(store: SecretStore, refs: readonly SecretRef[]): readonly string[] {
  switch (store.backend) {
    case "env":
      return refs.flatMap(({ path }) => (path === undefined ? [] : [variableOf(store, below(store, path))]));
    case "gopass":
      return ["GOPASS_AGE_PASSWORD"];
    case "age": {
      const { passphraseEnv } = ageSettings(store);
      return passphraseEnv === undefined ? [] : [passphraseEnv];
    }
    case "vault":
      return Object.values(vaultSettings(store).auth).flatMap((part) =>
        isVariable(part) ? [part.name] : [],
      );
    default:
      return [];
  }
}

function below({ root }: SecretStore, path: string): string {
  return root === "" ? path : `${root}/${path}`;
}

function isVariable(part: unknown): part is Extract<Credential, { from: "variable" }> {
  return typeof part === "object" && part !== null && (part as Credential).from === "variable";
}
