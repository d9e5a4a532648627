// node bench/shim.ts [RUNS]: what the Python package keywright-keyring costs a program that imports keyring: to find its
// backend, for each question, and for a whole `poetry lock` against the same with the token in the environment. Medians.
// Run it through `sh scripts/run.sh node bench/shim.ts` after `npm run build:exe`.
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { PACKAGE } from "../scripts/private-index.ts";
import { installTools, toolPath } from "../scripts/tools.ts";
import { openKeywright } from "../src/keywright.ts";
import { newUser, type User } from "../test/e2e/installers.ts";
import { plant, run } from "../test/e2e/programs.ts";
import {
  buildWheels,
  cleanEnvironment,
  installOffline,
  wheelhouse,
  withShim,
} from "../test/e2e/python-wheels.ts";
import { indexUrl, startRegistry } from "../test/e2e/registry.ts";

const ASKING = `
import json, statistics, subprocess, sys, time, keyring
url, times = sys.argv[1], int(sys.argv[2])
ring = keyring.get_keyring()
ring.get_password(url, "aws")
def both():
    found = ring.get_credential(url, None)
    assert ring.get_password(url, found.username) == found.password
def median(ask):
    took = []
    for _ in range(times):
        begun = time.perf_counter()
        ask()
        took.append((time.perf_counter() - begun) * 1000)
    return statistics.median(took)
print(json.dumps({
    "a name that is no address": median(lambda: ring.get_password("poetry-repository-main", "me")),
    "a foreign address": median(lambda: ring.get_password("https://foreign.example/simple/", "me")),
    "one of ours, leased": median(lambda: ring.get_password(url, "aws")),
    "one of ours, user name and then password (twine)": median(both),
    "to start a program that does nothing, from Python": median(lambda: subprocess.run(["/bin/true"], input=b"", stdout=subprocess.PIPE)),
}))
`;

const PROJECT = `[project]
name = "some-project"
version = "1.0"
requires-python = ">=3.11"
dependencies = ["${PACKAGE}"]

[tool.poetry]
package-mode = false

[[tool.poetry.source]]
name = "private"
url = "${indexUrl()}"
priority = "primary"
`;

/** What an installed backend looks like to keyring. */
const INSTANT = {
  "instant.py": `import os
from keyring import backend, credentials
class Keyring(backend.KeyringBackend):
    priority = 9.95
    def get_credential(self, service, username):
        return credentials.SimpleCredential("aws", os.environ["INSTANT"]) if "codeartifact" in service else None
    def get_password(self, service, username): return None
    def set_password(self, service, username, password): raise NotImplementedError
`,
  "instant-1.dist-info/METADATA": "Metadata-Version: 2.1\nName: instant\nVersion: 1\n",
  "instant-1.dist-info/entry_points.txt": "[keyring.backends]\ninstant = instant\n",
};

const runs = Number(process.argv[2] ?? 15);
installTools(["installers", "poetry", "shim-tools"], (text) => console.log(text));
const endings: (() => unknown)[] = [];
const registry = await startRegistry({
  after: (end: () => unknown) => void endings.unshift(end),
} as unknown as TestContext);
try {
  const user = newUser(registry, registry.ci);
  const dist = buildWheels();
  const [bare, shim] = [registry.folder("bare"), registry.folder("shim")];
  const without = cleanEnvironment(bare)("python");
  installOffline(bare, [wheelhouse()], ["keyring"]);
  const within = cleanEnvironment(shim)("python");
  installOffline(shim, [dist, wheelhouse()], ["keywright-keyring"]);
  console.log(`${cpus().length} × ${cpus()[0]?.model ?? "?"}; medians, milliseconds\n`);
  await questions(user, without, within);
  await childKeptRunning(user);
  await poetry(
    user,
    toolPath("poetry", "python"),
    withShim(registry.folder("poetry"), ["poetry"], dist)("python"),
  );
} finally {
  for (const end of endings) await end();
}

/** In one Python: what finding a backend takes (a new process each), and each kind of question (`runs` × 5 of each). */
async function questions({ env, home }: User, without: string, within: string): Promise<void> {
  const find =
    "import time; t = time.perf_counter(); import keyring; keyring.get_keyring(); print((time.perf_counter() - t) * 1000)";
  const found: Record<"without" | "with", number[]> = { without: [], with: [] };
  for (let turn = 0; turn < runs; turn += 1) {
    for (const [name, python] of [
      ["without", without],
      ["with", within],
    ] as const) {
      const { stdout, stderr } = await run(python, ["-c", find], { env, cwd: home });
      if (stderr !== "") throw new Error(stderr);
      found[name].push(Number(stdout));
    }
  }
  row("import keyring and find a backend, without the package", median(found.without));
  row("the same with it", median(found.with));
  const { stdout, stderr } = await run(within, ["-c", ASKING, indexUrl(), String(runs * 5)], {
    env,
    cwd: home,
  });
  if (stderr !== "") throw new Error(stderr);
  for (const [name, ms] of Object.entries(JSON.parse(stdout) as Record<string, number>)) row(name, ms);
}

/** The least that a child which stays would take for a question: the answer alone, without the pipe. On Node. */
async function childKeptRunning({ env, home }: User): Promise<void> {
  const keywright = await openKeywright({ env, home, parent: () => undefined });
  const took: number[] = [];
  for (let turn = 0; turn < runs * 5; turn += 1) {
    const begun = performance.now();
    await keywright.resolve({ kind: "registry", url: indexUrl(), action: "read" });
    took.push(performance.now() - begun);
  }
  row("the same answer in a process that is already running", median(took));
}

/** Whole commands, in turn; the cache of poetry is empty each time. */
async function poetry(user: User, without: string, within: string): Promise<void> {
  const project = registry.folder("project");
  writeFileSync(join(project, "pyproject.toml"), PROJECT);
  const token = await leased(user);
  const instant = registry.folder("instant");
  plant(instant, INSTANT);
  const environment = {
    POETRY_HTTP_BASIC_PRIVATE_USERNAME: "aws",
    POETRY_HTTP_BASIC_PRIVATE_PASSWORD: token,
  };
  const contenders = [
    ["token in the environment", without, environment],
    [
      "keyring, with a backend that has the token in memory",
      without,
      { PYTHONPATH: instant, INSTANT: token },
    ],
    ["keyring, with the package (leased)", within, {}],
  ] as const;
  const took = contenders.map((): number[] => []);
  for (let turn = -1; turn < runs; turn += 1) {
    for (const [at, [, python, more]] of contenders.entries()) {
      const cache = join(user.home, "poetry-cache");
      rmSync(cache, { recursive: true, force: true });
      rmSync(join(project, "poetry.lock"), { force: true });
      mkdirSync(cache, { recursive: true });
      const begun = performance.now();
      const env = { ...user.env, ...more, POETRY_CACHE_DIR: cache };
      const { code, stdout, stderr } = await run(python, ["-m", "poetry", "lock"], { env, cwd: project });
      if (code !== 0) throw new Error(stdout + stderr);
      if (turn >= 0) took[at]?.push(performance.now() - begun);
    }
  }
  for (const [at, [name]] of contenders.entries()) row(`poetry lock: ${name}`, median(took[at] ?? []));
}

async function leased({ env, home }: User): Promise<string> {
  const found = await (
    await openKeywright({ env, home })
  ).resolve({ kind: "registry", url: indexUrl(), action: "read" });
  if (found === undefined) throw new Error("no token");
  return found.reveal();
}

function row(name: string, ms: number): void {
  console.log(`| ${name.padEnd(68)} | ${ms.toFixed(ms < 1 ? 3 : 1).padStart(8)} |`);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}
