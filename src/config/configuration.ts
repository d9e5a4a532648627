// Configuration: what the files say once it has been validated. Types, and what holds when nobody says anything.
import type { UserSettings } from "./users.ts";
import type { WorkloadSettings } from "./workloads.ts";
import type { Action } from "../resolver/ask.ts";
import type { AuditSink } from "../resolver/audit-log.ts";
import type { SecretPolicy } from "../resolver/policy.ts";
import type { SecretRef } from "../resolver/ref.ts";
import type { SecretStore } from "../resolver/store.ts";
import { BUILT_IN_REFS, type DefaultChoice } from "./default-choice.ts";
import type { LimitSettings } from "./limits.ts";
import type { Plain } from "./tree.ts";

/** What the configuration asserts; machine and substrate are discovered. A broker takes none of it. */
export interface AssertedIdentity {
  readonly role: string;
  readonly environment: string;
  readonly app: string;
}

export interface AuditSettings {
  readonly sink: AuditSink;
  /** True when a file says so: then a sink that fails is a refusal. The built-in one only warns. */
  readonly configured: boolean;
  /** Absolute path of the file sink; undefined: the default place. */
  readonly path: string | undefined;
  /** Size at which the file is rotated; undefined: the default. */
  readonly maxBytes: number | undefined;
  /** How many rotated files are kept; undefined: the default. */
  readonly maxFiles: number | undefined;
}

export interface MendaAnswer {
  /** The ref whose value `registry/token` hands out. */
  readonly ref: string;
  readonly action: Action;
}

export interface CheckpointSettings {
  /** So many entries. */
  readonly every: number;
  /** `file:/PATH`, `stdout`, or an address that takes a POST. */
  readonly to: string;
}

export interface BrokerSettings {
  /** Every principal that a client may be made for; empty: any. */
  readonly principals: readonly string[];
  /** By principal, or `default`. */
  readonly menda: ReadonlyMap<string, MendaAnswer>;
  /** Seconds. */
  readonly accessTokenTtl: number;
  readonly users: UserSettings;
  readonly workloads: WorkloadSettings;
  /** Where the head of the audit is signed to; undefined: nowhere. */
  readonly checkpoints: CheckpointSettings | undefined;
  /** undefined: the defaults. */
  readonly limits?: LimitSettings | undefined;
}

export interface Configuration {
  readonly identity: AssertedIdentity;
  readonly audit: AuditSettings;
  readonly stores: ReadonlyMap<string, SecretStore>;
  readonly refs: readonly SecretRef[];
  readonly policies: ReadonlyMap<string, SecretPolicy>;
  /** undefined for a client. */
  readonly broker: BrokerSettings | undefined;
}

/** Holds below every layer. */
export const BASE = {
  identity: { role: "local_user", environment: "dev", app: "shell" },
  audit: { sink: "file" },
} as const satisfies Plain;

const STORES: Readonly<Record<DefaultChoice["name"], Plain>> = {
  menda: { backend: "menda" },
  aws: { backend: "codeartifact", options: { keyringrc: true } },
};

/** Holds when no layer of a client names stores, refs or policies: what menda-keyring 0.0.2 does, or keyrings.codeartifact. */
export function builtInTree({ name }: Pick<DefaultChoice, "name">): Plain {
  const ref = (match: string): Plain => ({ store: name, match, username: "aws", policy: "registries" });
  return {
    stores: { [name]: STORES[name] },
    refs: Object.fromEntries(Object.entries(BUILT_IN_REFS[name]).map(([key, match]) => [key, ref(match)])),
    policies: { registries: { allowed_principals: ["local_user"], actions: ["read", "publish"] } },
  };
}
