// Explain: what `resolve` would do for this ask and why, without asking a backend for anything and without an audit entry.
import { KeywrightError } from "../errors.ts";
import type { Action, Ask } from "./ask.ts";
import type { Backend, Fact } from "./backend.ts";
import type { RuntimeIdentity } from "./identity.ts";
import { judge, type Rulebook } from "./judge.ts";
import { locate } from "./location.ts";

export interface Explanation {
  readonly outcome: "granted" | "denied" | "refused" | "unknown";
  /** Why, in words. */
  readonly reason: string;
  readonly action: Action;
  /** The ref that answers; undefined, as all that follows, when none does. */
  readonly ref: string | undefined;
  readonly principal: string | undefined;
  readonly policy: string | undefined;
  /** The rule that decided; undefined: no rule granted it. */
  readonly rule: string | undefined;
  readonly store: string | undefined;
  readonly backend: string | undefined;
  /** What the backend would do; empty for what is not granted. */
  readonly facts: readonly Fact[];
  /** What would end it all the same, as far as the backend can tell without asking anybody; undefined: nothing known. */
  readonly fault: KeywrightError | undefined;
}

const NOTHING = { facts: [], fault: undefined };

export interface ExplainedHouse extends Rulebook {
  readonly backends: Readonly<Record<string, Backend>>;
}

/** Throws `configuration` when the identity has no usable role, or the ref names what does not exist. */
export async function explain(
  house: ExplainedHouse,
  ask: Ask,
  identity: RuntimeIdentity,
): Promise<Explanation> {
  const action: Action = ask.kind === "registry" ? ask.action : "read";
  const judged = judge(house, ask, identity);
  if (judged.outcome !== "ours") {
    const unanswered = { ref: undefined, principal: undefined, policy: undefined, rule: undefined };
    const refused = judged.outcome === "refused";
    const reason = refused ? judged.reason : "no ref answers to it";
    const outcome = refused ? "refused" : "unknown";
    return { outcome, reason, action, ...unanswered, store: undefined, backend: undefined, ...NOTHING };
  }
  const { ref, address, principal, store, verdict } = judged;
  const names = { ref: ref.name, principal: principal.name, policy: ref.policy, rule: verdict.rule };
  const said = { action, reason: verdict.reason, ...names, store: store.name, backend: store.backend };
  if (!verdict.allowed) return { outcome: "denied", ...said, ...NOTHING };
  const location = locate(verdict.grant, address, house.stores);
  const context = { ask, principal, identity, decision: "" };
  try {
    const facts = (await house.backends[store.backend]?.describe?.(location, context)) ?? [];
    return { outcome: "granted", ...said, facts, fault: undefined };
  } catch (thrown) {
    if (!(thrown instanceof KeywrightError)) throw thrown;
    return { outcome: "granted", ...said, facts: [], fault: thrown };
  }
}
