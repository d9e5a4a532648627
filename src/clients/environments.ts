// The Python environments that a user's tools live in, and which packages are installed there, read from the names of their
// metadata folders. It starts no Python, so an environment that lies anywhere else is not found.
import { basename, dirname, isAbsolute, join } from "node:path";
import { onPath, type Machine } from "../io/machine.ts";

export interface PythonEnvironment {
  readonly root: string;
  /** uv and pipx give each tool an environment of its own; `tool` is its name there. */
  readonly kind: "uv-tool" | "pipx" | "other";
  readonly tool: string | undefined;
  /** Normalised name (PEP 503) → version. */
  readonly packages: ReadonlyMap<string, string>;
}

const PROGRAMS = [
  "python3",
  "python",
  "pip",
  "keyring",
  "poetry",
  "twine",
  "hatch",
  "pdm",
  "pipx",
  "tox",
  "keywright",
];

export function pythonEnvironments(machine: Machine): readonly PythonEnvironment[] {
  const found = new Map<string, PythonEnvironment>();
  const add = (root: string, kind: PythonEnvironment["kind"] = "other"): void => {
    const real = machine.look(root)?.real;
    if (real === undefined || found.has(real)) return;
    const packages = packagesIn(machine, root);
    if (packages.size > 0)
      found.set(real, { root: real, kind, tool: kind === "other" ? undefined : basename(real), packages });
  };
  for (const root of childrenOf(machine, uvTools(machine))) add(root, "uv-tool");
  for (const root of pipxHomes(machine).flatMap((folder) => childrenOf(machine, folder))) add(root, "pipx");
  const active = machine.env["VIRTUAL_ENV"];
  if (active !== undefined && isAbsolute(active)) add(active);
  for (const file of PROGRAMS.flatMap((name) => onPath(machine, name))) {
    add(dirname(dirname(file)));
    add(dirname(dirname(machine.look(file)?.real ?? file)));
  }
  if (machine.home !== undefined) add(join(machine.home, ".local"));
  for (const root of projectEnvironments(machine)) add(root);
  return [...found.values()];
}

/** Where uv, tox and people put the environments of the project in the working directory. */
export function projectEnvironments(machine: Machine): readonly string[] {
  const { cwd } = machine;
  return [join(cwd, ".venv"), join(cwd, "venv"), ...childrenOf(machine, join(cwd, ".tox"))];
}

/** The one that a program belongs to; undefined: none of these. */
export function environmentOf(
  program: string,
  machine: Machine,
  all: readonly PythonEnvironment[],
): PythonEnvironment | undefined {
  // A link in ~/.local/bin leads to the environment; a script that is no link lies in it.
  const places = [machine.look(program)?.real ?? program, program];
  const roots = places.map((file) => machine.look(dirname(dirname(file)))?.real);
  return roots.map((wanted) => all.find(({ root }) => root === wanted)).find((found) => found !== undefined);
}

/** What to type to take a package out of an environment, or to put one in. */
export function packageCommand(
  what: "install" | "uninstall",
  name: string,
  { root, kind, tool }: PythonEnvironment,
): string {
  if (kind === "pipx") return `pipx ${what === "install" ? "inject" : "uninject"} ${tool} ${name}`;
  if (kind === "uv-tool") {
    if (what === "install") return `uv tool install ${tool} --with ${name}`;
    return tool === "keyring" ? "uv tool uninstall keyring" : `uv tool install --reinstall ${tool}`;
  }
  return `${join(root, "bin", "python")} -m pip ${what}${what === "install" ? "" : " -y"} ${name}`;
}

function packagesIn(machine: Machine, root: string): ReadonlyMap<string, string> {
  const libraries = machine.list(join(root, "lib")).filter((name) => name.startsWith("python3"));
  const folders = [
    ...libraries.flatMap((name) =>
      ["site-packages", "dist-packages"].map((inner) => join(root, "lib", name, inner)),
    ),
    join(root, "Lib", "site-packages"),
  ];
  const names = folders.flatMap((folder) => machine.list(folder));
  return new Map(
    names.flatMap((name) => {
      const [, found, version] = /^(.+)-([^-]+)\.(?:dist|egg)-info$/.exec(name) ?? [];
      return found === undefined || version === undefined
        ? []
        : [[found.toLowerCase().replace(/[-_.]+/g, "-"), version] as const];
    }),
  );
}

function childrenOf(machine: Machine, folder: string | undefined): readonly string[] {
  return folder === undefined ? [] : machine.list(folder).map((name) => join(folder, name));
}

function uvTools({ env, home }: Machine): string | undefined {
  const data = env["XDG_DATA_HOME"] ?? (home === undefined ? undefined : join(home, ".local", "share"));
  return env["UV_TOOL_DIR"] ?? (data === undefined ? undefined : join(data, "uv", "tools"));
}

function pipxHomes({ env, home }: Machine): readonly string[] {
  const named = env["PIPX_HOME"];
  const usual =
    home === undefined ? [] : [join(home, ".local", "share", "pipx"), join(home, ".local", "pipx")];
  return (named === undefined ? usual : [named]).map((folder) => join(folder, "venvs"));
}
