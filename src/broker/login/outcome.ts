// What a grant came to: tokens, or an error of RFC 6749 section 5.2 and RFC 8628 section 3.5; and its
// entry in the audit.
import { newEntryId } from "../records.ts";
import type { Issued, Step } from "./session-tokens.ts";

export interface Fault {
  readonly ok: false;
  readonly error: string;
  /** A sentence of ours, for people. */
  readonly reason: string;
  /** What it is answered with, if not 400. */
  readonly status?: number;
}

export type Outcome = { readonly ok: true; readonly issued: Issued } | Fault;

export function fault(error: string, reason: string): Fault {
  return { ok: false, error, reason };
}

export const UNKNOWN_CODE = fault(
  "invalid_grant",
  "The code or token is unknown, used, or another client's.",
);

/** For a person whose principal is none (any more), with its entry. */
export function withoutPrincipal(
  step: Step,
  error: "access_denied" | "invalid_grant",
  about: Readonly<Record<string, unknown>>,
): Fault {
  const refusal = fault(error, "This person acts as no principal of this broker.");
  tellRefusal(step, { ...about, reason: refusal.reason });
  return refusal;
}

/** The entry of a refusal; strangers can make only so many a minute. */
export function tellRefusal(
  { core, writer, now, address }: Step,
  about: Readonly<Record<string, unknown>>,
): void {
  if (!core.failures.take()) return;
  const from = address === undefined ? {} : { address };
  writer.append(now, { kind: "token", id: newEntryId(core.random), ...about, ...from, outcome: "denied" });
}
