// Principal: the name that policies speak about. In v1 it is the identity's role.
import { KeywrightError } from "../errors.ts";
import type { RuntimeIdentity } from "./identity.ts";

export interface Principal {
  readonly name: string;
}

const IDENTIFIER = /^[a-z][a-z0-9_]*$/;

export function isPrincipalName(name: string): boolean {
  return name.length <= 128 && IDENTIFIER.test(name);
}

/** Throws `configuration` when the identity has no role, or one that is not an identifier. */
export function principalOf(identity: RuntimeIdentity): Principal {
  const role = identity.role?.value;
  if (role === undefined || !isPrincipalName(role)) {
    throw new KeywrightError(
      "configuration",
      `the identity has no usable role: ${JSON.stringify(role ?? null)}`,
      {
        hint: "Set identity.role to a name of lower-case letters, digits and underscores.",
      },
    );
  }
  return { name: role };
}
