// The system's own keychain, by the program that comes with it: secret-tool (libsecret) on Linux, security on macOS. A value
// goes over a pipe, never in arguments. It has no other place to fall back to: what cannot be kept there is an error.
import { KeywrightError } from "../errors.ts";
import { findProgram } from "./programs.ts";
import type { Environment } from "./spawn.ts";

/** Where logins are kept: in private files, or with their long-lived parts in the system's keychain. */
export const LOGIN_PLACES = ["file", "keychain"] as const;
export type LoginPlace = (typeof LOGIN_PLACES)[number];

/** Names are ours: letters, digits, hyphens. Everything throws `locked` for a keychain that is not open, `configuration` for none. */
export interface Keychain {
  /** undefined: there is no such entry. */
  find(name: string): string | undefined;
  keep(name: string, value: string): void;
  /** Returns false when there was none. */
  forget(name: string): boolean;
}

const SERVICE = "keywright";
/** Somebody may have to type the keychain's password first. */
const LIMIT_MS = 60_000;
const OTHERWISE = "or set 'logins: file' in the configuration, and run 'keywright auth login' again.";

export function keychain(env: Environment, platform: NodeJS.Platform = process.platform): Keychain {
  if (platform === "linux") return secretTool(env);
  if (platform === "darwin") return macSecurity(env);
  throw new KeywrightError("configuration", `keywright offers no keychain on ${platform}`, {
    hint: "Set 'logins: file' in the configuration: the file is readable by you alone.",
  });
}

function secretTool(env: Environment): Keychain {
  const run = runner(
    "secret-tool",
    `Install it (Debian: apt-get install libsecret-tools), ${OTHERWISE}`,
    env,
  );
  const isThere = (name: string): boolean => {
    // It lists an entry though it is locked; `lookup` and `clear` do not tell that from no entry. Attributes come on stderr.
    const { code, stdout, stderr } = run(["search", ...attributes(name)]);
    if (code !== 0 && stderr !== "") throw unusable(stderr);
    return `${stdout}${stderr}`.includes(`attribute.account = ${name}`);
  };
  return {
    find(name) {
      const { code, stdout, stderr } = run(["lookup", ...attributes(name)]);
      if (code === 0) return stdout;
      if (stderr !== "") throw unusable(stderr);
      if (isThere(name)) throw locked();
      return undefined;
    },
    keep(name, value) {
      const label = `--label=${SERVICE}: ${name}`;
      const { code, stderr } = run(["store", label, ...attributes(name)], value);
      if (code !== 0) throw unusable(stderr);
    },
    forget(name) {
      const { code, stderr } = run(["clear", ...attributes(name)]);
      if (code === 0) return true;
      if (stderr !== "") throw unusable(stderr);
      if (isThere(name)) throw locked();
      return false;
    },
  };
}

/** Of errSecItemNotFound and errSecInteractionNotAllowed, what is left of them in an exit code. */
const MAC_ABSENT = 44;
const MAC_LOCKED = 36;
/** `security -i` reads lines of 4096 bytes at most, and takes what is longer for several. */
const MAC_LINE = 4000;

function macSecurity(env: Environment): Keychain {
  const run = runner("security", `It comes with macOS, in /usr/bin: put that on the PATH, ${OTHERWISE}`, env);
  const find = (name: string): string | undefined => {
    const { code, stdout, stderr } = run(["find-generic-password", ...macNames(name), "-w"]);
    if (code === MAC_ABSENT) return undefined;
    if (code === MAC_LOCKED) throw locked();
    if (code !== 0) throw unusable(stderr);
    return stdout.replace(/\n$/, "");
  };
  return {
    find,
    keep(name, value) {
      const hex = Buffer.from(value).toString("hex");
      const line = `add-generic-password -U ${macNames(name).join(" ")} -l ${SERVICE} -X ${hex}\n`;
      if (line.length > MAC_LINE) throw unusable("the value is too long for it");
      const { stderr } = run(["-i"], line);
      // With -i, the exit code is not that of the command.
      if (find(name) !== value) throw unusable(stderr);
    },
    forget(name) {
      const { code, stderr } = run(["delete-generic-password", ...macNames(name)]);
      if (code === MAC_ABSENT) return false;
      if (code === MAC_LOCKED) throw locked();
      if (code !== 0) throw unusable(stderr);
      return true;
    },
  };
}

function attributes(name: string): readonly string[] {
  return ["service", SERVICE, "account", name];
}

function macNames(name: string): readonly string[] {
  return ["-s", SERVICE, "-a", name];
}

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function runner(program: string, missing: string, env: Environment) {
  return (argv: readonly string[], input: string = ""): Ran => {
    const file = findProgram(program, env);
    if (file === undefined) {
      throw new KeywrightError(
        "configuration",
        `the keychain needs the program ${program}, which is not there`,
        {
          hint: missing,
        },
      );
    }
    const definite = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined));
    // Not imported: whoever looks for a login loads this file, and hardly anybody needs a program then.
    const { spawnSync } = process.getBuiltinModule("node:child_process");
    const { status, error, stdout, stderr } = spawnSync(file, argv, {
      env: definite as NodeJS.ProcessEnv,
      input,
      encoding: "utf8",
      timeout: LIMIT_MS,
      killSignal: "SIGKILL",
      windowsHide: true,
    });
    if ((error as NodeJS.ErrnoException | undefined)?.code === "ETIMEDOUT") throw locked();
    if (error !== undefined) throw unusable((error as NodeJS.ErrnoException).code ?? "it cannot be started");
    return { code: status ?? 1, stdout, stderr: stderr.trim() };
  };
}

function locked(): KeywrightError {
  return new KeywrightError("locked", "the system's keychain is locked", {
    hint: `Unlock it (log in to the desktop, or run gnome-keyring-daemon --unlock), ${OTHERWISE}`,
  });
}

/** `said` is of the program, which was given the value over a pipe and repeats nothing of it. */
function unusable(said: string): KeywrightError {
  const line = said.split("\n").at(-1)?.replace(/\p{C}/gu, " ").slice(0, 200) ?? "";
  if (/locked/i.test(line)) return locked();
  return new KeywrightError(
    "locked",
    `the system's keychain cannot be used${line === "" ? "" : `: ${line}`}`,
    {
      hint: `It needs a session of the desktop (DBUS_SESSION_BUS_ADDRESS) with an open keyring; start one, ${OTHERWISE}`,
    },
  );
}
