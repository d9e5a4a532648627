// What the rules say of a token, without anybody being asked: for people who write rules. It is no proof of anything, since
// neither signature nor times are checked.
import type { WorkloadRule, WorkloadSettings } from "../../config/workloads.ts";
import { fit, type Miss } from "./fitting.ts";
import { readClaimed } from "./subject.ts";

export interface Trial {
  /** undefined: not exactly one fits. */
  readonly rule: WorkloadRule | undefined;
  /** What the configuration calls it; undefined: it has none like that. */
  readonly issuer: string | undefined;
  readonly reason: string;
  /** Why each rule does not fit, the nearest first. */
  readonly misses: readonly Miss[];
}

/** `url`: the broker's. */
export function judge(settings: WorkloadSettings, text: string, url: string): Trial {
  const claimed = readClaimed(settings, text, url);
  const none = { rule: undefined, issuer: claimed.issuer?.name, misses: [] };
  if (!claimed.ok) return { ...none, reason: claimed.reason };
  const fitting = fit(claimed.issuer, claimed.rules, claimed.read.payload);
  if (fitting.rule === undefined) return { ...none, reason: fitting.reason, misses: fitting.misses };
  return { ...none, rule: fitting.rule, reason: "exactly one rule fits" };
}
