// The role that a question is answered with, and the session that STS is asked for: name, session policy, tags. It
// assumes nothing.
import { sha256 } from "../digest.ts";
import { KeywrightError } from "../errors.ts";
import type { AssumeRoleWish } from "../aws/sts.ts";
import type { RetrieveContext } from "../resolver/backend.ts";
import type { CodeArtifactTarget } from "../resolver/codeartifact.ts";
import type { Location } from "../resolver/location.ts";
import type { CodeArtifactSettings } from "./codeartifact-options.ts";
import { sessionPolicyFor } from "./codeartifact-policies.ts";
import { fittingRole, type RoleEntry } from "./codeartifact-roles.ts";
import { sessionNameOf, tagValueOf } from "./codeartifact-templates.ts";

/** undefined: the store names no roles. Throws `denied` when it does and none is for this question. */
export function roleFor(
  { roles }: CodeArtifactSettings,
  { store, action }: Location,
  { principal }: RetrieveContext,
): RoleEntry | undefined {
  if (roles === undefined) return undefined;
  const role = fittingRole(roles, { principal: principal.name, action });
  if (role !== undefined) return role;
  throw new KeywrightError(
    "denied",
    `the store ${store.name} has no role for principal ${principal.name} to ${action} with`,
    { hint: "Ask whoever keeps the configuration for an entry in the store's roles." },
  );
}

/** Throws `denied` when the session policy is for one repository and the question names none. */
export function roleWishOf(
  role: RoleEntry,
  target: CodeArtifactTarget,
  { principal, identity, decision }: RetrieveContext,
): AssumeRoleWish {
  const values = { principal: principal.name, app: identity.app?.value, decision };
  const { sessionPolicy } = role;
  const policy =
    typeof sessionPolicy === "string" ? sessionPolicyFor(sessionPolicy, target) : sessionPolicy?.written;
  const tags = Object.entries(role.tags).map(([key, text]) => [key, tagValueOf(text, values)]);
  return {
    roleArn: role.roleArn,
    sessionName: sessionNameOf(role.sessionName, values),
    policy,
    durationSeconds: role.duration,
    externalId: role.externalId,
    tags: Object.fromEntries(tags) as Readonly<Record<string, string>>,
  };
}

/** What separates the tokens of one session from those of another; the audit entry does not. */
export function roleMark(role: RoleEntry, target: CodeArtifactTarget, context: RetrieveContext): string {
  const wish = roleWishOf(role, target, { ...context, decision: "" });
  return `${role.roleArn} ${sha256(JSON.stringify(wish))}`;
}
