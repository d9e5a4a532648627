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

/**
 * Logins of people and workloads. A token belongs to a client, to a session, or (with only a name) to a workload; `jkt` is
 * the thumbprint of the key that it is bound to (RFC 9449). `seen`: what may be used once only, such as a `jti`.
 */
const VERSION_3 = `
ALTER TABLE clients ADD COLUMN jwks TEXT;
CREATE TABLE users (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  principal TEXT,
  issuer TEXT,
  subject TEXT,
  email TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  disabled_at INTEGER
) STRICT;
CREATE UNIQUE INDEX users_by_subject ON users (issuer, subject) WHERE issuer IS NOT NULL;
CREATE TABLE passkeys (
  id BLOB PRIMARY KEY,
  user INTEGER NOT NULL REFERENCES users (id),
  public_key BLOB NOT NULL,
  algorithm INTEGER NOT NULL,
  sign_count INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  used_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE TABLE invites (
  hash BLOB PRIMARY KEY,
  user INTEGER NOT NULL REFERENCES users (id),
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  used_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE TABLE browsers (
  hash BLOB PRIMARY KEY,
  user INTEGER REFERENCES users (id),
  principal TEXT,
  upstream BLOB,
  proven_at INTEGER,
  pending TEXT,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE sessions (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  user INTEGER NOT NULL REFERENCES users (id),
  principal TEXT NOT NULL,
  client TEXT NOT NULL,
  face TEXT NOT NULL,
  scope TEXT NOT NULL,
  jkt TEXT,
  address TEXT,
  agent TEXT,
  upstream BLOB,
  checked_at INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  used_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  ended_at INTEGER,
  ended_why TEXT
) STRICT;
CREATE INDEX sessions_by_user ON sessions (user);
CREATE TABLE refresh_tokens (
  hash BLOB PRIMARY KEY,
  session INTEGER NOT NULL REFERENCES sessions (id),
  issued_at INTEGER NOT NULL,
  used_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX refresh_tokens_by_session ON refresh_tokens (session);
CREATE TABLE logins (
  id INTEGER PRIMARY KEY,
  kind TEXT NOT NULL,
  hash BLOB UNIQUE,
  user_code BLOB UNIQUE,
  face TEXT NOT NULL,
  client TEXT NOT NULL,
  scope TEXT NOT NULL,
  challenge TEXT,
  jkt TEXT,
  redirect_uri TEXT,
  client_state TEXT,
  address TEXT,
  agent TEXT,
  pace INTEGER NOT NULL,
  polled_at REAL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  state TEXT NOT NULL,
  user INTEGER REFERENCES users (id),
  principal TEXT,
  upstream BLOB,
  proven_at INTEGER,
  session INTEGER REFERENCES sessions (id)
) STRICT;
CREATE INDEX logins_by_expiry ON logins (expires_at);
CREATE TABLE seen (hash BLOB PRIMARY KEY, expires_at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX seen_by_expiry ON seen (expires_at);
CREATE TABLE tokens_3 (
  hash BLOB PRIMARY KEY,
  kind TEXT NOT NULL,
  client INTEGER REFERENCES clients (id),
  session INTEGER REFERENCES sessions (id),
  name TEXT,
  principal TEXT NOT NULL,
  audience TEXT NOT NULL,
  scope TEXT NOT NULL,
  jkt TEXT,
  issued_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  revoked_at INTEGER
) STRICT, WITHOUT ROWID;
INSERT INTO tokens_3 SELECT hash, kind, client, NULL, NULL, principal, audience, scope, NULL, issued_at, expires_at, revoked_at FROM tokens;
DROP TABLE tokens;
ALTER TABLE tokens_3 RENAME TO tokens;
CREATE INDEX tokens_by_expiry ON tokens (expires_at);
CREATE INDEX tokens_by_session ON tokens (session) WHERE session IS NOT NULL`;

export const STEPS: readonly string[] = [VERSION_1, VERSION_2, VERSION_3];
