// Sessions: the logins of people that live, and their end, with its entry in the audit. Inside a transaction; it waits
// for nothing.
import { randomBytes } from "node:crypto";
import type { Reading } from "../database-reading.ts";
import type { Writer } from "../database-writing.ts";
import { newEntryId, type Random, type Session } from "../records.ts";

/** `about` goes into the entry: who did it, or from where. */
export interface Ending {
  readonly now: number;
  readonly why: string;
  readonly random?: Random;
  readonly about?: Readonly<Record<string, unknown>>;
}

/** With its refresh tokens and every token that it ever got. Returns false when it was over. */
export function endSession(
  writer: Writer,
  session: Pick<Session, "name" | "user" | "userName">,
  { now, why, random = randomBytes, about = {} }: Ending,
): boolean {
  if (writer.endSessions(session.user, Math.floor(now), why, session.name) === 0) return false;
  const { name, userName: user } = session;
  writer.append(now, { kind: "session_ended", id: newEntryId(random), session: name, user, why, ...about });
  return true;
}

/** Returns how many lived. The entry is for the caller to write: it knows what the occasion was. */
export function endSessionsOf(writer: Writer, userId: number, now: number, why: string): number {
  return writer.endSessions(userId, Math.floor(now), why);
}

/** Those that were not ended; some may have expired. */
export function listSessions(db: Reading, userId?: number): readonly Session[] {
  return db.sessions(userId);
}
