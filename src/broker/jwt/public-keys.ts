// The public keys of a client, out of the file that an operator names: PEM (SPKI), one JWK, or a JWK set. What comes out
// is a JWK set with nothing but the keys, each bound to one algorithm (RFC 8725 section 3.1). A private key is refused.
import { createPublicKey } from "node:crypto";
import { KeywrightError } from "../../errors.ts";
import { ALGORITHM_KEYS } from "./algorithms.ts";
import { isJsonObject, type JsonObject } from "./json-object.ts";
import { fitsAlgorithm, hasPrivatePart, publicJwk, thumbprint } from "./public-jwk.ts";

export interface ShownKey {
  readonly alg: string;
  /** undefined: it is the only key, and has no name. */
  readonly kid?: string | undefined;
  /** RFC 7638. */
  readonly thumbprint: string;
}

const MOST_KEYS = 10;
const LONGEST = 64 * 1024;

/** A JWK set as text. Throws `usage`, with nothing of the file in it. */
export function readPublicKeys(text: string): string {
  if (/PRIVATE KEY/.test(text)) throw privateKey();
  const given = /-----BEGIN /.test(text) ? [fromPem(text)] : fromJson(text);
  if (given.some(hasPrivatePart)) throw privateKey();
  if (given.length === 0 || given.length > MOST_KEYS)
    throw unusable(`it has no key, or more than ${MOST_KEYS}`);
  const keys = given.map(boundKey);
  const names = new Set(keys.map(({ kid }) => kid));
  if (keys.length > 1 && (names.has(undefined) || names.size < keys.length))
    throw unusable("each of several keys needs a kid of its own");
  return JSON.stringify({ keys });
}

/** Of a set that readPublicKeys made. */
export function shownKeys(jwks: string): readonly ShownKey[] {
  const { keys } = JSON.parse(jwks) as { readonly keys: readonly ReturnType<typeof boundKey>[] };
  return keys.map(({ alg, kid, ...key }) => ({ alg, kid, thumbprint: thumbprint(key) }));
}

function boundKey(given: JsonObject) {
  const key = publicJwk(given);
  if (key === undefined) throw unusable("a key is of an unknown kind, or an RSA key of less than 2048 bits");
  const [usual] = [...ALGORITHM_KEYS].find(([, { kty, crv }]) => kty === key.kty && crv === key.crv) ?? [];
  const { alg = usual, kid } = given;
  if (typeof alg !== "string" || !fitsAlgorithm({ ...given, alg }, alg))
    throw unusable("a key is not one to check signatures with, or its alg does not fit it");
  if (kid !== undefined && (typeof kid !== "string" || kid === "" || kid.length > 256))
    throw unusable("a kid is not a text");
  return { ...key, alg, ...(kid === undefined ? {} : { kid }) };
}

function fromPem(text: string): JsonObject {
  if (!/^\s*-----BEGIN PUBLIC KEY-----[^-]*-----END PUBLIC KEY-----\s*$/.test(text))
    throw unusable("as PEM it has to be one PUBLIC KEY and nothing else");
  try {
    return createPublicKey(text).export({ format: "jwk" }) as JsonObject;
  } catch {
    throw unusable("its PEM cannot be read, or is of a kind that is not known here");
  }
}

function fromJson(text: string): readonly JsonObject[] {
  if (text.length > LONGEST) throw unusable("it is too long");
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw unusable("it is neither PEM nor JSON");
  }
  const list: unknown = isJsonObject(value) && Object.hasOwn(value, "keys") ? value["keys"] : [value];
  if (!Array.isArray(list) || !list.every(isJsonObject))
    throw unusable("its JSON is neither a JWK nor a JWK set");
  return list;
}

function privateKey(): KeywrightError {
  return new KeywrightError("usage", "this is a private key, which only the client itself may have", {
    hint: "Give the public one: `openssl pkey -in private.pem -pubout -out public.pem`.",
  });
}

function unusable(why: string): KeywrightError {
  return new KeywrightError("usage", `the public key cannot be used: ${why}`, {
    hint: "Give a public key as PEM, as a JWK or as a JWK set: P-256, P-384, P-521, Ed25519, or RSA from 2048 bits.",
  });
}
