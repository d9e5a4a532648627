// Reads `users` of a broker's configuration: who says who a person is, and how long a login lasts.
import { fieldsOf } from "./fields.ts";
import type { Tree } from "./tree.ts";

/** Which people of a provider act as whom: the first that fits counts. */
export interface PrincipalRule {
  readonly claim: string;
  /** The claim is this text, or a list that has it; undefined: any person with that claim. */
  readonly has: string | undefined;
  readonly principal: string;
}

/** An OIDC provider, of which the broker is a client. */
export interface ProviderSettings {
  readonly issuer: string;
  readonly clientId: string;
  /** An absolute path; undefined: the broker is a public client there. */
  readonly clientSecretFile: string | undefined;
  readonly scopes: readonly string[];
  /** The claim that people are listed by. */
  readonly nameClaim: string;
  readonly principals: readonly PrincipalRule[];
  /** True: it may have a private address. */
  readonly privateNetwork: boolean;
}

export interface UserSettings {
  /** undefined: people have passkeys here. */
  readonly provider: ProviderSettings | undefined;
  /** Seconds after which a login ends, however often it was refreshed. */
  readonly sessionLife: number;
  /** Seconds after which the provider is asked again, at the next refresh. */
  readonly recheck: number;
  /** Seconds that a login over the menda face lives. */
  readonly mendaSession: number;
}

export const DEFAULT_USERS: UserSettings = {
  provider: undefined,
  sessionLife: 7 * 86_400,
  recheck: 3600,
  mendaSession: 8 * 3600,
};

/** Throws `configuration`. */
export function readUsers(tree: Tree | undefined): UserSettings {
  if (tree === undefined) return DEFAULT_USERS;
  fieldsOf(tree, "users", []);
  return DEFAULT_USERS;
}
