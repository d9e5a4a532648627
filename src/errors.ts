// The error classes and their closed list of codes. Every error that keywright raises on purpose is a KeywrightError;
// the menda names are kept so that programs written for menda-keyring 0.0.2 still catch what they used to catch.

/** What went wrong, for programs. Messages may change, codes do not. */
export type ErrorCode =
  | "usage" // the command line cannot be understood
  | "configuration" // a configuration file, profile or option is wrong
  | "invalid_ask" // the question itself is malformed
  | "refused" // an address that must not be answered, nor passed on (a look-alike, for example)
  | "unknown" // no ref answers to this name or address
  | "denied" // a ref answers, the policy does not allow it
  | "not_found" // allowed, but the backend has no such value
  | "authentication" // the upstream did not accept who we are, or nobody is logged in
  | "network" // no connection, TLS failure, proxy failure
  | "timed_out" // a time limit ended it
  | "locked" // the backend waits for a person (passphrase, touch, PIN)
  | "backend" // the backend answered, but not with what was asked for
  | "audit" // the configured audit sink failed, so nothing was handed out
  | "internal"; // a defect of keywright

export interface ErrorOptions {
  /** What the user can do next, one sentence. */
  readonly hint?: string | undefined;
  readonly cause?: unknown;
}

export class KeywrightError extends Error {
  readonly code: ErrorCode;
  /** What to do next; undefined when there is nothing sensible to say. */
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.hint = options.hint;
  }
}

/** Base of everything that menda-keyring 0.0.2 raises. */
export class MendaKeyRingError extends KeywrightError {
  /** The HTTP status that the menda cloud answered; undefined when no answer was involved. */
  readonly statusCode: number | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    options: ErrorOptions & { readonly statusCode?: number | undefined } = {},
  ) {
    super(code, message, options);
    this.statusCode = options.statusCode;
  }
}

export class MendaCloudAPIError extends MendaKeyRingError {}
export class NoCachedLoginError extends MendaKeyRingError {}
export class ProfileNotFoundError extends MendaKeyRingError {}
export class ProfileWithoutHostError extends MendaKeyRingError {}
export class M2MProfileWithoutClientCredentialsError extends MendaKeyRingError {}
export class InvalidCachedTokenError extends MendaKeyRingError {}

/** The process exit code that `keywright` gives for each error code. */
export const EXIT_CODES: Readonly<Record<ErrorCode, number>> = {
  internal: 1,
  usage: 2,
  invalid_ask: 2,
  configuration: 3,
  network: 4,
  timed_out: 4,
  authentication: 5,
  denied: 6,
  refused: 6,
  not_found: 7,
  unknown: 7,
  backend: 8,
  locked: 8,
  audit: 9,
};

/** Turns anything thrown into a KeywrightError; what was none becomes `internal`, with the original as its cause. */
export function asKeywrightError(thrown: unknown): KeywrightError {
  if (thrown instanceof KeywrightError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new KeywrightError("internal", message, { cause: thrown });
}
