// A code verifier and its challenge (RFC 7636, S256 only): what proves that whoever redeems a code is the one who asked for it.
import { createHash, randomBytes } from "node:crypto";
import { Secret } from "../../secret.ts";

export interface Pkce {
  readonly verifier: Secret;
  readonly challenge: string;
}

/** RFC 7636 §4.1: 43 to 128 characters. menda-cli sends 48. */
export function newPkce(): Pkce {
  const verifier = randomBytes(36).toString("base64url");
  return { verifier: new Secret(verifier), challenge: challengeOf(verifier) };
}

/** RFC 7636 §4.2. */
export function challengeOf(verifier: string): string {
  return createHash("sha256").update(verifier, "ascii").digest("base64url");
}
