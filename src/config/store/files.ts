// The files of one application in a configuration store: <root>/apps/<app>/default.yaml, and one for each dimension of the
// identity that chooses a block by name. It reads them and merges nothing.
import { readFileSync, statSync, type Stats } from "node:fs";
import { join } from "node:path";
import { KeywrightError } from "../../errors.ts";
import { openToOthers, remedyFor } from "../../io/owner.ts";
import { shown, suggestion } from "../fault.ts";
import type { MapTree, Tree } from "../tree.ts";
import { parseYaml } from "../yaml.ts";
import { changedWords } from "./changed.ts";
import { ConfigStoreError, storeFaultAt } from "./fault.ts";
import { checkInterpolations } from "./interpolate.ts";

/** Each names the block of its file that is used; in the order in which the files go over each other. */
export const DIMENSIONS = ["environment", "machine", "substrate", "role"] as const;
export type Dimension = (typeof DIMENSIONS)[number];

/** Who the configuration is for; what each word may be is up to the store. */
export interface Selectors extends Readonly<Record<Dimension, string>> {
  readonly app: string;
}

export interface StoreLayer {
  readonly name: "default" | Dimension;
  readonly file: string;
  /** Which block of the file it is; undefined: the whole file. */
  readonly selector: string | undefined;
  readonly tree: MapTree;
  /** Words that YAML 1.1 would have read as something else; one sentence each, with file and line. */
  readonly changed: readonly string[];
}

const LARGEST = 1024 * 1024;

/** Throws a ConfigStoreError. */
export function readStore(root: string, selectors: Selectors): readonly StoreLayer[] {
  const folder = appFolder(root, selectors.app);
  const lowest = join(folder, "default.yaml");
  if (kindOf(lowest)?.isFile() !== true) {
    throw new ConfigStoreError("missing_file", `there is no file ${lowest}`, {
      hint: "Every application needs one; it may be empty.",
    });
  }
  const { tree, words } = parsed(lowest);
  const first: StoreLayer = {
    name: "default",
    file: lowest,
    selector: undefined,
    tree,
    changed: words(tree),
  };
  return [first, ...DIMENSIONS.flatMap((name) => selected(folder, name, selectors[name]))];
}

function appFolder(root: string, app: string): string {
  if (!isFolderName(app)) {
    throw new ConfigStoreError("app_name", `${shown(app)} cannot be the name of an application`, {
      hint: "It is the name of one folder below apps/ of the store, and leads nowhere else.",
    });
  }
  const folder = join(root, "apps", app);
  if (kindOf(folder)?.isDirectory() === true) {
    for (const path of [root, join(root, "apps"), folder]) assertOurs(path, "folder");
    return folder;
  }
  throw new ConfigStoreError("missing_file", `there is no folder ${folder}`, {
    hint: "The store has one folder for each application: <store root>/apps/<app>/.",
  });
}

function isFolderName(name: string): boolean {
  return (
    name !== "" &&
    name !== "." &&
    name !== ".." &&
    name.length <= 255 &&
    !/[/\\\u0000-\u001f\u007f]/.test(name)
  );
}

function selected(folder: string, name: Dimension, selector: string): readonly StoreLayer[] {
  const file = join(folder, `${name}.yaml`);
  if (kindOf(file) === undefined) return [];
  const { tree: all, words } = parsed(file);
  const tree = all.entries.get(selector);
  if (tree === undefined) {
    throw storeFaultAt(
      "missing_selector",
      { file, line: 0 },
      `there is no block ${shown(selector)} for this ${name}`,
      suggestion(selector, all.entries.keys()),
    );
  }
  if (tree.kind !== "map") {
    const message = `the block ${shown(selector)} has to be a mapping`;
    throw storeFaultAt("not_a_mapping", tree.origin, message, "Write {} when nothing is different there.");
  }
  return [{ name, file, selector, tree, changed: words(tree) }];
}

function kindOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    throw unreadable(path, error);
  }
}

interface Parsed {
  readonly tree: MapTree;
  words(used: Tree): readonly string[];
}

function parsed(file: string): Parsed {
  const keys: { readonly word: string; readonly line: number }[] = [];
  try {
    const key = (word: string, line: number): void => void keys.push({ word, line });
    const tree = parseYaml(textOf(file), file, { written: true, key });
    checkInterpolations(tree);
    return { tree, words: (used) => changedWords(used, keys, file) };
  } catch (error) {
    if (!(error instanceof KeywrightError) || error instanceof ConfigStoreError) throw error;
    const fault = error.message.endsWith("a configuration file is a mapping of keys to values");
    throw new ConfigStoreError(fault ? "not_a_mapping" : "yaml", error.message, {
      hint: error.hint,
      cause: error,
    });
  }
}

/** What is written here decides who may have which secret, and which programs are started for it. */
function assertOurs(path: string, kind: "file" | "folder"): void {
  const stats = kindOf(path);
  const open = stats && openToOthers(stats, kind);
  if (open === undefined) return;
  const why = open === "owner" ? "belongs to another user" : "can be written by other users";
  throw new ConfigStoreError("open", `${path} ${why}`, { hint: `Run: ${remedyFor(path, open)}` });
}

function textOf(file: string): string {
  assertOurs(file, "file");
  try {
    const bytes = readFileSync(file);
    if (bytes.length > LARGEST) throw new RangeError(`larger than ${LARGEST} bytes`);
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw unreadable(file, error);
  }
}

function unreadable(file: string, error: unknown): ConfigStoreError {
  const { code, message } = error as NodeJS.ErrnoException;
  const why = error instanceof TypeError ? "not UTF-8 text" : (code ?? message);
  return new ConfigStoreError("unreadable", `${file} cannot be read: ${why}`, { cause: error });
}
