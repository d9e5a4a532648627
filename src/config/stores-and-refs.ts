// Stores and refs: from their mappings to SecretStore and SecretRef, with every name that they use resolved.
import { KeywrightError } from "../errors.ts";
import type { SecretPolicy } from "../resolver/policy.ts";
import { pathFault, type SecretRef } from "../resolver/ref.ts";
import type { OptionValue, SecretStore } from "../resolver/store.ts";
import { suggestion } from "./fault.ts";
import { asMap, fieldsOf, named, type Fields } from "./fields.ts";
import { revisionOf } from "./revision.ts";
import { plain, type Tree } from "./tree.ts";

/** What the backends have to say about their own options; each throws `configuration`. */
export interface OptionRules {
  readonly checkStore?: ((store: SecretStore) => void) | undefined;
  readonly checkRef?: ((ref: SecretRef, store: SecretStore) => void) | undefined;
}

export interface RefRules extends Pick<OptionRules, "checkRef"> {
  /** What is wrong with a `match`, as the rest of a sentence; undefined when it is fine. */
  readonly matchFault: (match: string) => string | undefined;
  readonly isLocked: (name: string) => boolean;
}

/** Twelve hours, in seconds: no registry's token lives longer. */
const LONGEST_MIN_LIFE = 43_200;

export function readStores(
  section: Tree | undefined,
  backends: readonly string[],
  checkStore?: OptionRules["checkStore"],
): ReadonlyMap<string, SecretStore> {
  return new Map(
    named(section, "stores").map(([name, tree]) => [name, readStore(name, tree, backends, checkStore)]),
  );
}

function readStore(
  name: string,
  tree: Tree,
  backends: readonly string[],
  checkStore: OptionRules["checkStore"],
): SecretStore {
  const path = `stores.${name}`;
  const fields = fieldsOf(tree, path, ["backend", "root", "min_life", "options"]);
  const backend = fields.requiredText("backend");
  if (!backends.includes(backend)) {
    throw fields.fault(
      "backend",
      `names '${backend}', which keywright does not have`,
      suggestion(backend, backends),
    );
  }
  const root = (fields.text("root") ?? "").replace(/(?<=[^/])\/+$/, "");
  const fault = root === "" ? undefined : pathFault(root);
  if (fault !== undefined) throw fields.fault("root", fault);
  const minLife = fields.whole("min_life", 0, LONGEST_MIN_LIFE);
  const kept = minLife === undefined ? {} : { minLife };
  const store: SecretStore = { name, backend, root, ...kept, options: optionsOf(fields, path) };
  accepted(fields, () => checkStore?.(store));
  return store;
}

export function readRefs(
  section: Tree | undefined,
  stores: ReadonlyMap<string, SecretStore>,
  policies: ReadonlyMap<string, SecretPolicy>,
  rules: RefRules,
): readonly SecretRef[] {
  const taken = new Map<string, string>();
  return named(section, "refs").map(([name, tree]) => {
    const fields = fieldsOf(tree, `refs.${name}`, [
      "store",
      "path",
      "policy",
      "match",
      "username",
      "options",
    ]);
    const store = target(fields, "store", stores);
    const policy = target(fields, "policy", policies);
    const { path, match } = placeOf(fields, rules);
    if (match !== undefined) {
      const other = taken.get(matchKey(match));
      if (other !== undefined) throw fields.fault("match", `is also the match of refs.${other}`);
      taken.set(matchKey(match), name);
    }
    const username = usernameOf(fields);
    const ref = {
      name,
      store: store.name,
      path,
      policy: policy.name,
      match,
      username,
      options: optionsOf(fields, `refs.${name}`),
      locked: rules.isLocked(name),
    };
    const whole: SecretRef = { ...ref, revision: revisionOf(ref, store, policy) };
    accepted(fields, () => rules.checkRef?.(whole, store));
    return whole;
  });
}

function optionsOf(fields: Fields, path: string): SecretStore["options"] {
  const options = fields.tree("options");
  if (options === undefined) return {};
  return plain(asMap(options, `${path}.options`)) as { readonly [key: string]: OptionValue };
}

/** What a backend has against its options, said with file and line. */
function accepted(fields: Fields, check: () => void): void {
  try {
    check();
  } catch (thrown) {
    if (!(thrown instanceof KeywrightError)) throw thrown;
    throw fields.fault("options", `cannot be used: ${thrown.message}`, thrown.hint);
  }
}

function target<T>(fields: Fields, key: "store" | "policy", all: ReadonlyMap<string, T>): T {
  const name = fields.requiredText(key);
  const found = all.get(name);
  if (found === undefined)
    throw fields.fault(key, `names '${name}', which does not exist`, suggestion(name, all.keys()));
  return found;
}

/** A registry's ref has a match, a secret's ref has a path. */
function placeOf(fields: Fields, { matchFault }: RefRules): Pick<SecretRef, "path" | "match"> {
  const path = fields.text("path");
  const match = fields.text("match");
  if ((path === undefined) === (match === undefined)) {
    throw fields.fault(
      undefined,
      path === undefined ? "has neither path nor match" : "has both path and match",
      "A secret has a path, a registry has a match.",
    );
  }
  const wrongPath = path === undefined ? undefined : pathFault(path);
  if (wrongPath !== undefined) throw fields.fault("path", wrongPath);
  const wrongMatch = match === undefined ? undefined : matchFault(match);
  if (wrongMatch !== undefined) throw fields.fault("match", wrongMatch);
  return { path, match };
}

/** It goes into URLs and into Basic credentials, where a colon ends it. */
function usernameOf(fields: Fields): string | undefined {
  const username = fields.text("username");
  if (username?.includes(":"))
    throw fields.fault("username", "has a colon, which no registry could tell from the password");
  return username;
}

/** Two spellings of one match are one match: port 443 is the default. */
function matchKey(match: string): string {
  return match.replace(/^([^/]*?):443(?=\/|$)/, "$1").replace(/\/+$/, "");
}
