// One request's unit of work: an AuditLog whose deferred decision waits for the token that it allows, so that decision,
// token and `issued` are written in one transaction. What was decided is written even when nothing is issued.
import { decisionFields, issuedFields, type ChainFields } from "../audit/chain.ts";
import { showAddress } from "../resolver/address.ts";
import type { AuditLog } from "../resolver/audit-log.ts";
import type { Journal } from "./journal.ts";
import { newEntryId, type Random, type Token } from "./records.ts";

export interface Work {
  readonly audit: AuditLog;
  /** Keeps a token that was made, until `issued` writes it. */
  stage(token: Token): void;
  /** Writes a decision that still waits, without any token. Call it when the request is over, however it ended. */
  finish(): Promise<void>;
}

/** `about` goes into every entry. */
export function createWork(journal: Journal, random: Random, about: Readonly<Record<string, unknown>>): Work {
  let decided: ChainFields[] = [];
  let tokens: Token[] = [];
  return {
    audit: {
      async decision(entry) {
        const id = newEntryId(random);
        const address = entry.ask.kind === "registry" ? showAddress(entry.ask.url) : undefined;
        const fields = { ...decisionFields(id, entry, address), ...about };
        if (entry.deferred === true) decided.push(fields);
        else await journal.commit({ entries: [fields] });
        return id;
      },
      async issued(entry) {
        const entries = [...decided, { ...issuedFields(newEntryId(random), entry), ...about }];
        const writes = { tokens, entries };
        [decided, tokens] = [[], []];
        await journal.commit(writes);
      },
    },
    stage: (token) => void tokens.push(token),
    async finish() {
      const entries = decided;
      [decided, tokens] = [[], []];
      if (entries.length > 0) await journal.commit({ entries });
    },
  };
}
