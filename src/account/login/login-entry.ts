// A login as it stands in its file, and back. What is not whole is refused: half a login would be sent somewhere.
import { KeywrightError } from "../../errors.ts";
import { LOGIN_PLACES, type LoginPlace } from "../../io/keychain.ts";
import { Secret } from "../../secret.ts";
import type { KnownLogin, Login } from "./login.ts";

/** The fields of the file; a field that is undefined is not in it. */
export interface Entry {
  readonly v: 1;
  readonly id: string;
  readonly host: string;
  readonly profile: string;
  readonly access_token: string;
  readonly expires_at: number;
  readonly token_type: "DPoP" | "Bearer";
  /** undefined: there is none, or it is in the keychain. */
  readonly refresh_token?: string | undefined;
  readonly refreshable: boolean;
  readonly kept: LoginPlace;
  readonly scope: string;
  readonly source: Login["source"];
  readonly workload?: string | undefined;
  readonly token_endpoint?: string | undefined;
  readonly client_id: string;
  readonly bound: boolean;
  readonly shared: boolean;
  readonly created_at: number;
  readonly refreshed_at?: number | undefined;
}

export function entryFor(login: Login, id: string, kept: LoginPlace): Entry {
  const { refreshToken, tokenEndpoint, workload } = login;
  return {
    v: 1,
    id,
    host: login.host,
    profile: login.profile,
    access_token: login.accessToken.reveal(),
    expires_at: login.expiresAt,
    token_type: login.tokenType,
    refresh_token: kept === "file" ? refreshToken?.reveal() : undefined,
    refreshable: tokenEndpoint !== undefined && (refreshToken !== undefined || workload !== undefined),
    kept,
    scope: login.scope,
    source: login.source,
    workload,
    token_endpoint: tokenEndpoint,
    client_id: login.clientId,
    bound: login.bound,
    shared: login.shared,
    created_at: login.createdAt,
    refreshed_at: login.refreshedAt,
  };
}

export function knownLogin(entry: Entry): KnownLogin {
  const { id, host, profile, refreshable, kept, scope, source, workload, bound, shared } = entry;
  const same = { id, host, profile, refreshable, kept, scope, source, workload, bound, shared };
  return {
    ...same,
    accessToken: new Secret(entry.access_token, { expiresAt: entry.expires_at }),
    expiresAt: entry.expires_at,
    tokenType: entry.token_type,
    tokenEndpoint: entry.token_endpoint,
    clientId: entry.client_id,
    createdAt: entry.created_at,
    refreshedAt: entry.refreshed_at,
  };
}

/** Throws `configuration` for a text that is no login. It says nothing of what stands there. */
export function parseEntry(text: string, path: string): Entry {
  let entry: unknown;
  try {
    entry = JSON.parse(text);
  } catch {
    throw unreadable(path);
  }
  if (!isEntry(entry)) throw unreadable(path);
  return entry;
}

const SHAPE: Readonly<Record<keyof Entry, (value: unknown) => boolean>> = {
  v: (value) => value === 1,
  id: (value) => typeof value === "string" && /^[0-9a-f]{32}$/.test(value),
  host: isText,
  profile: isText,
  access_token: isText,
  expires_at: isTime,
  token_type: oneOf("DPoP", "Bearer"),
  refresh_token: optional(isText),
  refreshable: isFlag,
  kept: oneOf(...LOGIN_PLACES),
  scope: (value) => typeof value === "string",
  source: oneOf("device", "browser", "workload"),
  workload: optional(isText),
  token_endpoint: optional(isText),
  client_id: isText,
  bound: isFlag,
  shared: isFlag,
  created_at: isTime,
  refreshed_at: optional(isTime),
};

function isEntry(value: unknown): value is Entry {
  if (typeof value !== "object" || value === null) return false;
  const fields = value as Readonly<Record<string, unknown>>;
  return Object.entries(SHAPE).every(([name, holds]) => holds(fields[name]));
}

function isText(value: unknown): boolean {
  return typeof value === "string" && value !== "";
}

function isTime(value: unknown): boolean {
  return typeof value === "number" && Number.isFinite(value);
}

function isFlag(value: unknown): boolean {
  return typeof value === "boolean";
}

function oneOf(...words: readonly string[]): (value: unknown) => boolean {
  return (value) => words.some((word) => word === value);
}

function optional(holds: (value: unknown) => boolean): (value: unknown) => boolean {
  return (value) => value === undefined || holds(value);
}

export function unreadable(path: string): KeywrightError {
  return new KeywrightError("configuration", `the login in ${path} is damaged, or of another version`, {
    hint: `Remove it (rm '${path}') and run 'keywright auth login' again.`,
  });
}
