// SecretPolicy and the one decision: default deny, deny wins, every rule has a name. Pure.
import type { Action, Ask } from "./ask.ts";
import { grantOf, type Grant } from "./grant.ts";
import { attestedAtLeast, type Attestation, type Known, type RuntimeIdentity } from "./identity.ts";
import type { Principal } from "./principal.ts";
import type { SecretRef } from "./ref.ts";

/** The conditions of a grant or a deny. An empty list means any, except `actions`, where it means read only. */
export interface Rule {
  readonly name: string;
  readonly principals: readonly string[];
  /** For a grant, empty means read only; for a deny, empty means any. */
  readonly actions: readonly Action[];
  readonly environments: readonly string[];
  /** In lower case. */
  readonly machines: readonly string[];
  readonly substrates: readonly string[];
  readonly apps: readonly string[];
  /** The least attestation of every field that the rule tests. */
  readonly attestation: Attestation;
  /** Epoch seconds, inclusive; undefined: no bound. */
  readonly notBefore: number | undefined;
  /** Epoch seconds, exclusive; undefined: no bound. */
  readonly notAfter: number | undefined;
  readonly reasonRequired: boolean;
}

/** A rule that tests nothing: what a policy's file leaves out. */
export const UNCONDITIONAL: Omit<Rule, "name"> = {
  principals: [],
  actions: [],
  environments: [],
  machines: [],
  substrates: [],
  apps: [],
  attestation: "asserted",
  notBefore: undefined,
  notAfter: undefined,
  reasonRequired: false,
};

export interface SecretPolicy {
  readonly name: string;
  /** `allowed_principals` comes first here, as a grant named `<policy>.allowed_principals`. */
  readonly grants: readonly Rule[];
  readonly deny: readonly Rule[];
}

export interface Question {
  readonly ask: Ask;
  readonly principal: Principal;
  readonly identity: RuntimeIdentity;
  readonly ref: SecretRef;
  readonly policy: SecretPolicy;
  /** Epoch seconds. */
  readonly now: number;
}

export type Verdict =
  | { readonly allowed: true; readonly rule: string; readonly reason: string; readonly grant: Grant }
  | { readonly allowed: false; readonly rule: string | undefined; readonly reason: string };

/** Decides. Every deny is tried before any grant; when nothing grants, the answer is no. */
export function decide(question: Question): Verdict {
  const { policy, principal } = question;
  for (const rule of policy.deny) {
    if (fits(rule, question, "deny")) {
      return { allowed: false, rule: rule.name, reason: `${rule.name} denies it` };
    }
  }
  for (const rule of policy.grants) {
    if (fits(rule, question, "grant")) {
      const reason = `${rule.name} grants it`;
      return { allowed: true, rule: rule.name, reason, grant: grantOf(question, rule.name) };
    }
  }
  return {
    allowed: false,
    rule: undefined,
    reason: `no rule of policy ${policy.name} grants ${actionOf(question.ask)} to principal ${principal.name}`,
  };
}

function actionOf(ask: Ask): Action {
  return ask.kind === "registry" ? ask.action : "read";
}

/**
 * What is not known well enough counts against the asker: a grant fits only if every field that it tests is known to
 * fit, a deny fits unless some field is known not to.
 */
function fits(rule: Rule, { ask, principal, identity, now }: Question, kind: "grant" | "deny"): boolean {
  const actions: readonly Action[] = rule.actions.length === 0 && kind === "grant" ? ["read"] : rule.actions;
  if (actions.length > 0 && !actions.includes(actionOf(ask))) return false;
  if (rule.notBefore !== undefined && now < rule.notBefore) return false;
  if (rule.notAfter !== undefined && now >= rule.notAfter) return false;
  if (rule.reasonRequired && isBlank(ask.reason) === (kind === "grant")) return false;
  const role = identity.role;
  const asPrincipal: Known | undefined = role && { value: principal.name, attestation: role.attestation };
  const tests: readonly (readonly [readonly string[], Known | undefined])[] = [
    [rule.principals, asPrincipal],
    [rule.environments, identity.environment],
    [rule.machines, rule.machines.length === 0 ? undefined : inLowerCase(identity.machine)],
    [rule.substrates, identity.substrate],
    [rule.apps, identity.app],
  ];
  return tests.every(([allowed, field]) => {
    if (allowed.length === 0) return true;
    if (field === undefined || !attestedAtLeast(field, rule.attestation)) return kind === "deny";
    return allowed.includes(field.value);
  });
}

/** A host's name has no case: a deny must not miss `Bridge` for `bridge`. The rules' machines are in lower case, too. */
function inLowerCase(machine: Known | undefined): Known | undefined {
  return machine && { ...machine, value: machine.value.toLowerCase() };
}

function isBlank(reason: string | undefined): boolean {
  return reason === undefined || reason.trim() === "";
}
