// Fetches a package of Debian 13, also for another processor, and unpacks it below node_modules/.cache. It installs
// nothing and changes nothing of the system's own package lists. For what runs executables of other platforms.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./executable.ts";

const CACHE = join(ROOT, "node_modules", ".cache", "keywright", "debian");
const SUITE = "trixie";
const KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";

/** The folder with the package's files. Wants apt-get and dpkg-deb; throws what they say. */
export function debianPackage(name: string, architecture: "amd64" | "arm64"): string {
  const folder = join(CACHE, `${name}-${architecture}`);
  if (existsSync(folder)) return folder;
  const apt = aptFor(architecture);
  const fresh = `${folder}.new`;
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh, { recursive: true });
  apt(fresh, ["update", "-qq"]);
  apt(fresh, ["download", "-qq", name]);
  const [archive = ""] = readdirSync(fresh).filter((file) => file.endsWith(".deb"));
  execFileSync("dpkg-deb", ["-x", join(fresh, archive), join(fresh, "files")]);
  renameSync(join(fresh, "files"), folder);
  rmSync(fresh, { recursive: true });
  return folder;
}

/** apt-get with lists of its own, for one processor. */
function aptFor(architecture: string): (cwd: string, argv: readonly string[]) => void {
  const state = join(CACHE, `apt-${architecture}`);
  for (const name of ["state/lists/partial", "cache/archives/partial", "parts"])
    mkdirSync(join(state, name), { recursive: true });
  writeFileSync(join(state, "status"), "");
  writeFileSync(join(state, "sources.list"), `deb [signed-by=${KEYRING}] ${mirror()} ${SUITE} main\n`);
  const settings = {
    "APT::Architecture": architecture,
    "APT::Architectures": architecture,
    "Dir::State": join(state, "state"),
    "Dir::State::status": join(state, "status"),
    "Dir::Cache": join(state, "cache"),
    "Dir::Etc::sourcelist": join(state, "sources.list"),
    "Dir::Etc::sourceparts": join(state, "parts"),
    "APT::Sandbox::User": "root",
  };
  const options = Object.entries(settings).flatMap(([key, value]) => ["-o", `${key}=${value}`]);
  return (cwd, argv) =>
    void execFileSync("apt-get", [...options, ...argv], { cwd, stdio: ["ignore", "ignore", "inherit"] });
}

/** The mirror that this system uses. */
function mirror(): string {
  const said = execFileSync("apt-get", ["indextargets", "--format", "$(REPO_URI)"], { encoding: "utf8" });
  const found = said.split("\n").find((uri) => /\/debian\/?$/.test(uri));
  if (found === undefined)
    throw new Error("this is no Debian: the system's package lists name no mirror of it");
  return found;
}
