// The broker's records: clients, tokens, and what one request wants written. Data only; database.ts keeps them.
import type { ChainFields } from "../audit/chain.ts";

export interface Client {
  /** Distinguishes a client from an earlier, revoked one of the same name. */
  readonly id: number;
  /** The `client_id`. */
  readonly name: string;
  /** Whom it acts as; undefined: it gets no tokens, it only asks about them. */
  readonly principal: string | undefined;
  /** The audience whose tokens it may ask about; undefined: only its own. */
  readonly resource: string | undefined;
  /** True: it may send its credentials in the query string, as menda-keyring does. */
  readonly queryCredentials: boolean;
  /** HMAC-SHA-256 of the secret; all zeros, which none is: it has to be rotated first. */
  readonly secretHash: Uint8Array;
  /** The number of the pepper that made the hash. */
  readonly pepper: number;
  /** The how-many-th secret of this client it is, from 1. */
  readonly generation: number;
  /** Its public keys (a JWKS as text), with which it signs assertions (RFC 7523); undefined: it has a secret. */
  readonly jwks: string | undefined;
  /** Epoch seconds. */
  readonly createdAt: number;
}

/** `access`: good for this broker. `registry`: good for whoever the audience names. */
export type TokenKind = "access" | "registry";

export interface Token {
  /** SHA-256 of the token. */
  readonly hash: Uint8Array;
  readonly kind: TokenKind;
  /** undefined: it belongs to a session, or to a workload. */
  readonly client: number | undefined;
  /** The login of a person; undefined: a machine's token. */
  readonly session?: number | undefined;
  /** The name of a workload's rule; undefined: the client, or the session's client, has the name. */
  readonly name?: string | undefined;
  readonly principal: string;
  /** The broker's URL, or the name of a ref. */
  readonly audience: string;
  readonly scope: string;
  /** The thumbprint (RFC 7638) of the key that it is bound to (RFC 9449); undefined: whoever has it may use it. */
  readonly jkt?: string | undefined;
  readonly issuedAt: number;
  readonly expiresAt: number;
}

/** A token as it was found again: it was not revoked, and its client or session, and the session's user, still lives. */
export interface KnownToken extends Token {
  /** The client's name, the public client's, or that of a workload's rule. */
  readonly clientName: string;
  /** Who logged in; undefined: a machine. */
  readonly user?: { readonly id: number; readonly name: string; readonly email: string } | undefined;
}

/** A person as the browser has just proven who it is: what an approval hands to a login. */
export interface Person {
  readonly user: number;
  readonly name: string;
  readonly principal: string;
  /** The provider's refresh token, sealed (people/sealing.ts); undefined: a passkey, or a provider that gave none. */
  readonly upstream: Uint8Array | undefined;
  /** Epoch seconds at which the provider, or the passkey, said so. */
  readonly provenAt: number;
}

/** The login of one person on one machine: what refresh tokens belong to, and what is listed and ended. */
export interface Session {
  readonly id: number;
  /** What people call it in `user sessions`; no secret. */
  readonly name: string;
  readonly user: number;
  readonly userName: string;
  readonly principal: string;
  readonly client: string;
  readonly face: Face;
  readonly scope: string;
  readonly jkt: string | undefined;
  readonly address: string | undefined;
  readonly agent: string | undefined;
  readonly upstream: Uint8Array | undefined;
  /** Epoch seconds at which the provider last said that this person is still one of its own. */
  readonly checkedAt: number;
  readonly createdAt: number;
  readonly usedAt: number;
  /** Its absolute end. */
  readonly expiresAt: number;
}

/** The two ways to speak with this broker. */
export type Face = "standard" | "menda";

/** Everything that one request writes, in one transaction. */
export interface Writes {
  readonly tokens?: readonly Token[];
  /** Hashes of tokens. */
  readonly revoked?: readonly Uint8Array[];
  readonly entries: readonly ChainFields[];
}

/** `count` random bytes, fit for keys. */
export type Random = (count: number) => Uint8Array;

/** A name for one audit entry. */
export function newEntryId(random: Random): string {
  return Buffer.from(random(12)).toString("base64url");
}
