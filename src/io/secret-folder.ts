// A private folder for values that a program wants as files: in memory where the system has such a place, gone when the
// work is done. It does not survive this process being killed by SIGKILL: then the folder stays until the next boot.
import { accessSync, constants, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { isAbsolute, join } from "node:path";
import { openToOthers } from "./owner.ts";

/** Calls `work` with the folder that holds these files (name → value, each 0400), and removes it afterwards. */
export async function withSecretFolder<T>(
  files: ReadonlyMap<string, string>,
  runtimeFolder: string | undefined,
  work: (folder: string) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(placeFor(runtimeFolder), "keywright-"));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  process.once("exit", remove);
  try {
    for (const [name, value] of files) writeFileSync(join(folder, name), value, { mode: 0o400, flag: "wx" });
    return await work(folder);
  } finally {
    process.off("exit", remove);
    remove();
  }
}

/** The user's own runtime folder (systemd: memory, 0700), memory that all share, or the temporary folder. */
function placeFor(runtimeFolder: string | undefined): string {
  if (runtimeFolder !== undefined && isAbsolute(runtimeFolder) && isOurs(runtimeFolder)) return runtimeFolder;
  return isWritable("/dev/shm") ? "/dev/shm" : tmpdir();
}

function isOurs(folder: string): boolean {
  const stats = statSync(folder, { throwIfNoEntry: false });
  return stats?.isDirectory() === true && openToOthers(stats, "folder") === undefined && isWritable(folder);
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
