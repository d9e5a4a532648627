// The identities of an age store: from a key file, or from one that is itself encrypted with a passphrase (as gopass keeps
// them). Opened once while the file stays the same; the passphrase comes from an environment variable, never from a prompt.
import { statSync } from "node:fs";
import type { Identity } from "age-encryption";
import { asKeywrightError, KeywrightError } from "../errors.ts";
import type { Environment } from "../io/spawn.ts";
import { readTrusted } from "../io/trusted.ts";
import { isAgeFile, opener, type Opener } from "./age-decrypt.ts";
import type { AgeSettings } from "./age-options.ts";
import { passphraseIdentity } from "./age-passphrase.ts";

export interface Identities {
  /**
   * What opens the files of this store. Throws `locked` while a passphrase is missing, `authentication` when it is wrong or
   * there is no identity, `configuration` when others can read or write the identities.
   */
  openerFor(store: string, settings: AgeSettings): Promise<Opener>;
}

export function createIdentities(env: Environment): Identities {
  // By file and variable, not by store: several stores are often roots in one folder, and opening takes a second.
  const kept = new Map<string, { readonly stamp: string; readonly opener: Promise<Opener> }>();
  function openerOf(settings: AgeSettings): Promise<Opener> {
    const key = JSON.stringify([settings.identities, settings.passphraseEnv]);
    const stamp = stampOf(settings);
    const known = kept.get(key);
    if (known?.stamp === stamp) return known.opener;
    const made = makeOpener(settings, env);
    kept.set(key, { stamp, opener: made });
    made.catch(() => kept.delete(key)); // what failed is tried again the next time
    return made;
  }
  return {
    async openerFor(store, settings) {
      try {
        return await openerOf(settings);
      } catch (error) {
        const { code, message, hint } = asKeywrightError(error);
        throw new KeywrightError(code, `store ${store}: ${message}`, { hint });
      }
    },
  };
}

async function makeOpener(settings: AgeSettings, env: Environment): Promise<Opener> {
  const { identities: path } = settings;
  if (path === undefined) return opener([passphraseOf(settings, env)], "the passphrase does not open it");
  const file = readTrusted(path, { hidden: true });
  if (file === undefined) {
    throw new KeywrightError("authentication", "the file with its identities is not there", {
      hint: `Put the identities at ${path}, or correct the option that names them.`,
    });
  }
  const text = isAgeFile(file) ? await unlocked(file, settings, env) : file.toString("utf8");
  return fromKeys(keysIn(text), path);
}

async function unlocked(file: Buffer, settings: AgeSettings, env: Environment): Promise<string> {
  const passphrase = passphraseOf(settings, env);
  const outer = opener([passphrase], `the passphrase in ${settings.passphraseEnv} does not open them`);
  return Buffer.from(await outer.open(file, "its identities")).toString("utf8");
}

function passphraseOf({ passphraseEnv }: AgeSettings, env: Environment): Identity {
  const passphrase = passphraseEnv === undefined ? "" : (env[passphraseEnv] ?? "");
  if (passphrase !== "") return passphraseIdentity(passphrase);
  throw new KeywrightError("locked", "it is locked: it needs a passphrase", {
    hint:
      passphraseEnv === undefined
        ? "Its identities are encrypted: let the option passphrase_env name the environment variable with their passphrase."
        : `Put the passphrase into the environment variable ${passphraseEnv}.`,
  });
}

/** age's own format has one a line and comments; gopass writes `identity|recipient` for some. */
function keysIn(text: string): readonly string[] {
  const lines = text.split("\n").map((line) => line.trim().split("|")[0] ?? "");
  return lines.filter((line) => line.startsWith("AGE-SECRET-KEY-"));
}

function fromKeys(keys: readonly string[], path: string): Opener {
  const unusable = (fault: string): KeywrightError =>
    new KeywrightError("authentication", fault, {
      hint: `Look into ${path}: each line that begins with AGE-SECRET-KEY- is one. Plugins and SSH keys cannot be used.`,
    });
  if (keys.length === 0) throw unusable("there is no identity that can be used in process");
  try {
    return opener(keys, "the file is not encrypted to any identity of the store");
  } catch {
    throw unusable("an identity is malformed");
  }
}

/** Changes when the file is replaced or its rights are changed. */
function stampOf({ identities }: AgeSettings): string {
  const stats = identities === undefined ? undefined : statSync(identities, { throwIfNoEntry: false });
  return JSON.stringify([stats?.ino, stats?.size, stats?.mtimeMs, stats?.mode]);
}
