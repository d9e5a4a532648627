// Revision: one hash over a ref, its store and its policy. A lease carries it, so that what changes any of them ends the lease.
import { sha256 } from "../digest.ts";
import type { SecretPolicy } from "../resolver/policy.ts";
import type { SecretRef } from "../resolver/ref.ts";
import type { SecretStore } from "../resolver/store.ts";

/** SHA-256, hexadecimal. The order of keys does not count, the order of rules does. */
export function revisionOf(
  ref: Omit<SecretRef, "revision">,
  store: SecretStore,
  policy: SecretPolicy,
): string {
  return sha256(canonical({ ref, store, policy }));
}

function canonical(data: unknown): string {
  return JSON.stringify(data, (_, value: unknown) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
    const sorted = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
    return Object.fromEntries(sorted);
  });
}
