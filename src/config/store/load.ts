// Loads the configuration of an application for an identity: layers of the store, overrides over them, references resolved
// once, read-only. It discovers nothing about the identity and knows no section by name.
import { isAbsolute, join } from "node:path";
import { homeIn, processEnvironment } from "../../io/surroundings.ts";
import { IDENTITY_FIELDS, type IdentityField, type Known } from "../../resolver/identity.ts";
import { shown } from "../fault.ts";
import { originsOf, type MapTree, type Origin } from "../tree.ts";
import { ConfigStoreError } from "./fault.ts";
import { readStore, type Selectors, type StoreLayer } from "./files.ts";
import { givenTree } from "./given.ts";
import { interpolated } from "./interpolate.ts";
import { mergeLayers } from "./merge.ts";
import type { Env } from "./scope.ts";
import { assertConfig, configOf, frozen, type MXMConfig } from "./view.ts";

/** Five words, or what is known about them; how well they are known changes nothing here. */
export type SelectingIdentity = { readonly [field in IdentityField]?: string | Known | undefined };

export interface StoreConfigOptions {
  readonly identity: SelectingIdentity;
  /** The folder that holds `apps/`; `~` is the home folder. Defaults to `~/mxm-config-store`. */
  readonly storeRoot?: string | undefined;
  /** Plain data that goes over every file; its keys are keys, dots in them do not nest. */
  readonly overrides?: { readonly [key: string]: unknown } | undefined;
  /** What `oc.env` sees; defaults to the environment of this process. */
  readonly env?: Env | undefined;
  /** Defaults to the home folder that the environment names. */
  readonly home?: string | undefined;
  /** Hears of each word that YAML 1.1 would have read otherwise. Defaults to a warning of the process. */
  readonly warn?: ((text: string) => void) | undefined;
}

/** Where a value comes from. */
export interface Provenance {
  readonly layer: StoreLayer["name"] | "overrides";
  /** Which block of the file; undefined: the whole file, or no file. */
  readonly selector: string | undefined;
  /** undefined: the program gave it. */
  readonly file: string | undefined;
  readonly line: number | undefined;
}

/**
 * The effective configuration, frozen. Throws a ConfigStoreError: `app_name`, `missing_file`, `open`, `unreadable`, `yaml`,
 * `missing_selector`, `not_a_mapping`, `merge`, `interpolation`, `value`.
 */
export function loadStoreConfig(options: StoreConfigOptions): MXMConfig {
  const { env = processEnvironment(), warn = warning } = options;
  const home = options.home ?? homeIn(env);
  const root = inHome(options.storeRoot ?? join("~", "mxm-config-store"), home);
  const layers = readStore(root, selectorsOf(options.identity));
  for (const text of layers.flatMap(({ changed }) => changed)) warn(text);
  const trees = layers.map(({ tree }) => tree);
  if (options.overrides !== undefined) trees.push(givenTree(options.overrides, "overrides"));
  const tree = interpolated(mergeLayers(trees, env), env).whole();
  const config = frozen(configOf(tree));
  loaded.set(config, { tree, layers });
  return config;
}

interface Loaded {
  readonly tree: MapTree;
  readonly layers: readonly StoreLayer[];
}

const loaded = new WeakMap<object, Loaded>();

/** What `loadStoreConfig` knows of a configuration that it made. Throws `not_a_mapping` for any other. */
export function loadedFrom(config: MXMConfig): Loaded {
  const found = loaded.get(config);
  if (found !== undefined) return found;
  assertConfig(config, "provenance");
  throw new ConfigStoreError("not_a_mapping", "only what loadConfig gave, whole, knows where it comes from");
}

/** The layer, file and line of every value, by its path: `mxm_databases.main.hosts[0]`. */
export function provenanceOf(config: MXMConfig): ReadonlyMap<string, Provenance> {
  const { tree, layers } = loadedFrom(config);
  return new Map([...originsOf(tree)].map(([path, origin]) => [path, provenance(origin, layers)]));
}

export function provenance(origin: Origin, layers: readonly StoreLayer[]): Provenance {
  const layer = origin === "built-in" ? undefined : layers.find(({ file }) => file === origin.file);
  if (origin === "built-in" || layer === undefined) {
    return { layer: "overrides", selector: undefined, file: undefined, line: undefined };
  }
  return { layer: layer.name, selector: layer.selector, file: layer.file, line: origin.line };
}

function selectorsOf(identity: SelectingIdentity): Selectors {
  const words = IDENTITY_FIELDS.map((field) => {
    const said = identity[field];
    return [field, typeof said === "string" ? said : (said?.value ?? "")] as const;
  });
  return Object.fromEntries(words) as unknown as Selectors;
}

/** `~` is the home folder, as in `~/data`. Throws `value` without one, and for another user's (`~name`). */
export function inHome(path: string, home: string | undefined): string {
  if (!path.startsWith("~")) return path;
  if (path !== "~" && !path.startsWith("~/")) {
    throw new ConfigStoreError("value", `${shown(path)} is in the home folder of another user`, {
      hint: "Write the whole path; ~/ is the home folder of whoever runs this.",
    });
  }
  if (home !== undefined && isAbsolute(home)) return join(home, path.slice(1));
  throw new ConfigStoreError("value", `there is no home folder for ${path}`, {
    hint: "Give the whole path, or set HOME.",
  });
}

function warning(text: string): void {
  process.emitWarning(text, { type: "KeywrightWarning" });
}
