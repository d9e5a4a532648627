// The logins that menda-cli keeps in ~/.menda/tokens/cache/.token, read as menda-keyring 0.0.2 reads them. It never writes
// there (share-login.ts does, when a person asks for it): the file names no host, so what a machine exchange put in could
// later be sent to another one.
import { InvalidCachedTokenError } from "../errors.ts";
import { Secret } from "../secret.ts";
import { parseIni } from "./ini.ts";
import { mendaFolder } from "./mendacfg.ts";
import { readOwnFile } from "./own-file.ts";
import { pythonFloat } from "./python-float.ts";
import { pythonRepr } from "./python-repr.ts";

/** A login counts as expired this long before it is. */
const MARGIN_SECONDS = 60;

export function tokenCachePath(home: string): string {
  return `${mendaFolder(home)}/tokens/cache/.token`;
}

/**
 * The login under this key (a profile, or a client id); undefined when there is none that is valid, or the file cannot
 * be read. Throws InvalidCachedTokenError when its times are not numbers, IniError when the file cannot be understood.
 */
export function cachedLogin(home: string, key: string, now: number): Secret | undefined {
  const login = findLogin(home, key, now);
  return login === "none" || login === "expired" ? undefined : login;
}

/** Like cachedLogin, but tells the two kinds of absence apart. */
export function findLogin(home: string, key: string, now: number): Secret | "none" | "expired" {
  const path = tokenCachePath(home);
  const file = readOwnFile(path);
  if (file.state !== "read") return "none";
  const cache = parseIni(file.text, path);
  if (!cache.has(key)) return "none";
  const cachedAt = cache.get(key, "cached_at") ?? "";
  const expiresIn = cache.get(key, "expires_in") ?? "";
  let expiresAt: number | undefined;
  if (cachedAt !== "" && expiresIn !== "") {
    const from = pythonFloat(cachedAt);
    const lifetime = pythonFloat(expiresIn);
    if (from === undefined || lifetime === undefined) throw invalid(path, key);
    if (now - from >= lifetime - MARGIN_SECONDS) return "expired";
    if (Number.isFinite(from + lifetime)) expiresAt = from + lifetime;
  }
  const token = cache.get(key, "id_token") || cache.get(key, "access_token");
  return token === undefined || token === "" ? "none" : new Secret(token, { expiresAt });
}

function invalid(path: string, key: string): InvalidCachedTokenError {
  return new InvalidCachedTokenError(
    "authentication",
    `Token cache key ${pythonRepr(key)} in ${path} has invalid cached_at/expires_in; ` +
      "delete the file or run 'menda auth login' again.",
    { hint: "Run 'keywright auth login'." },
  );
}
