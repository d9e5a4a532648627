// Introspection (RFC 7662): what a token is, for those who may know. Everything else about every token is the same
// answer: not active. Pure.
import { mayAct } from "./config.ts";
import { ok, type Reply } from "./reply.ts";
import type { Client, KnownToken } from "./records.ts";

const INACTIVE = ok({ active: false });

export interface IntrospectionState {
  readonly caller: Client;
  readonly token: KnownToken | undefined;
  readonly url: string;
  readonly principals: readonly string[];
}

export function introspect({ caller, token, url, principals }: IntrospectionState, now: number): Reply {
  if (token === undefined || !isAlive(token, principals, now) || !isVisible(token, caller, url))
    return INACTIVE;
  return ok({
    active: true,
    scope: token.scope,
    client_id: token.clientName,
    ...(token.user === undefined ? {} : { username: token.user.name }),
    sub: token.principal,
    aud: token.audience,
    iss: url,
    iat: token.issuedAt,
    exp: token.expiresAt,
    ...(token.jkt === undefined ? { token_type: "Bearer" } : { token_type: "DPoP", cnf: { jkt: token.jkt } }), // RFC 9449 section 6.2.
  });
}

/** How far a clock may have been put back and a token still counts as one that was issued. */
const SKEW = 60;

/** Alive: not expired, and its principal is still configured. (A revoked one is not even found.) */
export function isAlive(token: KnownToken, principals: readonly string[], now: number): boolean {
  return now < token.expiresAt && token.issuedAt <= now + SKEW && mayAct(principals, token.principal);
}

function isVisible(token: KnownToken, caller: Client, url: string): boolean {
  if (caller.resource !== undefined) return token.kind === "registry" && token.audience === caller.resource;
  return token.client === caller.id && token.audience === url;
}
