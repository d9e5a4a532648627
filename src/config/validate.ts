// Validates the merged layers: a Tree in, a Configuration out. It reads no file and knows nothing about layers.
import type { Configuration } from "./configuration.ts";
import { faultAt } from "./fault.ts";
import { fieldsOf } from "./fields.ts";
import { readPolicies } from "./policies.ts";
import { readAudit, readBroker, readIdentity, readPrincipals } from "./settings.ts";
import { readRefs, readStores, type OptionRules } from "./stores-and-refs.ts";
import { BASE } from "./configuration.ts";
import { at, treeOf, type MapTree, type Tree } from "./tree.ts";

export interface Rules extends OptionRules {
  readonly kind: "client" | "broker";
  /** The names of the backends that exist. */
  readonly backends: readonly string[];
  /** What is wrong with a `match`, as the rest of a sentence; undefined when it is fine. */
  readonly matchFault: (match: string) => string | undefined;
  readonly isLocked: (path: readonly string[]) => boolean;
}

const SHARED_KEYS = ["audit", "stores", "refs", "policies"];
const CLIENT_KEYS = ["identity", "locked", "logins"];
const BROKER_KEYS = [
  "principals",
  "menda",
  "access_token_ttl",
  "checkpoints",
  "limits",
  "users",
  "issuers",
  "workloads",
];

/** Throws `configuration` with file and line for the first thing that is wrong. */
export function validate(
  tree: MapTree,
  { kind, backends, matchFault, isLocked, checkStore, checkRef }: Rules,
): Configuration {
  refuseKeysOfOthers(tree, kind);
  const top = fieldsOf(tree, "configuration", [
    ...SHARED_KEYS,
    ...(kind === "client" ? CLIENT_KEYS : BROKER_KEYS),
  ]);
  const principals = kind === "broker" ? readPrincipals(tree) : undefined;
  const stores = readStores(top.tree("stores"), backends, checkStore);
  const policies = readPolicies(top.tree("policies"), principals);
  const refs = readRefs(top.tree("refs"), stores, policies, {
    matchFault,
    checkRef,
    isLocked: (name) => isLocked(["refs", name]),
  });
  const ttl = kind === "broker" ? top.whole("access_token_ttl", 30, 86_400) : undefined;
  return {
    identity: readIdentity(top.tree("identity") ?? base("identity")),
    audit: readAudit(top.tree("audit") ?? base("audit")),
    stores,
    refs,
    policies,
    broker: kind === "broker" ? readBroker(tree, { principals, refs, ttl }) : undefined,
  };
}

function base(section: "identity" | "audit"): Tree {
  return at(treeOf(BASE), [section]) as Tree;
}

function refuseKeysOfOthers(tree: MapTree, kind: "client" | "broker"): void {
  const foreign = kind === "client" ? BROKER_KEYS : CLIENT_KEYS;
  for (const key of foreign) {
    const found = tree.entries.get(key);
    if (found === undefined) continue;
    const owner = kind === "client" ? "a broker" : "a client";
    throw faultAt(
      found.origin,
      `'${key}' belongs to the configuration of ${owner}`,
      "A broker has a file of its own: --config FILE.",
    );
  }
}
