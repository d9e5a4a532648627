// `keywright auth status`: what logins there are and how long they are good, from this machine's files alone. It asks no host,
// and refreshes nothing.
import { environmentTrio } from "../account/cli-account.ts";
import { parseIni } from "../account/ini.ts";
import { type KnownLogin, loginFileOf } from "../account/login/login-store.ts";
import { mendacfgPath, mendacfgText } from "../account/mendacfg.ts";
import { findLogin, tokenCachePath } from "../account/token-cache.ts";
import { EXIT_CODES, type KeywrightError } from "../errors.ts";
import { type AuthPlace, authPlace, profileOf } from "./auth-place.ts";
import type { CliContext } from "./context.ts";

export interface StatusOptions {
  readonly profile?: string;
  readonly json?: boolean;
}

export interface Row {
  /** null: the machine of the environment. */
  readonly profile: string | null;
  readonly host: string | null;
  /** null: the host was not asked yet. */
  readonly protocol: "standard" | "menda" | null;
  readonly logged_in: boolean;
  /** As the host said when it was asked last; null: it was not. */
  readonly user: string | null;
  readonly source: "device" | "browser" | "workload" | "machine" | "menda-cli" | null;
  readonly bound: boolean;
  readonly shared: boolean;
  readonly expires_at: number | null;
  readonly refreshable: boolean;
  readonly file: string | null;
}

export async function status(options: StatusOptions, context: CliContext): Promise<void> {
  const place = await authPlace(context);
  const inUse = profileOf(undefined, place.env);
  const current = options.profile || inUse;
  const all = await rowsOf(place);
  const rows = options.profile === undefined ? all : all.filter(({ profile }) => profile === current);
  if (options.json === true) context.out(`${JSON.stringify(rows)}\n`);
  else context.out(rows.map((row) => described(row, inUse)).join(""));
  if (rows.length === 0)
    context.err("no profile and no login; begin with: keywright auth login --host https://menda.example\n");
  // The machine of the environment comes before every profile.
  const used = all.find(({ profile }) => profile === null) ?? rows.find(({ profile }) => profile === current);
  if (used?.logged_in !== true) context.exit?.(EXIT_CODES.authentication);
}

async function rowsOf(place: AuthPlace): Promise<readonly Row[]> {
  const path = mendacfgPath(place.home);
  const document = parseIni(mendacfgText(path) ?? "", path);
  const kept: KnownLogin[] = [];
  const broken = ({ message, hint = "" }: KeywrightError): void => place.err(`${message}\n  ${hint}\n`);
  for (const login of place.store.list(broken))
    kept.push({ ...login, refreshable: login.refreshable && (await place.renewable(login)) });
  const profiles = document.sections.map((profile) =>
    profileRow(profile, document.all(profile) ?? new Map(), kept, place),
  );
  // A login whose profile is gone, or is for another host now.
  const others = kept
    .filter(({ profile, host }) => !profiles.some((row) => row.profile === profile && row.host === host))
    .map((login) => loginRow(login, place));
  return [...environmentRow(place), ...profiles, ...others];
}

const NOTHING = {
  user: null,
  source: null,
  bound: false,
  shared: false,
  expires_at: null,
  refreshable: false,
  file: null,
};

function environmentRow({ env, memory, clock }: AuthPlace): readonly Row[] {
  if (environmentTrio(env).length < 3) return [];
  const host = (env["MENDA_HOST"] ?? "").replace(/\/+$/, "");
  const protocol = protocolOf(host, memory, clock.now());
  return [{ ...NOTHING, profile: null, host, protocol, logged_in: true, source: "machine" }];
}

function profileRow(
  profile: string,
  values: ReadonlyMap<string, string>,
  kept: readonly KnownLogin[],
  place: AuthPlace,
): Row {
  const { home, memory, clock } = place;
  const host = values.get("host")?.replace(/\/+$/, "") || null;
  const login = kept.find((one) => one.profile === profile && one.host === host);
  if (login !== undefined && values.get("auth_type") !== "m2m") return loginRow(login, place);
  const row = {
    ...NOTHING,
    profile,
    host,
    protocol: host === null ? null : protocolOf(host, memory, clock.now()),
  };
  if (values.get("auth_type") === "m2m") {
    const complete = Boolean(values.get("client_id") && values.get("client_secret"));
    return { ...row, logged_in: complete && host !== null, source: "machine", file: mendacfgPath(home) };
  }
  const shared = findLogin(home, profile, clock.now());
  if (shared === "none") return { ...row, logged_in: false };
  const there = { ...row, source: "menda-cli", shared: true, file: tokenCachePath(home) } as const;
  if (shared === "expired") return { ...there, logged_in: false };
  return { ...there, logged_in: host !== null, expires_at: whole(shared.expiresAt) };
}

function loginRow(login: KnownLogin, { home, names, memory, clock }: AuthPlace): Row {
  const { profile, host, source, bound, shared, expiresAt, refreshable } = login;
  return {
    profile,
    host,
    protocol: protocolOf(host, memory, clock.now()),
    logged_in: refreshable || expiresAt > clock.now(),
    user: names.of(login) ?? null,
    source,
    bound,
    shared,
    expires_at: Math.floor(expiresAt),
    refreshable,
    file: shared ? tokenCachePath(home) : loginFileOf(home, host, profile),
  };
}

function protocolOf(host: string, memory: AuthPlace["memory"], now: number): Row["protocol"] {
  if (memory.saidMenda(host)) return "menda";
  if (memory.hadMetadata(host)) return "standard";
  return memory.answer(host, now) === null ? "menda" : null;
}

function whole(seconds: number | undefined): number | null {
  return seconds === undefined ? null : Math.floor(seconds);
}

function described(row: Row, current: string): string {
  const mark = row.profile === current ? " (in use)" : "";
  const name = row.profile === null ? "environment" : `${row.profile}${mark}`;
  const lines = [
    `${name}: ${row.logged_in ? "logged in" : "not logged in"}`,
    `  host      ${row.host ?? "none"}${row.protocol === null ? "" : ` (${row.protocol} form)`}`,
    ...(row.user === null ? [] : [`  as        ${row.user}`]),
    ...(row.source === null ? [] : [`  login     ${kindOf(row)}`]),
    ...(row.expires_at === null
      ? []
      : [`  token     until ${moment(row.expires_at)}${row.refreshable ? ", renewed by itself" : ""}`]),
    ...(row.file === null ? [] : [`  file      ${row.file}`]),
  ];
  return `${lines.join("\n")}\n`;
}

function kindOf({ source, bound, shared }: Row): string {
  if (source === "machine") return "client id and secret";
  const by =
    source === "menda-cli" ? "menda auth login" : source === "workload" ? "identity of a job" : `${source}`;
  if (shared) return `${by}; shared with menda-keyring and menda-cli`;
  return `${by}; ${bound ? "bound to the key of this machine" : "kept here alone, not bound"}`;
}

function moment(seconds: number): string {
  return `${new Date(seconds * 1000).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}
