// What the broker's database is asked about people: users, passkeys, invitations and browsers. It writes nothing.
import type { DatabaseSync } from "node:sqlite";

export interface PeopleReading {}

export function peopleReading(_db: DatabaseSync): PeopleReading {
  return {};
}
