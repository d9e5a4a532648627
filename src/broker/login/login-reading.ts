// What the broker's database is asked about logins: those that wait for a person, sessions and refresh tokens. It writes
// nothing.
import type { DatabaseSync } from "node:sqlite";

export interface LoginReading {}

export function loginReading(_db: DatabaseSync): LoginReading {
  return {};
}
