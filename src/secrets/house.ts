// From plain configuration data to the house that `resolve` works in: everything that can be checked without a backend is
// checked here. It decides nothing.
import { clientBackends } from "../all-backends.ts";
import { fieldsOf } from "../config/fields.ts";
import { readPolicies } from "../config/policies.ts";
import { readRefs, readStores } from "../config/stores-and-refs.ts";
import { KeywrightError } from "../errors.ts";
import type { Clock } from "../io/clock.ts";
import type { Surroundings } from "../io/surroundings.ts";
import { checkRef, checkStore } from "../option-checks.ts";
import type { AuditLog } from "../resolver/audit-log.ts";
import type { Backend } from "../resolver/backend.ts";
import { matchFault } from "../resolver/match.ts";
import type { SecretPolicy } from "../resolver/policy.ts";
import type { SecretRef } from "../resolver/ref.ts";
import { createRefs } from "../resolver/refs.ts";
import type { House } from "../resolver/resolve.ts";
import type { SecretStore } from "../resolver/store.ts";
import { treeOfData, type OriginOf } from "./plain-tree.ts";

export interface Furnishing extends Surroundings {
  readonly clock: Clock;
  readonly audit: AuditLog;
  /** Backends of the caller by name; one with the name of ours takes its place. */
  readonly backends: Readonly<Record<string, Backend>>;
  readonly originOf: OriginOf | undefined;
}

export interface Furnished {
  readonly house: House;
  readonly refs: readonly SecretRef[];
  readonly stores: ReadonlyMap<string, SecretStore>;
  readonly policies: ReadonlyMap<string, SecretPolicy>;
}

const SECTIONS = ["stores", "refs", "policies"];

/** Throws `configuration` for the first thing that is wrong, with the entry and the key, and file and line if known. */
export function furnish(data: unknown, around: Furnishing): Furnished {
  const { env, home, clock, audit, originOf } = around;
  const own = Object.fromEntries(Object.entries(around.backends).map(([name, one]) => [name, guarded(one)]));
  const backends: Readonly<Record<string, Backend>> = { ...clientBackends({ env, home, clock }), ...own };
  const ours = ({ backend }: SecretStore): boolean => !Object.hasOwn(own, backend);

  const top = fieldsOf(treeOfData(data, "secrets configuration", originOf), "it", SECTIONS);
  const [storesTree, refsTree, policiesTree] = SECTIONS.map((key) => {
    const section = top.tree(key);
    if (section === undefined) throw top.fault(undefined, `has no ${key}`, "Write {} when there are none.");
    return section;
  });
  const stores = readStores(storesTree, Object.keys(backends), (store) => {
    if (ours(store)) checkStore(store);
  });
  const policies = readPolicies(policiesTree, undefined);
  const refs = readRefs(refsTree, stores, policies, {
    matchFault,
    checkRef(ref, store) {
      if (ours(store)) checkRef(ref, store);
    },
    isLocked: () => false,
  });
  const house: House = {
    refs: createRefs(refs),
    stores,
    policies,
    backends,
    audit,
    now: () => clock.now(),
    auditUnknown: true,
  };
  return { house, refs, stores, policies };
}

/** A caller's backend may throw anything; what is no KeywrightError becomes `backend`, and its words stay in the cause. */
function guarded(backend: Backend): Backend {
  return {
    ...backend,
    retrieve: (location, context) => held(location.store, () => backend.retrieve(location, context)),
    check: (store) => held(store, () => backend.check(store)),
  };
}

async function held<T>(store: SecretStore, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof KeywrightError) throw cause;
    const message = `the backend ${store.backend} of store ${store.name} failed`;
    throw new KeywrightError("backend", message, { cause });
  }
}
