// The options of a file store and of its refs. It reads nothing.
import { isAbsolute } from "node:path";
import { refOptions, storeOptions, type Options } from "../resolver/options.ts";
import type { SecretRef } from "../resolver/ref.ts";
import type { SecretStore } from "../resolver/store.ts";

export interface FileStore {
  /** An absolute path, or the variable of the environment that holds one. */
  readonly folder: string | { readonly variable: string };
  /** What becomes of one newline at the end of a file. */
  readonly trailingNewline: TrailingNewline;
  readonly maxBytes: number;
  /** User ids that may own the files besides ours and root's. */
  readonly owners: readonly number[];
}

export type TrailingNewline = "keep" | "strip";

const TRAILING_NEWLINE: readonly TrailingNewline[] = ["keep", "strip"];
const MIB = 1024 * 1024;

/** Throws `configuration`. */
export function fileStore(store: SecretStore): FileStore {
  const options = storeOptions(store, ["folder", "trailing_newline", "max_bytes", "owners"]);
  return {
    folder: folderOf(options),
    trailingNewline: options.choice("trailing_newline", TRAILING_NEWLINE) ?? "strip",
    maxBytes: options.whole("max_bytes", 1, 64 * MIB) ?? MIB,
    owners: ownersOf(options),
  };
}

/** undefined: as its store says. Throws `configuration`. */
export function fileRef(
  ref: SecretRef,
  store: SecretStore,
): { readonly trailingNewline: TrailingNewline | undefined } {
  const options = refOptions(ref, store, ["trailing_newline"]);
  return { trailingNewline: options.choice("trailing_newline", TRAILING_NEWLINE) };
}

function folderOf(options: Options): FileStore["folder"] {
  const folder = options.raw("folder");
  if (folder === "credentials_directory") return { variable: "CREDENTIALS_DIRECTORY" };
  if (typeof folder === "string" && isAbsolute(folder)) return folder;
  const [[key, variable] = [], ...others] =
    typeof folder === "object" && folder !== null ? Object.entries(folder) : [];
  if (key === "env" && others.length === 0 && typeof variable === "string" && /^[A-Za-z_]\w*$/.test(variable))
    return { variable };
  throw options.fault("folder", "an absolute path, credentials_directory, or { env: NAME_OF_A_VARIABLE }");
}

function ownersOf(options: Options): readonly number[] {
  const owners = options.raw("owners") ?? [];
  if (Array.isArray(owners) && owners.every((one) => Number.isInteger(one) && one >= 0))
    return owners as readonly number[];
  throw options.fault("owners", "a list of user ids");
}
