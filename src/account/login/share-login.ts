// A login in the cache that menda-keyring and menda-cli read (~/.menda/tokens/cache/.token), in their format: one section a
// profile, with the keys that menda-cli accepts and no other. Refresh tokens of ours never go there. It leaves every other
// section as it is; menda-cli itself knows no lock, so what it writes at the same moment may be lost, or ours.
import { chmodSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { KeywrightError } from "../../errors.ts";
import type { Clock } from "../../io/clock.ts";
import { ensurePrivateFolder, writing } from "../../io/files.ts";
import { withLock } from "../../io/lock.ts";
import { replaceFile } from "../../io/replace.ts";
import type { Secret } from "../../secret.ts";
import { parseIni } from "../ini.ts";
import { dropIniSection, isSectionName, setIniSection } from "../ini-write.ts";
import { readOwnFile } from "../own-file.ts";
import { tokenCachePath } from "../token-cache.ts";

export interface SharedLogin {
  readonly accessToken: Secret;
  /** undefined: there is none. Where there is one, the originals prefer it to the access token. */
  readonly idToken?: Secret | undefined;
  /** Seconds from now on. */
  readonly expiresIn: number;
  readonly tokenType?: string | undefined;
}

/** Writes the login under the profile, in place of what was there. Throws when the file cannot be read, trusted or written. */
export function shareLogin(home: string, profile: string, login: SharedLogin, clock: Clock): void {
  if (!isSectionName(profile)) {
    throw new KeywrightError("configuration", `the profile ${JSON.stringify(profile)} cannot be shared`, {
      hint: "menda-cli keeps a login under the profile's name; this one cannot be a section of its file.",
    });
  }
  const entries = {
    id_token: login.idToken?.reveal() ?? "",
    access_token: login.accessToken.reveal(),
    refresh_token: "",
    expires_in: String(Math.floor(login.expiresIn)), // menda-cli takes whole numbers only.
    token_type: login.tokenType ?? "Bearer",
    cached_at: String(Math.floor(clock.now() * 1000) / 1000),
  };
  changed(home, clock, (text, path) => setIniSection(text, path, profile, entries));
}

/** Takes the profile's login out; `only`: only if it is this token. Returns false when there was none. */
export function unshareLogin(home: string, profile: string, clock: Clock, only?: Secret): boolean {
  if (readOwnFile(tokenCachePath(home)).state === "missing") return false;
  let found = false;
  changed(home, clock, (text, path) => {
    const cache = parseIni(text, path);
    found = cache.sections.includes(profile);
    const tokens = ["access_token", "id_token"].map((key) => (found ? cache.get(profile, key) : undefined));
    found &&= only === undefined || tokens.includes(only.reveal());
    return found ? dropIniSection(text, path, profile) : text;
  });
  return found;
}

/** Under a lock; the new file is ours alone from its first byte, and so is its folder, whoever made it. */
function changed(home: string, clock: Clock, change: (text: string, path: string) => string): void {
  const path = tokenCachePath(home);
  writing(path, () => changedAt(path, clock, change));
}

function changedAt(path: string, clock: Clock, change: (text: string, path: string) => string): void {
  const folder = dirname(path);
  ensurePrivateFolder(folder);
  withLock(`${path}.lock`, { clock, timeoutMs: 10_000 }, () => {
    const file = readOwnFile(path);
    if (file.state === "unreadable")
      throw new KeywrightError("configuration", `${path} cannot be read (${file.reason})`);
    const before = file.state === "read" ? file.text : "";
    const after = change(before, path);
    if (after === before) return;
    const { mode, uid } = statSync(folder);
    if ((mode & 0o077) !== 0 && uid === process.geteuid?.()) chmodSync(folder, 0o700);
    replaceFile(path, after, 0o600);
  });
}
