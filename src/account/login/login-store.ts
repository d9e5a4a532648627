// The logins of this user, one file for a host and a profile, readable by nobody else; the refresh token may lie in the
// system's keychain instead. It keeps and finds; it neither refreshes nor judges whether a login is still good.
import { readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { randomHex, sha256 } from "../../digest.ts";
import { asKeywrightError, type KeywrightError } from "../../errors.ts";
import type { Clock } from "../../io/clock.ts";
import { ensurePrivateFolder, readPrivate, writePrivate, writing } from "../../io/files.ts";
import { keychain, type LoginPlace } from "../../io/keychain.ts";
import { holdLock, withLock } from "../../io/lock.ts";
import { Secret } from "../../secret.ts";
import type { KnownLogin, Login } from "./login.ts";
import { entryFor, knownLogin, parseEntry, unreadable, type Entry } from "./login-entry.ts";

export type { KnownLogin, Login } from "./login.ts";

export interface LoginStoreOptions {
  readonly home: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  /** Where a new login's refresh token goes; undefined: a file. A login that is there stays where it is. */
  readonly place?: LoginPlace | undefined;
}

export interface LoginStore {
  /** undefined: nobody is logged in there. Throws `configuration` for what cannot be read or trusted, `locked` for a keychain. */
  find(host: string, profile: string): Login | undefined;
  /** As `find`, without its refresh token, and without asking the keychain. */
  glance(host: string, profile: string): KnownLogin | undefined;
  /** Throws `backend` where no login can be kept: better before somebody logs in than afterwards. */
  ready(host: string, profile: string): void;
  /** Keeps it in place of what was there, on the disk when this returns. With an `id`, the caller is in `alone`. */
  keep(login: Login): void;
  /** Returns false when there was none. `id`: only that login, and the caller is in `alone`. */
  forget(host: string, profile: string, id?: string): boolean;
  /** `broken` is told of each file that cannot be read or trusted; undefined: that is thrown. */
  list(broken?: (error: KeywrightError, path: string) => void): readonly KnownLogin[];
  /** Runs `work` while nobody else keeps or forgets this login. Throws `timed_out`. */
  alone<T>(host: string, profile: string, work: () => Promise<T>): Promise<T>;
}

/** Longer than one refresh may take. */
const WAIT_MS = 25_000;

export function loginFolder(home: string): string {
  return join(home, ".local", "state", "keywright", "logins");
}

export function loginFileOf(home: string, host: string, profile: string): string {
  return join(loginFolder(home), `${sha256(JSON.stringify([host, profile]))}.json`);
}

export function loginStore({ home, env, clock, place = "file" }: LoginStoreOptions): LoginStore {
  const folder = loginFolder(home);
  const fileOf = (host: string, profile: string): string => loginFileOf(home, host, profile);
  const entryOf = (host: string, profile: string): Entry | undefined => {
    const path = fileOf(host, profile);
    const entry = entryIn(path);
    // A file that somebody put in another's place: its tokens are not for this host.
    if (entry !== undefined && (entry.host !== host || entry.profile !== profile)) throw unreadable(path);
    return entry;
  };
  const locking = { clock, timeoutMs: WAIT_MS };
  const changing = <T>(path: string, work: () => T): T =>
    writing(path, () => {
      ensurePrivateFolder(folder);
      return withLock(`${path}.lock`, locking, work);
    });

  function write(login: Login, id: string, before: Entry | undefined): void {
    const entry = entryFor(login, id, before?.id === id ? before.kept : place);
    // The keychain first: a file that speaks of what is not there would be a login that cannot be refreshed.
    if (entry.kept === "keychain" && login.refreshToken !== undefined)
      keychain(env).keep(nameIn(id), login.refreshToken.reveal());
    writePrivate(fileOf(login.host, login.profile), `${JSON.stringify(entry)}\n`, true);
    if (before !== undefined && before.id !== id) forgetSecret(before, env);
  }

  function remove(path: string, id: string | undefined): boolean {
    if (statSync(path, { throwIfNoEntry: false }) === undefined) return false;
    const entry = orUndefined(() => entryIn(path));
    if (id !== undefined && entry?.id !== id) return false;
    rmSync(path);
    if (entry !== undefined) forgetSecret(entry, env);
    return true;
  }

  return {
    find(host, profile) {
      const entry = entryOf(host, profile);
      return entry === undefined
        ? undefined
        : { ...knownLogin(entry), refreshToken: refreshTokenOf(entry, env) };
    },
    glance(host, profile) {
      const entry = entryOf(host, profile);
      return entry === undefined ? undefined : knownLogin(entry);
    },
    ready: (host, profile) => changing(fileOf(host, profile), () => undefined),
    keep(login) {
      const path = fileOf(login.host, login.profile);
      const { id } = login;
      if (id !== undefined) return writing(path, () => write(login, id, entryIn(path)));
      changing(path, () =>
        write(
          login,
          randomHex(16),
          orUndefined(() => entryIn(path)),
        ),
      );
    },
    forget(host, profile, id) {
      const path = fileOf(host, profile);
      if (id !== undefined || statSync(folder, { throwIfNoEntry: false }) === undefined)
        return writing(path, () => remove(path, id));
      return changing(path, () => remove(path, undefined));
    },
    list(broken) {
      const names = namesIn(folder).filter((name) => name.endsWith(".json"));
      const found = names
        .flatMap((name) => {
          const path = join(folder, name);
          try {
            return entryIn(path) ?? [];
          } catch (thrown) {
            if (broken === undefined) throw thrown;
            broken(asKeywrightError(thrown), path);
            return [];
          }
        })
        .map(knownLogin);
      return found.sort((a, b) => (order(a) < order(b) ? -1 : 1));
    },
    alone: (host, profile, work) => holdLock(`${fileOf(host, profile)}.lock`, locking, work),
  };
}

function order({ host, profile }: KnownLogin): string {
  return JSON.stringify([host, profile]);
}

function entryIn(path: string): Entry | undefined {
  const text = readPrivate(path);
  return text === undefined ? undefined : parseEntry(text, path);
}

function refreshTokenOf(entry: Entry, env: LoginStoreOptions["env"]): Secret | undefined {
  const text = entry.kept === "keychain" ? keychain(env).find(nameIn(entry.id)) : entry.refresh_token;
  return text === undefined ? undefined : new Secret(text);
}

function forgetSecret({ kept, id }: Entry, env: LoginStoreOptions["env"]): void {
  if (kept === "keychain") keychain(env).forget(nameIn(id));
}

/** What the keychain knows a login's refresh token by. */
function nameIn(id: string): string {
  return `login-${id}`;
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

/** A damaged login is in nobody's way when it is replaced or removed. */
function orUndefined<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
