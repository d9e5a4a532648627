// Keeps a login fresh: refreshes it ahead of its end, once for all processes that need it at the same time. It starts no
// login of a person, and asks nobody but the host's token endpoint. What remains: a process that dies (or an answer that is
// lost on the way) after the host has spent the old refresh token and before the new one is on the disk loses the login;
// nothing comes between those two here but the parsing of the answer, and a disk that takes no file is found out before.
import { asKeywrightError, KeywrightError, type ErrorCode } from "../../errors.ts";
import type { Clock } from "../../io/clock.ts";
import type { Http } from "../../io/http.ts";
import type { Say } from "../../io/log.ts";
import { Secret } from "../../secret.ts";
import { noCachedLogin } from "../account.ts";
import type { Ambient } from "../ambient/ambient.ts";
import type { AmbientSource } from "../ambient/ambient-source.ts";
import { textOf, unusable } from "../cloud-reply.ts";
import { dpopKey, type DpopKey } from "./dpop-key.ts";
import type { LoginSession } from "./holder.ts";
import type { KnownLogin, Login, LoginStore } from "./login-store.ts";
import { oauthCall, oauthFailure, type OauthReply } from "./oauth-call.ts";

export interface FreshOptions {
  readonly http: Http;
  readonly clock: Clock;
  readonly store: LoginStore;
  readonly home: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Epoch seconds; undefined: only the limit of one request. */
  readonly deadline: number | undefined;
  /** A token that the host refused though it should live: a login that still has it is refreshed whatever its age. */
  readonly refused?: Secret | undefined;
  /** Ambient identities that rooms above this one know. */
  readonly moreAmbient?: (() => Promise<readonly AmbientSource[]>) | undefined;
  readonly debug?: Say | undefined;
}

/** The login's part of a question to its host. The key is read when it is first needed. */
export function loginSession(options: Omit<FreshOptions, "refused">): LoginSession {
  const { home, clock, env } = options;
  let key: DpopKey | undefined;
  return {
    fresh: (login, refused) => freshLogin(login, { ...options, refused }),
    keyFor: ({ bound }) => (bound ? (key ??= dpopKey(home, { clock, env })) : undefined),
  };
}

/** The login with a token that lives. Throws NoCachedLoginError when it has ended and cannot be refreshed. */
export async function freshLogin(asked: KnownLogin | Login, options: FreshOptions): Promise<KnownLogin> {
  const login = "refreshable" in asked ? asked : options.store.glance(asked.host, asked.profile);
  if (login === undefined) throw noCachedLogin(asked.profile);
  if (isGood(login, options)) return login;
  if (!login.refreshable) return asItIs(login, options);
  const { store, debug } = options;
  try {
    return await store.alone(login.host, login.profile, async () => {
      const now = store.glance(login.host, login.profile);
      if (now === undefined || now.id !== login.id) throw noCachedLogin(login.profile);
      if (!isGood(now, options)) return refreshed(now, options);
      debug?.("login: somebody else refreshed it meanwhile");
      return now;
    });
  } catch (thrown) {
    const error = thrown instanceof KeywrightError ? thrown : unwritable(thrown);
    if (!PASSING.has(error.code) || !lives(login, options)) throw error;
    debug?.(`login: not refreshed (${error.message}), its token still lives`);
    return login;
  }
}

/** Failures after which a token that still lives is the better answer. */
const PASSING: ReadonlySet<ErrorCode> = new Set(["network", "timed_out", "backend", "locked"]);

/** Seconds before its end at which a token is refreshed: a minute or a tenth of its life, but never more than half of it. */
export function refreshMargin(life: number): number {
  return Math.min(life / 2, Math.max(60, life / 10));
}

/** Without a place for the new refresh token, the old one is not spent. */
function unwritable(thrown: unknown): KeywrightError {
  const { code, syscall } = thrown as NodeJS.ErrnoException;
  if (syscall === undefined) return asKeywrightError(thrown);
  return new KeywrightError("backend", `the login cannot be refreshed: it cannot be written (${code})`, {
    hint: "Make room, or make ~/.local/state/keywright/logins writable for you.",
    cause: thrown,
  });
}

function isGood(login: KnownLogin, options: FreshOptions): boolean {
  const life = login.expiresAt - (login.refreshedAt ?? login.createdAt);
  return lives(login, options) && options.clock.now() < login.expiresAt - refreshMargin(life);
}

function lives(
  { accessToken, expiresAt }: Pick<Login, "accessToken" | "expiresAt">,
  { clock, refused }: FreshOptions,
): boolean {
  return clock.now() < expiresAt && accessToken.reveal() !== refused?.reveal();
}

function asItIs(login: KnownLogin, options: FreshOptions): KnownLogin {
  if (lives(login, options)) return login;
  throw noCachedLogin(login.profile);
}

/** Called by the one who may: `alone` with the login. */
async function refreshed(known: KnownLogin, options: FreshOptions): Promise<KnownLogin> {
  const { store, clock, debug } = options;
  const login = store.find(known.host, known.profile);
  if (login === undefined) throw noCachedLogin(known.profile);
  const asked = clock.now();
  const fresh =
    login.workload === undefined ? await granted(login, options) : await exchanged(login, options);
  if (fresh === login) return known;
  if (fresh === undefined) {
    debug?.("login: it has ended at the host, so it is forgotten");
    store.forget(known.host, known.profile, known.id);
    if (known.shared) await unshare(known, options);
    throw noCachedLogin(known.profile);
  }
  // Before anybody uses the new token: the old refresh token is spent.
  const { accessToken, expiresAt, refreshToken, scope } = fresh;
  const next: Login = { ...login, accessToken, expiresAt, refreshToken, scope, refreshedAt: asked };
  store.keep(next);
  debug?.("login: refreshed");
  if (known.shared) await shareAgain(next, options);
  return { ...known, accessToken, expiresAt, scope, refreshedAt: asked };
}

