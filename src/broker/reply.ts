// Request and Reply: what an endpoint gets and gives, free of any HTTP library. Every refusal has the same three
// fields: `error` and `error_description` for OAuth clients, the string `detail` for menda-cli.

import type { KeywrightError } from "../errors.ts";
import type { Trace } from "./trace.ts";

export interface Incoming {
  /** undefined when it was not sent; sent twice, the values are joined by a comma. */
  header(name: string): string | undefined;
  /** Without the question mark, undecoded. */
  readonly query: string;
  readonly body: string;
  /** Who sent it, for limits, log and audit; undefined where nobody is known. */
  readonly address?: string | undefined;
  /** The trace that the request belongs to; undefined: none was sent, or it was none. */
  readonly trace?: Trace | undefined;
}

export interface Reply {
  readonly status: number;
  /** A text is sent as it is, as plain text. */
  readonly body: object | string | undefined;
  readonly headers?: Readonly<Record<string, string | string[]>> | undefined;
}

export interface Endpoint {
  readonly method: "GET" | "POST";
  readonly path: string;
  handle(incoming: Incoming): Reply | Promise<Reply>;
}

export function ok(body: object): Reply {
  return { status: 200, body };
}

/** `description` is ours alone: nothing that came in is ever put into it. */
export function refusal(
  status: number,
  error: string,
  description: string,
  headers?: Reply["headers"],
): Reply {
  return { status, body: { error, error_description: description, detail: description }, headers };
}

export function tooManyRequests(seconds: number): Reply {
  return refusal(
    429,
    "too_many_requests",
    "Too many requests; the Retry-After header says when to come back.",
    {
      "Retry-After": String(seconds),
    },
  );
}

/** Thrown to end a request with this answer; `cause`: a failure behind it that the log should tell. */
export class Refused extends Error {
  readonly reply: Reply;

  constructor(reply: Reply, cause?: KeywrightError) {
    super(`refused with ${reply.status}`, cause === undefined ? undefined : { cause });
    this.name = "Refused";
    this.reply = reply;
  }
}

export function invalidRequest(description: string): Refused {
  return new Refused(refusal(400, "invalid_request", description));
}

/** One text for unknown, wrong, revoked and switched off: the audit tells them apart. */
export function invalidClient(): Reply {
  return refusal(401, "invalid_client", "The client is unknown, or its credentials are not accepted here.", {
    "WWW-Authenticate": 'Basic realm="keywright"',
  });
}

export function invalidToken(): Reply {
  return refusal(401, "invalid_token", "The access token is missing, unknown, expired or revoked.", {
    "WWW-Authenticate": 'Bearer realm="keywright", error="invalid_token"',
  });
}
