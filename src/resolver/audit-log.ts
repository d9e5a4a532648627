// The contract of the audit: two linked entries, one before anything is fetched, one before anything is handed out.
import type { Ask } from "./ask.ts";
import type { RuntimeIdentity } from "./identity.ts";

export interface DecisionEntry {
  /** undefined: the question never got as far as a principal. */
  readonly principal: string | undefined;
  readonly identity: RuntimeIdentity;
  readonly ask: Ask;
  readonly outcome: "granted" | "denied" | "refused" | "unknown";
  /** The ref that answers to the ask; undefined when none does. */
  readonly ref: string | undefined;
  /** The rule that decided; undefined when no rule was reached. */
  readonly rule: string | undefined;
  /** Why, in words; never holds a value. */
  readonly reason: string;
  /** True: nothing leaves this process before `issued`, so both entries may be written in one transaction. */
  readonly deferred?: boolean | undefined;
}

export interface IssuedEntry {
  /** The id that `decision` returned. */
  readonly decision: string;
  readonly ref: string;
  /** SHA-256 of the value, hexadecimal. */
  readonly sha256: string;
  /** Epoch seconds; undefined: static value. */
  readonly expiresAt: number | undefined;
  /** Whom the upstream knows as the holder; undefined: not known. */
  readonly upstream: string | undefined;
}

/** Where a local audit may go. */
export const AUDIT_SINKS = ["file", "stderr", "syslog", "none"] as const;
export type AuditSink = (typeof AUDIT_SINKS)[number];

/** Both methods resolve once the entry is where it must be, and throw a KeywrightError (`audit`) when it is not. */
export interface AuditLog {
  /** Returns the entry's id. */
  decision(entry: DecisionEntry): Promise<string>;
  issued(entry: IssuedEntry): Promise<void>;
}
