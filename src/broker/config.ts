// BrokerConfig: what the broker's configuration says, once it is read. This file checks that its parts fit together;
// it reads no file.
import type { UserSettings } from "../config/users.ts";
import type { WorkloadSettings } from "../config/workloads.ts";
import { KeywrightError } from "../errors.ts";
import type { Action } from "../resolver/ask.ts";
import { isPrincipalName } from "../resolver/principal.ts";
import type { SecretPolicy } from "../resolver/policy.ts";
import type { SecretRef } from "../resolver/ref.ts";
import type { SecretStore } from "../resolver/store.ts";
import type { Limits } from "./limits.ts";

/** What `registry/token` of the menda face means for a principal: the request itself carries no address. */
export interface MendaMapping {
  readonly ref: string;
  readonly action: Action;
}

/** The backends that a broker's stores may name without anything being plugged in. */
export const BROKER_BACKENDS = ["issue"] as const;

export interface BrokerConfig {
  readonly stores: ReadonlyMap<string, SecretStore>;
  readonly refs: readonly SecretRef[];
  readonly policies: ReadonlyMap<string, SecretPolicy>;
  /** The principals that a client may act as; empty: any. */
  readonly principals: readonly string[];
  /** By principal; the key `default` stands for every principal that has no entry of its own. */
  readonly menda: ReadonlyMap<string, MendaMapping>;
  /** Seconds that an access token lives. */
  readonly accessTokenTtl: number;
  /** undefined: DEFAULT_USERS. */
  readonly users?: UserSettings | undefined;
  /** undefined: NO_WORKLOADS. */
  readonly workloads?: WorkloadSettings | undefined;
  /** What differs from DEFAULT_LIMITS. */
  readonly limits?: Partial<Limits> | undefined;
  /** Where the head of the audit is signed to, every so many entries; undefined: nowhere. */
  readonly checkpoints?: { readonly every: number; readonly to: string } | undefined;
}

export const DEFAULT_ACCESS_TOKEN_TTL = 600;

/** Throws `configuration` for the first part that does not fit, so that a broker does not start with it. */
export function checkBrokerConfig(config: BrokerConfig, backends: readonly string[]): void {
  const { stores, refs, policies, principals, menda, accessTokenTtl } = config;
  for (const principal of principals) {
    if (!isPrincipalName(principal)) throw wrong(`'${principal}' is not the name of a principal`);
  }
  for (const { name, store, policy } of refs) {
    const kept = stores.get(store);
    if (kept === undefined) throw wrong(`ref ${name} names the store ${store}, which does not exist`);
    if (!policies.has(policy)) throw wrong(`ref ${name} names the policy ${policy}, which does not exist`);
    if (!backends.includes(kept.backend))
      throw wrong(`store ${store} names the backend ${kept.backend}, which the broker does not have`);
  }
  for (const [principal, { ref }] of menda) {
    if (principal !== "default" && !mayAct(principals, principal))
      throw wrong(`menda names the principal ${principal}, which is not among principals`);
    if (!refs.some(({ name }) => name === ref))
      throw wrong(`menda names the ref ${ref}, which does not exist`);
  }
  if (!Number.isInteger(accessTokenTtl) || accessTokenTtl < 30 || accessTokenTtl > 86_400) {
    throw wrong("access_token_ttl is not a whole number of seconds from 30 to 86400");
  }
}

/** Whether a client may act as this principal now; what was configured when it was made does not count. */
export function mayAct(principals: BrokerConfig["principals"], principal: string): boolean {
  return principals.length === 0 || principals.includes(principal);
}

function wrong(message: string): KeywrightError {
  return new KeywrightError("configuration", `the broker's configuration: ${message}`, {
    hint: "Correct the file that --config names, then start the server again.",
  });
}
