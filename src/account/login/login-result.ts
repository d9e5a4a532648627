// Tokens that a host granted → the login that is kept. It keeps nothing itself.
import { unusable } from "../cloud-reply.ts";
import type { Granted } from "./login-answer.ts";
import type { Login } from "./login-store.ts";

/** The client that every host with metadata knows us as; it has no secret. */
export const CLIENT_ID = "keywright";
const SCOPE = "registry";

/** What to ask for; undefined: the host knows no such scope, so it gives what it gives. */
export function scopeFor(scopes: readonly string[] | undefined): string | undefined {
  return scopes === undefined || scopes.includes(SCOPE) ? SCOPE : undefined;
}

export interface LoginFacts extends Pick<
  Login,
  "host" | "profile" | "source" | "tokenEndpoint" | "clientId" | "shared"
> {
  /** True: the request proved possession of our key. */
  readonly proven: boolean;
  /** Epoch seconds at which the tokens were asked for. */
  readonly now: number;
}

/** Throws `backend` for a token type that nobody asked for. */
export function loginOf(granted: Granted, { proven, now, ...facts }: LoginFacts): Login {
  const type = granted.tokenType.toLowerCase();
  const bound = type === "dpop" && proven;
  // RFC 9449 §5: a host that does not bind answers Bearer, and its tokens are used as such.
  if (!bound && type !== "bearer")
    throw unusable("the token request", "has a token_type that was not asked for", undefined);
  return {
    ...facts,
    accessToken:
      granted.idToken !== undefined && facts.tokenEndpoint === undefined
        ? granted.idToken
        : granted.accessToken,
    expiresAt: now + granted.expiresIn,
    tokenType: bound ? "DPoP" : "Bearer",
    // Without an endpoint that takes it, it would only be a secret that lies around.
    refreshToken: facts.tokenEndpoint === undefined ? undefined : granted.refreshToken,
    scope: granted.scope ?? SCOPE,
    bound,
    createdAt: now,
  };
}
