// MendaAccount: who we are towards a menda cloud, resolved in the order of menda-keyring 0.0.2: the environment's machine,
// else a profile of mendacfg, else nobody. For a person, a login of ours counts before the cache that menda-cli fills. It
// reads local files, and asks no network.
import { existsSync } from "node:fs";
import {
  KeywrightError,
  M2MProfileWithoutClientCredentialsError,
  NoCachedLoginError,
  ProfileWithoutHostError,
} from "../errors.ts";
import { Secret } from "../secret.ts";
import type { KnownLogin, LoginStore, LoginStoreOptions } from "./login/login-store.ts";
import { mendacfgPath, mendaProfile } from "./mendacfg.ts";
import { pythonRepr } from "./python-repr.ts";
import { cachedLogin } from "./token-cache.ts";

export type MendaAccount =
  | {
      readonly kind: "machine";
      /** As the user wrote it, without a slash at its end. */
      readonly host: string;
      readonly clientId: string;
      readonly clientSecret: Secret;
      /** undefined: the credentials are the environment's. */
      readonly profile: string | undefined;
      /** A valid login, which the original would use instead of an exchange; undefined: there is none. */
      readonly cached: Secret | undefined;
    }
  | {
      readonly kind: "user";
      readonly host: string;
      readonly profile: string;
      /** The token as it was found; a login's may have ended, see `freshLogin`. */
      readonly cached: Secret;
      /** The login of ours that it comes from; undefined: it is from the cache that menda-cli fills. */
      readonly login?: KnownLogin | undefined;
    };

/** Finds logins of ours. */
export type Logins = Pick<LoginStore, "glance">;

export interface AccountOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** undefined: there is no home folder, so only the environment's machine can be found. */
  readonly home: string | undefined;
  /** Epoch seconds. */
  readonly now: number;
  /** Stands in for MENDA_PROFILE_ID; the environment's machine still comes first, as with menda-cli's option. */
  readonly profile?: string;
  /** See `loginsIn`; undefined: there are none. */
  readonly logins?: Logins | undefined;
  /** Stands in for ~/.menda/mendacfg; `keyring` ignores MENDA_CONFIG_FILE, `menda` hands it in here. */
  readonly configFile?: string;
}

/** The logins of ours in this home; undefined: nobody ever logged in, which is known without loading more. */
export async function loginsIn(
  home: string | undefined,
  surroundings: Pick<LoginStoreOptions, "env" | "clock">,
): Promise<LoginStore | undefined> {
  const folder = home === undefined ? undefined : `${home}/.local/state/keywright/logins`;
  if (home === undefined || folder === undefined || !existsSync(folder)) return undefined;
  const { loginStore } = await import("./login/login-store.ts");
  return loginStore({ home, ...surroundings });
}

/** Throws the typed errors of menda-keyring 0.0.2 (errors.ts), with its messages. */
export function mendaAccount(options: AccountOptions): MendaAccount {
  return environmentMachine(options) ?? profileAccount(options);
}

function environmentMachine({ env, home, now }: AccountOptions): MendaAccount | undefined {
  const { MENDA_CLIENT_ID: clientId, MENDA_CLIENT_SECRET: secret, MENDA_HOST: host } = env;
  if (!clientId || !secret || !host) return undefined;
  const cached = home === undefined ? undefined : cachedLogin(home, clientId, now);
  return machine({ host, clientId, secret, profile: undefined, cached });
}

function profileAccount(options: AccountOptions): MendaAccount {
  const home = options.home;
  if (home === undefined) {
    throw new KeywrightError("configuration", "there is no home folder, so there are no menda profiles", {
      hint: "Set HOME, or MENDA_CLIENT_ID, MENDA_CLIENT_SECRET and MENDA_HOST.",
    });
  }
  const profile = options.profile ?? options.env["MENDA_PROFILE_ID"] ?? "default";
  const values = mendaProfile(options.configFile ?? mendacfgPath(home), profile);
  const host = values.get("host");
  if (!host) {
    throw new ProfileWithoutHostError(
      "configuration",
      `Profile ${pythonRepr(profile)} has no host; set host = https://... in ~/.menda/mendacfg.`,
      { hint: "Run 'keywright auth configure' to set it." },
    );
  }
  if ((values.get("auth_type") ?? "u2m") !== "m2m") return user(profile, withoutSlash(host), home, options);
  const clientId = values.get("client_id");
  const secret = values.get("client_secret");
  if (!clientId || !secret) {
    throw new M2MProfileWithoutClientCredentialsError(
      "configuration",
      `Profile ${pythonRepr(profile)} has auth_type=m2m but is missing client_id or client_secret in mendacfg.`,
      { hint: "Run 'keywright auth configure' to set both." },
    );
  }
  return machine({ host, clientId, secret, profile, cached: cachedLogin(home, profile, options.now) });
}

function machine(found: {
  readonly host: string;
  readonly clientId: string;
  readonly secret: string;
  readonly profile: string | undefined;
  readonly cached: Secret | undefined;
}): MendaAccount {
  const { clientId, profile, cached } = found;
  return {
    kind: "machine",
    host: withoutSlash(found.host),
    clientId,
    clientSecret: new Secret(found.secret),
    profile,
    cached,
  };
}

function user(profile: string, host: string, home: string, { logins, now }: AccountOptions): MendaAccount {
  const login = ourLogin(logins, host, profile, now);
  if (login !== undefined) return { kind: "user", host, profile, cached: login.accessToken, login };
  const cached = cachedLogin(home, profile, now);
  if (cached === undefined) throw noCachedLogin(profile);
  return { kind: "user", host, profile, cached };
}

/**
 * A login of ours that can be used, perhaps after a refresh; undefined: there is none. One that is shared and cannot be
 * refreshed is none either: it is what the shared cache holds, and there, as for the originals, who logged in last counts.
 */
export function ourLogin(
  logins: Logins | undefined,
  host: string,
  profile: string,
  now: number,
): KnownLogin | undefined {
  const login = logins?.glance(host, profile);
  if (login === undefined || (login.shared && !login.refreshable)) return undefined;
  return login.refreshable || now < login.expiresAt ? login : undefined;
}

/** The words are the original's. The command of the hint is there wherever this program is, and right for every host. */
export function noCachedLogin(profile: string, hint: string = againFor(profile)): NoCachedLoginError {
  return new NoCachedLoginError(
    "authentication",
    `No valid cached token for profile ${pythonRepr(profile)}. ` +
      "Run `menda auth login` or use M2M (env vars or auth_type=m2m).",
    { hint },
  );
}

/** What to do when a login is no good. */
export function againFor(profile: string): string {
  return `Run 'keywright auth login${profile === "default" ? "" : ` --profile ${shellWord(profile)}`}' again.`;
}

function shellWord(text: string): string {
  return /^[\w.@-]+$/.test(text)
    ? text
    : `'${text.replace(/[\u0000-\u001f\u007f]/g, "").replaceAll("'", `'\\''`)}'`;
}

function withoutSlash(host: string): string {
  return host.replace(/\/+$/, "");
}
