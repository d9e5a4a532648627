// Matrix: who may have what, over every situation that the policies can tell apart; and what changed between two of them.
// It decides nothing itself: each cell is put to `decide`.
import { KeywrightError } from "../errors.ts";
import type { Action } from "./ask.ts";
import { askIn, cellsFor, type Cell } from "./cells.ts";
import { decide, type Rule, type SecretPolicy } from "./policy.ts";
import type { SecretRef } from "./ref.ts";

export interface Rules {
  readonly refs: readonly SecretRef[];
  readonly policies: ReadonlyMap<string, SecretPolicy>;
}

/** `unknown`: the policy tells too many situations apart to look at each. */
export type May = "always" | "sometimes" | "never" | "unknown";

export interface MatrixRow {
  readonly ref: string;
  /** The addresses; undefined for a secret. */
  readonly match: string | undefined;
  /** `*`: any principal that no policy names. */
  readonly principal: string;
  readonly action: Action;
  readonly may: May;
  /** For `sometimes`: the grants that reach this principal and the denies that could stop it, in words. */
  readonly conditions: readonly string[];
}

export interface MatrixChange {
  readonly ref: string;
  readonly principal: string;
  readonly action: Action;
  readonly change: "gained" | "lost";
  /** A situation in which it is so, in words; "" when nothing but the principal counts. */
  readonly example: string;
  /** How many of the situations that either policy tells apart changed this way, of how many. */
  readonly cells: number;
  readonly of: number;
}

/** Stands for principals that no policy names: a name that none can have. */
const ANYBODY = "*";

export function matrixOf(rules: Rules): readonly MatrixRow[] {
  const principals = principalsOf([rules]);
  const known = new Map<string, Verdict>();
  return rules.refs.flatMap((ref) => {
    const policy = rules.policies.get(ref.policy);
    if (policy === undefined) return [];
    return principals.flatMap((principal) =>
      actionsOf(ref).map((action) => {
        // Refs of one policy are judged alike.
        const key = JSON.stringify([policy.name, principal, action, ref.match === undefined]);
        const verdict = known.get(key) ?? verdictOf(ref, policy, principal, action);
        known.set(key, verdict);
        return { ref: ref.name, match: ref.match, principal, action, ...verdict };
      }),
    );
  });
}

function tooMany({ name }: SecretRef, principal: string): KeywrightError {
  return new KeywrightError(
    "configuration",
    `the policies of ${name} tell too many situations apart for ${principal} to compare each`,
    { hint: "Name fewer environments, machines, substrates and apps in one policy." },
  );
}

/**
 * What somebody gained or lost from `old` to `now`. A secret is the same by its name, a registry by its match. Throws
 * `configuration` for policies that tell too many situations apart.
 */
export function matrixChanges(old: Rules, now: Rules): readonly MatrixChange[] {
  const principals = principalsOf([old, now]);
  const keys = new Map([...old.refs, ...now.refs].map((ref) => [keyOf(ref), ref]));
  const known = new Map<string, readonly MatrixChange[]>();
  return [...keys].flatMap(([key, ref]) => {
    const [before, after] = [old, now].map((rules) => policyFor(rules, key));
    if (JSON.stringify(before) === JSON.stringify(after)) return [];
    return principals.flatMap((principal) => {
      // Refs of one policy change alike.
      const pair = JSON.stringify([before?.name, after?.name, principal, ref.match === undefined]);
      const changes = known.get(pair) ?? changesFor({ ref, principal, before, after });
      known.set(pair, changes);
      return changes.map((change) => ({ ...change, ref: ref.name }));
    });
  });
}

function changesFor(compared: Omit<Compared, "action">): readonly MatrixChange[] {
  const { ref, principal, before, after } = compared;
  const policies = [before, after].filter((policy) => policy !== undefined);
  const cells = cellsFor(policies, principal);
  if (cells === undefined) throw tooMany(ref, principal);
  return actionsOf(ref).flatMap((action) => changesIn(cells, { ...compared, action }));
}

type Verdict = Pick<MatrixRow, "may" | "conditions">;

