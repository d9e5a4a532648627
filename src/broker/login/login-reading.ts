// What the broker's database is asked about logins: those that wait for a person, sessions and refresh tokens. It writes
// nothing.
import type { DatabaseSync, SQLOutputValue } from "node:sqlite";
import type { Face, Session } from "../records.ts";
import type { LoginState, RefreshToken, StoredLogin } from "./login-records.ts";

type Row = Record<string, SQLOutputValue>;

export interface LoginReading {
  login(id: number): StoredLogin | undefined;
  /** By the hash of its device code or authorization code. */
  loginByHash(hash: Uint8Array): StoredLogin | undefined;
  loginByUserCode(hash: Uint8Array): StoredLogin | undefined;
  /** How many wait for a person. */
  waitingLogins(now: number): number;
  /** Who began them, as far as it is known; one that began several comes as often. */
  waitingAddresses(now: number): readonly string[];
  /** A session that was not ended, and whose user is not disabled. Whether it has expired is for the caller to see. */
  session(id: number): Session | undefined;
  sessions(user?: number): readonly Session[];
  isSessionName(name: string): boolean;
  refreshToken(hash: Uint8Array): RefreshToken | undefined;
}

const WAITING = "FROM logins WHERE expires_at > ? AND state = 'pending'";
/** A user with passkeys acts as what it was invited for last, whatever the session began as. */
const SESSIONS =
  "SELECT sessions.*, users.name AS user_name, coalesce(users.principal, sessions.principal) AS acts_as FROM sessions JOIN users ON users.id = user WHERE ended_at IS NULL AND disabled_at IS NULL";

export function loginReading(db: DatabaseSync): LoginReading {
  const [login, byHash, byCode] = ["id", "hash", "user_code"].map((column) =>
    db.prepare(`SELECT * FROM logins WHERE ${column} = ?`),
  ) as [Statement, Statement, Statement];
  const waiting = db.prepare(`SELECT count(*) AS n ${WAITING}`);
  const addresses = db.prepare(`SELECT address ${WAITING} AND address IS NOT NULL`);
  const session = db.prepare(`${SESSIONS} AND sessions.id = ?`);
  const sessions = db.prepare(
    `${SESSIONS} AND (?1 IS NULL OR user = ?1) ORDER BY user_name, created_at, sessions.id`,
  );
  const named = db.prepare("SELECT 1 FROM sessions WHERE name = ?");
  const refresh = db.prepare("SELECT * FROM refresh_tokens WHERE hash = ?");
  return {
    login: (id) => one(login.get(id), loginOf),
    loginByHash: (hash) => one(byHash.get(hash), loginOf),
    loginByUserCode: (hash) => one(byCode.get(hash), loginOf),
    waitingLogins: (now) => (waiting.get(now) as { readonly n: number }).n,
    waitingAddresses: (now) => addresses.all(now).map((row) => row["address"] as string),
    session: (id) => one(session.get(id), sessionOf),
    sessions: (user) => sessions.all(user ?? null).map(sessionOf),
    isSessionName: (name) => named.get(name) !== undefined,
    refreshToken: (hash) => one(refresh.get(hash), refreshOf),
  };
}

type Statement = ReturnType<DatabaseSync["prepare"]>;

function one<T>(row: Row | undefined, made: (row: Row) => T): T | undefined {
  return row && made(row);
}

/** A column that may be NULL. */
function orNone<T>(value: SQLOutputValue | undefined): T | undefined {
  return (value as T | null) ?? undefined;
}

function loginOf(row: Row): StoredLogin {
  return {
    id: row["id"] as number,
    kind: row["kind"] as StoredLogin["kind"],
    face: row["face"] as Face,
    client: row["client"] as string,
    scope: row["scope"] as string,
    hash: orNone(row["hash"]),
    userCode: orNone(row["user_code"]),
    challenge: orNone(row["challenge"]),
    jkt: orNone(row["jkt"]),
    redirectUri: orNone(row["redirect_uri"]),
    clientState: orNone(row["client_state"]),
    address: orNone(row["address"]),
    agent: orNone(row["agent"]),
    pace: row["pace"] as number,
    polledAt: orNone(row["polled_at"]),
    createdAt: row["created_at"] as number,
    expiresAt: row["expires_at"] as number,
    state: row["state"] as LoginState,
    user: orNone(row["user"]),
    principal: orNone(row["principal"]),
    upstream: orNone(row["upstream"]),
    provenAt: orNone(row["proven_at"]),
    session: orNone(row["session"]),
  };
}

function sessionOf(row: Row): Session {
  return {
    id: row["id"] as number,
    name: row["name"] as string,
    user: row["user"] as number,
    userName: row["user_name"] as string,
    principal: row["acts_as"] as string,
    client: row["client"] as string,
    face: row["face"] as Face,
    scope: row["scope"] as string,
    jkt: orNone(row["jkt"]),
    address: orNone(row["address"]),
    agent: orNone(row["agent"]),
    upstream: orNone(row["upstream"]),
    checkedAt: row["checked_at"] as number,
    createdAt: row["created_at"] as number,
    usedAt: row["used_at"] as number,
    expiresAt: row["expires_at"] as number,
  };
}

function refreshOf(row: Row): RefreshToken {
  return { session: row["session"] as number, usedAt: orNone(row["used_at"]) };
}
