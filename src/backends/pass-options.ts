// The options of a pass store and of its refs. It reads nothing and starts nothing.
import { isAbsolute } from "node:path";
import { refOptions, storeOptions } from "../resolver/options.ts";
import type { SecretRef } from "../resolver/ref.ts";
import type { SecretStore } from "../resolver/store.ts";

export interface PassStore {
  /** Seconds for one answer; undefined: 10, or 60 when a person sits at the terminal. */
  readonly timeout: number | undefined;
  /** The folder of the password store, absolute; undefined: `.password-store` in the home folder. */
  readonly folder: string | undefined;
}

/** Throws `configuration`. */
export function passStore(store: SecretStore): PassStore {
  const options = storeOptions(store, ["timeout", "folder"]);
  const folder = options.text("folder");
  if (folder !== undefined && !isAbsolute(folder)) throw options.fault("folder", "an absolute path");
  return { timeout: options.positive("timeout", 3600, "seconds"), folder };
}

/** `body`: the whole entry, not its first line. Throws `configuration`. */
export function passRef(ref: SecretRef, store: SecretStore): { readonly body: boolean } {
  return { body: refOptions(ref, store, ["body"]).flag("body") ?? false };
}
