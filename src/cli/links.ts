// Links to this executable under other names: looks what lies where one is to be, makes it, takes it away. It never
// touches what does not lead to us unless it is told to. On Windows, where links need a right of their own, copies.
import {
  copyFileSync,
  existsSync,
  lstatSync,
  readFileSync,
  realpathSync,
  renameSync,
  statSync,
  symlinkSync,
  unlinkSync,
  type Stats,
} from "node:fs";
import { delimiter, isAbsolute, join } from "node:path";
import { randomHex } from "../digest.ts";
import type { Environment } from "../io/spawn.ts";

/** `absent`: nothing lies there; `ours`: it leads to us; `program`: it is the executable itself; `foreign`: all else. */
export type Lies = "absent" | "ours" | "program" | "foreign";

/** What lies at `file`, seen from the program that it should lead to. */
export function lookAt(file: string, program: string): Lies {
  const stat = lstatSync(file, { throwIfNoEntry: false });
  if (stat === undefined) return "absent";
  if (!isSameFile(file, program)) return isCopy(stat, file, program) ? "ours" : "foreign";
  return stat.isSymbolicLink() ? "ours" : "program";
}

/** Makes the link whole, or throws what the system says; `EEXIST` when something came there meanwhile. */
export function makeLink(file: string, program: string, over: boolean): void {
  if (!over && !IS_WINDOWS) return symlinkSync(program, file);
  if (!over && existsSync(file)) throw Object.assign(new Error(`${file} exists`), { code: "EEXIST" });
  const fresh = `${file}.${randomHex(6)}.new`;
  if (IS_WINDOWS) copyFileSync(program, fresh);
  else symlinkSync(program, fresh);
  try {
    renameSync(fresh, file);
  } catch (error) {
    unlinkSync(fresh);
    throw error;
  }
}

/** Takes the link away, and returns what lay there. Only what is `ours` is taken. */
export function removeLink(file: string, program: string): Lies {
  const lies = lookAt(file, program);
  if (lies === "ours") unlinkSync(file);
  return lies;
}

/** The file's name under which a program is found. */
export function fileNameOf(name: string): string {
  return IS_WINDOWS ? `${name}.exe` : name;
}

export interface Others {
  /** Whether the folder is on the PATH at all. */
  readonly onPath: boolean;
  /** Programs of that name which are found before ours, and so hide it. */
  readonly before: readonly string[];
  /** Those that ours hides. */
  readonly after: readonly string[];
}

/** The other programs of a name on the PATH. Only absolute entries count, as where we look for the next `keyring`. */
export function othersOnPath(name: string, folder: string, program: string, env: Environment): Others {
  const entries = foldersOf(env);
  const at = entries.findIndex((entry) => isSameFile(entry, folder));
  const found = (some: readonly string[]): readonly string[] => {
    const files = some.map((entry) => join(entry, fileNameOf(name)));
    const other = files.filter((file) => isProgram(file) && lookAt(file, program) === "foreign");
    return [...new Set(other)];
  };
  if (at === -1) return { onPath: false, before: [], after: [] };
  const rest = entries.slice(at + 1).filter((entry) => !isSameFile(entry, folder));
  return { onPath: true, before: found(entries.slice(0, at)), after: found(rest) };
}

/** Links to us under these names on the PATH, for whoever takes them all away. `programFile`: what a name leads to. */
export function linksOnPath(
  names: readonly string[],
  programFile: (name: string) => string,
  env: Environment,
): readonly string[] {
  const found = names.flatMap((name) =>
    foldersOf(env)
      .map((folder) => join(folder, fileNameOf(name)))
      .filter((file) => statOf(file) !== undefined && lookAt(file, programFile(name)) === "ours"),
  );
  return [...new Set(found)];
}

function foldersOf(env: Environment): readonly string[] {
  return (env["PATH"] ?? env["Path"] ?? "").split(delimiter).filter((folder) => isAbsolute(folder));
}

const IS_WINDOWS = process.platform === "win32";

function isProgram(file: string): boolean {
  const stat = statOf(file);
  return stat?.isFile() === true && (IS_WINDOWS || (stat.mode & 0o111) !== 0);
}

function isSameFile(one: string, other: string): boolean {
  const [a, b] = [statOf(one), statOf(other)];
  if (a === undefined || b === undefined) return false;
  return a.ino === 0 ? realpathSync(one) === realpathSync(other) : a.ino === b.ino && a.dev === b.dev;
}

/** Undefined also for a link that leads nowhere, or to where we may not look. */
function statOf(file: string): Stats | undefined {
  try {
    return statSync(file, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

function isCopy(stat: Stats, file: string, program: string): boolean {
  if (!IS_WINDOWS || !stat.isFile() || stat.size !== statOf(program)?.size) return false;
  return readFileSync(file).equals(readFileSync(program));
}
