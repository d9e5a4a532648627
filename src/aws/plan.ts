// Plan: where credentials come from, as the environment and the files say it, before anybody is asked. Types only; which
// plan is made is in planned.ts.
import type { Secret } from "../secret.ts";

export interface KeysPlan {
  readonly kind: "keys";
  readonly source: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: Secret;
  readonly sessionToken: Secret | undefined;
  /** Epoch seconds; undefined: nobody says. */
  readonly expiresAt: number | undefined;
}

export interface RolePlan {
  readonly kind: "role";
  readonly profile: string;
  readonly roleArn: string;
  /** undefined: a name made up for each session. */
  readonly sessionName: string | undefined;
  readonly externalId: string | undefined;
  /** Seconds; undefined: what STS takes. */
  readonly durationSeconds: number | undefined;
  readonly from: Plan;
}

export interface WebIdentityPlan {
  readonly kind: "web identity";
  /** The profile that says it, or `environment`. */
  readonly source: string;
  readonly roleArn: string;
  readonly sessionName: string | undefined;
  readonly tokenFile: string;
}

export interface SsoPlan {
  readonly kind: "sso";
  readonly profile: string;
  /** The name of the `[sso-session …]`; undefined: the old form, all in the profile, which cannot be refreshed. */
  readonly session: string | undefined;
  readonly startUrl: string;
  readonly region: string;
  readonly accountId: string;
  readonly roleName: string;
}

export interface ProcessPlan {
  readonly kind: "process";
  readonly profile: string;
  readonly command: string;
}

export interface ContainerPlan {
  readonly kind: "container";
  readonly url: string;
  readonly token: Secret | undefined;
  /** Read for every question, since it is replaced now and then; undefined: none, `token` counts. */
  readonly tokenFile: string | undefined;
}

export interface InstancePlan {
  readonly kind: "instance";
  /** Ends in no slash. */
  readonly endpoint: string;
  /** Seconds for one request. */
  readonly timeout: number;
  readonly attempts: number;
}

export type Plan =
  | KeysPlan
  | RolePlan
  | WebIdentityPlan
  | SsoPlan
  | ProcessPlan
  | ContainerPlan
  | InstancePlan;
