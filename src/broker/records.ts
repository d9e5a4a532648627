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
  /** Epoch seconds. */
  readonly createdAt: number;
}

/** `access`: good for this broker. `registry`: good for whoever the audience names. */
export type TokenKind = "access" | "registry";

export interface Token {
  /** SHA-256 of the token. */
  readonly hash: Uint8Array;
  readonly kind: TokenKind;
  readonly client: number;
  readonly principal: string;
  /** The broker's URL, or the name of a ref. */
  readonly audience: string;
  readonly scope: string;
  readonly issuedAt: number;
  readonly expiresAt: number;
}

/** A token as it was found again: it was not revoked, and its client still lives. */
export interface KnownToken extends Token {
  readonly clientName: string;
}

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
