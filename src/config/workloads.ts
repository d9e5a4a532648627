// Reads `issuers` and `workloads` of a broker's configuration: whose tokens are believed, and which of them act as whom.
import type { Tree } from "./tree.ts";

export interface WorkloadSettings {
  readonly issuers: readonly object[];
  readonly rules: readonly object[];
}

export const NO_WORKLOADS: WorkloadSettings = { issuers: [], rules: [] };

/** Throws `configuration`. */
export function readWorkloads(
  _sections: { readonly issuers: Tree | undefined; readonly workloads: Tree | undefined },
  _principals: readonly string[] | undefined,
): WorkloadSettings {
  return NO_WORKLOADS;
}
