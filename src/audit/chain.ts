// The hash chain that every audit is: each line carries the hash of the one before it. Pure; it stores nothing.
import { sha256 } from "../digest.ts";
import type { DecisionEntry, IssuedEntry } from "../resolver/audit-log.ts";

/** Where a chain stands: the number and the hash of its last line. */
export interface ChainHead {
  readonly seq: number;
  readonly hash: string;
}

export const CHAIN_START: ChainHead = { seq: 0, hash: "0".repeat(64) };

export type ChainFields = { readonly kind: string; readonly id: string; readonly [field: string]: unknown };

/** Appends one entry. `time` is epoch seconds. The line has no newline at its end. */
export function link(
  head: ChainHead,
  time: number,
  fields: ChainFields,
): { readonly line: string; readonly head: ChainHead } {
  const seq = head.seq + 1;
  const body = JSON.stringify({ seq, time: new Date(time * 1000).toISOString(), ...fields, prev: head.hash });
  const hash = sha256(body);
  return { line: `${body.slice(0, -1)},"hash":"${hash}"}`, head: { seq, hash } };
}

export type ChainFault = { readonly seq: number; readonly fault: string };

const TAIL = /^(.*),"hash":"([0-9a-f]{64})"\}$/s;

/** Checks one line against the head before it; `head` undefined: the first line that is still kept, whatever its number. */
export function follow(
  head: ChainHead | undefined,
  line: string,
):
  | { readonly ok: true; readonly head: ChainHead; readonly entry: Readonly<Record<string, unknown>> }
  | ({ readonly ok: false } & ChainFault) {
  const expected = head === undefined ? 0 : head.seq + 1;
  const tail = TAIL.exec(line);
  if (tail === null) return { ok: false, seq: expected, fault: "is not an audit line" };
  const [, body = "", hash = ""] = tail;
  if (sha256(`${body}}`) !== hash)
    return { ok: false, seq: expected, fault: "was changed: its hash does not fit its text" };
  const entry = JSON.parse(`${body}}`) as Record<string, unknown>;
  const seq = entry["seq"] as number;
  if (head !== undefined && (seq !== head.seq + 1 || entry["prev"] !== head.hash)) {
    return { ok: false, seq: expected, fault: "does not follow the line before it" };
  }
  return { ok: true, head: { seq, hash }, entry };
}

/** The fields of a decision as every sink writes them; `address` must already be fit to be written. */
export function decisionFields(id: string, entry: DecisionEntry, address: string | undefined): ChainFields {
  const { ask, identity } = entry;
  return {
    kind: "decision",
    id,
    outcome: entry.outcome,
    principal: entry.principal ?? null,
    identity: Object.fromEntries(
      Object.entries(identity).map(([field, known]) => [
        field,
        known && `${known.value} (${known.attestation})`,
      ]),
    ),
    ask: ask.kind === "secret" ? { secret: ask.name } : { registry: address ?? "", action: ask.action },
    ...(ask.reason === undefined ? {} : { asked_because: ask.reason }),
    ref: entry.ref ?? null,
    rule: entry.rule ?? null,
    reason: entry.reason,
  };
}

export function issuedFields(id: string, entry: IssuedEntry): ChainFields {
  return {
    kind: "issued",
    id,
    decision: entry.decision,
    ref: entry.ref,
    sha256: entry.sha256,
    expires_at: entry.expiresAt === undefined ? null : new Date(entry.expiresAt * 1000).toISOString(),
    upstream: entry.upstream ?? null,
  };
}
