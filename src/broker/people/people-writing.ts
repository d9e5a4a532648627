// What one transaction of the broker's database may write about people, statement by statement.
import type { DatabaseSync } from "node:sqlite";
import type { LedgerLine, UserIdentity } from "../ledger.ts";
import type { Person } from "../records.ts";
import { OLD_PASSKEYS, userIdentityOf, type Passkey, type User } from "./people-reading.ts";

export interface PeopleWriter extends UserWriter, EndingWriter, PasskeyWriter, BrowserWriter {}

interface UserWriter {
  /** Returns its number. */
  addUser(user: Omit<User, "id" | "disabledAt">): number;
  changeUser(id: number, user: Pick<User, "principal" | "email">): void;
  addInvite(hash: Uint8Array, user: number, at: number, expiresAt: number): void;
  /** Returns false when it was used, or ended, before. */
  useInvite(hash: Uint8Array, at: number): boolean;
  /** Every session that has this provider's token gets the one that replaced it, and what was found. */
  keepRechecked(
    user: number,
    old: Uint8Array,
    found: { readonly upstream: Uint8Array; readonly principal: string; readonly at: number },
  ): void;
  /** The same, when nothing else could be found out. */
  keepUpstream(user: number, old: Uint8Array, upstream: Uint8Array): void;
  keepChecked(session: number, principal: string, at: number): void;
}

interface EndingWriter {
  /** Everything of this user that lives ends with it. Returns false when it was disabled before. */
  disableUser(id: number, at: number): boolean;
  /** Returns false when it was not disabled. */
  enableUser(id: number): boolean;
  /** Sessions with their tokens; returns how many lived. `name`: only this one. */
  endSessions(user: number | undefined, at: number, why: string, name?: string): number;
  /** Who is in a browser, and what it approved there and nobody fetched yet; of one user, or of all. */
  endBrowsers(user: number | undefined): void;
  /** Those that a user has, with the invitations and browsers that came of them. */
  endPasskeys(user: UserIdentity, at: number): void;
  /** For reapply.ts: what the ledger says of a user. True when that changed anything. */
  endUser(user: UserIdentity, at: number): boolean;
  /** For reapply.ts: the same, for those that are as old. True when there were any. */
  endOldPasskeys(user: UserIdentity, at: number): boolean;
  /** For reapply.ts: every session, browser and invitation; returns how many sessions lived. */
  endEverybody(at: number): number;
}

interface PasskeyWriter {
  /** Returns false when there is one with this id. */
  addPasskey(passkey: Omit<Passkey, "user"> & { readonly user: number; readonly at: number }): boolean;
  usePasskey(id: Uint8Array, signCount: number, at: number): void;
}

interface BrowserWriter {
  addBrowser(browser: {
    readonly hash: Uint8Array;
    readonly person: Person;
    readonly createdAt: number;
    readonly expiresAt: number;
  }): void;
  touchBrowser(hash: Uint8Array, expiresAt: number): void;
  endBrowser(hash: Uint8Array): void;
  /** Makes its row when there is none that lives. */
  keepPending(hash: Uint8Array, pending: string, at: number, expiresAt: number): void;
  /** Forgets this one. Returns false when it is gone already. */
  usePending(hash: Uint8Array, pending: string): boolean;
  /** Of the browsers in which nobody is: those whose time is over, and beyond so many the oldest. */
  forgetUnfinished(now: number, most: number): void;
}

/** `ended` is called for every change that ends tokens, with what the ledger has to know of it. */
export function peopleWriter(db: DatabaseSync, ended: (line?: LedgerLine) => void): PeopleWriter {
  return { ...userWriter(db), ...endingWriter(db, ended), ...passkeyWriter(db), ...browserWriter(db) };
}