type Fresh = Pick<Login, "accessToken" | "expiresAt" | "refreshToken" | "scope">;

/** undefined: the host says that the login has ended. */
async function granted(login: Login, options: FreshOptions): Promise<Fresh | undefined> {
  const { http, clock, deadline, store, home, env } = options;
  const asked = clock.now();
  const { refreshToken, tokenEndpoint: url, clientId, bound, host } = login;
  if (refreshToken === undefined || url === undefined) return undefined;
  store.keep(login); // The same once more: a disk that is full or read-only says so before the refresh token is spent.
  const dpop = bound ? dpopKey(home, { clock, env }) : undefined;
  const form = { grant_type: "refresh_token", refresh_token: refreshToken.reveal(), client_id: clientId };
  const reply = await oauthCall({ http, url, form, dpop, deadline });
  if (reply.status === 200) return freshFrom(reply, login, asked);
  if (reply.status === 400 && reply.json?.["error"] === "invalid_grant") return undefined;
  throw oauthFailure(reply, {
    call: "the refresh of the login",
    host,
    secrets: [refreshToken, login.accessToken],
  });
}

/** RFC 6749 §5.1. A host that gives no new refresh token means the old one to go on. */
function freshFrom({ json, status }: OauthReply, login: Login, asked: number): Fresh {
  const call = "the refresh of the login";
  if (json === undefined) throw unusable(call, "is not a JSON object", status);
  const { expires_in: seconds, refresh_token: next, scope, token_type: type } = json;
  const accessToken = new Secret(textOf(json, "access_token", call));
  // What was bound must stay so: else whoever can answer for the host could have us send the token as it is.
  if (typeof type !== "string" || type.toLowerCase() !== login.tokenType.toLowerCase())
    throw unusable(call, `has a token_type other than ${login.tokenType}`, status);
  const life = login.expiresAt - (login.refreshedAt ?? login.createdAt);
  return {
    accessToken,
    expiresAt: asked + (typeof seconds === "number" && seconds > 0 ? seconds : life),
    refreshToken: typeof next === "string" && next !== "" ? new Secret(next) : login.refreshToken,
    scope: typeof scope === "string" ? scope : login.scope,
  };
}

/** A job or machine shows its identity again; when it has none any more, the token lasts as long as it does. */
async function exchanged(login: Login, options: FreshOptions): Promise<Fresh> {
  const { env, home, http, clock, deadline } = options;
  const { host, profile, tokenEndpoint, bound } = login;
  const ambient = await sameAmbient(login, options);
  if (ambient === undefined) return login;
  const { workloadLogin } = await import("./workload-login.ts");
  const dpop = bound ? dpopKey(home, { clock, env }) : undefined;
  const metadata = { tokenEndpoint };
  return workloadLogin(ambient, { host, metadata, profile, http, clock, dpop, deadline });
}

type Around = Pick<FreshOptions, "env" | "home" | "http" | "clock" | "moreAmbient">;

/** False when the login came from an identity that is not here. It asks nobody. */
export async function renewable(login: Pick<Login, "workload">, around: Around): Promise<boolean> {
  try {
    return login.workload === undefined || (await ambientOf(login.workload, around)) !== undefined;
  } catch {
    return false;
  }
}

/** The identity of that name, whatever else is here. */
async function ambientOf(name: string | undefined, around: Around): Promise<Ambient | undefined> {
  const { home, http, clock, moreAmbient } = around;
  const { findAmbient } = await import("../ambient/ambient.ts");
  const env = { ...around.env, KEYWRIGHT_AMBIENT: name };
  return findAmbient({ env, home, http, clock, more: await moreAmbient?.() });
}

/** The identity that the login came from; undefined: it is gone, and the token lives. */
async function sameAmbient(login: Login, options: FreshOptions): Promise<Ambient | undefined> {
  try {
    return await ambientOf(login.workload, options);
  } catch (thrown) {
    const { code, message } = asKeywrightError(thrown);
    if (code !== "configuration") throw thrown;
    if (lives(login, options)) return undefined;
    const gone = `It came from the identity of the job, ${login.workload}, which is not here: ${message}.`;
    throw noCachedLogin(login.profile, `${gone} Log in where it is: keywright auth login.`);
  }
}

/** The originals go on working beside us. That they cannot is no reason to fail here. */
async function shareAgain(login: Login, { home, clock, debug }: FreshOptions): Promise<void> {
  const { shareLogin } = await import("./share-login.ts");
  try {
    shareLogin(
      home,
      login.profile,
      { accessToken: login.accessToken, expiresIn: login.expiresAt - clock.now() },
      clock,
    );
  } catch (thrown) {
    debug?.(`login: not shared (${asKeywrightError(thrown).message})`);
  }
}

async function unshare(login: KnownLogin, { home, clock, debug }: FreshOptions): Promise<void> {
  const { unshareLogin } = await import("./share-login.ts");
  try {
    unshareLogin(home, login.profile, clock, login.accessToken);
  } catch (thrown) {
    debug?.(`login: still shared (${asKeywrightError(thrown).message})`);
  }
}
