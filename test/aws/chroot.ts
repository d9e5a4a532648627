// A folder that is the whole world of the executable: the file itself, the libraries that the loader wants, /proc (Bun
// reads its own memory map there), /dev/null (what a program is given to read), and a shell for the credential_process of
// some rows. Nothing of the checkout.
import { execFileSync, spawnSync } from "node:child_process";
import { constants, copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { run, type Ran } from "../e2e/programs.ts";

export interface Chroot {
  /** The folder, from outside. */
  readonly root: string;
  /** Runs the executable inside. `/proc` is there in a mount namespace of its own, so nothing is left to be unmounted. */
  run(argv: readonly string[], env: Readonly<Record<string, string>>): Promise<Ran>;
}

export function chrootWith(executable: string, root: string): Chroot {
  for (const folder of ["proc", "bin", "tmp", "dev"]) mkdirSync(join(root, folder), { recursive: true });
  writeFileSync(join(root, "dev", "null"), ""); // The real one is mounted over it.
  put(executable, join(root, "keywright"));
  put("/bin/sh", join(root, "bin", "sh"));
  const libraries = [executable, "/bin/sh"].flatMap((file) => [
    ...execFileSync("ldd", [file], { encoding: "utf8" }).matchAll(/(\/\S+) \(0x/g),
  ]);
  for (const library of new Set(libraries.map(([, path = ""]) => path))) put(library, join(root, library));
  const script =
    '/bin/mount --rbind /proc "$1/proc" && /bin/mount --bind /dev/null "$1/dev/null" && exec /usr/sbin/chroot "$@"';
  const alone = namespace();
  return {
    root,
    run: (argv, env) =>
      run("/usr/bin/unshare", [...alone, "/bin/sh", "-c", script, "sh", root, "/keywright", ...argv], {
        env,
      }),
  };
}

/** As root it needs nothing else; anybody else becomes root in a user namespace of his own. */
function namespace(): readonly string[] {
  const ways = [["--mount"], ["--mount", "--map-root-user"]];
  const way = ways.find((words) => spawnSync("/usr/bin/unshare", [...words, "/bin/true"]).status === 0);
  if (way === undefined)
    throw new Error("unshare --mount is needed: CAP_SYS_ADMIN, or user namespaces for everybody");
  return way;
}

function put(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  copyFileSync(from, to, constants.COPYFILE_FICLONE); // follows the links that libraries go by
}
