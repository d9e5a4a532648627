// The tables of the broker's database, as the steps that lead to them: the first makes version 1, each later one leads
// one version on. A step that was released is never edited.

const VERSION_1 = `
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

/** `pepper`: which one made the hash. `generation`: the how-many-th secret it is, which a restore must not turn back. */
const VERSION_2 = `
ALTER TABLE clients ADD COLUMN pepper INTEGER NOT NULL DEFAULT 1;
ALTER TABLE clients ADD COLUMN generation INTEGER NOT NULL DEFAULT 1`;

export const STEPS: readonly string[] = [VERSION_1, VERSION_2];
