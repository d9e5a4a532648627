// The sentence: ask → ref → principal → policy → grant → store → location → backend → secret. There is no other way in.
import { KeywrightError } from "../errors.ts";
import type { Secret } from "../secret.ts";
import { showAddress } from "./address.ts";
import type { Ask } from "./ask.ts";
import type { AuditLog } from "./audit-log.ts";
import type { Backend } from "./backend.ts";
import type { RuntimeIdentity } from "./identity.ts";
import { judge, type Judgement, type Rulebook } from "./judge.ts";
import { locate } from "./location.ts";
import type { Verdict } from "./policy.ts";
import type { Found } from "./refs.ts";

export interface House extends Rulebook {
  /** By the name that a store uses. */
  readonly backends: Readonly<Record<string, Backend>>;
  readonly audit: AuditLog;
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
  let judged: Judgement;
  try {
    judged = judge(house, ask, identity);
  } catch (thrown) {
    await noteUnjudged(house, ask, identity, thrown);
    throw thrown;
  }
  if (judged.outcome !== "ours") throw await turnedAway(house, ask, identity, judged);
  const { ref, address, principal, store, verdict } = judged;
  const backend = house.backends[store.backend];
  if (backend === undefined) {
    throw new KeywrightError(
      "configuration",
      `store ${store.name} names the backend ${store.backend}, which does not exist`,
    );
  }

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

/** A question that cannot even be judged (the identity has no usable role) leaves an entry where all questions do. */
async function noteUnjudged(
  house: House,
  ask: Ask,
  identity: RuntimeIdentity,
  thrown: unknown,
): Promise<void> {
  if (!house.auditUnknown) return;
  const reason = thrown instanceof KeywrightError ? thrown.message : "it could not be judged";
  const nobody = { principal: undefined, ref: undefined, rule: undefined };
  await house.audit.decision({ ...nobody, identity, ask, outcome: "refused", reason });
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

function shown(ask: Ask): string {
  return ask.kind === "secret" ? ask.name : showAddress(ask.url);
}
