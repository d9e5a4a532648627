// What the keyringrc.cfg of keyrings.codeartifact 2.1.2 says about an address of CodeArtifact, for people who come from there. It asks
// nobody, and does not do what that file cannot be trusted with: turn TLS verification off, or use a section that contradicts the address.
import { isAbsolute } from "node:path";
import { KeywrightError } from "../errors.ts";
import type { CodeArtifactTarget } from "../resolver/codeartifact.ts";
import { Secret } from "../secret.ts";
import { keyringrcPath, type KeyringrcPlace } from "./keyringrc-path.ts";
import { sectionFor, type Section } from "./keyringrc-sections.ts";
import { readOwnFile } from "./own-file.ts";

export interface Keyringrc {
  /** The name of an AWS profile; undefined: none is named. */
  readonly profile?: string | undefined;
  /** How long a token lives, seconds: 0 (as long as the session) or 900 to 43,200; undefined: not said. */
  readonly duration?: number | undefined;
  /** They come before the profile; undefined: none are written there. */
  readonly keys?: { readonly accessKeyId: string; readonly secretAccessKey: Secret } | undefined;
  /** An absolute path of certificates to verify with; undefined: the usual ones. */
  readonly caFile?: string | undefined;
  /** Which section says so, for people: `[codeartifact name="repo"] of /home/…/keyringrc.cfg`. */
  readonly section: string;
}

export interface KeyringrcOptions extends KeyringrcPlace {
  /** An absolute path to read instead; undefined: where keyring looks. */
  readonly file?: string | undefined;
}

/**
 * Reads the file at the first question, once. The function returns undefined when there is no file, or no section for this address,
 * and throws `configuration` for a file or section that cannot be used: others can write it, `verify=false`, half a key pair, ….
 */
export function keyringrcFor(place: KeyringrcOptions): (target: CodeArtifactTarget) => Keyringrc | undefined {
  let known: { readonly text: string | undefined } | undefined;
  return (target) => {
    const file = place.file ?? keyringrcPath(place);
    if (file === undefined) return undefined;
    known ??= { text: textOf(file) };
    if (known.text === undefined) return undefined;
    const section = sectionFor(known.text, file, target);
    return section && settingsOf(section, file);
  };
}

function textOf(file: string): string | undefined {
  const read = readOwnFile(file);
  if (read.state === "read") return read.text;
  if (read.state === "missing") return undefined;
  throw new KeywrightError("configuration", `${file} cannot be read (${read.reason})`, {
    hint: "Make it a file that you can read, or remove it.",
  });
}

function settingsOf(section: Section, file: string): Keyringrc {
  const shown = `[${section.name}] of ${file}`;
  return {
    profile: section.value("profile_name"),
    duration: durationOf(section, shown),
    keys: keysOf(section, shown),
    caFile: caFileOf(section, shown),
    section: shown,
  };
}

function durationOf(section: Section, shown: string): number | undefined {
  const text = section.value("token_duration");
  if (text === undefined) return undefined;
  const seconds = /^[0-9]{1,6}$/.test(text) ? Number(text) : -1;
  if (seconds === 0 || (seconds >= 900 && seconds <= 43_200)) return seconds;
  throw new KeywrightError("configuration", `${shown}: token_duration is ${JSON.stringify(text)}`, {
    hint: "AWS takes 900 to 43200 seconds, or 0 for as long as the session of the role lives.",
  });
}

function keysOf(section: Section, shown: string): Keyringrc["keys"] {
  const accessKeyId = section.value("aws_access_key_id");
  const secret = section.value("aws_secret_access_key");
  if (accessKeyId !== undefined && secret !== undefined)
    return { accessKeyId, secretAccessKey: new Secret(secret) };
  if (accessKeyId === undefined && secret === undefined) return undefined;
  const missing = accessKeyId === undefined ? "aws_access_key_id" : "aws_secret_access_key";
  throw new KeywrightError(
    "configuration",
    `${shown}: ${missing} is missing beside the other half of the key`,
    {
      hint: "Write both, or neither and a profile_name.",
    },
  );
}

function caFileOf(section: Section, shown: string): string | undefined {
  const verify = section.value("verify")?.replace(/^"+|"+$/g, "");
  if (verify === undefined || /^(?:1|yes|on|true)$/i.test(verify)) return undefined;
  if (/^(?:0|no|off|false)$/i.test(verify)) {
    throw new KeywrightError(
      "configuration",
      `${shown}: verify=${verify} would send AWS credentials to whoever answers, so it is refused`,
      {
        hint: "Remove it, or write verify=/PATH with the certificates of the authority that your network uses.",
      },
    );
  }
  if (isAbsolute(verify)) return verify;
  throw new KeywrightError(
    "configuration",
    `${shown}: verify=${JSON.stringify(verify)} is no absolute path`,
    {
      hint: "Write the whole path of a file with certificates: the working directory has no say in whom we trust.",
    },
  );
}
