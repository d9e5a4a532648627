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
  const entry = {
    kind: "token_revoked",
    id: newEntryId(random),
    client: caller.name,
    principal: token.principal,
    sha256: Buffer.from(token.hash).toString("hex"),
    audience: token.audience,
  };
  return { writes: { revoked: [token.hash], entries: [entry] }, response: ok({}) };
}
