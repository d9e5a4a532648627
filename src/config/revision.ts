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
  return sha256(`{"policy":${kept(policy)},"ref":${canonical(ref)},"store":${kept(store)}}`);
}

/** Many refs share a store and a policy; neither changes once it is read. */
const texts = new WeakMap<object, string>();

function kept(data: object): string {
  const known = texts.get(data);
  if (known !== undefined) return known;
  const text = canonical(data);
  texts.set(data, text);
  return text;
}

function canonical(data: object): string {
  return JSON.stringify(data, (_, value: unknown) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
    const sorted = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
    return Object.fromEntries(sorted);
  });
}
