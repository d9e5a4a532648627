// How a login in a browser ends, for the pages. Data only.
import type { Person } from "../records.ts";

/** Why nobody came in; a page has the words. */
export type LoginFailure =
  /** No provider is configured. */
  | "no_provider"
  /** People come from a provider, so that passkeys let nobody in. */
  | "no_passkeys"
  /** It was not begun in this browser, it was used already, or it took too long. */
  | "stale"
  /** The provider, or the person at it, said no. */
  | "refused"
  /** The provider cannot be reached now. */
  | "unreachable"
  /** What the provider answered does not hold. */
  | "unproven"
  /** The person is known to the provider, but no rule gives it a principal. */
  | "no_principal"
  /** It was disabled here. */
  | "disabled"
  /** What a passkey said does not hold, or is not known. */
  | "bad_passkey"
  /** The invitation is unknown, used or too old. */
  | "bad_invite";

export type LoginEnd =
  | { readonly ok: true; readonly person: Person; readonly returnTo: string; readonly setCookie: string }
  | {
      readonly ok: false;
      readonly failure: LoginFailure;
      /** Where it was to lead, if that is known: to try again. */
      readonly returnTo?: string;
    };

/** Where a person goes that was going nowhere. */
export const HOME = "/device";

/** A path of ours, which no browser takes for another host; anything else is HOME. */
export function safeReturn(path: string): string {
  return /^\/(?![/\\])[\u0021\u0023-\u005b\u005d-\u007e]{0,2000}$/.test(path) ? path : HOME;
}
