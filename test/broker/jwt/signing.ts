// Keys and signed JWTs for tests, by node:crypto alone, so that what is checked with jose was not made with it. It signs
// whatever it is told to: headers and payloads may be any text.
import { createHash, createHmac, generateKeyPairSync, sign, type KeyObject } from "node:crypto";

export interface Signer {
  readonly alg: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  /** The public key alone. */
  readonly jwk: Readonly<Record<string, unknown>>;
}

export type Parts = Readonly<Record<string, unknown>> | string;

const KINDS: Readonly<
  Record<string, () => { readonly privateKey: KeyObject; readonly publicKey: KeyObject }>
> = {
  ES256: () => generateKeyPairSync("ec", { namedCurve: "P-256" }),
  ES384: () => generateKeyPairSync("ec", { namedCurve: "P-384" }),
  ES512: () => generateKeyPairSync("ec", { namedCurve: "P-521" }),
  EdDSA: () => generateKeyPairSync("ed25519"),
  Ed25519: () => generateKeyPairSync("ed25519"),
  RS256: () => generateKeyPairSync("rsa", { modulusLength: 2048 }),
  PS256: () => generateKeyPairSync("rsa", { modulusLength: 2048 }),
};

export function signer(alg: string, bits?: number): Signer {
  const make = bits === undefined ? KINDS[alg] : () => generateKeyPairSync("rsa", { modulusLength: bits });
  if (make === undefined) throw new Error(`no keys for ${alg}`);
  const { privateKey, publicKey } = make();
  return { alg, privateKey, publicKey, jwk: publicKey.export({ format: "jwk" }) as Record<string, unknown> };
}

export function part(value: Parts): string {
  return Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");
}

/** `header` without `alg` gets the signer's. */
export function jwt(by: Signer, payload: Parts, header: Parts = {}): string {
  const full = typeof header === "string" ? header : { alg: by.alg, ...header };
  const text = `${part(full)}.${part(payload)}`;
  return `${text}.${signature(by, text)}`;
}

export function signature({ alg, privateKey }: Signer, text: string): string {
  const data = Buffer.from(text);
  if (alg.startsWith("Ed")) return sign(null, data, privateKey).toString("base64url");
  const hash = `sha${alg.slice(2)}`;
  if (alg.startsWith("ES"))
    return sign(hash, data, { key: privateKey, dsaEncoding: "ieee-p1363" }).toString("base64url");
  const padding = alg.startsWith("PS") ? { padding: 6, saltLength: Number(alg.slice(2)) / 8 } : {};
  return sign(hash, data, { key: privateKey, ...padding }).toString("base64url");
}

/** The classic: a public key, which everybody has, as the secret of an HMAC. */
export function hmacJwt(secret: string, payload: Parts, header: Readonly<Record<string, unknown>>): string {
  const text = `${part({ alg: "HS256", ...header })}.${part(payload)}`;
  return `${text}.${createHmac("sha256", secret).update(text).digest("base64url")}`;
}

/** RFC 9449 section 4.2. */
export function proof(
  by: Signer,
  claims: Readonly<Record<string, unknown>>,
  header: Readonly<Record<string, unknown>> = {},
): string {
  return jwt(by, claims, { typ: "dpop+jwt", jwk: by.jwk, ...header });
}

export function athOf(token: string): string {
  return createHash("sha256").update(token).digest("base64url");
}
