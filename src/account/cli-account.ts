// MendaAccount for the `menda` program, resolved as menda-cli 0.5.0 does it: stricter about a profile than the keyring is,
// with other messages, and a machine always makes an exchange. A login of ours counts first. It reads files, and asks no
// network.
import { KeywrightError } from "../errors.ts";
import { Secret } from "../secret.ts";
import { ourLogin, type Logins, type MendaAccount } from "./account.ts";
import { parseIni, type IniDocument } from "./ini.ts";
import { mendacfgText } from "./mendacfg.ts";
import { findLogin } from "./token-cache.ts";

export interface CliAccountOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  /** Epoch seconds. */
  readonly now: number;
  readonly profile: string;
  readonly configFile: string;
  /** See `loginsIn`; undefined: there are none. */
  readonly logins?: Logins | undefined;
}

export const AUTH_TYPES = ["u2m", "m2m"] as const;
export type AuthType = (typeof AUTH_TYPES)[number];

const TRIO = ["MENDA_CLIENT_ID", "MENDA_CLIENT_SECRET", "MENDA_HOST"] as const;
const KEYS = ["host", "auth_type", "client_id", "client_secret"];

/** Which of the three variables of an environment machine are set; all three: that machine is used. */
export function environmentTrio(env: CliAccountOptions["env"]): readonly string[] {
  return TRIO.filter((name) => env[name]);
}

/** Throws `authentication` for everything that menda-cli calls an AuthError. */
export function cliAccount(options: CliAccountOptions): MendaAccount {
  if (environmentTrio(options.env).length === TRIO.length) return environmentMachine(options.env);
  const { profile, configFile, home, now } = options;
  const values = validProfile(configFile, profile);
  const host = (values.get("host") ?? "").replace(/\/+$/, "");
  if (values.get("auth_type") === "m2m") {
    const clientId = values.get("client_id");
    const secret = values.get("client_secret");
    if (!clientId || !secret) {
      throw authError(
        "Client ID and client secret are required for M2M authentication",
        "Run 'menda auth configure'.",
      );
    }
    return { kind: "machine", host, clientId, clientSecret: new Secret(secret), profile, cached: undefined };
  }
  const ours = ourLogin(options.logins, host, profile, now);
  if (ours !== undefined) return { kind: "user", host, profile, cached: ours.accessToken, login: ours };
  const login = findLogin(home, profile, now);
  const again = `Run 'menda auth login --menda-profile-id ${profile}' to`;
  if (login === "none") {
    throw authError(`No authentication token found for profile '${profile}'`, `${again} authenticate`);
  }
  if (login === "expired")
    throw authError(`Authentication token expired for profile '${profile}'`, `${again} refresh`);
  return { kind: "user", host, profile, cached: login };
}

/** The host of a valid profile, and whether it is a machine's. Throws as `cliAccount` does. */
export function cliProfile(
  path: string,
  profile: string,
): { readonly host: string; readonly machine: boolean } {
  const values = validProfile(path, profile);
  return { host: (values.get("host") ?? "").replace(/\/+$/, ""), machine: values.get("auth_type") === "m2m" };
}

function environmentMachine(env: CliAccountOptions["env"]): MendaAccount {
  const [clientId = "", secret = "", host = ""] = TRIO.map((name) => env[name]);
  if (!isHost(host)) throw authError(`MENDA_HOST ${HOST_RULE}`, "Correct it, or unset it to use a profile.");
  const clientSecret = new Secret(secret);
  return {
    kind: "machine",
    host: host.replace(/\/+$/, ""),
    clientId,
    clientSecret,
    profile: undefined,
    cached: undefined,
  };
}

function validProfile(path: string, profile: string): ReadonlyMap<string, string> {
  const text = mendacfgText(path);
  if (text === undefined) {
    const hint = "Run 'menda auth configure' to create initial configuration";
    throw authError(`Configuration file not found: ${path}`, hint);
  }
  const document = parseIni(text, path);
  const values = document.all(profile);
  if (values === undefined) throw missing(document, profile);
  const fault = profileFault(values);
  if (fault !== undefined) {
    const hint = "Run 'menda auth configure' to reconfigure this profile";
    throw authError(`Profile '${profile}' has invalid configuration\n  Details: ${fault}`, hint);
  }
  return values;
}

function missing({ sections }: IniDocument, profile: string): KeywrightError {
  const available = sections.length === 0 ? "" : `\n\nAvailable profiles: ${sections.join(", ")}`;
  const hint = `Run 'menda auth configure' to create a new profile${available}`;
  return authError(`Profile '${profile}' not found in configuration`, hint);
}

/** What menda-cli's model refuses; undefined: nothing. It names keys, never what they hold. */
function profileFault(values: ReadonlyMap<string, string>): string | undefined {
  const host = values.get("host");
  if (host === undefined) return "host is missing";
  if (!isHost(host)) return `host ${HOST_RULE}`;
  const type = values.get("auth_type");
  if (type === undefined) return "auth_type is missing";
  if (!AUTH_TYPES.some((known) => known === type)) return "auth_type must be 'u2m' or 'm2m'";
  const unknown = [...values.keys()].filter((key) => !KEYS.includes(key)).length;
  return unknown === 0 ? undefined : `it has keys other than ${KEYS.join(", ")}`;
}

export const HOST_RULE = "must start with 'https://' or 'http://'";

export function isHost(text: string): boolean {
  return text.startsWith("https://") || text.startsWith("http://");
}

function authError(message: string, hint: string): KeywrightError {
  return new KeywrightError("authentication", message, { hint });
}
