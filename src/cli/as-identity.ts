// Reads `--as ROLE@ENVIRONMENT/MACHINE`: an identity to think about, as it would be known if such a program ran there. It is
// never used to fetch anything.
import { KeywrightError } from "../errors.ts";
import type { Attestation, Known, RuntimeIdentity } from "../resolver/identity.ts";

export const AS_FORM = "ROLE[@ENVIRONMENT[/MACHINE]]";

export interface AsOptions {
  readonly as?: string | undefined;
  readonly app?: string | undefined;
  readonly substrate?: string | undefined;
  /** How well all of it is known; undefined: as the command line would know it (machine and substrate discovered). */
  readonly attestation?: Attestation | undefined;
}

const FORM = /^([a-z][a-z0-9_]*)(?:@([^\s@/]+)(?:\/([^\s@/]+))?)?$/;

/** What is not said is as in `own`. Throws `usage`. */
export function identityAs(
  { as, app, substrate, attestation }: AsOptions,
  own: RuntimeIdentity,
): RuntimeIdentity {
  const [whole, role, environment, machine] = FORM.exec(as ?? "") ?? [];
  if (as !== undefined && whole === undefined) {
    throw new KeywrightError("usage", `not ${AS_FORM}: ${JSON.stringify(as.slice(0, 80))}`, {
      hint: "For example --as research@prod/bridge.",
    });
  }
  const said = { role, environment, machine, app, substrate };
  const fields = Object.entries(said) as [keyof typeof said, string | undefined][];
  const known = fields.map(([field, value]): readonly [string, Known | undefined] => {
    const host = field === "machine" || field === "substrate";
    const usual: Attestation = host ? "discovered" : "asserted";
    const given = value === undefined ? own[field] : { value, attestation: usual };
    return [field, given && attestation !== undefined ? { ...given, attestation } : given];
  });
  return Object.fromEntries(known) as RuntimeIdentity;
}
