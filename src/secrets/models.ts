// The models under mxm-secrets' names: plain frozen data, checked by the readers of the configuration when it is made.
// None of them decides or fetches anything. A location is made from a grant only, so it has no `of` here.
import { readPolicies } from "../config/policies.ts";
import { readRefs, readStores } from "../config/stores-and-refs.ts";
import { KeywrightError } from "../errors.ts";
import type { Location } from "../resolver/location.ts";
import { UNCONDITIONAL, type SecretPolicy as PolicyData } from "../resolver/policy.ts";
import { isPrincipalName, type Principal as PrincipalData } from "../resolver/principal.ts";
import { pathFault, type SecretRef as RefData } from "../resolver/ref.ts";
import type { OptionValue, SecretStore as StoreData } from "../resolver/store.ts";
import { treeOfData } from "./plain-tree.ts";

type Options = { readonly [key: string]: OptionValue };

export type Principal = PrincipalData;
export const Principal = {
  /** Throws `configuration` for a name that is no identifier (`^[a-z][a-z0-9_]*$`). */
  of({ name }: { readonly name: string }): Principal {
    if (typeof name === "string" && isPrincipalName(name)) return Object.freeze({ name });
    throw new KeywrightError("configuration", "Principal: name is no identifier", { hint: IDENTIFIER });
  },
};

export type SecretStore = StoreData;
export const SecretStore = {
  /** Throws `configuration` for what a configuration file could not say either; any backend's name will do. */
  of(fields: {
    readonly name: string;
    readonly backend: string;
    readonly root?: string;
    readonly options?: Options;
  }): SecretStore {
    const { name, ...rest } = fields;
    const backends = isPrincipalName(String(rest.backend)) ? [rest.backend] : [];
    return only(readStores(section("SecretStore", name, rest), backends), name);
  },

  /** Where a path lies below the store's root. Throws `configuration` for a path that could leave it. */
  resolvePath(store: SecretStore, path: string): string {
    const fault = path.trim() === path ? pathFault(path) : "has surrounding white space";
    if (fault !== undefined)
      throw new KeywrightError("configuration", `the path below store ${store.name} ${fault}`);
    return store.root === "" ? path : `${store.root}/${path}`;
  },
};

export type SecretRef = RefData;
export const SecretRef = {
  /** Throws `configuration` for what a configuration file could not say either. Store and policy need not exist. */
  of(fields: {
    readonly name: string;
    readonly store: string;
    readonly path: string;
    readonly policy: string;
    readonly username?: string;
    readonly options?: Options;
  }): SecretRef {
    const { name, ...rest } = fields;
    const store = SecretStore.of({ name: rest.store, backend: "any" });
    const policy = SecretPolicy.of({ name: rest.policy, allowedPrincipals: [] });
    const refs = readRefs(
      section("SecretRef", name, rest),
      new Map([[store.name, store]]),
      new Map([[policy.name, policy]]),
      { matchFault: () => "is for registries", isLocked: () => false },
    );
    return only(new Map(refs.map((ref) => [ref.name, ref])), name);
  },

  /** `store:name`, which says nothing of where the value lies. */
  qualifiedName({ store, name }: Pick<SecretRef, "store" | "name">): string {
    return `${store}:${name}`;
  },
};

export type SecretPolicy = PolicyData;
export const SecretPolicy = {
  /** No principals: nobody. Throws `configuration` for a name that is none, or that is there twice. */
  of(fields: { readonly name: string; readonly allowedPrincipals: readonly string[] }): SecretPolicy {
    const { name, allowedPrincipals } = fields;
    const data = { allowed_principals: allowedPrincipals };
    return only(readPolicies(section("SecretPolicy", name, data), undefined), name);
  },

  /** Whom `allowed_principals` names. It is no decision: named grants and denies count too, and `explain` knows them. */
  allowedPrincipals(policy: SecretPolicy): readonly string[] {
    const whole = `${policy.name}.allowed_principals`;
    return policy.grants.find(({ name }) => name === whole)?.principals ?? UNCONDITIONAL.principals;
  },
};

/** What a backend gets to see: made by the resolver from a grant, never by hand. */
export type ResolvedSecretLocation = Location;
export const ResolvedSecretLocation = {
  secretName: ({ ref }: ResolvedSecretLocation): string => ref.name,
  storeName: ({ store }: ResolvedSecretLocation): string => store.name,
  /** `store:name`; the path stays out of it. */
  diagnosticName: ({ ref }: ResolvedSecretLocation): string => SecretRef.qualifiedName(ref),
};

const IDENTIFIER = "It has lower-case letters, digits and underscores, and begins with a letter.";

function section(model: string, name: string, fields: object): ReturnType<typeof treeOfData> {
  if (typeof name === "string") return treeOfData({ [name]: fields }, model);
  throw new KeywrightError("configuration", `${model}: name is not text`, { hint: IDENTIFIER });
}

function only<T extends object>(read: ReadonlyMap<string, T>, name: string): T {
  const model = read.get(name);
  if (model === undefined) throw new KeywrightError("internal", `${name} was not read`);
  return Object.freeze(model);
}
