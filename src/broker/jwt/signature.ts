// Signatures, by the platform's crypto: the only file that checks one. It looks at no claim and at no time; verify.ts and
// dpop.ts do.
import { constants, createPublicKey, verify, type KeyObject, type VerifyKeyObjectInput } from "node:crypto";
import { ALGORITHM_KEYS } from "./algorithms.ts";
import type { PublicJwk } from "./public-jwk.ts";

/** A public key for one algorithm. */
export interface VerifyKey {
  readonly alg: string;
  readonly input: KeyObject | VerifyKeyObjectInput;
  /** It takes less time than to hand it to another thread would. */
  readonly quick: boolean;
}

interface Method {
  /** undefined: the algorithm has its own (RFC 8032). */
  readonly hash: string | undefined;
  /** undefined: the platform's own (RSASSA-PKCS1-v1_5 for RSA), which are read faster than options that say the same. */
  readonly options?: Omit<VerifyKeyObjectInput, "key">;
}

const METHODS: ReadonlyMap<string, Method> = new Map(
  [...ALGORITHM_KEYS.keys()].map((alg): [string, Method] => [alg, methodOf(alg)]),
);

/** By the letters of its name (RFC 7518 section 3.1): of these only, whatever else the platform could. */
function methodOf(alg: string): Method {
  const hash = `sha${alg.slice(2)}`;
  if (alg.startsWith("RS")) return { hash };
  if (alg.startsWith("ES")) return { hash, options: { dsaEncoding: "ieee-p1363" } };
  if (!alg.startsWith("PS")) return { hash: undefined };
  const { RSA_PKCS1_PSS_PADDING: padding, RSA_PSS_SALTLEN_DIGEST: saltLength } = constants;
  return { hash, options: { padding, saltLength } };
}

/** Bytes. P-384, P-521 and longer moduli take as long as several requests: they must not hold the others up. */
const QUICK_MODULUS = 512;

/** undefined: the platform cannot use it, a point that is not on its curve for example. */
export function importKey(jwk: PublicJwk, alg: string): VerifyKey | undefined {
  const { kty, crv } = ALGORITHM_KEYS.get(alg) ?? {};
  if (kty !== jwk.kty || (crv !== undefined && crv !== jwk.crv)) return undefined;
  try {
    const key = createPublicKey({ key: { ...jwk }, format: "jwk" });
    const quick =
      kty === "RSA"
        ? Buffer.from(jwk.n ?? "", "base64url").length <= QUICK_MODULUS
        : crv === "P-256" || crv === "Ed25519";
    const options = METHODS.get(alg)?.options;
    return { alg, input: options === undefined ? key : { key, ...options }, quick };
  } catch {
    return undefined;
  }
}

/** `text`: a compact JWT. True: this key signed it, by the algorithm that the key was imported for. */
export async function isSigned(text: string, { alg, input, quick }: VerifyKey): Promise<boolean> {
  const method = METHODS.get(alg);
  const end = text.lastIndexOf(".");
  if (method === undefined || end === -1) return false;
  const signed = Buffer.from(text.slice(0, end));
  const signature = Buffer.from(text.slice(end + 1), "base64url");
  try {
    return await (quick
      ? verify(method.hash, signed, input, signature)
      : inAnotherThread(method.hash, signed, input, signature));
  } catch {
    return false; // A signature of a length that cannot be is an error on some platforms.
  }
}

function inAnotherThread(
  hash: string | undefined,
  signed: Buffer,
  input: VerifyKey["input"],
  signature: Buffer,
): Promise<boolean> {
  return new Promise((resolve, reject) =>
    verify(hash, signed, input, signature, (error, good) => (error === null ? resolve(good) : reject(error))),
  );
}
