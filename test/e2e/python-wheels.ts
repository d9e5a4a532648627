// The two wheels of python/, and virtual environments in which they are installed the way users install them: offline, by
// the real pip. Where the wheel `keywright` itself is not the point, a stand-in takes its place, TEST MATERIAL: it is small,
// and its script starts the executable of this checkout.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { spawnSync } from "node:child_process";
import { buildWheel } from "../../scripts/build-wheels.ts";
import { toolPath, type Environment } from "../../scripts/tools.ts";
import { VERSION } from "../../src/version.ts";
import { ROOT } from "./programs.ts";

const EXECUTABLE = join(ROOT, "build", "keywright");
const QUIET = ["--quiet", "--disable-pip-version-check"];

/** A folder with both wheels, removed when this process ends. Wants the environment `shim-tools`. */
export function buildWheels(keywright: "stand-in" | "real" = "stand-in"): string {
  if (!existsSync(EXECUTABLE)) throw new Error("build/keywright is missing: run npm run build:exe");
  const dist = mkdtempSync(join(tmpdir(), "keywright-wheels-"));
  process.on("exit", () => rmSync(dist, { recursive: true, force: true }));
  const project = join(ROOT, "python", "keywright-keyring");
  const options = ["--no-build-isolation", "--no-deps", "--wheel-dir", dist];
  python("shim-tools", ["-m", "pip", "wheel", ...QUIET, ...options, project]);
  if (keywright === "real") {
    buildWheel("own", dist);
    return dist;
  }
  const script = `#!/bin/sh\n# Test material.\nexec '${EXECUTABLE}' "$@"\n`;
  python("shim-tools", ["-c", STAND_IN, dist, VERSION, script]);
  return dist;
}

const STAND_IN = `
import sys, zipfile
dist, version, script = sys.argv[1:]
info = f"keywright-{version}.dist-info"
files = {
  f"keywright-{version}.data/scripts/keywright": script,
  f"{info}/METADATA": f"Metadata-Version: 2.1\\nName: keywright\\nVersion: {version}\\nSummary: test material\\n",
  f"{info}/WHEEL": "Wheel-Version: 1.0\\nGenerator: test material\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
}
files[f"{info}/RECORD"] = "".join(f"{path},,\\n" for path in files) + f"{info}/RECORD,,\\n"
with zipfile.ZipFile(f"{dist}/keywright-{version}-py3-none-any.whl", "w") as wheel:
  for path, text in files.items():
    entry = zipfile.ZipInfo(path)
    entry.external_attr = (0o100755 if "/scripts/" in path else 0o100644) << 16
    wheel.writestr(entry, text)
`;

/** A folder with keyring 25.7.0 and everything that it needs, for installations without an index. Downloads it once. */
export function wheelhouse(): string {
  const folder = join(ROOT, "node_modules", ".cache", "keywright", "wheelhouse-keyring-25.7.0");
  const stamp = join(folder, "complete");
  if (!existsSync(stamp)) {
    python("shim-tools", ["-m", "pip", "download", ...QUIET, "--dest", folder, "keyring==25.7.0"]);
    writeFileSync(stamp, "");
  }
  return folder;
}

/** Makes an empty virtual environment and returns the path of a program in it. */
export function cleanEnvironment(folder: string): (program: string) => string {
  python("shim-tools", ["-m", "venv", "--without-pip", folder]);
  return (program) => join(folder, "bin", program);
}

/** Installs into it, from these folders only. */
export function installOffline(folder: string, from: readonly string[], packages: readonly string[]): void {
  const links = from.flatMap((one) => ["--find-links", one]);
  const into = ["--python", join(folder, "bin", "python")];
  python("shim-tools", ["-m", "pip", ...into, "install", ...QUIET, "--no-index", ...links, ...packages]);
}

/** A virtual environment that has everything of these tools and the two wheels of `dist`, with which nothing is shared. */
export function withShim(
  folder: string,
  tools: readonly Environment[],
  dist: string,
): (program: string) => string {
  const program = cleanEnvironment(folder);
  const paths = tools.map((tool) => sitePackages(toolPath(tool, "..")));
  writeFileSync(join(sitePackages(folder), "tools.pth"), paths.map((path) => `${path}\n`).join(""));
  const wheels = readdirSync(dist).filter((name) => name.endsWith(".whl"));
  const into = ["--python", program("python")];
  const all = wheels.map((name) => join(dist, name));
  python("shim-tools", ["-m", "pip", ...into, "install", ...QUIET, "--no-index", "--no-deps", ...all]);
  return program;
}

/** For a client that asks no proxy: in this environment, a host's address is 127.0.0.1 and that port. */
export function redirect(folder: string, host: string, port: number): void {
  const wrapped = `lambda host, port, *rest, real=socket.getaddrinfo, **named: real(*("127.0.0.1", ${port}) if host == "${host}" else (host, port), *rest, **named)`;
  writeFileSync(
    join(sitePackages(folder), "redirect.pth"),
    `import socket; socket.getaddrinfo = ${wrapped}\n`,
  );
}

export function sitePackages(environment: string): string {
  const lib = join(environment, "lib");
  const [version = ""] = readdirSync(lib).filter((name) => name.startsWith("python"));
  return join(lib, version, "site-packages");
}

function python(tool: Environment, argv: readonly string[]): void {
  mkdirSync(tmpdir(), { recursive: true });
  const { status, stdout, stderr } = spawnSync(toolPath(tool, "python"), argv, { encoding: "utf8" });
  if (status !== 0) throw new Error(`python ${argv.slice(0, 3).join(" ")}: ${stdout}${stderr}`);
}
