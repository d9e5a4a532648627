// The executable holds everything that it imports: an import left unresolved would be looked up in the folder in which
// somebody starts it, and run.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { promisify } from "node:util";
import { plant, ROOT, temporary } from "./programs.ts";

const BUN = join(ROOT, "node_modules", ".bin", "bun");
/** What scripts/build-exe.ts gives, less what concerns the one file; not minified, so that the names can be read. */
const FLAGS = ["build", "--target=bun", "--format=esm", "--splitting"];
const SCAN = `
import { readFileSync } from "node:fs";
const code = readFileSync(process.argv[1], "utf8").replace(/^#!.*/, "");
console.log(JSON.stringify(new Bun.Transpiler({ loader: "js" }).scanImports(code).map(({ path }) => path)));
`;

async function unresolved(t: TestContext, entry: string): Promise<readonly string[]> {
  const folder = temporary(t, "bundle");
  const call = promisify(execFile);
  await call(BUN, [...FLAGS, `--outdir=${folder}`, entry], { cwd: ROOT });
  const left: string[] = [];
  for (const name of globSync("**/*.js", { cwd: folder })) {
    const file = join(folder, name);
    const { stdout } = await call(BUN, ["-e", SCAN, file], { cwd: folder });
    const code = readFileSync(file, "utf8");
    const required = [...code.matchAll(/\b(?:__)?require\(\s*"([^"]*)"\s*\)/g)].map(([, path = ""]) => path);
    left.push(...[...(JSON.parse(stdout) as string[]), ...required].filter((path) => !isHeld(path)));
    // A call with anything but a text in it: nobody knows what it loads.
    left.push(...(code.match(/\b(?:import|(?:__)?require(?:\.resolve)?)\s*\(\s*(?!["\s])[^)]*\)?/g) ?? []));
    left.push(...(code.match(/\bcreateRequire\s*\(/g) ?? []));
  }
  return left;
}

function isHeld(path: string): boolean {
  return path.startsWith("./") || /^(?:node|bun):/.test(path) || builtinModules.includes(path);
}

test("nothing that the executable imports is left to be found", async (t) => {
  assert.deepEqual(await unresolved(t, join(ROOT, "src", "cli", "main.ts")), []);
});

test("an import that is computed, missing or made by hand is seen", async (t) => {
  const folder = temporary(t, "planted");
  plant(folder, {
    "main.ts": `
import { createRequire } from "node:module";
export * from ${JSON.stringify(join(ROOT, "src", "errors.ts"))};
const name = process.argv[2] ?? "";
await import("not-there").catch(() => undefined);
await import(name);
require(name);
createRequire(import.meta.url)("other");
`,
  });
  assert.deepEqual(await unresolved(t, join(folder, "main.ts")), [
    "not-there",
    "import(name)",
    "__require(name)",
    "createRequire(",
  ]);
});
