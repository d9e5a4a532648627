// Revocation (RFC 7009): only by the client that the token was issued to. Whoever else asks, and for whatever token,
// gets the same 200. Pure.
import { ok, type Reply } from "./reply.ts";
import { newEntryId, type Client, type KnownToken, type Random, type Writes } from "./records.ts";

export interface Revoking {
  /** undefined: nothing to write. */
  readonly writes: Writes | undefined;
  readonly response: Reply;
}

export function revokeToken(caller: Client, token: KnownToken | undefined, random: Random): Revoking {
  if (token === undefined || token.client !== caller.id) return { writes: undefined, response: ok({}) };
  return { writes: endTokenOf(token, caller.name, random), response: ok({}) };
}

/** `client`: the name of the client that it was issued to. */
export function endTokenOf(token: KnownToken, client: string, random: Random): Writes {
  const entry = {
    kind: "token_revoked",
    id: newEntryId(random),
    client,
    principal: token.principal,
    ...(token.user === undefined ? {} : { user: token.user.name }),
    sha256: Buffer.from(token.hash).toString("hex"),
    audience: token.audience,
  };
  return { revoked: [token.hash], entries: [entry] };
}
