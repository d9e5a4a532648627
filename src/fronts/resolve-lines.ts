// Speaks the lines of `keywright resolve --jsonl`: one JSON object a line in, one a line out, each with the id of its question.
// It knows no policy and no backend. docs/resolve-protocol.md describes it.
import { asKeywrightError, KeywrightError } from "../errors.ts";
import type { Secret } from "../secret.ts";

export const PROTOCOL = 1;

export type ResolveLine =
  | { readonly op: "open"; readonly id: LineId; readonly config: unknown }
  | {
      readonly op: "get";
      readonly id: LineId;
      readonly api: number | undefined;
      readonly question: LineQuestion;
    }
  | { readonly op: "check"; readonly id: LineId; readonly api: number | undefined };

export type LineId = string | number;

export interface LineQuestion {
  readonly secretName: string;
  /** As given; undefined: none, so the identity of the configuration. */
  readonly identity: unknown;
  readonly reason: string | undefined;
}

/** A line that cannot be understood: the answer to it is an error with whatever id it had. */
export interface BadLine {
  readonly op: "bad";
  readonly id: LineId | null;
  readonly error: KeywrightError;
}

/** Never throws. */
export function parseResolveLine(line: string): ResolveLine | BadLine {
  let read: unknown;
  try {
    read = JSON.parse(line);
  } catch {
    return bad(null, "the line is no JSON");
  }
  if (typeof read !== "object" || read === null || Array.isArray(read))
    return bad(null, "the line is no JSON object");
  const { id, op, api, config, secret, identity, reason } = read as Readonly<Record<string, unknown>>;
  if (typeof id !== "string" && typeof id !== "number") return bad(null, "the line has no id");
  if (api !== undefined && typeof api !== "number") return bad(id, "api is no number");
  if (op === "open") return { op, id, config };
  if (op === "check") return { op, id, api };
  if (op !== "get") return bad(id, "op is none of open, get, check");
  if (typeof secret !== "string") return bad(id, "secret is no text");
  if (reason !== undefined && reason !== null && typeof reason !== "string")
    return bad(id, "reason is no text");
  return {
    op,
    id,
    api,
    question: { secretName: secret, identity: identity ?? undefined, reason: reason ?? undefined },
  };
}

export function openedLine(id: LineId, api: number): string {
  return lineOf({ id, api, protocol: PROTOCOL });
}

/** undefined: allowed, and there is no such value. */
export function valueLine(id: LineId, secret: Secret | undefined): string {
  if (secret === undefined) return lineOf({ id, missing: true });
  return lineOf({ id, value: secret.reveal(), expires_at: secret.expiresAt ?? null });
}

export function readyLine(id: LineId, ready: boolean): string {
  return lineOf({ id, ready });
}

export function errorLine(id: LineId | null, thrown: unknown): string {
  const { code, message, hint } = asKeywrightError(thrown);
  return lineOf({ id, error: { code, message, hint: hint ?? null } });
}

/** A line separator of Unicode ends a line for some readers. */
function lineOf(answer: object): string {
  const text = JSON.stringify(answer).replace(/[\u2028\u2029]/g, (c) => `\\u${c.charCodeAt(0).toString(16)}`);
  return `${text}\n`;
}

function bad(id: LineId | null, message: string): BadLine {
  return { op: "bad", id, error: new KeywrightError("invalid_ask", message) };
}
