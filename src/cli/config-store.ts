// `keywright config … --app`: an application's configuration in a store: shown, checked. It asks no backend for anything.
import { showTree } from "../config/show.ts";
import { loadedFrom, loadStoreConfig, provenanceOf } from "../config/store/load.ts";
import { toConfigData, type MXMConfig } from "../config/store/view.ts";
import type { MapTree } from "../config/tree.ts";
import { readSections } from "../runtime/sections.ts";
import type { StoreQuestion } from "./config-store-options.ts";
import type { CliContext } from "./context.ts";

interface LoadedForCommand {
  readonly config: MXMConfig;
  readonly tree: MapTree;
  readonly files: readonly string[];
  readonly warnings: readonly string[];
}

/** What YAML 1.1 would have read otherwise is told on standard error. Throws a ConfigStoreError. */
export function loadForCommand(question: StoreQuestion, { env, home, err }: CliContext): LoadedForCommand {
  const warnings: string[] = [];
  const config = loadStoreConfig({ ...question, env, home, warn: (text) => void warnings.push(text) });
  for (const text of warnings) err(`keywright: ${text}\n`);
  const { tree, layers } = loadedFrom(config);
  return { config, tree, files: layers.map(({ file }) => file), warnings };
}

export function showStoreConfig(
  question: StoreQuestion,
  { origins, json }: { readonly origins: boolean; readonly json: boolean },
  context: CliContext,
): void {
  const { config, tree } = loadForCommand(question, context);
  if (!json) return context.out(showTree(tree, [], origins));
  const values = toConfigData(config);
  const places = Object.fromEntries(
    [...provenanceOf(config)].map(([path, { layer, selector, file, line }]) => [
      path,
      { layer, selector: selector ?? null, file: file ?? null, line: line ?? null },
    ]),
  );
  context.out(`${JSON.stringify(origins ? { values, origins: places } : values, undefined, 2)}\n`);
}

export function checkStoreConfig(question: StoreQuestion, json: boolean, context: CliContext): void {
  const { config, files, warnings } = loadForCommand(question, context);
  const { env, home, clock } = context;
  const { secrets } = readSections(config, { required: [], env, home, clock, audit: "none" });
  const counts = {
    stores: secrets?.secretStoreRegistry.names().length ?? 0,
    refs: secrets?.secretRefRegistry.names().length ?? 0,
    policies: secrets?.secretPolicyRegistry.names().length ?? 0,
  };
  if (json) return context.out(`${JSON.stringify({ ok: true, files, ...counts, warnings })}\n`);
  const { refs, stores, policies } = counts;
  context.out(`ok: ${files.join(", ")} (refs: ${refs}, stores: ${stores}, policies: ${policies})\n`);
}
