// The options of age stores and of the refs to them. It reads neither a file nor the environment.
import { isAbsolute } from "node:path";
import { refOptions, storeOptions } from "../resolver/options.ts";
import type { SecretRef } from "../resolver/ref.ts";
import type { SecretStore } from "../resolver/store.ts";

export interface AgeSettings {
  /** Absolute; the secrets are `<folder>/<path>.age`. */
  readonly folder: string;
  /** Absolute; the file with the identities; undefined: the secrets themselves have a passphrase. */
  readonly identities: string | undefined;
  /** The environment variable with the passphrase of the identities, or of the secrets; undefined: there is none. */
  readonly passphraseEnv: string | undefined;
  /** `gopass`: the first line is the value. `raw`: all of it is. */
  readonly format: "gopass" | "raw";
}

/** The variable that gopass itself asks before it would start a pinentry. */
const GOPASS_VARIABLE = "GOPASS_AGE_PASSWORD";

/** Throws `configuration`. */
export function ageSettings(store: SecretStore): AgeSettings {
  const known = ["folder", "identity_file", "gopass_identities", "passphrase_env", "format"];
  const options = storeOptions(store, known);
  const absolute = (key: string): string | undefined => {
    const path = options.text(key);
    if (path !== undefined && !isAbsolute(path)) throw options.fault(key, "an absolute path");
    return path;
  };
  const folder = absolute("folder");
  if (folder === undefined)
    throw options.fault("folder", "the absolute path of the folder with the .age files");
  const plain = absolute("identity_file");
  const gopass = absolute("gopass_identities");
  const named = options.text("passphrase_env");
  if (named !== undefined && !VARIABLE.test(named))
    throw options.fault("passphrase_env", "the name of an environment variable");
  if (plain !== undefined && gopass !== undefined)
    throw options.fault("identity_file", "absent where gopass_identities is given");
  const passphraseEnv = named ?? (gopass === undefined ? undefined : GOPASS_VARIABLE);
  const identities = plain ?? gopass;
  if (identities === undefined && passphraseEnv === undefined)
    throw options.fault("identity_file", "given, or gopass_identities, or passphrase_env");
  const format = options.choice("format", ["gopass", "raw"]) ?? (gopass === undefined ? "raw" : "gopass");
  return { folder, identities, passphraseEnv, format };
}

/** `body`: all of a gopass entry instead of its first line. Throws `configuration`. */
export function ageRefOptions(ref: SecretRef, store: SecretStore): { readonly body: boolean } {
  return { body: refOptions(ref, store, ["body"]).flag("body") ?? false };
}

const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;
