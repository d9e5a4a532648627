// A configuration that most tests of the library share, and what they need to ask: an API over a table in memory.
import { SecretsApi, type SecretsOptions } from "../../src/secrets/secrets-api.ts";
import type { RuntimeIdentity } from "../../src/secrets/identity.ts";
import { KeywrightError } from "../../src/errors.ts";
import {
  collectingAudit,
  fixedClock,
  memoryBackend,
  type CollectingAudit,
  type MemoryBackend,
} from "../../src/testing.ts";

export const DATA = {
  stores: { red: { backend: "memory", root: "mxm/red" }, black: { backend: "memory", root: "mxm/black/" } },
  refs: {
    databento_api_key: { store: "red", path: "marketdata/databento/api_key", policy: "marketdata_access" },
    broker_password: { store: "black", path: "broker/password", policy: "execution_access" },
    gone: { store: "red", path: "gone", policy: "marketdata_access" },
    nobodys: { store: "red", path: "nobodys", policy: "deny_all" },
  },
  policies: {
    marketdata_access: { allowed_principals: ["marketdata", "research"] },
    execution_access: { allowed_principals: ["execution"] },
    deny_all: { allowed_principals: [] },
  },
} as const;

export const VALUES = {
  "mxm/red/marketdata/databento/api_key": "databento-value",
  "mxm/black/broker/password": "",
};

export function as(role: string, more: Partial<RuntimeIdentity> = {}): RuntimeIdentity {
  const rest = { app: "study", environment: "dev", machine: "bridge", substrate: "local-process" };
  return { ...rest, role, ...more };
}

export interface Place {
  readonly api: SecretsApi;
  readonly backend: MemoryBackend;
  readonly audit: CollectingAudit;
}

export function placeOf(data: object = DATA, options: SecretsOptions = {}): Place {
  const backend = memoryBackend(VALUES);
  const audit = collectingAudit();
  const api = SecretsApi.fromConfigData(data as { stores: object; refs: object; policies: object }, {
    audit,
    backends: { memory: backend },
    clock: fixedClock(),
    env: {},
    ...options,
  });
  return { api: api as SecretsApi, backend, audit };
}

/** What comes of it: the code of the error, or the answer. */
export async function told(work: Promise<{ reveal(): string } | null>): Promise<string> {
  return work.then(
    (secret) => (secret === null ? "null" : `value ${secret.reveal()}`),
    (error: unknown) => (error instanceof KeywrightError ? error.code : String(error)),
  );
}

/** The error that a load ends with. */
export function faultOf(load: () => unknown): KeywrightError {
  try {
    load();
  } catch (error) {
    if (error instanceof KeywrightError) return error;
    throw error;
  }
  throw new Error("it was loaded");
}
