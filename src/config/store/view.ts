// The configuration as programs hold it: plain data, frozen all the way down, and views of its parts. What is known about
// where it came from is kept beside it, not in it. It resolves nothing: what is here is resolved already.
import { shown } from "../fault.ts";
import { plain, type MapTree, type Plain } from "../tree.ts";
import { ConfigStoreError } from "./fault.ts";
import { givenTree } from "./given.ts";
import { interpolated } from "./interpolate.ts";
import { keysOf } from "./key-path.ts";
import type { Env } from "./scope.ts";

/** `config.paths.data` and `config["paths"]["data"]`; what is not there is undefined. */
export interface MXMConfig {
  readonly [key: string]: any;
}

export interface ViewOptions {
  /** Default true: from then on nobody can change it, whoever holds it. */
  readonly readonly?: boolean | undefined;
}

const configs = new WeakSet<object>();

/** The tree as a configuration; not frozen yet. */
export function configOf(tree: MapTree): MXMConfig {
  const config = plain(tree) as object;
  register(config);
  return config as MXMConfig;
}

/**
 * A configuration out of plain data, copied, its interpolations resolved (`env`: what `oc.env` sees; nothing unless given).
 * Throws a ConfigStoreError: `value`, `not_a_mapping`, `interpolation`.
 */
export function makeSubconfig(
  data: { readonly [key: string]: unknown },
  options: ViewOptions & { readonly env?: Env | undefined } = {},
): MXMConfig {
  const tree = givenTree(data, "sub-configuration");
  const config = configOf(interpolated(tree, options.env ?? {}).whole());
  return options.readonly === false ? config : frozen(config);
}

/**
 * The mapping at a path (`a.b`, `a[b]`; the empty path is the whole): the very same object, no copy. Throws a
 * ConfigStoreError: `missing_path` when nothing or null is there, `not_a_mapping` for a value, a list, or what is no
 * configuration.
 */
export function makeView(config: MXMConfig, path: string, options: ViewOptions = {}): MXMConfig {
  assertConfig(config, "makeView");
  const found = keysOf(path.replace(/^\./, "")).reduce<unknown>(childOf, config);
  if (found === undefined || found === null || found === "???") {
    throw new ConfigStoreError("missing_path", `the configuration has nothing at ${shown(path)}`);
  }
  if (typeof found !== "object" || !configs.has(found)) {
    const is = Array.isArray(found) ? "a list" : "a single value";
    throw new ConfigStoreError(
      "not_a_mapping",
      `${shown(path)} of the configuration is ${is}, not a mapping`,
      {
        hint: "Take the view of the mapping around it, and the value from there.",
      },
    );
  }
  return options.readonly === false ? found : frozen(found);
}

/** A copy as plain data, which may be changed. Throws `not_a_mapping` for what is no configuration. */
export function toConfigData(config: MXMConfig): { [key: string]: any } {
  assertConfig(config, "toConfigData");
  return structuredClone(config);
}

export function assertConfig(config: unknown, name: string): asserts config is MXMConfig {
  if (typeof config === "object" && config !== null && configs.has(config)) return;
  throw new ConfigStoreError("not_a_mapping", `${name} takes a configuration, and was given something else`, {
    hint: "loadConfig, makeSubconfig and makeView give one.",
  });
}

export function frozen<T extends object>(value: T): T {
  for (const inner of Object.values(value)) {
    if (typeof inner === "object" && inner !== null && !Object.isFrozen(inner)) frozen(inner);
  }
  return Object.freeze(value);
}

function childOf(value: unknown, key: string): unknown {
  if (Array.isArray(value) && !/^[0-9]+$/.test(key)) {
    throw new ConfigStoreError("not_a_mapping", `a list has numbers for its values, not ${shown(key)}`);
  }
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
  return (value as Readonly<Record<string, unknown>>)[key];
}

function register(value: unknown): void {
  if (typeof value !== "object" || value === null) return;
  if (!Array.isArray(value)) configs.add(value);
  for (const inner of Object.values(value)) register(inner as Plain);
}
