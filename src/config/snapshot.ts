// Reads the configuration as fast as it can be: parsing YAML costs milliseconds, so a validated copy is kept, and used
// while every layer's file is what it was. The copy is an optimisation: what is wrong with it is a miss, never an error.
import { isAbsolute, join } from "node:path";
import { sha256 } from "../digest.ts";
import { systemClock, type Clock } from "../io/clock.ts";
import { readPrivate, writePrivate } from "../io/files.ts";
import type { SecretPolicy } from "../resolver/policy.ts";
import type { SecretRef } from "../resolver/ref.ts";
import type { SecretStore } from "../resolver/store.ts";
import { builtInConfiguration } from "./built-in.ts";
import type { AssertedIdentity, AuditSettings, Configuration } from "./configuration.ts";
import { defaultChoice, type DefaultChoice } from "./default-choice.ts";
import { layersOf } from "./layers.ts";
import type { LoadedConfig, LoadOptions } from "./load.ts";
import type { OptionRules } from "./stores-and-refs.ts";
import { stampOf, tellLayers, type Stamped } from "./stamp.ts";

export interface ReadOptions extends LoadOptions {
  /** Loads what the backends have to say about their options; only for a configuration that is validated anew. */
  readonly optionChecks?: (() => Promise<OptionRules>) | undefined;
  /** keywright's own version: another one validates anew. */
  readonly version: string;
  /** What the file system counts by; the real one unless a test says otherwise. */
  readonly clock?: Clock | undefined;
}

/** Raise it when the copy's shape or the validation changes. */
const FORMAT = 3;
/** File systems count time in ticks: a file that changed within the last one could change again unnoticed. */
const SETTLED_NS = 100_000_000n;

/** Throws `configuration`. The owners and modes of all files are checked each time, with a copy or without. */
export async function readConfig(options: ReadOptions): Promise<Configuration> {
  const began = BigInt(Math.floor((options.clock ?? systemClock).now() * 1000)) * 1_000_000n;
  const stamped = layersOf(options).map(stampOf);
  if (options.kind === "client" && stamped.every(({ stamp }) => stamp === undefined)) {
    const choice = defaultChoice(options);
    if (options.debug !== undefined) tellLayers(stamped, options.debug);
    options.debug?.(`configuration: built-in for ${choice.name}, as ${choice.reason}`);
    return builtInConfiguration(choice);
  }
  const file = snapshotFile(options);
  const kept =
    file === undefined ? undefined : recall(file, keyOf(stamped, options), () => defaultChoice(options).name);
  if (kept !== undefined) {
    if (options.debug !== undefined) tellLayers(stamped, options.debug);
    return kept;
  }
  const { loadConfig } = await import("./load.ts");
  const loaded = loadConfig({ ...options, ...(await options.optionChecks?.()) });
  const settled = loaded.stamped.every(({ changed }) => changed + SETTLED_NS < began);
  if (file !== undefined && settled) remember(file, keyOf(loaded.stamped, options), loaded);
  return loaded;
}

/** undefined: a broker starts once, and without a home there is no place. */
export function snapshotFile({
  home,
  kind,
  file,
}: Pick<ReadOptions, "home" | "kind" | "file">): string | undefined {
  if (kind !== "client" || file !== undefined || home === undefined || !isAbsolute(home)) return undefined;
  return join(home, ".cache", "keywright", "config-snapshot.json");
}

function keyOf(stamped: readonly Stamped[], { version, backends }: ReadOptions): string {
  const files = stamped.map(({ layer, stamp }) => [layer.name, layer.file, stamp ?? null]);
  return sha256(JSON.stringify([FORMAT, version, backends, process.geteuid?.() ?? null, files]));
}

interface Body {
  /** The built-in default below the files; undefined: none. It depends on more than the files. */
  readonly builtIn?: DefaultChoice["name"] | undefined;
  readonly identity: AssertedIdentity;
  readonly audit: AuditSettings;
  readonly stores: readonly SecretStore[];
  readonly refs: readonly SecretRef[];
  readonly policies: readonly SecretPolicy[];
}

/** The first line is the hash over key and body, the second the body. */
function recall(file: string, key: string, choice: () => DefaultChoice["name"]): Configuration | undefined {
  try {
    const [hash, body = ""] = (readPrivate(file) ?? "").split("\n", 2);
    if (hash !== sha256(`${key}\n${body}`)) return undefined;
    const { builtIn, identity, audit, stores, refs, policies } = JSON.parse(body) as Body;
    if (builtIn !== undefined && builtIn !== choice()) return undefined;
    return { identity, audit, stores: byName(stores), refs, policies: byName(policies), broker: undefined };
  } catch {
    return undefined;
  }
}

function remember(
  file: string,
  key: string,
  { builtIn, identity, audit, stores, refs, policies }: LoadedConfig,
): void {
  const content: Body = {
    builtIn: builtIn?.name,
    identity,
    audit,
    stores: [...stores.values()],
    refs,
    policies: [...policies.values()],
  };
  const body = JSON.stringify(content);
  try {
    writePrivate(file, `${sha256(`${key}\n${body}`)}\n${body}\n`);
  } catch {
    // It costs only speed.
  }
}

function byName<T extends { readonly name: string }>(all: readonly T[]): ReadonlyMap<string, T> {
  return new Map(all.map((one) => [one.name, one]));
}
