// Machine: what can be seen of the computer that a person sits at: files, environment, PATH. Only to look at; it changes
// nothing, starts nothing and asks no network.
import {
  accessSync,
  constants,
  lstatSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  statSync,
} from "node:fs";
import { delimiter, isAbsolute, join } from "node:path";
import { KeywrightError } from "../errors.ts";
import { openToOthers } from "./owner.ts";

export interface Seen {
  readonly kind: "file" | "folder" | "other";
  /** Permission bits. */
  readonly mode: number;
  /** Who else can change it (owner.ts); undefined: nobody. */
  readonly open: "owner" | "writers" | undefined;
  /** True when other users may read it; never on Windows. */
  readonly readable: boolean;
  readonly executable: boolean;
  /** The path without links. */
  readonly real: string;
  /** Where it leads, if it is a link itself. */
  readonly link: string | undefined;
}

export interface Machine {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The home folder; undefined: there is none. */
  readonly home: string | undefined;
  /** The working directory: where a project may lie. */
  readonly cwd: string;
  /** Stands for /etc. */
  readonly etc: string;
  readonly platform: NodeJS.Platform;
  /** The real path of our own executable; undefined: not known. */
  readonly self: string | undefined;
  /** The text of a file; undefined: there is none. Throws `configuration` when it cannot be read. */
  read(path: string): string | undefined;
  /** undefined: there is no such thing, or a link that leads nowhere. */
  look(path: string): Seen | undefined;
  /** Where a link leads, also one that leads nowhere; undefined: it is none. */
  link(path: string): string | undefined;
  /** The names in a folder, sorted; none when it cannot be listed. */
  list(folder: string): readonly string[];
}

export interface MachineOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string | undefined;
  readonly self?: string | undefined;
  readonly cwd?: string | undefined;
  readonly etc?: string | undefined;
}

const LARGEST = 16 * 1024 * 1024;

export function thisMachine({ env, home, self, cwd, etc }: MachineOptions): Machine {
  return {
    env,
    home,
    cwd: cwd ?? process.cwd(),
    etc: etc ?? "/etc",
    platform: process.platform,
    self,
    read,
    look,
    link: linkOf,
    list(folder) {
      try {
        return readdirSync(folder).sort();
      } catch {
        return [];
      }
    },
  };
}

/** Every program of this name on the PATH, in its order, links not followed. Relative entries of the PATH do not count. */
export function onPath({ env, platform, look: see }: Machine, name: string): readonly string[] {
  const folders = (env["PATH"] ?? env["Path"] ?? "").split(delimiter).filter((folder) => isAbsolute(folder));
  const files = [...new Set(folders)].map((folder) =>
    join(folder, platform === "win32" ? `${name}.exe` : name),
  );
  return files.filter((file) => {
    const seen = see(file);
    return seen?.kind === "file" && seen.executable;
  });
}

function read(path: string): string | undefined {
  try {
    const stats = statSync(path);
    if (!stats.isFile()) return undefined;
    if (stats.size > LARGEST)
      throw new KeywrightError("configuration", `${path} is larger than ${LARGEST} bytes`);
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(readFileSync(path));
  } catch (error) {
    if (error instanceof KeywrightError) throw error;
    if (error instanceof TypeError) throw new KeywrightError("configuration", `${path} is not UTF-8 text`);
    const { code = "unknown error" } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw new KeywrightError("configuration", `${path} cannot be read (${code})`);
  }
}

function look(path: string): Seen | undefined {
  try {
    const stats = statSync(path);
    const kind = stats.isFile() ? "file" : stats.isDirectory() ? "folder" : "other";
    return {
      kind,
      mode: stats.mode & 0o7777,
      open: openToOthers(stats, kind === "folder" ? "folder" : "file"),
      readable: process.platform !== "win32" && (stats.mode & 0o044) !== 0,
      executable: canRun(path),
      real: realpathSync(path),
      link: linkOf(path),
    };
  } catch {
    return undefined;
  }
}

function canRun(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function linkOf(path: string): string | undefined {
  try {
    return lstatSync(path).isSymbolicLink() ? readlinkSync(path) : undefined;
  } catch {
    return undefined;
  }
}
