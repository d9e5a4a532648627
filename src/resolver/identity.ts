// RuntimeIdentity: who runs, and how well each part of that is known.

/** How well a field is known, from weakest to strongest. */
export const ATTESTATIONS = ["asserted", "discovered", "verified"] as const;
export type Attestation = (typeof ATTESTATIONS)[number];

export const IDENTITY_FIELDS = ["app", "environment", "machine", "substrate", "role"] as const;
export type IdentityField = (typeof IDENTITY_FIELDS)[number];

export interface Known {
  readonly value: string;
  readonly attestation: Attestation;
}

/** A field that is undefined is not known at all: a grant that tests it does not match, a deny that tests it does. */
export type RuntimeIdentity = { readonly [field in IdentityField]?: Known | undefined };

/** True when `known` is at least as well attested as `minimum`. */
export function attestedAtLeast(known: Known, minimum: Attestation): boolean {
  return ATTESTATIONS.indexOf(known.attestation) >= ATTESTATIONS.indexOf(minimum);
}
