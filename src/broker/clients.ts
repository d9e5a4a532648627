// Machine clients: create, list, revoke, rotate, each with its entry in the same chain as everything else. A running
// broker sees the change at its next request. The secret is returned once and kept nowhere; one that signs has none.
import { randomBytes } from "node:crypto";
import { KeywrightError } from "../errors.ts";
import { isPrincipalName } from "../resolver/principal.ts";
import type { OpenData } from "./data-folder.ts";
import type { HashedSecret } from "./database-writing.ts";
import { readPublicKeys, shownKeys } from "./jwt/public-keys.ts";
import { PUBLIC_CLIENT } from "./login/public-client.ts";
import { hashNow } from "./pepper.ts";
import { newEntryId, type Client } from "./records.ts";
import { newTokenText, SECRET_PREFIX } from "./token-text.ts";

export interface NewClient extends Pick<Client, "name" | "principal" | "resource" | "queryCredentials"> {
  /** Its public keys, as readPublicKeys (jwt/public-keys.ts) takes them; undefined: it gets a secret. */
  readonly jwks?: string | undefined;
}

export interface Circumstances {
  /** Epoch seconds. */
  readonly now: number;
  /** The user of the operating system who does it. */
  readonly by: string;
  /** That user's number; undefined where the system has none. */
  readonly uid?: number | undefined;
}

/** Returns the secret. Throws `usage` for a client that cannot be. */
export function createClient(open: OpenData, client: NewClient, how: Circumstances): string {
  const secret = newTokenText(SECRET_PREFIX, randomBytes);
  addClient(open, { ...client, jwks: undefined }, hashNow(secret, open.peppers), how);
  return secret;
}

/** One that has no secret: it signs assertions with its own key (RFC 7523). Throws `usage`. */
export function createSigningClient(
  open: OpenData,
  client: NewClient & { readonly jwks: string },
  how: Circumstances,
): void {
  if (client.queryCredentials)
    throw usage(
      "a client with a public key has no secret that it could send in the query string",
      "Leave out --menda, or --public-key.",
    );
  const jwks = readPublicKeys(client.jwks);
  addClient(open, { ...client, jwks }, { hash: NO_SECRET, pepper: open.peppers.current() }, how);
}

/** What no secret hashes to. */
const NO_SECRET = new Uint8Array(32);

function addClient(
  { db }: OpenData,
  client: NewClient & { readonly jwks: string | undefined },
  { hash, pepper }: HashedSecret,
  how: Circumstances,
): void {
  checkClient(client);
  if (db.client(client.name) !== undefined)
    throw usage(
      `there is a client '${client.name}' already`,
      "Choose another name, or `keywright client rotate` it.",
    );
  const { jwks } = client;
  db.transaction((writer) => {
    writer.addClient({ ...client, secretHash: hash, pepper, createdAt: Math.floor(how.now) });
    writer.append(how.now, {
      ...entry("client_created", client.name, how),
      principal: client.principal ?? null,
      resource: client.resource ?? null,
      query_credentials: client.queryCredentials,
      ...(jwks === undefined ? {} : { keys: shownKeys(jwks).map(({ thumbprint }) => thumbprint) }),
    });
  });
}

/** From the next request on it gets nothing, and every token it ever got is worthless. */
export function revokeClient({ db }: OpenData, name: string, how: Circumstances): void {
  db.transaction((writer) => {
    if (!writer.revokeClient(name, Math.floor(how.now))) throw nobody(name);
    writer.append(how.now, entry("client_revoked", name, how));
  });
}

/** Returns the new secret; the old one is worthless from the next request on. Tokens live on until they expire. */
export function rotateClient({ db, peppers }: OpenData, name: string, how: Circumstances): string {
  if (db.client(name)?.jwks !== undefined)
    throw usage(
      `the client '${name}' signs with a key of its own, so there is no secret to replace`,
      `Make a new key pair, then \`keywright client revoke ${name}\` and \`keywright client create ${name} --public-key FILE\` with the new public key.`,
    );
  const secret = newTokenText(SECRET_PREFIX, randomBytes);
  db.transaction((writer) => {
    if (!writer.changeSecret(name, hashNow(secret, peppers))) throw nobody(name);
    writer.append(how.now, entry("client_rotated", name, how));
  });
  return secret;
}

function checkClient({ name, principal, resource }: NewClient): void {
  if (!/^[a-z0-9][a-z0-9_.-]{0,63}$/.test(name)) {
    throw usage(
      `'${name}' cannot be the name of a client`,
      "Use lower-case letters, digits, '.', '_' and '-', at most 64 of them.",
    );
  }
  if (name === PUBLIC_CLIENT) {
    throw usage(
      `'${name}' is the name of the program that people log in with`,
      "Choose another name for this client.",
    );
  }
  if (principal === undefined && resource === undefined) {
    throw usage(
      "a client needs a principal",
      "Name whom it acts as with --principal, or the audience it asks about with --resource.",
    );
  }
  if (principal !== undefined && !isPrincipalName(principal)) {
    throw usage(
      `'${principal}' is not the name of a principal`,
      "Use lower-case letters, digits and underscores, beginning with a letter.",
    );
  }
  if (resource !== undefined && !isPrincipalName(resource)) {
    throw usage(
      `'${resource}' is not the name of a ref`,
      "Name one of the refs in the broker's configuration.",
    );
  }
}

function entry(kind: string, client: string, { by, uid }: Circumstances) {
  return { kind, id: newEntryId(randomBytes), client, by, ...(uid === undefined ? {} : { by_uid: uid }) };
}

function nobody(name: string): KeywrightError {
  return new KeywrightError("not_found", `there is no client '${name}'`, {
    hint: "`keywright client list` shows those that there are.",
  });
}

function usage(message: string, hint: string): KeywrightError {
  return new KeywrightError("usage", message, { hint });
}
