// Fetches Bun's runtime of another platform: its npm package, in the version and with the hash of package-lock.json, so
// that the lock file says what goes into every wheel. Kept below node_modules/.cache.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./executable.ts";

interface Locked {
  readonly version: string;
  readonly integrity: string;
}

const CACHE = join(ROOT, "node_modules", ".cache", "keywright", "runtimes");

/** The path of the runtime. Throws when it cannot be had, or is not what the lock file says. */
export function bunRuntime(name: string): string {
  const lock = JSON.parse(readFileSync(join(ROOT, "package-lock.json"), "utf8")) as {
    readonly packages: Readonly<Record<string, Locked>>;
  };
  const locked = lock.packages[`node_modules/${name}`];
  if (locked === undefined) throw new Error(`package-lock.json has no ${name}`);
  const file = join(CACHE, `${name.replace("@oven/", "")}-${locked.version}`);
  if (!existsSync(file)) fetchTo(file, name, locked);
  return file;
}

function fetchTo(file: string, name: string, { version, integrity }: Locked): void {
  mkdirSync(CACHE, { recursive: true });
  const folder = mkdtempSync(join(CACHE, "new-"));
  try {
    const said = execFileSync("npm", ["pack", "--json", "--silent", `${name}@${version}`], {
      cwd: folder,
      encoding: "utf8",
    });
    const [packed] = JSON.parse(said) as readonly { readonly filename: string }[];
    const archive = join(folder, packed?.filename ?? "");
    const hash = `sha512-${createHash("sha512").update(readFileSync(archive)).digest("base64")}`;
    if (hash !== integrity)
      throw new Error(`${name}@${version} has ${hash}, the lock file says ${integrity}`);
    execFileSync("tar", ["-xzf", archive, "-C", folder]);
    const program = join(folder, "package", "bin", name.includes("windows") ? "bun.exe" : "bun");
    chmodSync(program, 0o755);
    renameSync(program, file);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
