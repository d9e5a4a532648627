// Signatures, by jose: the only file that knows it, loaded when the first one is checked. It looks at no claim and at no
// time; verify.ts and dpop.ts do.
import type { CryptoKey } from "jose";
import type { PublicJwk } from "./public-jwk.ts";

export type { CryptoKey };

/** Throws whatever the platform says of a key that it cannot use. */
export async function importKey(jwk: PublicJwk, alg: string): Promise<CryptoKey> {
  const { importJWK } = await import("jose");
  return (await importJWK({ ...jwk }, alg)) as CryptoKey;
}

/** True: this key signed it by this algorithm. */
export async function isSigned(text: string, key: CryptoKey, alg: string): Promise<boolean> {
  const { compactVerify } = await import("jose");
  try {
    await compactVerify(text, key, { algorithms: [alg] });
    return true;
  } catch {
    return false;
  }
}
