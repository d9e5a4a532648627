// Reads `issuers` and `workloads` of a broker's configuration: whose tokens are believed, and which of them act as whom.
import { faultAt } from "./fault.ts";
import type { Tree } from "./tree.ts";
import { readIssuers, type IssuerSettings } from "./workload-issuers.ts";
import { readRules, type WorkloadRule } from "./workload-rules.ts";

export type { IssuerSettings } from "./workload-issuers.ts";
export type { ClaimRule, ClaimValue, WorkloadRule } from "./workload-rules.ts";

export interface WorkloadSettings {
  readonly issuers: readonly IssuerSettings[];
  readonly rules: readonly WorkloadRule[];
}

export const NO_WORKLOADS: WorkloadSettings = { issuers: [], rules: [] };

/** Throws `configuration`. */
export function readWorkloads(
  sections: { readonly issuers: Tree | undefined; readonly workloads: Tree | undefined },
  principals: readonly string[] | undefined,
): WorkloadSettings {
  const issuers = readIssuers(sections.issuers);
  const rules = readRules(sections.workloads, issuers, principals);
  const idle = issuers.find(({ name }) => !rules.some(({ issuer }) => issuer === name));
  if (idle !== undefined && sections.issuers?.kind === "map") {
    const origin = sections.issuers.entries.get(idle.name)?.origin ?? sections.issuers.origin;
    throw faultAt(origin, `issuers.${idle.name} has no rule in workloads`, "Write one, or take it out.");
  }
  return { issuers, rules };
}
