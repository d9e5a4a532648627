// Finds programs on the PATH. Only its absolute entries count: a relative or empty one would let the working directory
// answer. It starts nothing.
import { accessSync, constants, statSync } from "node:fs";
import { delimiter, isAbsolute, join } from "node:path";
import type { Environment } from "./spawn.ts";

/** The folders of the PATH that are absolute, in order. */
export function programFolders(env: Environment): readonly string[] {
  return (env["PATH"] ?? env["Path"] ?? "").split(delimiter).filter((folder) => isAbsolute(folder));
}

/** Every executable file of that name on the PATH, in order, not resolved: a program may go by the name it is called with. */
export function* programsNamed(name: string, env: Environment): Generator<string> {
  for (const folder of programFolders(env)) {
    const file = join(folder, process.platform === "win32" ? `${name}.exe` : name);
    if (isProgram(file)) yield file;
  }
}

/** The first one; undefined: there is none. */
export function findProgram(name: string, env: Environment): string | undefined {
  for (const file of programsNamed(name, env)) return file;
  return undefined;
}

/** True for a file, or a link to one, that we may execute. */
export function isProgram(file: string): boolean {
  try {
    if (statSync(file, { throwIfNoEntry: false })?.isFile() !== true) return false;
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
