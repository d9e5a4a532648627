// The signature algorithms that are known here, all asymmetric, and which kind of key each takes (RFC 7518, RFC 8037,
// RFC 9864). What is not in this table does not exist: `none` and every HMAC are missing on purpose (RFC 8725 section 3.1).

export interface AlgorithmKey {
  readonly kty: "EC" | "OKP" | "RSA";
  /** undefined: RSA. */
  readonly crv?: string;
}

export const ALGORITHM_KEYS: ReadonlyMap<string, AlgorithmKey> = new Map<string, AlgorithmKey>([
  ["ES256", { kty: "EC", crv: "P-256" }],
  ["ES384", { kty: "EC", crv: "P-384" }],
  ["ES512", { kty: "EC", crv: "P-521" }],
  ["EdDSA", { kty: "OKP", crv: "Ed25519" }],
  ["Ed25519", { kty: "OKP", crv: "Ed25519" }],
  ...["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"].map((name): [string, AlgorithmKey] => [
    name,
    { kty: "RSA" },
  ]),
]);

/** Of proofs (RFC 9449); in the metadata as `dpop_signing_alg_values_supported`. */
export const PROOF_ALGORITHMS: readonly string[] = ["ES256", "ES384", "EdDSA", "Ed25519", "RS256", "PS256"];

/** Of client assertions (RFC 7523); in the metadata as `token_endpoint_auth_signing_alg_values_supported`. */
export const ASSERTION_ALGORITHMS: readonly string[] = [...ALGORITHM_KEYS.keys()];

/** Of an issuer whose configuration names none. */
export const ISSUER_ALGORITHMS: readonly string[] = ["RS256", "PS256", "ES256", "ES384", "EdDSA", "Ed25519"];

/** `EdDSA` and `Ed25519` are two names of one algorithm (RFC 9864 section 2.2). */
export function sameAlgorithm(one: string, other: string): boolean {
  return (
    one === other || (ALGORITHM_KEYS.get(one)?.kty === "OKP" && ALGORITHM_KEYS.get(other)?.kty === "OKP")
  );
}
