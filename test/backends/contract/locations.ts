// Locations as the resolver makes them, and forged ones that it would refuse: a backend must be safe with both.
import type { RetrieveContext } from "../../../src/resolver/backend.ts";
import type { Grant } from "../../../src/resolver/grant.ts";
import { locate, type Location } from "../../../src/resolver/location.ts";
import type { SecretRef } from "../../../src/resolver/ref.ts";
import type { SecretStore } from "../../../src/resolver/store.ts";

export const CONTEXT: RetrieveContext = {
  ask: { kind: "secret", name: "asked_secret" },
  principal: { name: "marketdata" },
  identity: {},
  decision: "d1",
};

export function refOf(store: SecretStore, path: string, options: SecretRef["options"] = {}): SecretRef {
  return {
    name: "asked_secret",
    store: store.name,
    path,
    policy: "p",
    match: undefined,
    username: undefined,
    options,
    locked: false,
    revision: "r",
  };
}

/** Through `locate`, which refuses what leaves the root. `path` is relative to the store's root. */
export function located(store: SecretStore, path: string, options?: SecretRef["options"]): Location {
  const grant = { ref: refOf(store, path, options), ask: CONTEXT.ask } as unknown as Grant;
  return locate(grant, undefined, new Map([[store.name, store]]));
}

/** What `locate` would never make: this whole path, unchecked. */
export function forged(store: SecretStore, path: string, options?: SecretRef["options"]): Location {
  const ref = refOf(store, path, options);
  return {
    backend: store.backend,
    store,
    ref,
    path,
    address: undefined,
    action: "read",
  } as unknown as Location;
}

/** A registry's, which holds no secret. */
export function registryLocation(store: SecretStore): Location {
  const ref: SecretRef = { ...refOf(store, ""), path: undefined, match: "pypi.corp.example" };
  const address = { scheme: "https", host: "pypi.corp.example", port: 443, path: "" };
  return {
    backend: store.backend,
    store,
    ref,
    path: undefined,
    address,
    action: "read",
  } as unknown as Location;
}
