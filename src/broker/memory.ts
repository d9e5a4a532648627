// What a running server remembers beside its database: a reload of the configuration keeps it, a restart forgets it.
import type { Clock } from "../io/clock.ts";
import type { KeySource } from "./jwt/verify.ts";
import { createGuesses, type Guesses } from "./pages/guesses.ts";
import { createRates, type Rates } from "./rates.ts";

export interface Memory {
  /** Wrong user codes. */
  readonly guesses: Guesses;
  /** By address: browsers without a cookie of ours that begin a login. */
  readonly begun: Rates;
  /** The keys of issuers, by the issuer's settings as text. */
  readonly keys: Map<string, KeySource>;
}

/** Browsers a second of one address that may begin a login: whoever has no cookie can be as many as it likes. */
const BEGUN_A_SECOND = 10;

export function createMemory(clock: Clock): Memory {
  return { guesses: createGuesses(clock), begun: createRates(clock, () => BEGUN_A_SECOND), keys: new Map() };
}
