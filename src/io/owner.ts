// Who else could write a file or a folder, from its owner, group and mode. It says so; what to do about it is for the
// caller.
import { readFileSync } from "node:fs";

export interface Ownership {
  readonly mode: number | bigint;
  readonly uid: number | bigint;
  readonly gid: number | bigint;
}

/**
 * `owner`: it belongs to another user than us or root. `writers`: others may write it. undefined: nobody else can, or
 * the system has no such notion (Windows: the profile folder's access list does this). A folder with the sticky bit is
 * fine: nobody can replace our files there.
 */
export function openToOthers(stats: Ownership, kind: "file" | "folder"): "owner" | "writers" | undefined {
  const us = process.geteuid?.();
  if (us === undefined) return undefined;
  const [mode, uid, gid] = [Number(stats.mode), Number(stats.uid), Number(stats.gid)];
  if (uid !== us && uid !== 0) return "owner";
  if (kind === "folder" && (mode & 0o1000) !== 0) return undefined;
  if ((mode & 0o002) !== 0) return "writers";
  return (mode & 0o020) !== 0 && !isPrivateGroup(gid, [uid, us]) ? "writers" : undefined;
}

/** The command that makes it ours, or ours alone. */
export function remedyFor(path: string, open: "owner" | "writers"): string {
  return open === "owner" ? `chown ${process.geteuid?.()} '${path}'` : `chmod go-w '${path}'`;
}

/** Many systems give each user a group of their own with the same number; it is private while it has no other member. */
function isPrivateGroup(gid: number, owners: readonly number[]): boolean {
  if (!owners.includes(gid)) return false;
  try {
    const lines = readFileSync("/etc/group", "utf8").split("\n");
    const [name, , , members = ""] =
      lines.find((line) => line.split(":")[2] === String(gid))?.split(":") ?? [];
    return members.split(",").every((member) => member === "" || member === name);
  } catch {
    return true;
  }
}
