// Which rule a verified token of a workload fits. Values are compared as they are, with their types; a claim that is not
// there fits nothing. Pure.
import { PRESETS } from "../../config/workload-presets.ts";
import type { Guard } from "../../config/workload-preset.ts";
import type { IssuerSettings, WorkloadRule } from "../../config/workloads.ts";
import { isJsonObject, type JsonObject } from "../jwt/json-object.ts";
import { subjectAgrees } from "./github-subject.ts";

export type Fitting =
  | { readonly rule: WorkloadRule }
  /** `misses`: why each rule did not fit, the nearest first. */
  | { readonly rule: undefined; readonly reason: string; readonly misses: readonly Miss[] };

export interface Miss {
  readonly rule: string;
  readonly clause: string;
}

const MOST_MISSES = 8;

/** Exactly one of `rules` has to fit. */
export function fit(issuer: IssuerSettings, rules: readonly WorkloadRule[], payload: JsonObject): Fitting {
  if (issuer.preset === "github" && !subjectAgrees(payload))
    return { rule: undefined, reason: "its sub does not agree with its ids", misses: [] };
  const judged = rules.map((rule) => ({ rule, faults: faultsOf(issuer, rule, payload) }));
  const fitting = judged.filter(({ faults }) => faults.length === 0);
  const [first, second] = fitting;
  if (first !== undefined && second === undefined) return { rule: first.rule };
  if (second !== undefined) {
    const misses = fitting.slice(0, MOST_MISSES).map(({ rule }) => ({ rule: rule.name, clause: "fits" }));
    return { rule: undefined, reason: "more than one rule fits", misses };
  }
  const misses = judged
    .sort((a, b) => a.faults.length - b.faults.length)
    .slice(0, MOST_MISSES)
    .map(({ rule, faults }) => ({ rule: rule.name, clause: faults[0] ?? "" }));
  return { rule: undefined, reason: "no rule fits", misses };
}

function faultsOf(
  { preset }: IssuerSettings,
  { claims }: WorkloadRule,
  payload: JsonObject,
): readonly string[] {
  const named = new Set(claims.map(({ path }) => keyOf(path)));
  const compared = claims.map(({ path, values }) => {
    const value = claimAt(payload, path);
    return values.some((one) => one === value) ? undefined : faultOf(path, value);
  });
  const guarded = PRESETS[preset].guards
    .filter(({ path }) => !named.has(keyOf(path)))
    .map((guard) => (isPast(guard, claimAt(payload, guard.path)) ? undefined : guardFault(guard.path)));
  return [...compared, ...guarded].filter((fault) => fault !== undefined);
}

/** Names only: what the token says is not repeated. */
function faultOf(path: readonly string[], value: unknown): string {
  const name = path.join(".");
  if (value === undefined) return `${name} is missing`;
  const plain = ["string", "number", "boolean"].includes(typeof value);
  return plain ? `${name} is another` : `${name} is no single value`;
}

function guardFault(path: readonly string[]): string {
  return `${path.join(".")} is one that the rule has to name`;
}

function isPast({ is, isNot, beginsNot }: Guard, value: unknown): boolean {
  if (is !== undefined) return is.some((one) => one === value);
  if (typeof value !== "string") return false;
  return isNot?.includes(value) !== true && (beginsNot === undefined || !value.startsWith(beginsNot));
}

/** Only what the token itself has; a list has no members by name. */
function claimAt(payload: JsonObject, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (value, name) => (isJsonObject(value) && Object.hasOwn(value, name) ? value[name] : undefined),
    payload,
  );
}

function keyOf(path: readonly string[]): string {
  return path.join("\n");
}
