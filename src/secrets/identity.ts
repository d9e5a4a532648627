// The identity as an application says it: five words, or what was attested about them. It attests nothing itself.
import { KeywrightError } from "../errors.ts";
import {
  ATTESTATIONS,
  IDENTITY_FIELDS,
  type IdentityField,
  type Known,
  type RuntimeIdentity as AttestedIdentity,
} from "../resolver/identity.ts";

export type { AttestedIdentity };

const FIELDS: ReadonlySet<string> = new Set(IDENTITY_FIELDS);

/** Who an application says it is. Every field counts as `asserted`, the weakest. Source: mxm-types 0.3.1. */
export type RuntimeIdentity = { readonly [field in IdentityField]: string };

/**
 * What both forms say, one by one: a text is asserted, a Known is as attested as it says. A field that is missing or
 * blank is not known: no grant that tests it fits, every deny that tests it does. Throws `configuration` for anything
 * that is no identity.
 */
export function identityOf(said: RuntimeIdentity | AttestedIdentity): AttestedIdentity {
  if (typeof said !== "object" || said === null) throw wrong("identity", "is missing");
  const unknown = Object.keys(said).find((key) => !FIELDS.has(key));
  if (unknown !== undefined) throw wrong(`identity.${unknown.slice(0, 80)}`, "is no field of an identity");
  return {
    app: knownOf("app", said.app),
    environment: knownOf("environment", said.environment),
    machine: knownOf("machine", said.machine),
    substrate: knownOf("substrate", said.substrate),
    role: knownOf("role", said.role),
  };
}

function knownOf(field: IdentityField, said: unknown): Known | undefined {
  if (said === undefined) return undefined;
  const isKnown = typeof said === "object" && said !== null;
  const { value, attestation } = (isKnown ? said : { value: said, attestation: "asserted" }) as Known;
  if (typeof value !== "string") throw wrong(`identity.${field}`, "is not text");
  if (isKnown && !ATTESTATIONS.includes(attestation))
    throw wrong(`identity.${field}`, "has an unknown attestation");
  return value.trim() === "" ? undefined : { value, attestation };
}

function wrong(what: string, is: string): KeywrightError {
  return new KeywrightError("configuration", `${what} ${is}`, {
    hint: `An identity is { ${IDENTITY_FIELDS.join(", ")} }, each a text or what attestRuntimeIdentity gives.`,
  });
}
