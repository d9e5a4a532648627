// `keywright auth logout`: tells the host that the login is over, and forgets it here, whatever the host says.
import { parseIni } from "../account/ini.ts";
import { revokeLogin } from "../account/login-revoke.ts";
import type { KnownLogin } from "../account/login-store.ts";
import { mendacfgPath, mendacfgText } from "../account/mendacfg.ts";
import { unshareLogin } from "../account/share-login.ts";
import { asKeywrightError, KeywrightError } from "../errors.ts";
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
  for (const login of place.store.list().filter((one) => every || one.profile === profile))
    rows.push(await loggedOut(login, place, context));
  // What menda-cli put there, or a login whose trace here is gone.
  for (const name of every ? sharedProfiles(place) : []) {
    if (unshareLogin(place.home, name, place.clock)) rows.push({ profile: name, host: null, revoked: false });
  }
  if (rows.length === 0) throw nobody(profile, options);
  for (const { profile: name, host } of rows)
    context.err(`logged out: ${name}${host === null ? "" : ` at ${host}`}\n`);
  if (options.json === true) context.out(`${JSON.stringify(rows)}\n`);
}

async function loggedOut(login: KnownLogin, place: AuthPlace, context: CliContext): Promise<Row> {
  const { host, profile } = login;
  let revoked = false;
  try {
    revoked = await toldHost(login, place);
    if (!revoked) context.err(`${host} cannot be told: its token is good until ${until(login)}\n`);
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

function nobody(profile: string, { all }: LogoutOptions): KeywrightError {
  if (all === true) return new KeywrightError("not_found", "nobody is logged in here");
  return new KeywrightError("not_found", `nobody is logged in under the profile ${profile}`, {
    hint: "'keywright auth status' shows the logins; a login of menda-cli goes with --all.",
  });
}
