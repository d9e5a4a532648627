// Replaces a file of the user's as a whole: a new one beside it takes its place, with the rights that it had (a new file:
// ours alone). A link stays, and what it leads to is replaced. It keeps no copy.
import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  lstatSync,
  openSync,
  realpathSync,
  renameSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";
import { randomHex } from "../digest.ts";
import { KeywrightError } from "../errors.ts";
import { ensurePrivateFolder } from "./files.ts";
import { openToOthers, remedyFor } from "./owner.ts";

/** Throws `configuration` when another user can write the file or its folder, and what the system throws. */
export function replaceFile(path: string, text: string | Uint8Array, mode?: number): void {
  const target = targetOf(path);
  const stats = statSync(target, { throwIfNoEntry: false });
  if (stats !== undefined && !stats.isFile())
    throw new KeywrightError("configuration", `${path} is not a file`);
  const open = stats === undefined ? undefined : openToOthers(stats, "file");
  if (open !== undefined) {
    const what = open === "owner" ? "belongs to another user" : "can be written by other users";
    throw new KeywrightError("configuration", `${target} ${what}, so it is left alone`, {
      hint: `Look whether its content is yours, then run: ${remedyFor(target, open)}`,
    });
  }
  ensurePrivateFolder(dirname(target));
  const fresh = `${target}.${randomHex(6)}.new`;
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0);
  const file = openSync(fresh, flags, 0o600);
  try {
    try {
      writeFileSync(file, text);
      if (stats !== undefined && stats.uid !== process.geteuid?.()) fchownSync(file, stats.uid, stats.gid);
      fchmodSync(file, mode ?? (stats === undefined ? 0o600 : stats.mode & 0o777));
    } finally {
      closeSync(file);
    }
    renameSync(fresh, target);
  } catch (error) {
    unlinkSync(fresh);
    throw error;
  }
}

function targetOf(path: string): string {
  const link = lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;
  if (!link) return path;
  try {
    return realpathSync(path);
  } catch {
    throw new KeywrightError("configuration", `${path} is a link that leads nowhere`, {
      hint: "Make what it should lead to, or remove the link.",
    });
  }
}
