// Stamp: the identity of one layer's file as the file system tells it, once it is certain that no other user can write
// the file or replace it. Equal stamps mean that nothing changed. It does not read the content.
import { lstatSync, realpathSync, statSync, type BigIntStats } from "node:fs";
import { dirname } from "node:path";
import { KeywrightError } from "../errors.ts";
import type { Say } from "../io/log.ts";
import { openToOthers, remedyFor } from "../io/owner.ts";
import type { Layer } from "./layers.ts";

/** Plain text, so that stamps can be compared and kept. */
export type Stamp = readonly string[];

export interface Stamped {
  readonly layer: Layer;
  /** undefined: there is no such file. */
  readonly stamp: Stamp | undefined;
  /** Epoch nanoseconds of the last change of content, owner or mode; 0 when there is no file. */
  readonly changed: bigint;
}

/** Throws `configuration` for a file that is missing and must not be, is no regular file, or is open to other users. */
export function stampOf(layer: Layer): Stamped {
  const { file } = layer;
  try {
    const link = lstatSync(file, { bigint: true, throwIfNoEntry: false });
    if (link === undefined) return absent(layer);
    const real = link.isSymbolicLink() ? realpathSync.native(file) : file;
    const target = real === file ? link : statSync(real, { bigint: true });
    if (!target.isFile()) throw new KeywrightError("configuration", `${file} is not a regular file`);
    const folders = [...new Set([dirname(file), dirname(real)])];
    const checked = folders.map((folder) => [folder, statSync(folder, { bigint: true })] as const);
    assertOurs(real, target, "file");
    for (const [folder, stats] of checked) assertOurs(folder, stats, "folder");
    const parts = [link, target].flatMap(identityOf);
    const around = checked.flatMap(([folder, { dev, ino, mode, uid, gid }]) => [
      folder,
      `${dev} ${ino} ${mode} ${uid} ${gid}`,
    ]);
    const changed = link.ctimeNs > target.ctimeNs ? link.ctimeNs : target.ctimeNs;
    return { layer, stamp: [real, ...parts, ...around], changed };
  } catch (error) {
    return asAbsentOrThrow(layer, error);
  }
}

/** Tells which layers there are. */
export function tellLayers(stamped: readonly Stamped[], debug: Say): void {
  for (const { layer, stamp } of stamped) {
    debug(`configuration: ${layer.name} ${layer.file}${stamp === undefined ? " (none)" : ""}`);
  }
}

function identityOf({ dev, ino, size, mtimeNs, ctimeNs, mode, uid, gid }: BigIntStats): readonly string[] {
  return [`${dev} ${ino} ${size} ${mtimeNs} ${ctimeNs} ${mode} ${uid} ${gid}`];
}

function absent(layer: Layer): Stamped {
  if (layer.optional) return { layer, stamp: undefined, changed: 0n };
  throw new KeywrightError("configuration", `the configuration file ${layer.file} does not exist`, {
    hint:
      layer.name === "environment"
        ? "Correct KEYWRIGHT_CONFIG, or unset it."
        : "Look at the path's spelling.",
  });
}

function asAbsentOrThrow(layer: Layer, error: unknown): Stamped {
  if (error instanceof KeywrightError) throw error;
  const { code = "unknown error" } = error as NodeJS.ErrnoException;
  if (code === "ENOTDIR") return absent(layer);
  throw new KeywrightError("configuration", `the configuration file ${layer.file} cannot be read (${code})`, {
    hint: code === "ENOENT" ? "It is a symbolic link to a file that does not exist." : undefined,
    cause: error,
  });
}

function assertOurs(path: string, stats: BigIntStats, kind: "file" | "folder"): void {
  const open = openToOthers(stats, kind);
  if (open === undefined) return;
  const what =
    open === "owner" ? `belongs to another user (uid ${stats.uid})` : "can be written by other users";
  throw new KeywrightError("configuration", `${path} ${what}, so it is not read`, {
    hint: `Look whether its content is still yours, then run: ${remedyFor(path, open)}`,
  });
}
