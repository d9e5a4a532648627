// What one transaction of the broker's database may write, statement by statement. It begins and ends no transaction.
import type { DatabaseSync } from "node:sqlite";
import type { ChainFields } from "../audit/chain.ts";
import { identityOf } from "./database-reading.ts";
import type { ClientIdentity, LedgerLine } from "./ledger.ts";
import type { LoginWriter } from "./login/login-writing.ts";
import type { PeopleWriter } from "./people/people-writing.ts";
import type { Client, Token } from "./records.ts";

/** A secret as it is kept. */
export interface HashedSecret {
  readonly hash: Uint8Array;
  /** The number of the pepper that made the hash. */
  readonly pepper: number;
}

export interface Writer extends LoginWriter, PeopleWriter {
  addClient(client: Omit<Client, "id" | "generation">): void;
  /** Returns false when no client of this name lives. */
  revokeClient(name: string, at: number): boolean;
  /** Returns false when no client of this name lives. */
  changeSecret(name: string, secret: HashedSecret): boolean;
  /** The same secret, hashed with another pepper; nothing happens if it was changed meanwhile. */
  rehash(client: Client, secret: HashedSecret): void;
  addToken(token: Token): void;
  revokeToken(hash: Uint8Array, at: number): void;
  /** Uses up what may be used once only, until it expires (epoch seconds). Returns false when it was used before. */
  useOnce(hash: Uint8Array, expiresAt: number): boolean;
  /** Forgets tokens, logins, browsers and invitations that expired before this time. */
  forgetTokens(before: number): void;
  append(time: number, fields: ChainFields): void;
  /** For reapply.ts: what the ledger says of a client that is alive here. True when that changed anything. */
  endClient(client: ClientIdentity, at: number): boolean;
  endSecrets(client: ClientIdentity, generation: number): boolean;
  /** Returns how many lived. */
  endTokens(at: number): number;
}

type ClientWriter = Pick<Writer, "addClient" | "revokeClient" | "changeSecret" | "rehash">;

/** `touched` is called for every change, with what the ledger has to know of it. */
export function clientWriter(db: DatabaseSync, touched: (line?: LedgerLine) => void): ClientWriter {
  const add = db.prepare(
    "INSERT INTO clients (name, principal, resource, query_credentials, secret, pepper, jwks, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
  );
  const revoke = db.prepare(
    "UPDATE clients SET revoked_at = ? WHERE name = ? AND revoked_at IS NULL RETURNING *",
  );
  const change = db.prepare(
    "UPDATE clients SET secret = ?, pepper = ?, generation = generation + 1 WHERE name = ? AND revoked_at IS NULL RETURNING *",
  );
  const rehash = db.prepare("UPDATE clients SET secret = ?, pepper = ? WHERE id = ? AND secret = ?");
  return {
    addClient(c) {
      const flag = c.queryCredentials ? 1 : 0;
      const { name, principal = null, resource = null, jwks = null } = c;
      add.run(name, principal, resource, flag, c.secretHash, c.pepper, jwks, c.createdAt);
      touched();
    },
    revokeClient(name, at) {
      const row = revoke.get(at, name);
      if (row !== undefined) touched({ kind: "client_revoked", client: identityOf(row) });
      return row !== undefined;
    },
    changeSecret(name, { hash, pepper }) {
      const row = change.get(hash, pepper, name);
      if (row === undefined) return false;
      const generation = row["generation"] as number;
      touched({ kind: "secret_replaced", client: identityOf(row), generation });
      return true;
    },
    rehash(client, { hash, pepper }) {
      rehash.run(hash, pepper, client.id, client.secretHash);
      touched();
    },
  };
}

type EndingWriter = Pick<Writer, "endClient" | "endSecrets">;

export function endingWriter(db: DatabaseSync, touched: () => void): EndingWriter {
  const same = "id = ? AND name = ? AND created_at = ?";
  const end = db.prepare(`UPDATE clients SET revoked_at = ? WHERE ${same} AND revoked_at IS NULL`);
  const endSecrets = db.prepare(
    `UPDATE clients SET secret = zeroblob(32), generation = ? WHERE ${same} AND generation < ?`,
  );
  return {
    endClient({ id, name, createdAt }, at) {
      touched();
      return Number(end.run(at, id, name, createdAt).changes) === 1;
    },
    endSecrets({ id, name, createdAt }, generation) {
      touched();
      return Number(endSecrets.run(generation, id, name, createdAt, generation).changes) === 1;
    },
  };
}

type TokenWriter = Pick<Writer, "addToken" | "revokeToken" | "useOnce" | "forgetTokens" | "endTokens">;

export function tokenWriter(db: DatabaseSync, ended: () => void): TokenWriter {
  const add = db.prepare("INSERT INTO tokens VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL)");
  const revoke = db.prepare("UPDATE tokens SET revoked_at = ? WHERE hash = ?");
  const once = db.prepare("INSERT OR IGNORE INTO seen (hash, expires_at) VALUES (?, ?)");
  const forget = ["tokens", "seen", "logins", "browsers", "invites"].map((table) =>
    db.prepare(`DELETE FROM ${table} WHERE expires_at < ?`),
  );
  const endAll = db.prepare("UPDATE tokens SET revoked_at = ? WHERE revoked_at IS NULL");
  return {
    addToken(t) {
      const { client = null, session = null, name = null, jkt = null } = t;
      add.run(
        t.hash,
        t.kind,
        client,
        session,
        name,
        t.principal,
        t.audience,
        t.scope,
        jkt,
        t.issuedAt,
        t.expiresAt,
      );
    },
    revokeToken(hash, at) {
      revoke.run(at, hash);
      ended();
    },
    useOnce: (hash, expiresAt) => Number(once.run(hash, expiresAt).changes) === 1,
    forgetTokens(before) {
      for (const statement of forget) statement.run(before);
    },
    endTokens(at) {
      ended();
      return Number(endAll.run(at).changes);
    },
  };
}
