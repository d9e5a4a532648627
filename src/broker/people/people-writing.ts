// What one transaction of the broker's database may write about people, statement by statement.
import type { DatabaseSync } from "node:sqlite";

export interface PeopleWriter {}

/** `ended` is called for every change that ends tokens, which a restored older database must not revive. */
export function peopleWriter(_db: DatabaseSync, _ended: () => void): PeopleWriter {
  return {};
}