function userWriter(db: DatabaseSync): UserWriter {
  const add = db.prepare(
    "INSERT INTO users (name, principal, issuer, subject, email, created_at) VALUES (?, ?, ?, ?, ?, ?)",
  );
  const change = db.prepare("UPDATE users SET principal = ?, email = ? WHERE id = ?");
  const invite = db.prepare("INSERT INTO invites VALUES (?, ?, ?, ?, NULL)");
  const use = db.prepare(
    "UPDATE invites SET used_at = ? WHERE hash = ? AND used_at IS NULL AND expires_at > ?",
  );
  const same = "WHERE user = ? AND upstream = ?";
  const rechecked = db.prepare(`UPDATE sessions SET upstream = ?, principal = ?, checked_at = ? ${same}`);
  const others = ["browsers", "logins"].map((table) =>
    db.prepare(`UPDATE ${table} SET upstream = ?, principal = ? ${same}`),
  );
  const upstreams = ["sessions", "browsers", "logins"].map((table) =>
    db.prepare(`UPDATE ${table} SET upstream = ? ${same}`),
  );
  const checked = db.prepare("UPDATE sessions SET principal = ?, checked_at = ? WHERE id = ?");
  return {
    addUser({ name, principal = null, issuer = null, subject = null, email, createdAt }) {
      return Number(add.run(name, principal, issuer, subject, email, createdAt).lastInsertRowid);
    },
    changeUser(id, { principal = null, email }) {
      change.run(principal, email, id);
    },
    addInvite(hash, user, at, expiresAt) {
      invite.run(hash, user, at, expiresAt);
    },
    useInvite: (hash, at) => Number(use.run(at, hash, at).changes) === 1,
    keepRechecked(user, old, { upstream, principal, at }) {
      rechecked.run(upstream, principal, at, user, old);
      for (const one of others) one.run(upstream, principal, user, old);
    },
    keepUpstream(user, old, upstream) {
      for (const one of upstreams) one.run(upstream, user, old);
    },
    keepChecked(session, principal, at) {
      checked.run(principal, at, session);
    },
  };
}

function endingWriter(db: DatabaseSync, ended: (line?: LedgerLine) => void): EndingWriter {
  const disable = db.prepare(
    "UPDATE users SET disabled_at = ? WHERE id = ? AND disabled_at IS NULL RETURNING *",
  );
  const enable = db.prepare(
    "UPDATE users SET disabled_at = NULL WHERE id = ? AND disabled_at IS NOT NULL RETURNING *",
  );
  const which = "(?2 IS NULL OR user = ?2) AND (?3 IS NULL OR name = ?3)";
  const tokens = db.prepare(
    `UPDATE tokens SET revoked_at = ?1 WHERE revoked_at IS NULL AND session IN (SELECT id FROM sessions WHERE ${which})`,
  );
  const sessions = db.prepare(
    `UPDATE sessions SET ended_at = ?1, ended_why = ?4, upstream = NULL WHERE ended_at IS NULL AND ${which}`,
  );
  const loose = ["logins", "browsers", "invites"].map((table) =>
    db.prepare(`DELETE FROM ${table} WHERE ?1 IS NULL OR user = ?1`),
  );
  const begun = ["logins", "browsers"].map((table) =>
    db.prepare(`DELETE FROM ${table} WHERE user IS NOT NULL AND (?1 IS NULL OR user = ?1)`),
  );
  const passkeys = db.prepare(`DELETE FROM passkeys WHERE ${OLD_PASSKEYS}`);
  const find = db.prepare(
    "SELECT * FROM users WHERE (issuer = ?1 AND subject = ?2) OR (?1 IS NULL AND id = ?3 AND name = ?4 AND created_at = ?5)",
  );
  const put = db.prepare(
    "INSERT INTO users (name, issuer, subject, email, created_at, disabled_at) VALUES (?, ?, ?, '', ?, ?)",
  );
  const taken = db.prepare("SELECT 1 FROM users WHERE name = ?");
  const living = db.prepare("SELECT count(*) AS n FROM sessions WHERE ended_at IS NULL AND expires_at > ?");

  function endSessions(user: number | undefined, at: number, why: string, name?: string): number {
    ended();
    tokens.run(at, user ?? null, name ?? null);
    return Number(sessions.run(at, user ?? null, name ?? null, why).changes);
  }
  function endAll(user: number | undefined, at: number, why: string): number {
    for (const one of loose) one.run(user ?? null);
    return endSessions(user, at, why);
  }
  function disableUser(id: number, at: number): boolean {
    const row = disable.get(at, id);
    if (row === undefined) return false;
    endAll(id, at, "disabled");
    ended({ kind: "user_disabled", user: userIdentityOf(row) });
    return true;
  }
  const endOldPasskeys = ({ id, name, createdAt }: UserIdentity, at: number): boolean =>
    Number(passkeys.run(id, name, createdAt, at).changes) > 0;
  return {
    disableUser,
    enableUser(id) {
      const row = enable.get(id);
      if (row !== undefined) ended({ kind: "user_enabled", user: userIdentityOf(row) });
      return row !== undefined;
    },
    endSessions,
    endBrowsers(user) {
      for (const one of begun) one.run(user ?? null);
    },
    endPasskeys(user, at) {
      for (const one of loose) one.run(user.id);
      endOldPasskeys(user, at);
      ended({ kind: "passkeys_ended", user, at });
    },
    endOldPasskeys,
    endUser(user, at) {
      const { issuer = null, subject = null, id, name, createdAt } = user;
      const row = find.get(issuer, subject, id, name, createdAt);
      if (row !== undefined) return disableUser(row["id"] as number, at);
      if (issuer === null) return false;
      // Unknown here, it would be made anew at its next login, and be let in.
      const free = taken.get(name) === undefined ? name : `${name}-${createdAt}-${id}`;
      put.run(free, issuer, subject, createdAt, at);
      return true;
    },
    endEverybody(at) {
      const { n } = living.get(at) as { readonly n: number };
      endAll(undefined, at, "restored");
      return n;
    },
  };
}

