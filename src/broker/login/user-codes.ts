// User codes (RFC 8628 section 6.1): eight letters out of twenty, without vowels and without look-alikes: 34.5 bits. A
// login's code follows from its number and the pepper, and is kept as an HMAC: the database alone tells none.
import { createHmac, type KeyObject } from "node:crypto";

const LETTERS = "BCDFGHJKLMNPQRSTVWXZ";
const LENGTH = 8;
/** The largest multiple of twenty in a byte: what is above would make some letters more likely. */
const FAIR = 240;

/** `BCDF-GHJK`. */
export function userCodeOf(id: number, key: KeyObject): string {
  for (let round = 0; ; round += 1) {
    const bytes = createHmac("sha256", key).update(`user code ${id} ${round}`).digest();
    const letters = [...bytes].filter((byte) => byte < FAIR).slice(0, LENGTH);
    if (letters.length < LENGTH) continue;
    const text = letters.map((byte) => LETTERS[byte % LETTERS.length]).join("");
    return `${text.slice(0, 4)}-${text.slice(4)}`;
  }
}

/** What a code is found by. */
export function userCodeHash(code: string, key: KeyObject): Uint8Array {
  return createHmac("sha256", key).update(`user code hash ${code}`).digest();
}

/** As it was shown, from what a person typed: any case, with or without dashes and spaces; undefined: it is no code. */
export function readUserCode(typed: string): string | undefined {
  if (!/^[A-Za-z \t-]{8,40}$/.test(typed)) return undefined; // Before the case is changed: a long s would become an S.
  const text = typed.replaceAll(/[ \t-]/g, "").toUpperCase();
  return /^[BCDFGHJKLMNPQRSTVWXZ]{8}$/.test(text) ? `${text.slice(0, 4)}-${text.slice(4)}` : undefined;
}
