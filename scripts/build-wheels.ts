// npm run build:wheels [-- PLATFORM…]: the wheels of the distribution `keywright`, in build/wheels. One for each platform
// of wheel-platforms.ts, whose script is the executable itself, and `any`, which brings the program as JavaScript and
// wants Node. Without names it makes all; `own` is the platform of this machine, with the executable of build:exe.
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { bunRuntime } from "./bun-runtime.ts";
import { bun, compileExecutable, ROOT } from "./executable.ts";
import { withoutSignature } from "./macho.ts";
import { MUSL_LICENSE, muslLibraries, withLibrariesBeside } from "./musl-libraries.ts";
import { ownPlatform, PLATFORMS, type Platform } from "./wheel-platforms.ts";
import { writeWheel, type WheelContent } from "./wheel.ts";

export const WHEELS = join(ROOT, "build", "wheels");
const PACKAGE = join(ROOT, "python", "keywright", "src", "keywright");

/** Returns the path of the wheel. `own` takes build/keywright, and throws when it is missing. */
export function buildWheel(name: string, folder: string = WHEELS): string {
  if (name === "any") return anyWheel(folder);
  const platform = name === "own" ? ownPlatform() : PLATFORMS.find((one) => one.name === name);
  if (platform === undefined) {
    const names = ["own", "any", ...PLATFORMS.map((one) => one.name)].join(", ");
    throw new Error(`there is no platform ${name}; there are ${names}`);
  }
  return name === "own" ? platformWheel(platform, folder, ownExecutable()) : crossWheel(platform, folder);
}

function ownExecutable(): string {
  const file = join(ROOT, "build", process.platform === "win32" ? "keywright.exe" : "keywright");
  if (!existsSync(file)) throw new Error(`${file} is missing: npm run build:exe`);
  return file;
}

function crossWheel(platform: Platform, folder: string): string {
  const outfile = join(ROOT, "build", "executables", `keywright-${platform.name}${suffixOf(platform)}`);
  const runtime = bunRuntime(platform.runtime);
  const target = platform.runtime.replace("@oven/", "");
  const fitting = isMusl(platform) ? withLibrariesBeside(runtime) : runtime;
  compileExecutable({ outfile, other: { target, runtime: fitting } });
  return platformWheel(platform, folder, outfile);
}

function platformWheel(platform: Platform, folder: string, executable: string): string {
  const compiled = readFileSync(executable);
  const bytes = platform.name === "macos-x64" ? withoutSignature(compiled) : compiled;
  const script = { path: `scripts/keywright${suffixOf(platform)}`, bytes, executable: true };
  const musl = isMusl(platform);
  return writeWheel({
    folder,
    tag: `py3-none-${platform.tag}`,
    contents: musl ? [script, ...muslLibraries(muslMachine(platform))] : [script],
    ...(musl ? { moreLicenses: MUSL_LICENSE } : {}),
  });
}

function anyWheel(folder: string): string {
  const bundle = mkdtempSync(join(tmpdir(), "keywright-bundle-"));
  try {
    const flags = ["--target=node", "--format=esm", "--splitting", "--minify"];
    bun(["build", ...flags, `--outdir=${bundle}`, join(ROOT, "src/cli/main.ts")]);
    const read = (path: string, file: string): WheelContent => ({ path, bytes: readFileSync(file) });
    const scripts = globSync("*.js", { cwd: bundle }).sort();
    const contents = [
      read("keywright/__init__.py", join(PACKAGE, "__init__.py")),
      read("keywright/program/wheel.mjs", join(PACKAGE, "program", "wheel.mjs")),
      ...scripts.map((name) => read(`keywright/program/${name}`, join(bundle, name))),
    ];
    const entryPoints = "[console_scripts]\nkeywright = keywright:main\n";
    return writeWheel({ folder, tag: "py3-none-any", contents, entryPoints });
  } finally {
    rmSync(bundle, { recursive: true, force: true });
  }
}

function suffixOf({ name }: Platform): string {
  return name.startsWith("windows") ? ".exe" : "";
}

function isMusl({ name }: Platform): boolean {
  return name.endsWith("-musl");
}

function muslMachine({ name }: Platform): "x86_64" | "aarch64" {
  return name.includes("arm64") ? "aarch64" : "x86_64";
}

if (import.meta.main) {
  const asked = process.argv.slice(2);
  for (const name of asked.length > 0 ? asked : [...PLATFORMS.map((platform) => platform.name), "any"]) {
    const file = buildWheel(name);
    console.log(`built ${basename(file)} (${(statSync(file).size / 1e6).toFixed(1)} MB)`);
  }
}
