// The types of a SecretsApi's configuration and questions: what the compiler knows about secret names. No code.
import type { AttestedIdentity, RuntimeIdentity } from "./identity.ts";
import type { Secret } from "../secret.ts";

/** Three mappings by name, with the keys of the configuration files (docs/secrets.md), in snake_case. */
export interface SecretsConfigData {
  readonly stores: object;
  readonly refs: object;
  readonly policies: object;
}

/** The names of a constant configuration's refs; `string` when the compiler cannot see them. */
export type SecretName<Data extends SecretsConfigData> = keyof Data["refs"] & string;

export interface SecretQuestion<Name extends string = string> {
  readonly secretName: Name;
  readonly identity: RuntimeIdentity | AttestedIdentity;
  /** Why it is asked; some rules want it, and the audit keeps it. */
  readonly reason?: string | undefined;
}

export interface SecretQuestionOr<Name extends string, Default> extends SecretQuestion<Name> {
  /**
   * What an absent value is worth, for "not found" only: a text is answered as a Secret, null as null. undefined: an
   * absent value is an error.
   */
  readonly default?: Default;
}

/** A Secret, always; or null, when the caller asked for null. */
export type Answer<Default> = Default extends null ? Secret | null : Secret;
