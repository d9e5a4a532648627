// Preset: what is known of one kind of issuer of workload identity. Types, and the forms that several share.

export type PresetName =
  | "github"
  | "gitlab"
  | "circleci"
  | "buildkite"
  | "kubernetes"
  | "google"
  | "aws"
  | "azure_devops"
  | "entra"
  | "generic";

export interface NeededClaim {
  readonly path: readonly string[];
  /** Where a person finds the value. */
  readonly where: string;
  /** What every value of it looks like; undefined: any text. */
  readonly form?: RegExp | undefined;
  /** True: a rule may list several. False: it is who the workload is, and is one. */
  readonly many?: boolean | undefined;
}

/** A claim that must be one of these values, or must not be, unless a rule names the claim itself. */
export interface Guard {
  readonly path: readonly string[];
  readonly is?: readonly (string | boolean)[];
  readonly isNot?: readonly string[];
  readonly beginsNot?: string;
}

export interface Preset {
  /** The issuer that counts when the configuration names none. */
  readonly issuer?: string | undefined;
  /** What its issuers look like; a group is the id of the tenant. */
  readonly form: RegExp;
  /** An issuer of this form, for messages. */
  readonly example: string;
  /** The claim that is the same as the tenant's id in the issuer. */
  readonly tenant?: readonly string[] | undefined;
  readonly algorithms: readonly string[];
  /** What its tokens are made out to when nobody can choose that. */
  readonly audience?: string | undefined;
  /** Seconds that a token of it may live. */
  readonly maxLife: number;
  /** Where its keys are, when that is another host than the issuer's. `$1` is the tenant. */
  readonly jwksUri?: string | undefined;
  /** True: a workload gets the same token again until a newer one is due, so it has to be good more than once. */
  readonly handsOutAgain?: boolean | undefined;
  readonly needed: readonly NeededClaim[];
  readonly guards: readonly Guard[];
  /** Claims that its tokens have as text although they look like something else. */
  readonly texts: readonly string[];
  /** Claims that whoever asks for the token chooses. */
  readonly never: readonly (readonly string[])[];
}

/** Of `guards` and the lists: what most presets have. */
export const NOTHING_MORE = { guards: [], texts: [], never: [] } as const;
export const HOUR = 3600;
export const DAY = 24 * HOUR;
export const DIGITS = /^[0-9]+$/;
export const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
export const UUID_PART = "([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})";
