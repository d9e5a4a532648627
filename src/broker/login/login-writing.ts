// What one transaction of the broker's database may write about logins, statement by statement. Sessions are ended by
// people-writing.ts, whoever ends them.
import type { DatabaseSync } from "node:sqlite";
import type { Person, Session } from "../records.ts";
import type { NewLogin } from "./login-records.ts";

export interface LoginWriter {
  addLogin(login: NewLogin): void;
  /** When it was last asked for, and how long the next question has to wait. */
  pollLogin(id: number, at: number, pace: number): void;
  /** Returns false when it was decided before, has expired, or the person was disabled. */
  approveLogin(id: number, person: Person, at: number): boolean;
  denyLogin(id: number, at: number): boolean;
  /** The authorization code of an approved login, once; returns false when it has one. */
  giveCode(id: number, hash: Uint8Array, expiresAt: number): boolean;
  /** Its tokens were handed out. Returns false when they were before. */
  useLogin(id: number, session: number): boolean;
  burnLogin(id: number): void;
  /** Returns its number. */
  addSession(session: Omit<Session, "id" | "userName">): number;
  useSession(id: number, at: number): void;
  addRefreshToken(hash: Uint8Array, session: number, at: number): void;
  /** Returns false when it was used before. */
  useRefreshToken(hash: Uint8Array, at: number): boolean;
  /** Sessions that expired before this time, when nothing belongs to them any more. */
  forgetSessions(before: number): void;
}

type Logins = Pick<
  LoginWriter,
  "addLogin" | "pollLogin" | "approveLogin" | "denyLogin" | "giveCode" | "useLogin" | "burnLogin"
>;

/** `ended` is called for every change that ends tokens, which a restored older database must not revive. */
export function loginWriter(db: DatabaseSync, _ended: () => void): LoginWriter {
  return { ...waitingWriter(db), ...sessionWriter(db) };
}

const ADD_LOGIN =
  "INSERT INTO logins (id, kind, hash, user_code, face, client, scope, challenge, jkt, redirect_uri, client_state, address, " +
  "agent, pace, created_at, expires_at, state) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'pending')";
const APPROVE =
  "UPDATE logins SET state = 'approved', user = ?1, principal = ?2, upstream = ?3, proven_at = ?4 WHERE id = ?5 AND " +
  "state = 'pending' AND expires_at > ?6 AND EXISTS (SELECT 1 FROM users WHERE id = ?1 AND disabled_at IS NULL)";

function waitingWriter(db: DatabaseSync): Logins {
  const add = db.prepare(ADD_LOGIN);
  const poll = db.prepare("UPDATE logins SET polled_at = ?, pace = ? WHERE id = ?");
  const approve = db.prepare(APPROVE);
  const deny = db.prepare(
    "UPDATE logins SET state = 'denied' WHERE id = ? AND state = 'pending' AND expires_at > ?",
  );
  const give = db.prepare(
    "UPDATE logins SET hash = ?, expires_at = ? WHERE id = ? AND kind = 'code' AND state = 'approved' AND hash IS NULL",
  );
  const use = db.prepare(
    "UPDATE logins SET state = 'used', upstream = NULL, session = ? WHERE id = ? AND state = 'approved'",
  );
  const burn = db.prepare("UPDATE logins SET state = 'burned', upstream = NULL WHERE id = ?");
  return {
    addLogin(l) {
      const { hash = null, userCode = null, challenge = null, jkt = null, redirectUri = null } = l;
      const { clientState = null, address = null, agent = null } = l;
      const asked = [l.face, l.client, l.scope, challenge, jkt, redirectUri, clientState, address, agent];
      add.run(l.id, l.kind, hash, userCode, ...asked, l.pace, l.createdAt, l.expiresAt);
    },
    pollLogin(id, at, pace) {
      poll.run(at, pace, id);
    },
    approveLogin(id, { user, principal, upstream = null, provenAt }, at) {
      return Number(approve.run(user, principal, upstream, provenAt, id, at).changes) === 1;
    },
    denyLogin: (id, at) => Number(deny.run(id, at).changes) === 1,
    giveCode: (id, hash, expiresAt) => Number(give.run(hash, expiresAt, id).changes) === 1,
    useLogin: (id, session) => Number(use.run(session, id).changes) === 1,
    burnLogin(id) {
      burn.run(id);
    },
  };
}

type Sessions = Omit<LoginWriter, keyof Logins>;

const ADD_SESSION =
  "INSERT INTO sessions (name, user, principal, client, face, scope, jkt, address, agent, upstream, checked_at, created_at, " +
  "used_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
const FORGOTTEN = ["tokens", "logins"].map(
  (table) => `AND NOT EXISTS (SELECT 1 FROM ${table} WHERE ${table}.session = sessions.id)`,
);

function sessionWriter(db: DatabaseSync): Sessions {
  const add = db.prepare(ADD_SESSION);
  const use = db.prepare("UPDATE sessions SET used_at = ? WHERE id = ?");
  const addRefresh = db.prepare("INSERT INTO refresh_tokens (hash, session, issued_at) VALUES (?, ?, ?)");
  const useRefresh = db.prepare("UPDATE refresh_tokens SET used_at = ? WHERE hash = ? AND used_at IS NULL");
  const old = `SELECT id FROM sessions WHERE expires_at < ?1 ${FORGOTTEN.join(" ")}`;
  const forget = ["DELETE FROM refresh_tokens WHERE session", "DELETE FROM sessions WHERE id"].map((text) =>
    db.prepare(`${text} IN (${old})`),
  );
  return {
    addSession(s) {
      const { jkt = null, address = null, agent = null, upstream = null } = s;
      const who = [s.name, s.user, s.principal, s.client, s.face, s.scope, jkt, address, agent, upstream];
      const { lastInsertRowid } = add.run(...who, s.checkedAt, s.createdAt, s.usedAt, s.expiresAt);
      return Number(lastInsertRowid);
    },
    useSession(id, at) {
      use.run(at, id);
    },
    addRefreshToken(hash, session, at) {
      addRefresh.run(hash, session, at);
    },
    useRefreshToken: (hash, at) => Number(useRefresh.run(at, hash).changes) === 1,
    forgetSessions(before) {
      for (const one of forget) one.run(before);
    },
  };
}
