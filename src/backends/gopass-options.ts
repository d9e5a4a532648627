// The options of a gopass store and of its refs. It reads nothing and starts nothing.
import { refOptions, storeOptions } from "../resolver/options.ts";
import type { SecretRef } from "../resolver/ref.ts";
import type { SecretStore } from "../resolver/store.ts";

export interface GopassStore {
  /** Seconds for one answer; undefined: 10, or 60 when a person sits at the terminal. */
  readonly timeout: number | undefined;
}

/** Throws `configuration`. */
export function gopassStore(store: SecretStore): GopassStore {
  return { timeout: storeOptions(store, ["timeout"]).positive("timeout", 3600, "seconds") };
}

/** `body`: the whole entry, not its first line. Throws `configuration`. */
export function gopassRef(ref: SecretRef, store: SecretStore): { readonly body: boolean } {
  return { body: refOptions(ref, store, ["body"]).flag("body") ?? false };
}
