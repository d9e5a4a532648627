// npm run build:exe: compiles everything to one file, build/keywright, that needs nothing of the machine it runs on.
// The last four flags are what keeps it from reading .env, bunfig.toml, tsconfig.json and package.json of the folder it
// is started in. It fails when an import is left unresolved, since that would be looked up in that folder.
import { spawnSync } from "node:child_process";
import { mkdirSync, statSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const outfile = join(root, "build", process.platform === "win32" ? "keywright.exe" : "keywright");
mkdirSync(join(root, "build"), { recursive: true });

const flags = [
  "build",
  "--compile",
  "--format=esm",
  "--bytecode",
  "--minify",
  "--splitting",
  "--no-compile-autoload-dotenv",
  "--no-compile-autoload-bunfig",
  "--no-compile-autoload-tsconfig",
  "--no-compile-autoload-package-json",
];
const { status } = spawnSync("bun", [...flags, `--outfile=${outfile}`, join(root, "src/cli/main.ts")], {
  cwd: root,
  stdio: ["ignore", "inherit", "inherit"],
});
if (status !== 0) {
  console.error("build:exe failed");
  process.exit(status ?? 1);
}
console.log(`built ${outfile} (${(statSync(outfile).size / 1e6).toFixed(0)} MB)`);
