// What one transaction of the broker's database may write about logins, statement by statement.
import type { DatabaseSync } from "node:sqlite";

export interface LoginWriter {}

/** `ended` is called for every change that ends tokens, which a restored older database must not revive. */
export function loginWriter(_db: DatabaseSync, _ended: () => void): LoginWriter {
  return {};
}
