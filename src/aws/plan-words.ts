// What a plan means, in words: whose credentials it leads to, and where they come from. From local evidence alone, and
// without a value.
import { sha256 } from "../digest.ts";
import type { Plan } from "./plan.ts";
import type { Place } from "./shared-config.ts";
import { identityToken, holderOf } from "./web-identity-token.ts";

/** Whom AWS would see; undefined: only who gives the credentials can tell. Throws `configuration`, `locked`. */
export async function localPrincipal(plan: Plan, place: Place): Promise<string | undefined> {
  if (plan.kind === "keys") return plan.accessKeyId;
  if (plan.kind === "role") {
    const from = await localPrincipal(plan.from, place);
    return from === undefined ? undefined : rolePrincipal(plan, from);
  }
  if (plan.kind === "web identity")
    return rolePrincipal(plan, `web identity ${holderOf(identityToken(plan.tokenFile))}`);
  if (plan.kind !== "sso") return undefined;
  const { holderOfLogin, loginFile, readLogin } = await import("./sso-login.ts");
  const login = readLogin(loginFile(plan, place.home));
  const whose = login === undefined ? "nobody" : `login ${holderOfLogin(login)}`;
  return `SSO ${plan.startUrl} ${plan.accountId}/${plan.roleName} ${whose}`;
}

/** A role, and through whom. */
export function rolePrincipal(
  { roleArn, sessionName }: { readonly roleArn: string; readonly sessionName: string | undefined },
  from: string,
): string {
  return `${roleArn}${sessionName === undefined ? "" : `/${sessionName}`} through ${from}`;
}

/** Tells plans apart that lead to different credentials; holds no value. */
export function keyOf(plan: Plan, principal: string | undefined): string {
  if (plan.kind === "role") {
    const { roleArn, sessionName, externalId, durationSeconds, from } = plan;
    return sha256(
      JSON.stringify([roleArn, sessionName, externalId, durationSeconds, keyOf(from, principal)]),
    );
  }
  const place =
    plan.kind === "process"
      ? plan.command
      : plan.kind === "container"
        ? plan.url
        : plan.kind === "instance"
          ? plan.endpoint
          : principal;
  return sha256(JSON.stringify([plan.kind, place]));
}

/** Where the credentials come from, for people. */
export function planWords(plan: Plan): string {
  switch (plan.kind) {
    case "keys":
      return `the keys of ${plan.source} (${plan.accessKeyId})`;
    case "role":
      return `the role ${plan.roleArn} of profile ${plan.profile}, assumed with ${planWords(plan.from)}`;
    case "web identity":
      return `the role ${plan.roleArn}, assumed with the web identity token in ${plan.tokenFile} (${plan.source})`;
    case "sso":
      return `the role ${plan.roleName} of account ${plan.accountId}, by the SSO login at ${plan.startUrl} (profile ${plan.profile})`;
    case "process":
      return `what the credential_process of profile ${plan.profile} prints`;
    case "container":
      return `what the container's endpoint ${new URL(plan.url).origin} answers`;
    case "instance":
      return `what the instance metadata at ${plan.endpoint} answers (version 2), if there is any`;
  }
}
