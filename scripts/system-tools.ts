// The programs of the system that the tests run: looks for each, and installs what is missing where it can (root, with
// apt-get). Elsewhere it says what to install.
import { spawnSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** Program → Debian package. */
const PROGRAMS = {
  strace: "strace",
  openssl: "openssl",
  python3: "python3",
  logger: "bsdutils",
  zsh: "zsh",
  fish: "fish",
  nginx: "nginx-light",
  "systemd-analyze": "systemd",
  go: "golang-go",
  gpg: "gnupg",
  pass: "pass",
  age: "age",
  java: "openjdk-17-jre-headless",
  mvn: "maven",
  chromium: "chromium",
  "secret-tool": "libsecret-tools",
  "gnome-keyring-daemon": "gnome-keyring",
  "dbus-run-session": "dbus",
} as const;

/** Where programs lie that are not on everybody's PATH. */
export const MORE_FOLDERS = ["/usr/sbin", "/usr/local/go/bin"];

/** Throws when something is missing that cannot be installed from here. */
export function installSystemTools(say: (text: string) => void): void {
  const missing: string[] = Object.entries(PROGRAMS).flatMap(([program, name]) =>
    isThere(program) ? [] : [name],
  );
  if (spawnSync("python3", ["-c", "import venv, ensurepip"]).status !== 0) missing.push("python3-venv");
  if (missing.length === 0) return;
  const command = `apt-get install -y --no-install-recommends ${missing.join(" ")}`;
  if (process.getuid?.() !== 0 || !isThere("apt-get"))
    throw new Error(`the tests need more programs: ${command}`);
  say(`installing ${missing.join(", ")} (once)`);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  for (const line of ["apt-get update -qq", `${command} -qq`]) {
    const { status, stderr } = spawnSync("/bin/sh", ["-c", line], { env, encoding: "utf8" });
    if (status !== 0) throw new Error(`${line} ended with ${status}\n${stderr}`);
  }
}

function isThere(program: string): boolean {
  return [...(process.env["PATH"] ?? "").split(delimiter), ...MORE_FOLDERS].some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
