// The tables of the broker's database. A change adds a version and a migration; a released schema is never edited.

export const SCHEMA_VERSION = 1;

export const SCHEMA = `
CREATE TABLE clients (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  principal TEXT,
  resource TEXT,
  query_credentials INTEGER NOT NULL,
  secret BLOB NOT NULL,
  created_at INTEGER NOT NULL,
  revoked_at INTEGER
) STRICT;
CREATE UNIQUE INDEX clients_living ON clients (name) WHERE revoked_at IS NULL;
CREATE TABLE tokens (
  hash BLOB PRIMARY KEY,
  kind TEXT NOT NULL,
  client INTEGER NOT NULL REFERENCES clients (id),
  principal TEXT NOT NULL,
  audience TEXT NOT NULL,
  scope TEXT NOT NULL,
  issued_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  revoked_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX tokens_by_expiry ON tokens (expires_at);
CREATE TABLE audit (seq INTEGER PRIMARY KEY, line TEXT NOT NULL) STRICT`;
