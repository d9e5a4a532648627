// Python's clients as their documentation says that they are to be set up for a private index, one function each: it
// writes the configuration of docs/clients into the user's home and runs the program. It judges nothing.
import { globSync } from "node:fs";
import { dirname, join } from "node:path";
import { toolPath } from "../../scripts/tools.ts";
import type { User } from "./installers.ts";
import { project } from "./packages.ts";
import { plant, run, type Ran } from "./programs.ts";
import { indexUrl, UPLOAD_URL } from "./registry.ts";

/** Installs the package `alpha`, or publishes what lies in `dist`. */
export type Client = (user: User) => Promise<Ran>;

const WITH_NAME = indexUrl("aws");
const WITHOUT_NAME = indexUrl();
const UV = toolPath("installers", "uv");

export const PIP: Readonly<Record<string, Client>> = {
  "the newest pip": pip("installers", WITHOUT_NAME),
  "the newest pip, with a user name": pip("installers", WITH_NAME),
  "pip 25.0, with a user name": pip("pip-25", WITH_NAME),
};

function pip(environment: "installers" | "pip-25", url: string): Client {
  return (user) => {
    plant(user.home, { "pip.conf": `[global]\nindex-url = ${url}\nkeyring-provider = subprocess\n` });
    const env = { ...user.env, PIP_CONFIG_FILE: join(user.home, "pip.conf") };
    const argv = ["install", "--target", join(user.home, "site"), "alpha"];
    return run(toolPath(environment, "pip"), argv, { env, cwd: user.home });
  };
}

/** pip, and what builds a project with the private build backend in an environment of its own. */
export const BUILDS: Readonly<Record<string, Client>> = {
  "the newest pip, building": (user) =>
    building(user, toolPath("installers", "pip"), ["wheel", "--no-deps", "--wheel-dir", "out", "."]),
  "build 1.6.1 with pip": (user) =>
    building(user, toolPath("build", "pyproject-build"), ["--wheel", "--outdir", "out"]),
  "build 1.6.1 with uv": (user) =>
    building(user, toolPath("build", "pyproject-build"), ["--wheel", "--outdir", "out", "--installer", "uv"]),
  "the newest uv, building": (user) => building(user, UV, ["build", "--wheel", "--out-dir", "out"]),
};

function building(user: User, program: string, argv: readonly string[]): Promise<Ran> {
  plant(user.home, { "project/pyproject.toml": project("own-project") });
  const path = `${toolPath("build", "uv").slice(0, -"/uv".length)}:${user.env["PATH"]}`;
  const env = { ...user.env, PATH: path, PIP_INDEX_URL: WITH_NAME, UV_DEFAULT_INDEX: WITH_NAME };
  return run(program, argv, { env, cwd: join(user.home, "project") });
}

export const UV_CLIENTS: Readonly<Record<string, Client>> = {
  "the newest uv, with a user name": uv(`url = "${WITH_NAME}"`),
  'the newest uv, authenticate = "always"': uv(`url = "${WITHOUT_NAME}"\nauthenticate = "always"`),
};

function uv(index: string): Client {
  return (user) => {
    const pyproject = `[project]
name = "own-project"
version = "1.0"
requires-python = ">=3.11"
dependencies = ["alpha"]

[[tool.uv.index]]
name = "private"
default = true
${index}
`;
    plant(user.home, { "project/pyproject.toml": pyproject });
    const argv = ["sync", "--python", toolPath("installers", "python")];
    return run(UV, argv, { env: user.env, cwd: join(user.home, "project") });
  };
}

export const PDM: Client = (user) => {
  const source = `\n[[tool.pdm.source]]\nname = "pypi"\nurl = "${WITHOUT_NAME}"\nverify_ssl = true\n`;
  const pyproject = `${project("own-project", ["alpha"])}\n[tool.pdm]\ndistribution = false\n${source}`;
  plant(user.home, { "project/pyproject.toml": pyproject });
  return pdm(user, ["install", "--no-self", "-v"]);
};

export const PDM_PUBLISH: Client = (user) => {
  plant(user.home, { "project/pyproject.toml": project("own-project") });
  const words = ["publish", "--no-build", "--dest", join(user.home, "dist"), "--repository", UPLOAD_URL];
  return pdm(user, [...words, "--username", "aws"]);
};

function pdm(user: User, argv: readonly string[]): Promise<Ran> {
  const env = { ...user.env, PDM_CHECK_UPDATE: "0", PDM_USE_VENV: "1", PDM_VENV_BACKEND: "venv" };
  return run(toolPath("pdm", "pdm"), argv, { env, cwd: join(user.home, "project") });
}

