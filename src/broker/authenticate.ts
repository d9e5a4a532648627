// Client authentication: the same work for a client that exists and for one that does not, the same answer for every
// way to fail. Pure: the client has been looked up before, the peppers are passed in.
import { timingSafeEqual } from "node:crypto";
import type { Credentials } from "./credentials.ts";
import { keyOf, secretHash, type Peppers } from "./pepper.ts";
import type { Client } from "./records.ts";

export type Authentication =
  | { readonly ok: true; readonly client: Client }
  | { readonly ok: false; readonly reason: string };

/** No HMAC is all zeros, so nobody can be this client. */
const NOBODY = new Uint8Array(32);

export function authenticate(
  credentials: Credentials,
  client: Client | undefined,
  peppers: Peppers,
): Authentication {
  const pepper = keyOf(peppers, client?.pepper ?? peppers.current());
  const fits = timingSafeEqual(secretHash(credentials.secret, pepper), client?.secretHash ?? NOBODY);
  if (client === undefined) return { ok: false, reason: "no client of this name" };
  if (client.jwks !== undefined)
    return { ok: false, reason: "this client signs assertions, and has no secret" };
  if (!fits) return { ok: false, reason: "wrong secret" };
  if (credentials.method === "query" && !client.queryCredentials) {
    return { ok: false, reason: "query credentials are off for this client" };
  }
  return { ok: true, client };
}
