// The identity of a running application: built from what it says and what is discovered, and attested against the machine
// that it runs on. It chooses no configuration and decides nothing.
import { KeywrightError } from "../errors.ts";
import { discoverMachine, discoverSubstrate, type Sights } from "../identity/discover.ts";
import { IDENTITY_FIELDS } from "../resolver/identity.ts";
import { identityOf, type AttestedIdentity, type RuntimeIdentity } from "../secrets/identity.ts";

/** A field of the identity is empty, or no text. */
export class RuntimeIdentityError extends KeywrightError {}

/** The identity is not true for this process. */
export class RuntimeIdentityAttestationError extends KeywrightError {}

export interface IdentityParts {
  readonly app: string;
  readonly environment: string;
  readonly role: string;
  /** undefined: discovered. */
  readonly machine?: string | undefined;
  /** undefined: discovered. */
  readonly substrate?: string | undefined;
}

/** Throws RuntimeIdentityError. */
export function buildRuntimeIdentity(parts: IdentityParts, sights: Sights = {}): RuntimeIdentity {
  const { app, environment, role } = parts;
  const machine = parts.machine ?? discoverMachine(sights);
  const substrate = parts.substrate ?? discoverSubstrate(sights);
  const identity = { app, environment, machine, substrate, role };
  validateRuntimeIdentityShape(identity);
  return Object.freeze(identity);
}

/** Throws RuntimeIdentityError unless all five fields are text that is not blank. What they say is not looked at. */
export function validateRuntimeIdentityShape(identity: RuntimeIdentity): void {
  const empty = IDENTITY_FIELDS.filter((field) => {
    const value: unknown = identity[field];
    return typeof value !== "string" || value.trim() === "";
  });
  if (empty.length === 0) return;
  throw new RuntimeIdentityError(
    "configuration",
    `these fields of the identity are empty: ${empty.join(", ")}`,
    {
      hint: "An identity says app, environment, machine, substrate and role.",
    },
  );
}

/**
 * Holds machine and substrate against what is discovered here. Both are `discovered` in the identity that it returns, the
 * other three `asserted`, since nothing here could tell. The machine is compared without regard to case, and comes back in
 * lower case. Throws RuntimeIdentityError, and RuntimeIdentityAttestationError that names every field that is not true.
 */
export function attestRuntimeIdentity(identity: RuntimeIdentity, sights: Sights = {}): AttestedIdentity {
  validateRuntimeIdentityShape(identity);
  const { attested, untrue } = comparedWithHere(identity, sights);
  if (untrue.length === 0) return attested;
  throw new RuntimeIdentityAttestationError("denied", `the identity is not true here: ${untrue.join("; ")}`, {
    hint: "Leave machine and substrate out of buildRuntimeIdentity to have them discovered.",
  });
}

/** The same without a refusal: a field that is not true here stays asserted. */
export function attestedAsFound(identity: RuntimeIdentity, sights: Sights = {}): AttestedIdentity {
  return comparedWithHere(identity, sights).attested;
}

/** The five words of either form; an empty one for a field that is missing. */
export function wordsOf(identity: RuntimeIdentity | AttestedIdentity): RuntimeIdentity {
  const words = IDENTITY_FIELDS.map((field) => {
    const said = identity[field];
    return [field, typeof said === "string" ? said : (said?.value ?? "")] as const;
  });
  return Object.fromEntries(words) as RuntimeIdentity;
}

function comparedWithHere(
  identity: RuntimeIdentity,
  sights: Sights,
): { readonly attested: AttestedIdentity; readonly untrue: readonly string[] } {
  const here = { machine: discoverMachine(sights), substrate: discoverSubstrate(sights) };
  const fields = ["machine", "substrate"] as const;
  const said = { machine: identity.machine.toLowerCase(), substrate: identity.substrate };
  const isTrue = (field: (typeof fields)[number]): boolean => said[field] === here[field];
  const found = fields.filter(isTrue).map((field) => [field, discovered(here[field])] as const);
  const untrue = fields
    .filter((field) => !isTrue(field))
    .map((field) => `${field} is ${JSON.stringify(here[field])}, not ${JSON.stringify(identity[field])}`);
  return { attested: { ...identityOf(identity), ...Object.fromEntries(found) }, untrue };
}

function discovered(value: string): { readonly value: string; readonly attestation: "discovered" } {
  return { value, attestation: "discovered" };
}
