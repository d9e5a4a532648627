// The sentence: ask → ref → principal → policy → grant → store → location → backend → secret. There is no other way in.
import { KeywrightError } from "../errors.ts";
import type { Secret } from "../secret.ts";
import { showAddress } from "./address.ts";
import type { Ask } from "./ask.ts";
import type { AuditLog } from "./audit-log.ts";
import type { Backend } from "./backend.ts";
import type { RuntimeIdentity } from "./identity.ts";
import { locate } from "./location.ts";
import { decide, type SecretPolicy, type Verdict } from "./policy.ts";
import { principalOf } from "./principal.ts";
import type { Found, Refs } from "./refs.ts";
import type { SecretStore } from "./store.ts";

export interface House {
  readonly refs: Refs;
  readonly stores: ReadonlyMap<string, SecretStore>;
  readonly policies: ReadonlyMap<string, SecretPolicy>;
  /** By the name that a store uses. */
  readonly backends: Readonly<Record<string, Backend>>;
  readonly audit: AuditLog;
  /** Epoch seconds. */
  now(): number;
  /** True: a question that no ref answers is audited too (the broker); false: it passes without a trace. */
  readonly auditUnknown: boolean;
  /** W3C `traceparent` of the request that is answered; undefined: none. */
  readonly trace?: string | undefined;
}

/**
 * Answers an ask for an identity. Returns undefined when it is allowed and the backend has no such value.
 * Throws a KeywrightError: `unknown`, `refused`, `denied`, `audit`, or what the backend throws.
 */
export async function resolve(
  house: House,
  ask: Ask,
  identity: RuntimeIdentity,
): Promise<Secret | undefined> {
  const found = house.refs.find(ask);
  if (found.outcome !== "ours") throw await turnedAway(house, ask, identity, found);
  const { ref, address } = found;
  const principal = principalOf(identity);
  const policy = named(house.policies, ref.policy, `ref ${ref.name} names the policy`);
  const store = named(house.stores, ref.store, `ref ${ref.name} names the store`);
  const backend = house.backends[store.backend];
  if (backend === undefined) {
    throw new KeywrightError(
      "configuration",
      `store ${store.name} names the backend ${store.backend}, which does not exist`,
    );
  }

  const verdict = decide({ ask, principal, identity, ref, policy, now: house.now() });
  const decision = await house.audit.decision({
    principal: principal.name,
    identity,
    ask,
    outcome: verdict.allowed ? "granted" : "denied",
    ref: ref.name,
    rule: verdict.rule,
    reason: verdict.reason,
    deferred: verdict.allowed && backend.local === true,
  });
  const location = locate(granted(verdict, ask, principal.name), address, house.stores);
  const secret = await backend.retrieve(location, {
    ask,
    principal,
    identity,
    decision,
    trace: house.trace,
  });
  if (secret === undefined) return undefined;
  await house.audit.issued({
    decision,
    ref: ref.name,
    sha256: secret.fingerprint(),
    expiresAt: secret.expiresAt,
    upstream: secret.upstream,
  });
  return secret.withUsername(ref.username);
}

function granted(
  verdict: Verdict,
  ask: Ask,
  principal: string,
): Extract<Verdict, { allowed: true }>["grant"] {
  if (verdict.allowed) return verdict.grant;
  throw new KeywrightError(
    "denied",
    `the policy does not allow principal ${principal} to have ${shown(ask)}: ${verdict.reason}`,
    {
      hint: "Ask whoever keeps the policy for a grant, or run with the identity that has one (`keywright config show --origin`).",
    },
  );
}

async function turnedAway(
  house: House,
  ask: Ask,
  identity: RuntimeIdentity,
  found: Exclude<Found, { outcome: "ours" }>,
): Promise<KeywrightError> {
  const refused = found.outcome === "refused";
  const reason = refused ? found.reason : "no ref answers to it";
  if (refused || house.auditUnknown) {
    const outcome = refused ? "refused" : "unknown";
    const principal = identity.role?.value;
    await house.audit.decision({
      principal,
      identity,
      ask,
      outcome,
      ref: undefined,
      rule: undefined,
      reason,
    });
  }
  if (!refused) return new KeywrightError("unknown", `no ref answers to ${shown(ask)}`);
  return new KeywrightError("refused", `refused ${shown(ask)}: ${reason}`, {
    hint: "Check the address in the client's configuration; if it is right, a ref with this match is missing.",
  });
}

function named<T>(table: ReadonlyMap<string, T>, name: string, who: string): T {
  const entry = table.get(name);
  if (entry === undefined) throw new KeywrightError("configuration", `${who} ${name}, which does not exist`);
  return entry;
}

function shown(ask: Ask): string {
  return ask.kind === "secret" ? ask.name : showAddress(ask.url);
}
