// What every backend says about the options of its stores and refs. It loads no backend: each tells its options in a file
// or a function of its own, without reading or starting anything.
import { ageRefOptions, ageSettings } from "./backends/age-options.ts";
import { envStore } from "./backends/env-options.ts";
import { execSettings } from "./backends/exec-options.ts";
import { fileRef, fileStore } from "./backends/file-options.ts";
import { gopassRef, gopassStore } from "./backends/gopass-options.ts";
import { codeArtifactSettings } from "./backends/codeartifact-options.ts";
import { mendaSettings } from "./backends/menda.ts";
import { passRef, passStore } from "./backends/pass-options.ts";
import { vaultRefOptions, vaultSettings } from "./backends/vault-options.ts";
import { KeywrightError } from "./errors.ts";
import type { SecretRef } from "./resolver/ref.ts";
import type { SecretStore } from "./resolver/store.ts";

/** By backend. Each throws `configuration` for an option that the backend does not know or cannot use. */
const STORES: Readonly<Record<string, (store: SecretStore) => void>> = {
  menda: mendaSettings,
  codeartifact: codeArtifactSettings,
  env: envStore,
  file: fileStore,
  gopass: gopassStore,
  pass: passStore,
  age: ageSettings,
  exec: execSettings,
  vault: vaultSettings,
};

/** A backend that is not here has no options for refs. */
const REFS: Readonly<Record<string, (ref: SecretRef, store: SecretStore) => void>> = {
  file: fileRef,
  gopass: gopassRef,
  pass: passRef,
  age: ageRefOptions,
  vault: vaultRefOptions,
};

export function checkStore(store: SecretStore): void {
  STORES[store.backend]?.(store);
}

export function checkRef(ref: SecretRef, store: SecretStore): void {
  (REFS[store.backend] ?? noOptions)(ref, store);
}

function noOptions(ref: SecretRef, store: SecretStore): void {
  const [first] = Object.keys(ref.options);
  if (first === undefined) return;
  throw new KeywrightError("configuration", `unknown option ${first}`, {
    hint: `A ref of a ${store.backend} store has no options.`,
  });
}
