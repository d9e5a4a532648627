// Loads the configuration: reads every layer, merges them, holds the locks, validates. The only file of the program
// that brings in the YAML parser, which costs milliseconds: snapshot.ts imports it when it must.
import { readFileSync } from "node:fs";
import { KeywrightError } from "../errors.ts";
import type { LoginPlace } from "../io/keychain.ts";
import { BASE, builtInTree, type Configuration } from "./configuration.ts";
import { defaultChoice, type DefaultChoice } from "./default-choice.ts";
import { faultAt } from "./fault.ts";
import { layersOf, type Layer, type Places } from "./layers.ts";
import { readLogins } from "./logins.ts";
import { holdLocks, isLocked, locksOf, type Lock } from "./locks.ts";
import { withLongAudit } from "./settings.ts";
import type { OptionRules } from "./stores-and-refs.ts";
import { stampOf, tellLayers, type Stamped } from "./stamp.ts";
import { merge, originsOf, treeOf, type MapTree, type Origin } from "./tree.ts";
import { validate, type Rules } from "./validate.ts";
import { parseYaml } from "./yaml.ts";

export interface LoadOptions extends Places, OptionRules {
  readonly backends: Rules["backends"];
  readonly matchFault: Rules["matchFault"];
}

export interface LoadedConfig extends Configuration {
  /** The merged layers, before validation. */
  readonly tree: MapTree;
  /** Where each value comes from, by its path. */
  readonly origins: ReadonlyMap<string, Origin>;
  readonly locks: readonly Lock[];
  /** Which built-in default holds and why; undefined: none, as a file names stores, refs or policies. */
  readonly builtIn: DefaultChoice | undefined;
  /** Where `auth login` keeps what a client must keep secret for long. Only a login asks; a copy of the configuration lacks it. */
  readonly logins: LoginPlace;
  /** The layers' files, as they were while they were read. */
  readonly stamped: readonly Stamped[];
}

const LARGEST = 1024 * 1024;
const ATTEMPTS = 5;
const RESOLVING = ["stores", "refs", "policies"];

/** Throws `configuration`. */
export function loadConfig(options: LoadOptions): LoadedConfig {
  const layers = layersOf(options);
  const { stamped, read } = readLayers(layers);
  if (options.debug !== undefined) tellLayers(stamped, options.debug);
  const resolves = read.some(({ tree }) => RESOLVING.some((key) => tree.entries.has(key)));
  const builtIn = options.kind === "broker" || resolves ? undefined : defaultChoice(options);
  if (builtIn !== undefined)
    options.debug?.(`configuration: built-in for ${builtIn.name}, as ${builtIn.reason}`);
  const { tree, locks } = stack(read, options.kind, builtIn);
  const configuration = validate(tree, { ...options, isLocked: (path) => isLocked(locks, path) });
  const logins = readLogins(tree);
  return { ...configuration, tree, origins: originsOf(tree), locks, builtIn, logins, stamped };
}

interface ReadLayer {
  readonly layer: Layer;
  readonly tree: MapTree;
}

/** Reads again when a file changed meanwhile, so that no half-written one is believed. */
function readLayers(layers: readonly Layer[]): { stamped: readonly Stamped[]; read: readonly ReadLayer[] } {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const stamped = layers.map(stampOf);
    const texts = stamped.map(({ layer, stamp }) => (stamp === undefined ? undefined : textOf(layer.file)));
    if (
      JSON.stringify(stamped.map(({ stamp }) => stamp)) !==
      JSON.stringify(layers.map((one) => stampOf(one).stamp))
    )
      continue;
    const read = layers.flatMap((layer, index) => {
      const text = texts[index];
      return text === undefined ? [] : [{ layer, tree: withLongAudit(parseYaml(text, layer.file)) }];
    });
    return { stamped, read };
  }
  throw new KeywrightError("configuration", "the configuration files keep changing while they are read", {
    hint: `Look what writes to ${layers.map(({ file }) => file).join(", ")}.`,
  });
}

/** undefined: it vanished; the stamps tell. */
function textOf(file: string): string | undefined {
  try {
    const bytes = readFileSync(file);
    if (bytes.length > LARGEST)
      throw new KeywrightError("configuration", `${file} is larger than ${LARGEST} bytes`);
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    if (error instanceof KeywrightError) throw error;
    if (error instanceof TypeError)
      throw new KeywrightError("configuration", `${file} is not UTF-8 text`, { cause: error });
    const { code = "unknown error" } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return undefined;
    throw new KeywrightError("configuration", `${file} cannot be read (${code})`, { cause: error });
  }
}

/** Merges the layers over what is built in; each is held to the locks of those before it. */
function stack(
  read: readonly ReadLayer[],
  kind: "client" | "broker",
  builtIn: DefaultChoice | undefined,
): { tree: MapTree; locks: readonly Lock[] } {
  let tree = floor(kind, builtIn);
  let locks: readonly Lock[] = [];
  for (const { layer, tree: next } of read) {
    const locked = next.entries.get("locked");
    if (locked !== undefined && !layer.locks) {
      throw faultAt(
        locked.origin,
        "only the system's configuration can lock",
        "Take 'locked' out of this file.",
      );
    }
    holdLocks(locks, tree, next);
    tree = merge(tree, next) as MapTree;
    if (layer.locks) locks = locksOf(next, tree);
  }
  return { tree, locks };
}

function floor(kind: "client" | "broker", builtIn: DefaultChoice | undefined): MapTree {
  if (kind === "broker") return treeOf({ audit: BASE.audit }) as MapTree;
  const base = treeOf(BASE) as MapTree;
  return builtIn === undefined ? base : (merge(base, treeOf(builtInTree(builtIn))) as MapTree);
}
