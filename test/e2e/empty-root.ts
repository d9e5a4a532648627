// A root file system with nothing in it but the executable, the libraries that its loader wants, and an empty /proc that
// becomes one (without it the runtime inside gives up): no /dev, no /etc, no other program. Only root can enter one;
// anybody else becomes root of a user namespace for it.
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { run, type Ran } from "./programs.ts";

/** Path inside → file outside. */
export type RootFiles = Readonly<Record<string, string>>;

/** Runs a program below its /bin. */
export type InRoot = (program: string, argv: readonly string[]) => Promise<Ran>;

/** `emulator`: a static program inside that runs those of another processor. */
export function emptyRoot(folder: string, files: RootFiles, emulator?: string): InRoot {
  for (const name of ["bin", "home", "proc"]) mkdirSync(join(folder, name), { recursive: true });
  for (const [inside, outside] of Object.entries(files)) {
    mkdirSync(join(folder, dirname(inside)), { recursive: true });
    copyFileSync(outside, join(folder, inside));
  }
  symlinkSync("keywright", join(folder, "bin", "keyring"));
  const user = process.getuid?.() === 0 ? [] : ["--map-root-user"];
  const enter = [...user, "--pid", "--fork", "--root", folder, "--mount-proc"];
  const emulated = emulator === undefined ? [] : [emulator];
  return (program, argv) =>
    run("/usr/bin/unshare", [...enter, ...emulated, `/bin/${program}`, ...argv], {
      env: { HOME: "/home", PATH: "/bin" },
    });
}

/** The loader and the libraries of an executable of this machine, where it finds them. */
export function librariesOf(executable: string): RootFiles {
  const said = execFileSync("ldd", [executable], { encoding: "utf8" });
  const paths = [...said.matchAll(/(?:=>\s+|^\s+)(\/\S+) \(0x/gm)].map(([, path = ""]) => path);
  return Object.fromEntries(paths.map((path) => [path, path]));
}