function verdictOf(ref: SecretRef, policy: SecretPolicy, principal: string, action: Action): Verdict {
  const cells = cellsFor([policy], principal);
  const allowed = cells?.filter((cell) => allows(policy, ref, principal, action, cell)).length ?? 0;
  const whole = allowed === cells?.length ? "always" : "sometimes";
  const may: May = cells === undefined ? "unknown" : allowed === 0 ? "never" : whole;
  const told = may === "sometimes" || may === "unknown" ? conditionsOf(policy, principal, action) : [];
  return { may, conditions: told };
}

interface Compared {
  readonly ref: SecretRef;
  readonly principal: string;
  readonly action: Action;
  readonly before: SecretPolicy | undefined;
  readonly after: SecretPolicy | undefined;
}

function changesIn(
  cells: readonly Cell[],
  { ref, principal, action, before, after }: Compared,
): MatrixChange[] {
  const may = (policy: SecretPolicy | undefined, cell: Cell): boolean =>
    policy !== undefined && allows(policy, ref, principal, action, cell);
  const changed = (change: "gained" | "lost"): MatrixChange[] => {
    const hits = cells.filter((cell) => {
      const [was, is] = [may(before, cell), may(after, cell)];
      return change === "gained" ? is && !was : was && !is;
    });
    const [first] = hits;
    if (first === undefined) return [];
    return [
      {
        ref: ref.name,
        principal,
        action,
        change,
        example: first.words,
        cells: hits.length,
        of: cells.length,
      },
    ];
  };
  return [...changed("gained"), ...changed("lost")];
}

function allows(policy: SecretPolicy, ref: SecretRef, name: string, action: Action, cell: Cell): boolean {
  const { identity, now } = cell;
  return decide({ ask: askIn(cell, ref, action), principal: { name }, identity, ref, policy, now }).allowed;
}

/** Only rules that this principal and action can meet. */
function conditionsOf(policy: SecretPolicy, principal: string, action: Action): readonly string[] {
  const meets = ({ principals, actions }: Rule, usual: readonly Action[]): boolean =>
    (principals.length === 0 || principals.includes(principal)) &&
    (actions.length === 0 ? usual : actions).includes(action);
  return [
    ...policy.grants.filter((rule) => meets(rule, ["read"])).map((rule) => `${rule.name}${inWords(rule)}`),
    ...policy.deny
      .filter((rule) => meets(rule, ["read", "publish"]))
      .map((rule) => `but not ${rule.name}${inWords(rule)}`),
  ];
}

const day = (time: number): string => new Date(time * 1000).toISOString().replace(/T00:00:00\.000Z$/, "");
const list = (what: string, values: readonly string[]): readonly string[] =>
  values.length === 0 ? [] : [`${what} ${values.join(" or ")}`];

function inWords(rule: Rule): string {
  const parts = [
    ...list("environment", rule.environments),
    ...list("machine", rule.machines),
    ...list("substrate", rule.substrates),
    ...list("app", rule.apps),
    ...(rule.attestation === "asserted" ? [] : [`at least ${rule.attestation}`]),
    ...(rule.notBefore === undefined ? [] : [`from ${day(rule.notBefore)}`]),
    ...(rule.notAfter === undefined ? [] : [`until ${day(rule.notAfter)}`]),
    ...(rule.reasonRequired ? ["reason required"] : []),
  ];
  return parts.length === 0 ? "" : ` (${parts.join(", ")})`;
}

function principalsOf(all: readonly Rules[]): readonly string[] {
  const rules = all.flatMap(({ policies }) =>
    [...policies.values()].flatMap(({ grants, deny }) => [...grants, ...deny]),
  );
  return [...new Set(rules.flatMap(({ principals }) => principals))].sort().concat(ANYBODY);
}

function actionsOf({ match }: SecretRef): readonly Action[] {
  return match === undefined ? ["read"] : ["read", "publish"];
}

function keyOf({ name, match }: SecretRef): string {
  return match === undefined ? `secret ${name}` : `registry ${match}`;
}

function policyFor({ refs, policies }: Rules, key: string): SecretPolicy | undefined {
  const ref = refs.find((one) => keyOf(one) === key);
  return ref === undefined ? undefined : policies.get(ref.policy);
}
