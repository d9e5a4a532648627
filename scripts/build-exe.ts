// npm run build:exe: compiles everything to one file, build/keywright, that needs nothing of the machine it runs on.
import { statSync } from "node:fs";
import { join } from "node:path";
import { compileExecutable, ROOT } from "./executable.ts";

const outfile = join(ROOT, "build", process.platform === "win32" ? "keywright.exe" : "keywright");
compileExecutable({ outfile });
console.log(`built ${outfile} (${(statSync(outfile).size / 1e6).toFixed(0)} MB)`);
