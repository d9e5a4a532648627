// Holds a database against the ledger of revocations when it is opened: what was revoked and lives here again (somebody
// put an older copy in its place) is revoked again, with an audit entry; what the ledger lacks (a crash in between) is
// added to it.
import { randomBytes } from "node:crypto";
import { follow } from "../audit/chain.ts";
import type { Database } from "./database.ts";
import type { LedgerLine, UserIdentity } from "./ledger.ts";
import { newEntryId } from "./records.ts";

export interface Reapplied {
  readonly clients: readonly string[];
  /** Clients that need a new secret: the one that this database knows was replaced. */
  readonly secrets: readonly string[];
  /** Users that are disabled again. */
  readonly users: readonly string[];
  readonly tokens: number;
}

/** `now` is epoch seconds. */
export function reapplyRevocations(db: Database, now: number): Reapplied {
  const lines = db.ledger.lines();
  const older = isOlder(db, lines);
  if (older || needsWork(db, lines)) return reapply(db, lines, older, now);
  complete(db, lines);
  return { clients: [], secrets: [], users: [], tokens: 0 };
}

function reapply(db: Database, lines: readonly LedgerLine[], older: boolean, now: number): Reapplied {
  const clients: string[] = [];
  const secrets: string[] = [];
  const users: string[] = [];
  let tokens = 0;
  const at = Math.floor(now);
  db.transaction((writer) => {
    for (const line of lines) {
      if (line.kind === "client_revoked" && writer.endClient(line.client, at)) clients.push(line.client.name);
      if (line.kind === "secret_replaced" && writer.endSecrets(line.client, line.generation))
        secrets.push(line.client.name);
    }
    for (const user of disabledBy(lines)) if (writer.endUser(user, at)) users.push(user.name);
    for (const line of lines) if (line.kind === "passkeys_ended") writer.endOldPasskeys(line.user, line.at);
    if (older) tokens = writer.endTokens(at);
    if (older) writer.endEverybody(at);
    writer.append(now, {
      kind: "revocations_reapplied",
      id: newEntryId(randomBytes),
      clients,
      secrets: [...new Set(secrets)],
      users,
      tokens,
    });
  });
  complete(db, db.ledger.lines());
  return { clients, secrets: [...new Set(secrets)], users, tokens };
}

/** Older than the last revocation of a token: its audit does not have that entry. */
function isOlder(db: Database, lines: readonly LedgerLine[]): boolean {
  const last = lines.findLast((line) => line.kind === "tokens_revoked");
  if (last === undefined) return false;
  const line = db.auditLine(last.seq);
  const step = line === undefined ? undefined : follow(undefined, line);
  return step?.ok !== true || step.head.hash !== last.hash;
}

function needsWork(db: Database, lines: readonly LedgerLine[]): boolean {
  if (lines.length === 0) return false;
  if (disabledBy(lines).some((user) => livesOrIsUnknown(db, user))) return true;
  if (lines.some((line) => line.kind === "passkeys_ended" && db.hasOldPasskeys(line.user, line.at)))
    return true;
  const past = new Map(db.pastOfClients().map((one) => [keyOf(one.client), one]));
  const living = new Map(db.clients().map((client) => [keyOf(client), client]));
  return lines.some((line) => {
    if (line.kind === "client_revoked") return living.has(keyOf(line.client));
    if (line.kind !== "secret_replaced") return false;
    const known = past.get(keyOf(line.client)) ?? living.get(keyOf(line.client));
    return known !== undefined && known.generation < line.generation;
  });
}

/** What the database knows and the ledger does not. */
function complete(db: Database, lines: readonly LedgerLine[]): void {
  const revoked = new Set<string>();
  const generations = new Map<string, number>();
  for (const line of lines) {
    if (line.kind === "client_revoked") revoked.add(keyOf(line.client));
    if (line.kind === "secret_replaced") generations.set(keyOf(line.client), line.generation);
  }
  const missing = db
    .pastOfClients()
    .flatMap(({ client, revoked: isRevoked, generation }): LedgerLine[] => [
      ...(isRevoked && !revoked.has(keyOf(client)) ? [{ kind: "client_revoked", client } as const] : []),
      ...(!isRevoked && generation > (generations.get(keyOf(client)) ?? 1)
        ? [{ kind: "secret_replaced", client, generation } as const]
        : []),
    ]);
  const disabled = new Set(disabledBy(lines).map(userKey));
  for (const user of db.disabledUsers())
    if (!disabled.has(userKey(user))) missing.push({ kind: "user_disabled", user });
  const head = db.auditHead();
  const mark = lines.findLast((line) => line.kind === "tokens_revoked");
  if (db.hasRevokedTokens() && mark?.seq !== head.seq) missing.push({ kind: "tokens_revoked", ...head });
  db.ledger.append(missing);
}

/** The users that the ledger last heard of as disabled. */
function disabledBy(lines: readonly LedgerLine[]): readonly UserIdentity[] {
  const found = new Map<string, UserIdentity>();
  for (const line of lines) {
    if (line.kind === "user_disabled") found.set(userKey(line.user), line.user);
    if (line.kind === "user_enabled") found.delete(userKey(line.user));
  }
  return [...found.values()];
}

/** A user of a provider that is unknown here would be let in at its next login. */
function livesOrIsUnknown(db: Database, { id, name, createdAt, issuer, subject }: UserIdentity): boolean {
  if (issuer !== undefined && subject !== undefined) {
    const known = db.userBySubject(issuer, subject);
    return known === undefined || known.disabledAt === undefined;
  }
  const known = db.user(id);
  return known?.name === name && known.createdAt === createdAt && known.disabledAt === undefined;
}

function userKey({ issuer, subject, ...user }: UserIdentity): string {
  return issuer === undefined ? keyOf(user) : JSON.stringify([issuer, subject]);
}

function keyOf({ id, name, createdAt }: { id: number; name: string; createdAt: number }): string {
  return JSON.stringify([id, name, createdAt]);
}
