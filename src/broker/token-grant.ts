// The grant core: a token request of an authenticated client becomes a decision, what is to be written, and an answer
// (RFC 6749 section 4.4). Pure: state, time and randomness are passed in; both faces use it.
import { mayAct } from "./config.ts";
import { refusal, type Reply } from "./reply.ts";
import { newEntryId, type Client, type Random, type Token, type Writes } from "./records.ts";
import { newTokenText, TOKEN_PREFIX, tokenHash } from "./token-text.ts";

export interface TokenRequest {
  readonly grantType: string | undefined;
  readonly scope: string | undefined;
  readonly resource: string | undefined;
  /** The key of the proof that came with it (RFC 9449): the token will be bound to it. */
  readonly jkt?: string | undefined;
  /** True: the secret came in the query string, which the audit flags. */
  readonly queryCredentials: boolean;
  readonly address?: string | undefined;
}

export interface GrantState {
  readonly client: Client;
  /** This broker's URL: issuer and audience. */
  readonly url: string;
  readonly principals: readonly string[];
  /** Seconds. */
  readonly ttl: number;
}

export type Granting =
  | { readonly allowed: true; readonly writes: Writes; readonly accessToken: string; readonly token: Token }
  | { readonly allowed: false; readonly writes: Writes; readonly response: Reply };

/** The one scope of an access token of the standard face: to ask for registry tokens. */
export const SCOPE = "registry";

export function grantToken(request: TokenRequest, state: GrantState, now: number, random: Random): Granting {
  const { client, url } = state;
  const fault = faultOf(request, state);
  if (fault !== undefined || client.principal === undefined) {
    const { error, reason } = fault ?? NO_PRINCIPAL;
    const entry = { ...entryOf(request, client, random), outcome: "denied", reason };
    return { allowed: false, writes: { entries: [entry] }, response: refusal(400, error, reason) };
  }
  const accessToken = newTokenText(TOKEN_PREFIX, random);
  const token: Token = {
    hash: tokenHash(accessToken),
    kind: "access",
    client: client.id,
    principal: client.principal,
    audience: url,
    scope: SCOPE,
    jkt: request.jkt,
    issuedAt: Math.floor(now),
    expiresAt: Math.floor(now) + state.ttl,
  };
  const entry = {
    ...entryOf(request, client, random),
    outcome: "granted",
    sha256: Buffer.from(token.hash).toString("hex"),
    expires_at: new Date(token.expiresAt * 1000).toISOString(),
  };
  return { allowed: true, writes: { tokens: [token], entries: [entry] }, accessToken, token };
}

type Fault = { readonly error: string; readonly reason: string };

const NO_PRINCIPAL: Fault = {
  error: "unauthorized_client",
  reason: "This client acts as no principal of this broker.",
};

function faultOf(request: TokenRequest, { client, url, principals }: GrantState): Fault | undefined {
  const { grantType, resource, scope = "" } = request;
  if (grantType === undefined) return { error: "invalid_request", reason: "grant_type is missing." };
  if (grantType !== "client_credentials")
    return { error: "unsupported_grant_type", reason: "This grant type is not offered to this client." };
  if (client.principal === undefined || !mayAct(principals, client.principal)) return NO_PRINCIPAL;
  if (resource !== undefined && resource !== url)
    return { error: "invalid_target", reason: "Access tokens are good for this broker only." };
  const unknown = scope.split(" ").some((one) => one !== "" && one !== SCOPE);
  return unknown ? { error: "invalid_scope", reason: `The only scope is ${SCOPE}.` } : undefined;
}

function entryOf(request: TokenRequest, client: Client, random: Random) {
  return {
    kind: "token",
    id: newEntryId(random),
    client: client.name,
    principal: client.principal ?? null,
    ...(request.queryCredentials ? { query_credentials: true } : {}),
    ...(request.address === undefined ? {} : { address: request.address }),
  };
}
