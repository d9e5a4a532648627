// Finds the browser of the person who sits at this machine, and shows it a page: without a shell, without waiting, without
// hearing what it says. The page goes into its arguments, which others can read: it must hold no secret.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { findProgram, isProgram } from "./programs.ts";
import type { Environment } from "./spawn.ts";

export interface Browser {
  /** Absolute. */
  readonly file: string;
  /** `%s` is where the page goes; without one it comes last. */
  readonly argv: readonly string[];
  /** True: it runs on this machine, so that it reaches a port of it. */
  readonly here: boolean;
}

/** Text browsers are not among them: they would take the terminal. */
const LINUX = [
  "xdg-open",
  "gio",
  "x-www-browser",
  "firefox",
  "chromium",
  "chromium-browser",
  "google-chrome",
];

/** undefined: there is none, or it would open where nobody sits. */
export function findBrowser(
  env: Environment,
  platform: NodeJS.Platform = process.platform,
): Browser | undefined {
  const remote = isRemote(env);
  const named = namedBrowser(env, platform);
  // Somebody set it for this session: over SSH it shows the page on the other machine (as editors do it).
  if (named !== undefined) return { ...named, here: !remote };
  if (remote || env["CI"]) return undefined;
  if (platform === "darwin") return found(["/usr/bin/open"], [], true);
  if (platform === "win32") {
    return found(
      [join(env["SystemRoot"] ?? "C:\\Windows", "System32", "rundll32.exe")],
      ["url.dll,FileProtocolHandler"],
      true,
    );
  }
  if (env["WSL_DISTRO_NAME"]) {
    return found(["/mnt/c/Windows/System32/rundll32.exe"], ["url.dll,FileProtocolHandler"], false);
  }
  if (!env["DISPLAY"] && !env["WAYLAND_DISPLAY"]) return undefined;
  for (const name of LINUX) {
    const file = findProgram(name, env);
    if (file !== undefined) return { file, argv: name === "gio" ? ["open"] : [], here: true };
  }
  return undefined;
}

function isRemote(env: Environment): boolean {
  return Boolean(env["SSH_CONNECTION"] || env["SSH_CLIENT"] || env["SSH_TTY"]);
}

/** BROWSER as Python's webbrowser reads it: commands, of which the first that is there counts; words at spaces, no shell. */
function namedBrowser(env: Environment, platform: NodeJS.Platform): Omit<Browser, "here"> | undefined {
  for (const command of (env["BROWSER"] ?? "").split(platform === "win32" ? ";" : ":")) {
    const [name = "", ...argv] = command.trim().split(/\s+/);
    if (name === "") continue;
    const plain = !name.includes("/") && !name.includes("\\");
    const file = isAbsolute(name)
      ? isProgram(name)
        ? name
        : undefined
      : plain
        ? findProgram(name, env)
        : undefined;
    if (file !== undefined) return { file, argv };
  }
  return undefined;
}

function found(files: readonly string[], argv: readonly string[], here: boolean): Browser | undefined {
  const file = files.find((one) => existsSync(one));
  return file === undefined ? undefined : { file, argv, here };
}

/** What a browser has no use for, and what pages, extensions and its crash reports should not find. */
const NOT_FOR_IT = /SECRET|PASSW|CREDENTIAL|PRIVATE|API_?KEY|ACCESS_?KEY|^(?!XDG_).*TOKEN/i;

/** It goes on without us. Nothing is said when it fails: the page was shown to the person as text, too. */
export function openBrowser({ file, argv }: Browser, page: string, env: Environment): void {
  const { protocol } = new URL(page);
  if (protocol !== "https:" && protocol !== "http:") return;
  const words = argv.some((word) => word.includes("%s"))
    ? argv.map((word) => word.replaceAll("%s", page))
    : [...argv, page];
  const kept = Object.entries(env).filter(([name, value]) => value !== undefined && !NOT_FOR_IT.test(name));
  const child = spawn(file, words, {
    env: Object.fromEntries(kept),
    // In a group of its own: Ctrl-C here does not end it.
    detached: true,
    stdio: "ignore",
    shell: false,
    windowsHide: true,
  });
  child.on("error", () => undefined);
  child.unref();
}
