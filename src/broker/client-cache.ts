// Remembers living clients between requests, since looking one up costs more than checking its secret. It never answers
// with what was true before this turn of the event loop: a revocation by whatever process holds from the next request.
import type { DatabaseSync } from "node:sqlite";
import type { Client } from "./records.ts";

export interface ClientCache {
  get(name: string): Client | undefined;
  /** Call it after this process wrote: SQLite tells only of what others wrote. */
  forget(): void;
}

export function createClientCache(db: DatabaseSync, read: (name: string) => Client | undefined): ClientCache {
  const dataVersion = db.prepare("PRAGMA data_version");
  const known = new Map<string, Client>();
  let version: unknown;
  let checked = false;

  /** Once a turn: what is served in this turn was sent before it began. */
  function check(): void {
    if (checked) return;
    const now = dataVersion.get()?.["data_version"];
    if (now !== version) known.clear();
    version = now;
    checked = true;
    setImmediate(() => (checked = false));
  }

  return {
    get(name) {
      check();
      const kept = known.get(name);
      if (kept !== undefined) return kept;
      const client = read(name);
      if (client !== undefined) known.set(name, client); // Only names that exist, or strangers could fill it.
      return client;
    },
    forget: () => known.clear(),
  };
}
