// Every backend by the name that stores use: which there are, how each is made, and what each says about its options.
// Only the one of a cached registry token's path is loaded at once; each other one is loaded by the first use of it.
import { mendaBackend } from "./backends/menda.ts";
import { KeywrightError } from "./errors.ts";
import type { Clock } from "./io/clock.ts";
import type { Say } from "./io/log.ts";
import type { Backend } from "./resolver/backend.ts";
import type { SecretRef } from "./resolver/ref.ts";
import type { SecretStore } from "./resolver/store.ts";

export interface BackendSurroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** undefined: there is none. */
  readonly home: string | undefined;
  readonly clock: Clock;
  readonly debug?: Say | undefined;
}

/** The backends that a client's configuration may name. */
export const CLIENT_BACKENDS = [
  "menda",
  "codeartifact",
  "env",
  "file",
  "gopass",
  "pass",
  "age",
  "exec",
  "vault",
] as const;

/** Those of them that a broker's configuration may name, too. */
export const UPSTREAM_BACKENDS = ["codeartifact"] as const;

/** The same names, each with its backend; nothing is read or started before a backend is asked. */
export function clientBackends(
  surroundings: BackendSurroundings,
): Readonly<Record<(typeof CLIENT_BACKENDS)[number], Backend>> {
  return {
    menda: mendaBackend(surroundings),
    ...upstreamBackends(surroundings),
    env: storing(async () => (await import("./backends/env.ts")).envBackend(surroundings)),
    file: storing(async () => (await import("./backends/file.ts")).fileBackend(surroundings)),
    gopass: storing(async () => (await import("./backends/gopass.ts")).gopassBackend(surroundings)),
    pass: storing(async () => (await import("./backends/pass.ts")).passBackend(surroundings)),
    age: storing(async () => (await import("./backends/age.ts")).ageBackend(surroundings)),
    exec: storing(async () => (await import("./backends/exec.ts")).execBackend(surroundings)),
    vault: storing(async () => (await import("./backends/vault.ts")).vaultBackend(surroundings)),
  };
}

/** What a broker mints with, besides its own tokens. */
export function upstreamBackends(
  surroundings: BackendSurroundings,
): Readonly<Record<(typeof UPSTREAM_BACKENDS)[number], Backend>> {
  const load = async (): Promise<Backend> =>
    (await import("./backends/codeartifact.ts")).codeArtifactBackend(surroundings);
  return { codeartifact: lateBackend(load, { upstream: true }) };
}

/** A backend of values that are as they are: nothing separates leases, so nothing is cached. */
const storing = (load: () => Promise<Backend>): Backend => lateBackend(load, { upstream: false });

/** What the backends say about the options of stores and refs; for whoever validates a configuration. */
export interface OptionChecks {
  /** Throws `configuration` for an option that the store's backend does not know or cannot use. */
  checkStore(store: SecretStore): void;
  checkRef(ref: SecretRef, store: SecretStore): void;
}

/** Loads what the checks need (`option-checks.ts`), which a configuration that is already validated does not. */
export async function optionChecks(): Promise<OptionChecks> {
  return import("./option-checks.ts");
}

/** A backend that is loaded when it is first used; `upstream`: whether it can say who asks, so that it may be cached. */
export function lateBackend(
  load: () => Promise<Backend>,
  { upstream }: { readonly upstream: boolean },
): Backend {
  let loaded: Promise<Backend> | undefined;
  const backend = (): Promise<Backend> => (loaded ??= load());
  const late: Backend = {
    retrieve: async (location, context) => (await backend()).retrieve(location, context),
    check: async (store) => (await backend()).check(store),
    describe: async (location, context) => (await (await backend()).describe?.(location, context)) ?? [],
  };
  if (!upstream) return late;
  return {
    ...late,
    async upstream(location, context) {
      const known = await (await backend()).upstream?.(location, context);
      if (known === undefined) throw new KeywrightError("internal", "the backend does not say who asks");
      return known;
    },
  };
}
