// `keywright auth logout`: tells the host that the login is over, and forgets it here, whatever the host says: with what it
// got from the host, the leased registry passwords.
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { parseIni } from "../account/ini.ts";
import { revokeLogin } from "../account/login/login-revoke.ts";
import type { KnownLogin } from "../account/login/login-store.ts";
import { mendacfgPath, mendacfgText } from "../account/mendacfg.ts";
import { unshareLogin } from "../account/login/share-login.ts";
import { findLogin } from "../account/token-cache.ts";
import { asKeywrightError, KeywrightError } from "../errors.ts";
import { Secret } from "../secret.ts";
import { type AuthPlace, authPlace, profileOf } from "./auth-place.ts";
import type { CliContext } from "./context.ts";

export interface LogoutOptions {
  readonly profile?: string;
  readonly all?: boolean;
  readonly json?: boolean;
}

interface Row {
  readonly profile: string;
  /** null: the shared cache does not say. */
  readonly host: string | null;
  /** True: the host said that its tokens are worth nothing any more. */
  readonly revoked: boolean;
}

/** Seconds for one host. */
const PATIENCE = 10;

export async function logout(options: LogoutOptions, context: CliContext): Promise<void> {
  const place = await authPlace(context);
  const profile = profileOf(options.profile, place.env);
  const every = options.all === true;
  const rows: Row[] = [];
  for (const login of listed(place, every, context).filter((one) => every || one.profile === profile))
    rows.push(await loggedOut(login, place, context));
  // What menda-cli put there, or a login whose trace here is gone.
  for (const name of every ? sharedProfiles(place) : []) {
    if (unshareLogin(place.home, name, place.clock)) rows.push({ profile: name, host: null, revoked: false });
  }
  const left = !every && isLeft(profile, place);
  if (rows.length === 0) throw nobody(profile, options, left);
  dropLeases(place);
  for (const { profile: name, host } of rows)
    context.err(`logged out: ${name}${host === null ? "" : ` at ${host}`}\n`);
  if (left) context.err(`a login of menda-cli is left under the profile ${profile}; it goes with --all\n`);
  if (options.json === true) context.out(`${JSON.stringify(rows)}\n`);
}

/** True when menda-cli's cache has a login that the originals, and keyring, would use. */
function isLeft(profile: string, { home, clock }: AuthPlace): boolean {
  try {
    return findLogin(home, profile, clock.now()) instanceof Secret;
  } catch {
    return false; // It is damaged, so that nobody can use it.
  }
}

/** Those of other logins go with them: whose a lease is, only its key knows. They are fetched again when they are asked for. */
function dropLeases({ home, log }: AuthPlace): void {
  const folder = join(home, ".cache", "keywright", "leases");
  try {
    for (const name of readdirSync(folder)) rmSync(join(folder, name), { force: true });
  } catch (thrown) {
    log?.debug?.(`logout: leases stay until they end (${asKeywrightError(thrown).message})`);
  }
}

/** A login that cannot be read keeps no other one from being ended; --all removes it, and no host can be told. */
function listed({ store }: AuthPlace, every: boolean, { err }: CliContext): readonly KnownLogin[] {
  return store.list(({ message, hint }, path) => {
    if (every) rmSync(path);
    err(`${message}${every ? "; it was removed" : hint === undefined ? "" : `\n  ${hint}`}\n`);
  });
}

async function loggedOut(login: KnownLogin, place: AuthPlace, context: CliContext): Promise<Row> {
  const { host, profile } = login;
  let revoked = false;
  try {
    revoked = await toldHost(login, place);
    if (!revoked && login.expiresAt > place.clock.now())
      context.err(`${host} cannot be told: its token is good until ${until(login)}\n`);
  } catch (thrown) {
    const { message } = asKeywrightError(thrown);
    context.err(`${host} could not be told (${message}): what it gave is good until it ends by itself\n`);
  } finally {
    place.store.forget(host, profile);
    place.names.forget(login);
    if (login.shared) unshareLogin(place.home, profile, place.clock, login.accessToken);
  }
  return { profile, host, revoked };
}

/** Returns false for a host that has no such thing. */
async function toldHost(known: KnownLogin, { store, http, clock, metadata }: AuthPlace): Promise<boolean> {
  const endpoint = (await metadata(known.host))?.revocationEndpoint;
  const login = endpoint === undefined ? undefined : store.find(known.host, known.profile);
  if (endpoint === undefined || login === undefined) return false;
  await revokeLogin(login, endpoint, http, clock.now() + PATIENCE);
  return true;
}

function until({ expiresAt }: KnownLogin): string {
  return `${new Date(expiresAt * 1000).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

function sharedProfiles({ home }: AuthPlace): readonly string[] {
  const path = mendacfgPath(home);
  return parseIni(mendacfgText(path) ?? "", path).sections;
}

function nobody(profile: string, { all }: LogoutOptions, left: boolean): KeywrightError {
  if (all === true) return new KeywrightError("not_found", "nobody is logged in here");
  if (left) {
    const whose = `the login under the profile ${profile} is menda-cli's, so it was left alone`;
    return new KeywrightError("not_found", whose, { hint: "Remove it with every other one: --all." });
  }
  return new KeywrightError("not_found", `nobody is logged in under the profile ${profile}`, {
    hint: "'keywright auth status' shows the logins.",
  });
}
