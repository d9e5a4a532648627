// Machine clients: create, list, revoke, rotate, each with its entry in the same chain as everything else. A running
// broker sees the change at its next request. The secret is returned once and kept nowhere.
import { randomBytes } from "node:crypto";
import { KeywrightError } from "../errors.ts";
import { isPrincipalName } from "../resolver/principal.ts";
import type { OpenData } from "./data-folder.ts";
import { hashNow } from "./pepper.ts";
import { newEntryId, type Client } from "./records.ts";
import { newTokenText, SECRET_PREFIX } from "./token-text.ts";

export type NewClient = Pick<Client, "name" | "principal" | "resource" | "queryCredentials">;

export interface Circumstances {
  /** Epoch seconds. */
  readonly now: number;
  /** The user of the operating system who does it. */
  readonly by: string;
  /** That user's number; undefined where the system has none. */
  readonly uid?: number | undefined;
}

/** Returns the secret. Throws `usage` for a client that cannot be. */
export function createClient({ db, peppers }: OpenData, client: NewClient, how: Circumstances): string {
  checkClient(client);
  if (db.client(client.name) !== undefined)
    throw usage(
      `there is a client '${client.name}' already`,
      "Choose another name, or `keywright client rotate` it.",
    );
  const secret = newTokenText(SECRET_PREFIX, randomBytes);
  const { hash, pepper } = hashNow(secret, peppers);
  db.transaction((writer) => {
    writer.addClient({
      jwks: undefined,
      ...client,
      secretHash: hash,
      pepper,
      createdAt: Math.floor(how.now),
    });
    writer.append(how.now, {
      ...entry("client_created", client.name, how),
      principal: client.principal ?? null,
      resource: client.resource ?? null,
      query_credentials: client.queryCredentials,
    });
  });
  return secret;
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
