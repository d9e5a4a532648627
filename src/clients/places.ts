// Where each Python client keeps the settings of a user, as the clients themselves look for them. It opens no file.
import { isAbsolute, join } from "node:path";
import { KeywrightError } from "../errors.ts";
import type { Machine } from "../io/machine.ts";

/** Throws `configuration` when there is no home folder. */
export function homeOf({ home }: Machine): string {
  if (home !== undefined && isAbsolute(home)) return home;
  throw new KeywrightError("configuration", "there is no home folder, so there are no settings of a user", {
    hint: "Set HOME to the whole path of the home folder.",
  });
}

/** pip reads both, the later one over the earlier one (pip/_internal/configuration.py); the last is the one to write. */
export function pipUserFiles(machine: Machine): readonly [older: string, current: string] {
  const home = homeOf(machine);
  if (machine.platform === "win32")
    return [join(home, "pip", "pip.ini"), join(roaming(machine), "pip", "pip.ini")];
  return [join(home, ".pip", "pip.conf"), join(pipFolder(machine), "pip.conf")];
}

/** In the order in which pip reads them: the machine's, the user's, the virtual environment's, PIP_CONFIG_FILE's. */
export function pipFiles(machine: Machine): readonly string[] {
  const { env, etc } = machine;
  const named = env["PIP_CONFIG_FILE"];
  if (named === "/dev/null" || named === "nul") return [];
  const venv = env["VIRTUAL_ENV"];
  const system = [
    ...dirsOf(env["XDG_CONFIG_DIRS"], join(etc, "xdg")).map((folder) => join(folder, "pip", "pip.conf")),
    join(etc, "pip.conf"),
  ];
  return [
    ...(machine.platform === "win32" ? [] : system),
    ...(machine.home === undefined ? [] : pipUserFiles(machine)),
    ...(venv === undefined || !isAbsolute(venv)
      ? []
      : [join(venv, machine.platform === "win32" ? "pip.ini" : "pip.conf")]),
    ...(named === undefined || named === "" ? [] : [named]),
  ];
}

export function uvUserFile(machine: Machine): string {
  if (machine.platform === "win32") return join(roaming(machine), "uv", "uv.toml");
  return join(xdgConfig(machine), "uv", "uv.toml");
}

export function uvSystemFile({ etc }: Machine): string {
  return join(etc, "uv", "uv.toml");
}

/** uv's own store of passwords, which it looks into before it runs `keyring`. */
export function uvCredentials(machine: Machine): string {
  const data = machine.env["XDG_DATA_HOME"];
  const own = machine.env["UV_CREDENTIALS_DIR"];
  const folder = data !== undefined && isAbsolute(data) ? data : join(homeOf(machine), ".local", "share");
  return join(
    own !== undefined && isAbsolute(own) ? own : join(folder, "uv", "credentials"),
    "credentials.toml",
  );
}

/** The folder of poetry's config.toml and auth.toml. */
export function poetryFolder(machine: Machine): string {
  const own = machine.env["POETRY_CONFIG_DIR"];
  if (own !== undefined && isAbsolute(own)) return own;
  if (machine.platform === "darwin")
    return join(homeOf(machine), "Library", "Application Support", "pypoetry");
  return join(machine.platform === "win32" ? roaming(machine) : xdgConfig(machine), "pypoetry");
}

export function pypircFile(machine: Machine): string {
  return join(homeOf(machine), ".pypirc");
}

export function npmrcFile(machine: Machine): string {
  const named = machine.env["NPM_CONFIG_USERCONFIG"] ?? machine.env["npm_config_userconfig"];
  return named !== undefined && isAbsolute(named) ? named : join(homeOf(machine), ".npmrc");
}

/** Those that pip (requests) and uv look at. */
export function netrcFiles(machine: Machine): readonly string[] {
  const named = machine.env["NETRC"];
  if (named !== undefined && named !== "") return [named];
  return machine.home === undefined ? [] : [join(machine.home, ".netrc"), join(machine.home, "_netrc")];
}

/** keyring's own settings (keyring/util/platform_.py). */
export function keyringrcFile(machine: Machine): string {
  const local = machine.env["LOCALAPPDATA"];
  if (machine.platform === "win32" && local !== undefined)
    return join(local, "Python Keyring", "keyringrc.cfg");
  return join(xdgConfig(machine), "python_keyring", "keyringrc.cfg");
}

function pipFolder(machine: Machine): string {
  const mac = join(homeOf(machine), "Library", "Application Support", "pip");
  if (machine.platform === "darwin" && machine.look(mac)?.kind === "folder") return mac;
  return machine.platform === "darwin"
    ? join(homeOf(machine), ".config", "pip")
    : join(xdgConfig(machine), "pip");
}

function xdgConfig(machine: Machine): string {
  const named = machine.env["XDG_CONFIG_HOME"];
  return named !== undefined && isAbsolute(named) ? named : join(homeOf(machine), ".config");
}

function roaming(machine: Machine): string {
  return machine.env["APPDATA"] ?? join(homeOf(machine), "AppData", "Roaming");
}

function dirsOf(list: string | undefined, otherwise: string): readonly string[] {
  const found = (list ?? "").split(":").filter((folder) => isAbsolute(folder));
  return found.length === 0 ? [otherwise] : found;
}
