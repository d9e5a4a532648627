// Installs the programs that judge the npm package, publint and attw, below node_modules/.cache: pinned here, and not
// among the dev dependencies, since nothing else needs the dozens of packages that they bring.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./executable.ts";

const PACKAGES = ["publint@0.3.25", "@arethetypeswrong/cli@0.18.5"];
const FOLDER = join(ROOT, "node_modules", ".cache", "keywright", "npm-tools");

/** The path of one of their programs, installed when it is missing. */
export function npmTool(program: "publint" | "attw", say: (text: string) => void): string {
  const stamp = join(FOLDER, "keywright-installed");
  const wanted = PACKAGES.join(" ");
  if (!existsSync(stamp) || readFileSync(stamp, "utf8") !== wanted) {
    say(`installing ${wanted} (once)`);
    rmSync(FOLDER, { recursive: true, force: true });
    mkdirSync(FOLDER, { recursive: true });
    execFileSync("npm", ["install", "--silent", "--ignore-scripts", "--prefix", FOLDER, ...PACKAGES], {
      cwd: FOLDER,
    });
    writeFileSync(stamp, wanted);
  }
  return join(FOLDER, "node_modules", ".bin", program);
}
