// The token that a vault store reads with: as it lies there, or from a login that is repeated when its lease has ended. It
// lives in memory only and is never renewed or revoked.
import { KeywrightError } from "../errors.ts";
import type { Clock } from "../io/clock.ts";
import type { Environment } from "../io/spawn.ts";
import { Secret } from "../secret.ts";
import { unwrap, vaultCredentials, type Credentials } from "./vault-credential.ts";
import type { Credential, VaultAuth } from "./vault-options.ts";
import { isObject, type VaultReply, type VaultServer } from "./vault-server.ts";

export interface Session {
  /** Throws `authentication` when there is no credential or the server does not accept it. */
  token(deadline: number): Promise<Held>;
  /** After `held` was not accepted: the token of a new login; undefined: another one could not be had. */
  renewed(held: Held, deadline: number): Promise<Held | undefined>;
  /** As `token`, as far as that is possible without using up a credential that may be good for one login only. */
  check(deadline: number): Promise<Held | undefined>;
}

export interface Held {
  readonly token: Secret;
  /** True: the server has just given it to us. */
  readonly fresh: boolean;
}

export interface SessionOptions {
  readonly store: string;
  readonly auth: VaultAuth;
  readonly server: VaultServer;
  readonly env: Environment;
  readonly clock: Clock;
}

export function vaultSession({ store, auth, server, env, clock }: SessionOptions): Session {
  const credentials = vaultCredentials(server, { env, store, readable: auth.method === "jwt" });
  if (auth.method === "token") return givenToken(auth.token, credentials);
  const credential = auth.method === "approle" ? auth.secretId : auth.jwt;
  const logIn = async (deadline: number): Promise<Secret> => {
    const secret = await credentials.take(credential, deadline);
    return newToken({ server, auth, secret, store, now: clock.now() }, deadline);
  };
  // A secret id may be good for one login, which a check must not take away.
  const look = auth.method === "approle" ? (): void => credentials.look(credential) : undefined;
  return repeatedLogin(logIn, look, clock);
}

function givenToken(credential: Credential, credentials: Credentials): Session {
  const token = async (deadline: number): Promise<Held> => ({
    token: await credentials.take(credential, deadline),
    fresh: false,
  });
  return {
    token,
    renewed: async () => undefined,
    async check(deadline) {
      if (credential.from !== "wrapped") return token(deadline);
      credentials.look(credential);
      return undefined;
    },
  };
}

function repeatedLogin(
  logIn: (deadline: number) => Promise<Secret>,
  look: (() => void) | undefined,
  clock: Clock,
): Session {
  let login: Promise<Secret> | undefined;
  async function held(deadline: number): Promise<Held> {
    const current = login;
    if (current !== undefined) {
      const token = await current;
      if ((token.expiresAt ?? Infinity) > clock.now()) return { token, fresh: false };
      if (login === current) login = undefined;
    }
    // Another question may have begun a login meanwhile: one is enough.
    if (login !== undefined) return held(deadline);
    const begun = (login = logIn(deadline));
    begun.catch(() => (login === begun ? (login = undefined) : undefined));
    return { token: await begun, fresh: true };
  }
  return {
    token: held,
    async renewed(old, deadline) {
      const token = await login?.catch(() => undefined);
      if (token === old.token) login = undefined;
      return held(deadline);
    },
    async check(deadline) {
      if (look === undefined || login !== undefined) return held(deadline);
      look();
      return undefined;
    },
  };
}

interface Attempt {
  readonly server: VaultServer;
  readonly auth: Exclude<VaultAuth, { readonly method: "token" }>;
  readonly secret: Secret;
  readonly store: string;
  readonly now: number;
}

async function newToken({ server, auth, secret, store, now }: Attempt, deadline: number): Promise<Secret> {
  const body =
    auth.method === "approle"
      ? { role_id: auth.roleId, secret_id: secret.reveal() }
      : { role: auth.role, jwt: secret.reveal() };
  const path = ["auth", ...auth.at.split("/"), "login"];
  const { status, json } = await server.request({
    method: "POST",
    path,
    body,
    wrapTtl: auth.wrapTtl,
    deadline,
  });
  if (status < 200 || status >= 300) {
    const words = wordsOf(json, secret);
    throw new KeywrightError(
      "authentication",
      `${server.origin} does not accept the login of store ${store} by ${auth.method} (HTTP ${status})${words}`,
      {
        hint: "Look at the role there and at the credential here: it may be too old, used up, or for another role.",
      },
    );
  }
  const answer = auth.wrapTtl === undefined ? json : await unwrap(server, wrapped(json, server), deadline);
  return tokenIn(answer, server, now);
}

function wrapped(json: unknown, server: VaultServer): Secret {
  const info = isObject(json) ? json["wrap_info"] : undefined;
  const token = isObject(info) ? info["token"] : undefined;
  if (typeof token === "string") return new Secret(token);
  throw new KeywrightError("backend", `${server.origin} did not wrap its answer to the login`, {
    hint: "Something between may have taken the wish away: ask who runs it, or leave wrap_ttl out.",
  });
}

/** A token ends a little early for us, so that none ends on its way. */
function tokenIn(json: unknown, { origin }: VaultServer, now: number): Secret {
  const auth = isObject(json) ? json["auth"] : undefined;
  const { client_token: token, lease_duration: lease } = isObject(auth) ? auth : {};
  if (typeof token !== "string" || token === "" || typeof lease !== "number")
    throw new KeywrightError("backend", `${origin} answered a login without a token`);
  return new Secret(token, lease === 0 ? {} : { expiresAt: now + lease - Math.min(30, lease / 10) });
}

/** What the server says about a login, unless it repeats the credential. */
function wordsOf(json: VaultReply["json"], secret: Secret): string {
  const first: unknown = Array.isArray(json?.["errors"]) ? json["errors"][0] : undefined;
  if (typeof first !== "string" || first === "" || first.includes(secret.reveal())) return "";
  return `: ${first.slice(0, 200).replace(/[^\u0020-\u007e]/g, "?")}`;
}
