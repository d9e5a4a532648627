// AwsCredentials, and the contract of what finds them. It finds none itself: chain.ts does.
import type { Secret } from "../secret.ts";

export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: Secret;
  /** undefined: the keys of a user, which need none. */
  readonly sessionToken: Secret | undefined;
  /** Epoch seconds; undefined: they do not expire, or nobody says when. */
  readonly expiresAt: number | undefined;
  /** Where they come from, for people: `environment`, `profile dev (~/.aws/credentials)`, `instance metadata`, … */
  readonly source: string;
  /** The role that they act as: an ARN, or `123456789012/NAME` of SSO, whose ARN only IAM knows; undefined: none, or not known. */
  readonly role: string | undefined;
}

export interface CredentialChain {
  /**
   * The credentials, remembered in memory until shortly before they expire. Throws `configuration` for files and profiles that
   * are wrong, `authentication` when there are none or they were not accepted, `network`, `timed_out`, `backend` (a program
   * or an endpoint answered what is no credentials), `locked` (a person must act, with the remedy as its hint).
   */
  credentials(): Promise<AwsCredentials>;
  /**
   * Whom AWS would see, from local evidence: an access key id, or the role and what leads to it. Never a profile's name alone.
   * Asks the network or a program only where nothing else could tell (instance, container, credential_process).
   */
  principal(): Promise<string>;
  /** What would be used and why, for `explain`: neither a value nor anything that asks the network or a program. */
  describe(): Promise<string>;
  /** Forgets what is remembered: the service did not accept it. */
  forget(): void;
  /** The region that the environment or the profile names; undefined: neither does. */
  region(): string | undefined;
}
