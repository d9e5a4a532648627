// The broker's database: opening it, reading it, and one transaction that writes. It decides nothing. Durable: a
// transaction that returned is on the disk (WAL, synchronous=FULL).
import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync, type SQLOutputValue } from "node:sqlite";
import { CHAIN_START, follow, link, type ChainFields, type ChainHead } from "../audit/chain.ts";
import { KeywrightError } from "../errors.ts";
import type { Client, KnownToken, Token, TokenKind } from "./records.ts";
import { SCHEMA, SCHEMA_VERSION } from "./schema.ts";

type Row = Record<string, SQLOutputValue>;

export interface Database {
  /** The living client of this name. */
  client(name: string): Client | undefined;
  clients(): readonly Client[];
  /** undefined: unknown, revoked, or its client was revoked. Whether it has expired is for the caller to see. */
  token(hash: Uint8Array): KnownToken | undefined;
  auditLines(): Iterable<string>;
  /** Runs `work` in one transaction that nobody else can write in between; throws what it throws, with nothing written. */
  transaction(work: (writer: Writer) => void): void;
  close(): void;
}

export interface Writer {
  addClient(client: Omit<Client, "id">): void;
  /** Returns false when no client of this name lives. */
  revokeClient(name: string, at: number): boolean;
  /** Returns false when no client of this name lives. */
  changeSecret(name: string, secretHash: Uint8Array): boolean;
  addToken(token: Token): void;
  revokeToken(hash: Uint8Array, at: number): void;
  /** Forgets tokens that expired before this time. */
  forgetTokens(before: number): void;
  append(time: number, fields: ChainFields): void;
}

export function databasePath(folder: string): string {
  return join(folder, "broker.db");
}

/** Throws `configuration` for a database of a newer keywright. */
export function openDatabase(path: string): Database {
  closeSync(openSync(path, "a", 0o600)); // SQLite gives its -wal and -shm files the mode of this one.
  const db = new DatabaseSync(path);
  try {
    db.exec(
      "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON",
    );
    migrate(db, path);
    return { ...reading(db), transaction: transactions(db), close: () => db.close() };
  } catch (thrown) {
    db.close();
    throw thrown;
  }
}

function migrate(db: DatabaseSync, path: string): void {
  if (versionOf(db) === SCHEMA_VERSION) return;
  inTransaction(db, () => {
    const version = versionOf(db);
    if (version > SCHEMA_VERSION) {
      throw new KeywrightError(
        "configuration",
        `${path} was made by a newer keywright (schema ${version}, this one knows ${SCHEMA_VERSION})`,
        {
          hint: "Use the keywright that made it, or another data folder.",
        },
      );
    }
    if (version === 0) db.exec(`${SCHEMA}; PRAGMA user_version = ${SCHEMA_VERSION}`);
  });
}

function versionOf(db: DatabaseSync): number {
  return Number(db.prepare("PRAGMA user_version").get()?.["user_version"]);
}

function reading(db: DatabaseSync): Pick<Database, "client" | "clients" | "token" | "auditLines"> {
  const client = db.prepare("SELECT * FROM clients WHERE name = ? AND revoked_at IS NULL");
  const clients = db.prepare("SELECT * FROM clients WHERE revoked_at IS NULL ORDER BY name");
  const token = db.prepare(
    "SELECT tokens.*, clients.name FROM tokens JOIN clients ON clients.id = tokens.client " +
      "WHERE hash = ? AND tokens.revoked_at IS NULL AND clients.revoked_at IS NULL",
  );
  const lines = db.prepare("SELECT line FROM audit ORDER BY seq");
  return {
    client(name) {
      const row = client.get(name);
      return row && clientOf(row);
    },
    clients: () => clients.all().map(clientOf),
    token(hash) {
      const row = token.get(hash);
      return row && tokenOf(row);
    },
    *auditLines() {
      for (const row of lines.iterate()) yield row["line"] as string;
    },
  };
}

function transactions(db: DatabaseSync): Database["transaction"] {
  const addClient = db.prepare(
    "INSERT INTO clients (name, principal, resource, query_credentials, secret, created_at) VALUES (?, ?, ?, ?, ?, ?)",
  );
  const revokeClient = db.prepare("UPDATE clients SET revoked_at = ? WHERE name = ? AND revoked_at IS NULL");
  const changeSecret = db.prepare("UPDATE clients SET secret = ? WHERE name = ? AND revoked_at IS NULL");
  const addToken = db.prepare("INSERT INTO tokens VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL)");
  const revokeToken = db.prepare("UPDATE tokens SET revoked_at = ? WHERE hash = ?");
  const forgetTokens = db.prepare("DELETE FROM tokens WHERE expires_at < ?");
  const append = appending(db);
  const writer: Writer = {
    addClient: (c) =>
      void addClient.run(
        c.name,
        c.principal ?? null,
        c.resource ?? null,
        c.queryCredentials ? 1 : 0,
        c.secretHash,
        c.createdAt,
      ),
    revokeClient: (name, at) => Number(revokeClient.run(at, name).changes) === 1,
    changeSecret: (name, hash) => Number(changeSecret.run(hash, name).changes) === 1,
    addToken: (t) =>
      void addToken.run(t.hash, t.kind, t.client, t.principal, t.audience, t.scope, t.issuedAt, t.expiresAt),
    revokeToken: (hash, at) => void revokeToken.run(at, hash),
    forgetTokens: (before) => void forgetTokens.run(before),
    append: append.line,
  };
  return (work) =>
    inTransaction(db, () => {
      append.begin();
      work(writer);
    });
}

/** The head is read inside every transaction: the command line appends too, from another process. */
function appending(db: DatabaseSync): { begin(): void; line: Writer["append"] } {
  const last = db.prepare("SELECT line FROM audit ORDER BY seq DESC LIMIT 1");
  const insert = db.prepare("INSERT INTO audit (seq, line) VALUES (?, ?)");
  let head: ChainHead = CHAIN_START;
  return {
    begin() {
      const row = last.get();
      const step = row && follow(undefined, row["line"] as string);
      if (step?.ok === false) throw new KeywrightError("audit", `the last line of the audit ${step.fault}`);
      head = step === undefined ? CHAIN_START : step.head;
    },
    line(time, fields) {
      const next = link(head, time, fields);
      insert.run(next.head.seq, next.line);
      head = next.head;
    },
  };
}

function inTransaction(db: DatabaseSync, work: () => void): void {
  db.exec("BEGIN IMMEDIATE");
  try {
    work();
    db.exec("COMMIT");
  } catch (thrown) {
    if (db.isTransaction !== false) db.exec("ROLLBACK");
    throw thrown;
  }
}

function clientOf(row: Row): Client {
  return {
    id: row["id"] as number,
    name: row["name"] as string,
    principal: (row["principal"] as string | null) ?? undefined,
    resource: (row["resource"] as string | null) ?? undefined,
    queryCredentials: row["query_credentials"] === 1,
    secretHash: row["secret"] as Uint8Array,
    createdAt: row["created_at"] as number,
  };
}

function tokenOf(row: Row): KnownToken {
  return {
    hash: row["hash"] as Uint8Array,
    kind: row["kind"] as TokenKind,
    client: row["client"] as number,
    clientName: row["name"] as string,
    principal: row["principal"] as string,
    audience: row["audience"] as string,
    scope: row["scope"] as string,
    issuedAt: row["issued_at"] as number,
    expiresAt: row["expires_at"] as number,
  };
}
