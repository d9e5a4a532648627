// What the broker's database is asked about people: users, passkeys, invitations and browsers. It writes nothing.
import type { DatabaseSync, SQLOutputValue } from "node:sqlite";
import type { UserIdentity } from "../ledger.ts";
import type { Person } from "../records.ts";

type Row = Record<string, SQLOutputValue>;

export interface User extends UserIdentity {
  /** Of a user with passkeys, as it was invited; undefined: the provider's claims say it, at each login. */
  readonly principal: string | undefined;
  readonly email: string;
  /** undefined: it may come in. */
  readonly disabledAt: number | undefined;
}

/** What `user list` shows. */
export interface ListedUser extends User {
  readonly passkeys: number;
  /** How many logins live. */
  readonly sessions: number;
}

export interface Passkey {
  readonly id: Uint8Array;
  readonly user: User;
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKey: Uint8Array;
  /** A COSE algorithm. */
  readonly algorithm: number;
  readonly signCount: number;
}

export interface BrowserRow {
  readonly person: Person | undefined;
  /** Of the provider that knows the person; undefined: a passkey does. */
  readonly issuer: string | undefined;
  readonly createdAt: number;
  readonly expiresAt: number;
}

export interface PeopleReading {
  user(id: number): User | undefined;
  userNamed(name: string): User | undefined;
  userBySubject(issuer: string, subject: string): User | undefined;
  users(now: number): readonly ListedUser[];
  passkey(id: Uint8Array): Passkey | undefined;
  passkeyIds(user: number): readonly Uint8Array[];
  /** The user of an invitation that is neither used nor too old. */
  invited(hash: Uint8Array, now: number): User | undefined;
  browser(hash: Uint8Array): BrowserRow | undefined;
  /** The login that was begun in this browser, sealed. */
  pending(hash: Uint8Array): string | undefined;
  hasOldPasskeys(user: UserIdentity, at: number): boolean;
  /** What the ledger has to know: the users that are disabled. */
  disabledUsers(): readonly UserIdentity[];
}

const PASSKEY =
  "SELECT users.*, passkeys.id AS passkey, public_key, algorithm, sign_count FROM passkeys JOIN users ON users.id = user WHERE passkeys.id = ?";
const INVITED =
  "SELECT users.* FROM invites JOIN users ON users.id = user WHERE hash = ? AND used_at IS NULL AND invites.expires_at > ? AND disabled_at IS NULL";
/** A user with passkeys acts as what it was invited for, whatever the browser remembers. */
const BROWSER =
  "SELECT browsers.*, name, issuer, coalesce(users.principal, browsers.principal) AS acts_as FROM browsers LEFT JOIN users ON users.id = user AND disabled_at IS NULL WHERE hash = ?";
const LISTED =
  "SELECT users.*, (SELECT count(*) FROM passkeys WHERE user = users.id) AS passkeys, " +
  "(SELECT count(*) FROM sessions WHERE user = users.id AND ended_at IS NULL AND expires_at > ?) AS sessions FROM users ORDER BY name";
/** Of this user, and not younger. */
export const OLD_PASSKEYS =
  "user = (SELECT id FROM users WHERE id = ?1 AND name = ?2 AND created_at = ?3) AND created_at <= ?4";

export function peopleReading(db: DatabaseSync): PeopleReading {
  const user = db.prepare("SELECT * FROM users WHERE id = ?");
  const named = db.prepare("SELECT * FROM users WHERE name = ?");
  const subject = db.prepare("SELECT * FROM users WHERE issuer = ? AND subject = ?");
  const [passkey, invited, browser] = [db.prepare(PASSKEY), db.prepare(INVITED), db.prepare(BROWSER)];
  const listed = db.prepare(LISTED);
  const pending = db.prepare("SELECT pending FROM browsers WHERE hash = ?");
  const ids = db.prepare("SELECT id FROM passkeys WHERE user = ?");
  const old = db.prepare(`SELECT 1 FROM passkeys WHERE ${OLD_PASSKEYS} LIMIT 1`);
  const disabled = db.prepare("SELECT * FROM users WHERE disabled_at IS NOT NULL");
  return {
    user: (id) => one(user.get(id), userOf),
    userNamed: (name) => one(named.get(name), userOf),
    userBySubject: (issuer, id) => one(subject.get(issuer, id), userOf),
    users: (now) => listed.all(now).map(listedOf),
    passkey: (id) => one(passkey.get(id), passkeyOf),
    passkeyIds: (id) => ids.all(id).map((row) => row["id"] as Uint8Array),
    invited: (hash, now) => one(invited.get(hash, now), userOf),
    browser: (hash) => one(browser.get(hash), browserRowOf),
    pending: (hash) => textOf(pending.get(hash)?.["pending"]),
    hasOldPasskeys: ({ id, name, createdAt }, at) => old.get(id, name, createdAt, at) !== undefined,
    disabledUsers: () => disabled.all().map(userIdentityOf),
  };
}

function one<T>(row: Row | undefined, made: (row: Row) => T): T | undefined {
  return row && made(row);
}

export function userIdentityOf(row: Row): UserIdentity {
  return {
    id: row["id"] as number,
    name: row["name"] as string,
    createdAt: row["created_at"] as number,
    issuer: textOf(row["issuer"]),
    subject: textOf(row["subject"]),
  };
}

function userOf(row: Row): User {
  return {
    ...userIdentityOf(row),
    principal: textOf(row["principal"]),
    email: row["email"] as string,
    disabledAt: (row["disabled_at"] as number | null) ?? undefined,
  };
}

function listedOf(row: Row): ListedUser {
  return { ...userOf(row), passkeys: row["passkeys"] as number, sessions: row["sessions"] as number };
}

function passkeyOf(row: Row): Passkey {
  return {
    id: row["passkey"] as Uint8Array,
    user: userOf(row),
    publicKey: row["public_key"] as Uint8Array,
    algorithm: row["algorithm"] as number,
    signCount: row["sign_count"] as number,
  };
}

function browserRowOf(row: Row): BrowserRow {
  const [name, principal] = [textOf(row["name"]), textOf(row["acts_as"])];
  const person =
    name === undefined || principal === undefined
      ? undefined
      : {
          user: row["user"] as number,
          name,
          principal,
          upstream: (row["upstream"] as Uint8Array | null) ?? undefined,
          provenAt: row["proven_at"] as number,
        };
  const [createdAt, expiresAt] = [row["created_at"] as number, row["expires_at"] as number];
  return { person, issuer: textOf(row["issuer"]), createdAt, expiresAt };
}

function textOf(value: SQLOutputValue | undefined): string | undefined {
  return typeof value === "string" ? value : undefined;
}
