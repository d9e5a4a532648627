// Location: where a granted value lies. It can be made from a Grant only, and never leaves its store's root.
import { KeywrightError } from "../errors.ts";
import type { Address } from "./address.ts";
import type { Action } from "./ask.ts";
import type { Grant } from "./grant.ts";
import { pathFault, type SecretRef } from "./ref.ts";
import type { SecretStore } from "./store.ts";

declare const located: unique symbol;

export interface Location {
  readonly [located]: true;
  /** The name of the backend. */
  readonly backend: string;
  readonly store: SecretStore;
  readonly ref: SecretRef;
  /** The store's root and the ref's path, joined; undefined for a registry. */
  readonly path: string | undefined;
  /** The registry's address; undefined for a secret. */
  readonly address: Address | undefined;
  /** What the value is good for; `read` for a secret. */
  readonly action: Action;
}

/** Throws `configuration` when the ref names a store that does not exist, or a path that leaves its root. */
export function locate(
  grant: Grant,
  address: Address | undefined,
  stores: ReadonlyMap<string, SecretStore>,
): Location {
  const { ref, ask } = grant;
  const store = stores.get(ref.store);
  if (store === undefined) {
    throw new KeywrightError(
      "configuration",
      `ref ${ref.name} names the store ${ref.store}, which does not exist`,
    );
  }
  const action: Action = ask.kind === "registry" ? ask.action : "read";
  return { backend: store.backend, store, ref, path: joined(store, ref), address, action } as Location;
}

/**
 * The whole path of a secret below its store, root included. Throws `configuration` for a registry's location and for a
 * path that leaves the root: a backend asks here, so that it is safe also in hands other than the resolver's.
 */
export function secretPathOf({ path, ref, store }: Location): string {
  if (path === undefined) {
    throw new KeywrightError("configuration", `store ${store.name} (${store.backend}) holds secrets only`, {
      hint: `Give the ref ${ref.name} a path instead of a match, or another store.`,
    });
  }
  const fault = pathFault(path);
  if (fault === undefined) return path;
  throw new KeywrightError("configuration", `the path of ref ${ref.name} ${fault}`);
}

function joined(store: SecretStore, ref: SecretRef): string | undefined {
  if (ref.path === undefined) return undefined;
  const fault = pathFault(ref.path);
  if (fault !== undefined) throw new KeywrightError("configuration", `the path of ref ${ref.name} ${fault}`);
  return store.root === "" ? ref.path : `${store.root}/${ref.path}`;
}
