// What AWS answered instead of a success → AwsError: one clear error a row, with what to do next. The rows are in
// aws-error-rows.ts. What it quotes of an answer is short, printable and without secrets.
import { redacted } from "../account/redact.ts";
import { KeywrightError, type ErrorCode } from "../errors.ts";
import type { HttpReply } from "../io/http.ts";
import type { Secret } from "../secret.ts";
import { rowOf, type Said } from "./aws-error-rows.ts";
import { childOf, parseXml } from "./xml.ts";

export interface ErrorContext {
  readonly operation: string;
  readonly about: string;
  readonly region: string;
  /** Where the credentials come from; undefined: the call was not signed. */
  readonly source: string | undefined;
  /** Everything of ours that must not be shown. */
  readonly secrets: readonly (Secret | undefined)[];
  /** Epoch seconds. */
  readonly now: number;
}

/** `passing`: may be well the next time. `credentials`: others may be accepted. `permanent`: nothing changes by asking again. */
export type ErrorKind = "passing" | "credentials" | "permanent";

export interface AwsErrorFacts {
  readonly kind: ErrorKind;
  readonly status: number;
  /** AWS's own code, `AccessDeniedException` for example; undefined: the answer has none. */
  readonly awsCode: string | undefined;
  /** Seconds that AWS wants us to wait; undefined: it does not say. */
  readonly retryAfter: number | undefined;
}

export class AwsError extends KeywrightError implements AwsErrorFacts {
  readonly kind: ErrorKind;
  readonly status: number;
  readonly awsCode: string | undefined;
  readonly retryAfter: number | undefined;

  constructor(code: ErrorCode, message: string, hint: string, facts: AwsErrorFacts) {
    super(code, message, { hint });
    this.kind = facts.kind;
    this.status = facts.status;
    this.awsCode = facts.awsCode;
    this.retryAfter = facts.retryAfter;
  }

  /** The same error, which says how often it was met. */
  afterAttempts(attempts: number): AwsError {
    return new AwsError(this.code, `${this.message}, after ${attempts} attempts`, this.hint ?? "", this);
  }
}

const QUOTED = 300;
const LONGEST_WAIT = 3600;
// Control characters, line separators, and what turns the direction of writing round or has no width.
const UNSHOWN = /[\u0000-\u001f\u007f-\u009f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]+/g;

export function awsErrorOf(reply: HttpReply, context: ErrorContext): AwsError {
  const said = saidOf(reply, context);
  const row = rowOf(said);
  const { code, kind, message, hint } = row(said, context);
  const quote = said.quote === "" ? "" : ` AWS says: ${said.quote}`;
  const name = said.awsCode === undefined ? `HTTP ${reply.status}` : `HTTP ${reply.status}, ${said.awsCode}`;
  const whole = `${message} (${context.operation}, ${name}).${quote}`;
  const { status } = reply;
  return new AwsError(code, whole, hint, {
    kind,
    status,
    awsCode: said.awsCode,
    retryAfter: retryAfterOf(reply, context.now),
  });
}

/** Redacted, then without control characters, then cut: so that no cut leaves a part of a secret. */
export function quoted(text: string, secrets: ErrorContext["secrets"]): string {
  const safe = redacted(text, secrets).replace(UNSHOWN, " ").replace(/ {2,}/g, " ").trim();
  const letters = [...safe];
  return letters.length <= QUOTED ? safe : `${letters.slice(0, QUOTED).join("")}…`;
}

function saidOf(reply: HttpReply, { secrets, now, region }: ErrorContext): Said {
  const { status, headers, body } = reply;
  const fields = fieldsOf(body);
  const name = (headers["x-amzn-errortype"] ?? fields.code ?? "").replace(/:.*$/s, "").replace(/^.*#/s, "");
  const date = Date.parse(headers["date"] ?? "") / 1000;
  const field = (text: string | undefined): string | undefined =>
    text === undefined ? undefined : quoted(text, secrets);
  return {
    status,
    awsCode: /^[A-Za-z][A-Za-z0-9.]{0,99}$/.test(name) ? name : undefined,
    quote: field(fields.message) ?? "",
    reason: field(fields.reason),
    resource: field(fields.resourceType),
    skew: Number.isFinite(date) ? Math.round(now - date) : undefined,
    region,
  };
}

interface Fields {
  readonly code?: string | undefined;
  readonly message?: string | undefined;
  readonly reason?: string | undefined;
  readonly resourceType?: string | undefined;
}

/** Of JSON, or of the XML of STS; of anything else nothing is believed, least of all a login page. */
function fieldsOf(body: string): Fields {
  const root = parseXml(body);
  if (root !== undefined) {
    const error = childOf(root, "Error") ?? childOf(childOf(root, "Errors"), "Error");
    return { code: childOf(error, "Code")?.text, message: childOf(error, "Message")?.text };
  }
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return {};
  }
  const object = (typeof value === "object" && value !== null ? value : {}) as Record<string, unknown>;
  const text = (...names: readonly string[]): string | undefined =>
    names.map((name) => object[name]).find((one): one is string => typeof one === "string" && one !== "");
  return {
    code: text("code", "Code", "__type"),
    message: text("message", "Message"),
    reason: text("reason"),
    resourceType: text("resourceType"),
  };
}

/** Seconds or a date (RFC 9110 section 10.2.3). */
function retryAfterOf({ headers }: HttpReply, now: number): number | undefined {
  const text = headers["retry-after"]?.trim() ?? "";
  const seconds = /^[0-9]{1,6}$/.test(text) ? Number(text) : Date.parse(text) / 1000 - now;
  return Number.isFinite(seconds) ? Math.min(LONGEST_WAIT, Math.max(0, seconds)) : undefined;
}
