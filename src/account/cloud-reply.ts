// What a menda cloud answered → data, or the errors of menda-keyring 0.0.2. Whatever it quotes of an answer,
// redact.ts takes the secrets out of.
import { MendaCloudAPIError, MendaKeyRingError, type ErrorCode } from "../errors.ts";
import type { HttpReply } from "../io/http.ts";
import type { Secret } from "../secret.ts";
import { redacted } from "./redact.ts";

const QUOTED = 800;

export interface ReplyContext {
  /** How the original calls the call: `oauth2/token`, `registry/token`. */
  readonly call: string;
  /** Everything of ours that was sent. */
  readonly secrets: readonly (Secret | undefined)[];
  /** What to do when the cloud does not accept who we are. */
  readonly unaccepted: string;
  /** The host that was asked. */
  readonly host: string;
  /** True: the errors are those of RFC 6749 §5.2, and are told in words; false: exactly the original's texts. */
  readonly standard: boolean;
}

export type Answer = Readonly<Record<string, unknown>>;

/** The JSON object of a reply. Throws MendaCloudAPIError for a status that is no success, else MendaKeyRingError. */
export function answerOf(reply: HttpReply, context: ReplyContext): Answer {
  const { status, body } = reply;
  if (status < 200 || status > 299) {
    if (context.standard) throw oauthError(reply, context);
    throw new MendaCloudAPIError(
      codeOf(status),
      `${context.call} returned HTTP ${status}: ${quoted(body, context)}`,
      {
        statusCode: status,
        hint: hintFor(status, context),
      },
    );
  }
  const answer = jsonObject(body);
  if (answer === undefined) throw unusable(context.call, "is not a JSON object", status);
  return answer;
}

/** `{error, error_description}` in the server's own words; what is none of that is quoted like the original does. */
function oauthError({ status, body }: HttpReply, context: ReplyContext): MendaCloudAPIError {
  const { error, error_description: description } = jsonObject(redacted(body, context.secrets)) ?? {};
  const named = typeof error === "string" && typeof description === "string";
  const said = named
    ? `${description} (HTTP ${status}, ${error})`
    : `HTTP ${status}: ${quoted(body, context)}`;
  const hint =
    named && status === 403
      ? `The login worked; ask whoever keeps the policy of ${context.host} for a grant.`
      : hintFor(status, context);
  const code = named && status === 403 ? "denied" : codeOf(status);
  return new MendaCloudAPIError(code, `${context.host} answered ${context.call}: ${said}`, {
    statusCode: status,
    hint,
  });
}

function quoted(body: string, { secrets }: ReplyContext): string {
  return [...redacted(body, secrets)].slice(0, QUOTED).join("");
}

/** A field that must be there, a string that is not empty. */
export function textOf(answer: Answer, field: string, call: string): string {
  const value = answer[field];
  if (typeof value !== "string" || value === "") throw unusable(call, `has no ${field}`, undefined);
  return value;
}

export function unusable(call: string, fault: string, statusCode: number | undefined): MendaKeyRingError {
  return new MendaKeyRingError("backend", `the answer of ${call} ${fault}`, {
    statusCode,
    hint: "Check that the host of the profile is a menda cloud, and that no proxy or login page answers in its place.",
  });
}

/** The JSON object that a text is; undefined: it is none. */
export function jsonObject(body: string): Answer | undefined {
  try {
    const answer: unknown = JSON.parse(body);
    return typeof answer === "object" && answer !== null && !Array.isArray(answer)
      ? (answer as Answer)
      : undefined;
  } catch {
    return undefined;
  }
}

/** As Python's urlencode (quote_plus) writes it; also what RFC 6749 appendix B wants. */
export function formEncoded(value: string): string {
  return encodeURIComponent(value)
    .replace(/[!'()*]/g, percent)
    .replaceAll("%20", "+");
}

function percent(char: string): string {
  return `%${char.charCodeAt(0).toString(16).toUpperCase()}`;
}

function codeOf(status: number): ErrorCode {
  return status === 401 || status === 403 ? "authentication" : "backend";
}

function hintFor(status: number, { unaccepted }: ReplyContext): string {
  if (status === 400 || status === 401 || status === 403) return unaccepted;
  if (status >= 500 || status === 429)
    return "Try again later; if it stays like this, ask who runs this menda cloud.";
  if (status < 400) return "Redirects are not followed: write the final address as the host of the profile.";
  return "Check that the host of the profile is a menda cloud.";
}