function passkeyWriter(db: DatabaseSync): PasskeyWriter {
  const add = db.prepare("INSERT OR IGNORE INTO passkeys VALUES (?, ?, ?, ?, ?, ?, NULL)");
  const use = db.prepare("UPDATE passkeys SET sign_count = ?, used_at = ? WHERE id = ?");
  return {
    addPasskey: ({ id, user, publicKey, algorithm, signCount, at }) =>
      Number(add.run(id, user, publicKey, algorithm, signCount, at).changes) === 1,
    usePasskey(id, signCount, at) {
      use.run(signCount, at, id);
    },
  };
}

function browserWriter(db: DatabaseSync): BrowserWriter {
  const add = db.prepare("INSERT INTO browsers VALUES (?, ?, ?, ?, ?, NULL, ?, ?)");
  const touch = db.prepare("UPDATE browsers SET expires_at = ? WHERE hash = ?");
  const end = db.prepare("DELETE FROM browsers WHERE hash = ?");
  const old = db.prepare("DELETE FROM browsers WHERE hash = ? AND expires_at <= ?");
  const keep = db.prepare(
    "INSERT INTO browsers (hash, pending, created_at, expires_at) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (hash) DO UPDATE " +
      "SET pending = ?2, expires_at = CASE WHEN user IS NULL THEN ?4 ELSE expires_at END",
  );
  const use = db.prepare("UPDATE browsers SET pending = NULL WHERE hash = ? AND pending = ?");
  const forget = db.prepare(
    "DELETE FROM browsers WHERE user IS NULL AND (expires_at <= ?1 OR created_at < " +
      "(SELECT created_at FROM browsers WHERE user IS NULL ORDER BY created_at DESC LIMIT 1 OFFSET ?2 - 1))",
  );
  return {
    addBrowser({ hash, person, createdAt, expiresAt }) {
      const { user, principal, upstream = null, provenAt } = person;
      add.run(hash, user, principal, upstream, provenAt, createdAt, expiresAt);
    },
    touchBrowser(hash, expiresAt) {
      touch.run(expiresAt, hash);
    },
    endBrowser(hash) {
      end.run(hash);
    },
    keepPending(hash, text, at, expiresAt) {
      old.run(hash, at);
      keep.run(hash, text, at, expiresAt);
    },
    usePending: (hash, text) => Number(use.run(hash, text).changes) === 1,
    forgetUnfinished(now, most) {
      forget.run(now, most);
    },
  };
}
