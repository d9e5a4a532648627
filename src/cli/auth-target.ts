// Which profile and host a login is for, and the profile in mendacfg when there is none or its host changes. It asks before
// it changes one; what else is in the file stays.
import { realpathSync } from "node:fs";
import { parseIni } from "../account/ini.ts";
import { isSectionName, setIniSection } from "../account/ini-write.ts";
import { mendacfgPath, mendacfgText } from "../account/mendacfg.ts";
import { KeywrightError } from "../errors.ts";
import { writePrivate, writing } from "../io/files.ts";
import { isLoopback } from "../loopback.ts";

export interface Target {
  readonly profile: string;
  /** Without a slash at its end. */
  readonly host: string;
  /** The host that the profile has, without a slash at its end; undefined: there is no such profile, or it has none. */
  readonly before: string | undefined;
}

export interface Wanted {
  readonly profile: string;
  /** undefined: the profile's. */
  readonly host: string | undefined;
  readonly home: string;
}

/** Throws `configuration` for a profile without a host when none is named, and for the profile of a machine. */
export function targetOf({ profile, host, home }: Wanted): Target {
  const path = mendacfgPath(home);
  const values = parseIni(mendacfgText(path) ?? "", path).all(profile);
  if (!isSectionName(profile))
    throw new KeywrightError("usage", `not a name for a profile: ${JSON.stringify(profile)}`);
  if (values?.get("auth_type") === "m2m") {
    throw new KeywrightError("configuration", `the profile ${profile} is a machine's: it needs no login`, {
      hint: "Log in under another profile (--profile), or change this one with 'keywright auth configure'.",
    });
  }
  const before = values?.get("host")?.replace(/\/+$/, "") || undefined;
  const wanted = host === undefined ? before : hostFrom(host);
  if (wanted !== undefined) return { profile, host: wanted, before };
  throw new KeywrightError("configuration", `nothing says which host the profile ${profile} is for`, {
    hint: "Name it once: keywright auth login --host https://menda.example",
  });
}

/** What a person writes for a host: the scheme may be left out. Throws `usage`. */
export function hostFrom(text: string): string {
  const written = text.trim().replace(/\/+$/, "");
  const url = URL.parse(/^[a-z][a-z0-9+.-]*:\/\//i.test(written) ? written : `https://${written}`);
  const plain = url?.protocol === "http:" && isLoopback(url.hostname);
  if (
    url !== null &&
    (url.protocol === "https:" || plain) &&
    `${url.search}${url.hash}${url.username}${url.password}` === ""
  )
    return url.href.replace(/\/+$/, "");
  throw new KeywrightError("usage", "the host is not of the form https://menda.example", {
    hint: "Plain http is for loopback addresses only; no user name, query or fragment.",
  });
}

export const changesProfile = ({ host, before }: Target): boolean => host !== before;

/** Writes the profile, if it is not as it should be. */
export function writeTarget(home: string, target: Target): void {
  if (!changesProfile(target)) return;
  const path = mendacfgPath(home);
  const data = { auth_type: "u2m", host: target.host };
  // Read again: the person may have taken a while.
  const text = setIniSection(mendacfgText(path) ?? "", path, target.profile, data);
  writing(path, () => writePrivate(throughLinks(path), text));
}

/** A file that somebody keeps elsewhere and links to stays a link. */
export function throughLinks(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
