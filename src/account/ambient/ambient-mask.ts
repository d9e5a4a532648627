// How a pipeline is told that a value must not stand in its log, before anything could show it.
import type { Environment } from "../../io/spawn.ts";
import type { Secret } from "../../secret.ts";
import { isTrue } from "./ambient-source.ts";

/** The line to print first (on standard error, too, it counts); undefined: this is no pipeline that knows such a line. */
export function maskLine(env: Environment, value: Secret): string | undefined {
  if (["GITHUB_ACTIONS", "FORGEJO_ACTIONS", "GITEA_ACTIONS"].some((name) => isTrue(env, name)))
    return `::add-mask::${value.reveal()}`;
  if (isTrue(env, "TF_BUILD")) return `##vso[task.setsecret]${value.reveal()}`;
  return undefined;
}
