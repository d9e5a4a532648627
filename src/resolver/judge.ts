// Judge: the part of the sentence that only thinks, ask → ref → principal → policy → verdict. `resolve` and `explain`
// both go through it, so that they cannot disagree.
import { KeywrightError } from "../errors.ts";
import type { Address } from "./address.ts";
import type { Ask } from "./ask.ts";
import type { RuntimeIdentity } from "./identity.ts";
import { decide, type SecretPolicy, type Verdict } from "./policy.ts";
import { principalOf, type Principal } from "./principal.ts";
import type { SecretRef } from "./ref.ts";
import type { Found, Refs } from "./refs.ts";
import type { SecretStore } from "./store.ts";

export interface Rulebook {
  readonly refs: Refs;
  readonly stores: ReadonlyMap<string, SecretStore>;
  readonly policies: ReadonlyMap<string, SecretPolicy>;
  /** Epoch seconds. */
  now(): number;
}

export interface Judged {
  readonly outcome: "ours";
  readonly ref: SecretRef;
  readonly address: Address | undefined;
  readonly principal: Principal;
  readonly store: SecretStore;
  readonly verdict: Verdict;
}

export type Judgement = Judged | Exclude<Found, { outcome: "ours" }>;

/** Throws `configuration` when the identity has no usable role, or the ref names what does not exist. */
export function judge(book: Rulebook, ask: Ask, identity: RuntimeIdentity): Judgement {
  const found = book.refs.find(ask);
  if (found.outcome !== "ours") return found;
  const { ref, address } = found;
  const principal = principalOf(identity);
  const policy = named(book.policies, ref.policy, `ref ${ref.name} names the policy`);
  const store = named(book.stores, ref.store, `ref ${ref.name} names the store`);
  const verdict = decide({ ask, principal, identity, ref, policy, now: book.now() });
  return { outcome: "ours", ref, address, principal, store, verdict };
}

function named<T>(table: ReadonlyMap<string, T>, name: string, who: string): T {
  const entry = table.get(name);
  if (entry === undefined) throw new KeywrightError("configuration", `${who} ${name}, which does not exist`);
  return entry;
}
