// What a source of ambient identity is: something on this machine that vouches for the job or machine that runs here.
// This file knows none of them; ambient.ts has their order.
import { KeywrightError, type ErrorCode } from "../../errors.ts";
import type { Clock } from "../../io/clock.ts";
import type { Http } from "../../io/http.ts";
import type { Say } from "../../io/log.ts";
import type { Environment } from "../../io/spawn.ts";
import type { Secret } from "../../secret.ts";

export interface AmbientPlace {
  readonly env: Environment;
  readonly home: string;
  readonly http: Http;
  readonly clock: Clock;
  /** Epoch seconds at which everything must be over; undefined: the limit of each request or program counts. */
  readonly deadline?: number | undefined;
  /** Waits that many seconds between two attempts; undefined: really. */
  readonly sleep?: ((seconds: number) => Promise<void>) | undefined;
  readonly debug?: Say | undefined;
  /** Text of a file of the system, undefined: there is none; for machines that are put together otherwise. */
  readonly read?: ((path: string) => string | undefined) | undefined;
}

/** An identity that is here, and what people call where it comes from. */
export interface Presence {
  /** `GitHub Actions`, `the token file /run/token`, … */
  readonly title: string;
  /** A token for that audience, unchecked: where it cannot be chosen, the one that there is. */
  readonly obtain: (audience: string) => Promise<Secret>;
  /** How that audience is set, one sentence. */
  readonly remedy: (audience: string) => string;
}

export interface AmbientSource {
  /** `github`, as KEYWRIGHT_AMBIENT says it. */
  readonly name: string;
  /** `said`: a person named the token; `job`: it belongs to one run of a pipeline; `machine`: whoever is on this machine has it. */
  readonly kind: "said" | "job" | "machine";
  /**
   * Looks at the environment and at files only. undefined: it is not here. Throws `configuration` when it is here and
   * cannot work. `named`: KEYWRIGHT_AMBIENT wants this one.
   */
  detect(place: AmbientPlace, named: boolean): Presence | undefined;
}

/** A variable's value; one that is empty counts as not set. */
export function setting(env: Environment, name: string): string | undefined {
  const value = env[name]?.trim();
  return value === "" ? undefined : value;
}

export function isTrue(env: Environment, name: string): boolean {
  return setting(env, name)?.toLowerCase() === "true";
}

/** What every message about a source that cannot work ends with. */
export const OTHERWISE = "or set KEYWRIGHT_AMBIENT (a name, or none) to say which identity counts";

export function broken(message: string, remedy: string): KeywrightError {
  return failed("configuration", message, `${remedy}, ${OTHERWISE}.`);
}

export function failed(code: ErrorCode, message: string, hint: string): KeywrightError {
  return new KeywrightError(code, message, { hint });
}
