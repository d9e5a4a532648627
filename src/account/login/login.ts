// Login: what came of one `auth login`, for one host and profile. Types alone; login-store.ts keeps them, fresh-login.ts
// keeps them fresh.
import type { LoginPlace } from "../../io/keychain.ts";
import type { Secret } from "../../secret.ts";

export interface Login {
  /** What tells this login from every other one, through all refreshes; undefined: it is a new one, the store gives it. */
  readonly id?: string | undefined;
  /** As the profile says it, without a slash at its end. */
  readonly host: string;
  readonly profile: string;
  /** What a registry token is asked for with: of a menda cloud the id_token, where it gave one. */
  readonly accessToken: Secret;
  /** Epoch seconds. */
  readonly expiresAt: number;
  readonly tokenType: "DPoP" | "Bearer";
  readonly refreshToken: Secret | undefined;
  readonly scope: string;
  readonly source: "device" | "browser" | "workload";
  /** Which ambient identity it came from; undefined: a person logged in. */
  readonly workload?: string | undefined;
  /** undefined: the host has none, so the login cannot be refreshed. */
  readonly tokenEndpoint: string | undefined;
  readonly clientId: string;
  /** True: the tokens are good only with this machine's key. */
  readonly bound: boolean;
  /** True: the access token is in the cache that menda-keyring and menda-cli read, too. */
  readonly shared: boolean;
  /** Epoch seconds. */
  readonly createdAt: number;
  /** Epoch seconds of the last change; undefined: none since it was made. */
  readonly refreshedAt?: number | undefined;
}

/** What can be known of a login without asking the keychain. */
export type KnownLogin = Omit<Login, "refreshToken" | "id"> & {
  readonly id: string;
  readonly refreshable: boolean;
  readonly kept: LoginPlace;
};
