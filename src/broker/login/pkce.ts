// PKCE (RFC 7636), S256 only. Pure.
import { createHash, timingSafeEqual } from "node:crypto";

/** 43 characters: the SHA-256 of something, as a challenge (section 4.2) and as a thumbprint (RFC 7638). */
export function isChallenge(text: string): boolean {
  return /^[A-Za-z0-9_-]{43}$/.test(text);
}

/** Section 4.1 and 4.6: the verifier is one, and is the challenge's. */
export function fitsChallenge(challenge: string, verifier: string | undefined): boolean {
  if (verifier === undefined || !/^[A-Za-z0-9._~-]{43,128}$/.test(verifier)) return false;
  const [made, wanted] = [createHash("sha256").update(verifier).digest("base64url"), challenge];
  return made.length === wanted.length && timingSafeEqual(Buffer.from(made), Buffer.from(wanted));
}
