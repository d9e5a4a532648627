// A public key as JSON (RFC 7517): which algorithm it fits, and its thumbprint (RFC 7638). A key with a private member is
// none. It verifies no signature.
import { createHash } from "node:crypto";
import { ALGORITHM_KEYS, sameAlgorithm } from "./algorithms.ts";
import type { JsonObject } from "./json-object.ts";

/** Only the members that make up the key, each of the length that its kind has. */
export interface PublicJwk {
  readonly kty: "EC" | "OKP" | "RSA";
  readonly crv?: string;
  readonly x?: string;
  readonly y?: string;
  readonly n?: string;
  readonly e?: string;
}

const PRIVATE = ["d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"];

/** Bytes of one coordinate. */
const COORDINATES: Readonly<Record<string, number>> = { "P-256": 32, "P-384": 48, "P-521": 66 };

/** RFC 7518 section 3.3 wants 2048 bits; a longer one than this only keeps whoever checks it busy. */
const MODULUS_BYTES = { least: 256, most: 1024 };
const EXPONENT_BYTES = 4;

export function hasPrivatePart(jwk: JsonObject): boolean {
  return PRIVATE.some((name) => Object.hasOwn(jwk, name));
}

/** undefined: it is no public key of a known kind, or one that is too weak. */
export function publicJwk(jwk: JsonObject): PublicJwk | undefined {
  if (hasPrivatePart(jwk)) return undefined;
  const { kty, crv, x, y, n, e } = jwk;
  if (kty === "EC" && typeof crv === "string") {
    const size = Object.hasOwn(COORDINATES, crv) ? COORDINATES[crv] : undefined;
    return size !== undefined && isOf(x, size) && isOf(y, size) ? { kty, crv, x, y } : undefined;
  }
  if (kty === "OKP" && crv === "Ed25519") return isOf(x, 32) ? { kty, crv, x } : undefined;
  if (kty !== "RSA" || !isBytes(n) || !isBytes(e) || bytesOf(e).length > EXPONENT_BYTES) return undefined;
  const bytes = bytesOf(n);
  const fits = bytes.length >= MODULUS_BYTES.least && bytes.length <= MODULUS_BYTES.most;
  const strong = bytes.length > MODULUS_BYTES.least || (bytes[0] ?? 0) >= 0x80; // 2048 bits, not 2041.
  return fits && strong && bytes[0] !== 0 ? { kty, n, e } : undefined;
}

/** Whether signatures by this algorithm may be checked with it: kind, curve, and what its own members say about its use. */
export function fitsAlgorithm(jwk: JsonObject, alg: string): boolean {
  const wanted = ALGORITHM_KEYS.get(alg);
  if (wanted === undefined || jwk["kty"] !== wanted.kty) return false;
  if (wanted.crv !== undefined && jwk["crv"] !== wanted.crv) return false;
  const { alg: bound, use = "sig", key_ops: operations } = jwk;
  if (bound !== undefined && !(typeof bound === "string" && sameAlgorithm(bound, alg))) return false;
  return (
    use === "sig" &&
    (operations === undefined || (Array.isArray(operations) && operations.includes("verify")))
  );
}

/** RFC 7638: SHA-256 over the required members in the order of their names. */
export function thumbprint({ kty, crv, x, y, n, e }: PublicJwk): string {
  const members = kty === "RSA" ? { e, kty, n } : kty === "EC" ? { crv, kty, x, y } : { crv, kty, x };
  return createHash("sha256").update(JSON.stringify(members)).digest("base64url");
}

function isOf(value: unknown, size: number): value is string {
  return isBytes(value) && bytesOf(value).length === size;
}

function isBytes(value: unknown): value is string {
  return typeof value === "string" && /^[A-Za-z0-9_-]{1,2048}$/.test(value);
}

function bytesOf(text: string): Buffer {
  return Buffer.from(text, "base64url");
}