export const UV_PUBLISH: Client = (user) => {
  const argv = ["publish", "--publish-url", UPLOAD_URL, "--username", "aws", "dist/*"];
  return run(UV, argv, { env: user.env, cwd: user.home });
};

export const PIPX: Readonly<Record<string, Client>> = {
  "pipx 1.18.4 with pip": pipx("pip"),
  "pipx 1.18.4 with uv": pipx("uv"),
};

function pipx(backend: "pip" | "uv"): Client {
  return (user) => {
    const argv = ["install", "--backend", backend, "--index-url", WITH_NAME, "alpha"];
    const path = `${toolPath("pipx", "uv").slice(0, -"/uv".length)}:${user.env["PATH"]}`;
    // The pip of some Pythons (23.0 of Debian 12) is too old to ask keyring for a newer one.
    const env = {
      ...user.env,
      PATH: path,
      PIPX_SHARED_LIBS: dirname(toolPath("pipx-shared", "")),
    };
    return run(toolPath("pipx", "pipx"), argv, { env, cwd: user.home });
  };
}

export const TOX: Readonly<Record<string, Client>> = {
  "tox 4.67.15 with pip": tox("virtualenv", {
    PIP_INDEX_URL: WITHOUT_NAME,
    PIP_KEYRING_PROVIDER: "subprocess",
  }),
  "tox 4.67.15 with tox-uv": tox("uv-venv-runner", {
    UV_DEFAULT_INDEX: WITH_NAME,
    UV_KEYRING_PROVIDER: "subprocess",
  }),
};

/** For somebody who has an identity in variables, and passes that many of them on. */
export function toxPassing(names: string): Client {
  const variables = { PIP_INDEX_URL: WITHOUT_NAME, PIP_KEYRING_PROVIDER: "subprocess" };
  return tox("virtualenv", variables, `pass_env = ${names}\n`);
}

/** tox passes on neither MENDA_*, KEYWRIGHT_* nor UV_*; of a profile in the home it needs none of them. */
function tox(runner: string, variables: Readonly<Record<string, string>>, more = ""): Client {
  return (user) => {
    const set = Object.entries(variables).map(([name, value]) => `    ${name} = ${value}`);
    const ini = `[testenv]
runner = ${runner}
skip_install = true
deps = alpha
${more}set_env =
${set.join("\n")}
commands = python -c "import alpha; alpha.main()"
`;
    plant(user.home, { "project/tox.ini": ini });
    return run(toolPath("tox", "tox"), ["-e", "py"], { env: user.env, cwd: join(user.home, "project") });
  };
}

/** What pipx installs pip from, since it wants the newest in an environment of its own: a wheel that is at hand. */
export function pipWheel(): string {
  const [file] = globSync("../lib/python*/site-packages/virtualenv/seed/wheels/embed/pip-26.3-*.whl", {
    cwd: toolPath("tox", ""),
  });
  if (file === undefined) throw new Error("virtualenv has no wheel of pip 26.3");
  return join(toolPath("tox", ""), file);
}

export const PIPENV: Client = (user) => {
  const pipfile = `[[source]]\nname = "private"\nurl = "${WITHOUT_NAME}"\nverify_ssl = true\n\n[packages]\nalpha = "*"\n`;
  plant(user.home, { "project/Pipfile": pipfile });
  const env = {
    ...user.env,
    PIPENV_VENV_IN_PROJECT: "1",
    PIPENV_KEYRING_PROVIDER: "subprocess",
    PIPENV_YES: "1",
  };
  return run(toolPath("pipenv", "pipenv"), ["install"], { env, cwd: join(user.home, "project") });
};

export const HATCH: Readonly<Record<string, Client>> = {
  "hatch 1.18.2, environment by pip": hatch("pip"),
  "hatch 1.18.2, environment by uv": hatch("uv"),
};

function hatch(installer: "pip" | "uv"): Client {
  return (user) => {
    const config = `[envs.default]\nskip-install = true\ninstaller = "${installer}"\ndependencies = ["alpha"]\n`;
    plant(user.home, { "project/hatch.toml": config, "project/pyproject.toml": project("own-project") });
    const env = { ...user.env, PIP_INDEX_URL: WITHOUT_NAME, UV_DEFAULT_INDEX: WITH_NAME };
    return run(toolPath("hatch", "hatch"), ["run", "alpha"], { env, cwd: join(user.home, "project") });
  };
}
