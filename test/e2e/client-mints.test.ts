// How many tokens the Python clients cost where it is easy to take too many: two indexes in one domain, a stale netrc entry,
// many installs at once from cold, and a token that the index no longer takes in the middle of a run.
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, test, type TestContext } from "node:test";
import { installTools, toolPath } from "../../scripts/tools.ts";
import { basic, post } from "../broker/broker.ts";
import { executableAsKeyring, newUser, ownAudit, withProfile, type User } from "./installers.ts";
import { project, startPackages, type PackagesOptions } from "./packages.ts";
import { plant, run, type Ran } from "./programs.ts";
import { buildWheels, withShim } from "./python-wheels.ts";
import { HOST, indexUrl, startRegistry, TTL, type Registry } from "./registry.ts";

let wheels = "";
before(() => {
  installTools(["installers", "pip-25", "pdm", "poetry", "shim-tools"], console.log);
  wheels = buildWheels();
});

const PIP = toolPath("installers", "pip");
const UV = toolPath("installers", "uv");
const OTHER = indexUrl().replace("/repo/", "/other/");

interface Scene {
  readonly registry: Registry;
  readonly user: User;
  /** Runs a program in the user's home, with more in its environment. */
  start(program: string, argv: readonly string[], env?: Readonly<Record<string, string>>): Promise<Ran>;
}

async function scene(t: TestContext, options: PackagesOptions): Promise<Scene> {
  const registry = await startRegistry(t, { start: startPackages(options) });
  const user = withProfile(newUser(registry, registry.ci, executableAsKeyring(registry)));
  return {
    registry,
    user,
    start: (program, argv, env = {}) => run(program, argv, { env: { ...user.env, ...env }, cwd: user.home }),
  };
}

/** `package-1` to `package-n`, none of which needs another. */
function many(count: number): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`package-${index + 1}`, []]));
}

test("two indexes of one domain, asked by uv at the same time, are one token", async (t) => {
  const { registry, user, start } = await scene(t, { packages: many(2), more: ["other"] });
  const index = (name: string, url: string): string =>
    `[[tool.uv.index]]\nname = "${name}"\nurl = "${url}"\nauthenticate = "always"\nexplicit = true\n`;
  plant(user.home, {
    "pyproject.toml": `[project]
name = "own"
version = "1.0"
requires-python = ">=3.11"
dependencies = ["package-1", "package-2"]

[tool.uv.sources]
package-1 = { index = "one" }
package-2 = { index = "two" }

${index("one", indexUrl())}
${index("two", OTHER)}`,
  });
  succeeded(await start(UV, ["sync", "--python", toolPath("installers", "python")]));
  assert.equal(questions(user), 2);
  assert.equal(issued(registry), 1);
});

test("two indexes of one domain are one token for pip", async (t) => {
  const { registry, user, start } = await scene(t, { packages: many(2), more: ["other"] });
  const argv = ["install", "--target", "site", "package-1", "package-2"];
  const [one, two] = [indexUrl("aws"), OTHER.replace("//", "//aws@")];
  const older = toolPath("pip-25", "pip");
  succeeded(await start(PIP, argv, { PIP_INDEX_URL: one, PIP_EXTRA_INDEX_URL: two }));
  succeeded(await start(older, argv, { PIP_INDEX_URL: two, PIP_EXTRA_INDEX_URL: one }));
  // Each asks for the first that it turns to, and takes the answer for the whole host.
  assert.equal(questions(user), 2);
  assert.equal(issued(registry), 1);
});

test("a stale netrc entry makes pip ask for every file, and still it is one token", async (t) => {
  let user: User | undefined;
  const found = await scene(t, { packages: many(3), beforeFile: () => later(user, 5) });
  user = found.user;
  plant(user.home, { ".netrc": `machine ${HOST} login aws password what-was-once-good\n` });
  const argv = ["install", "--target", "site", "--index-url", indexUrl(), ...Object.keys(many(3))];
  succeeded(await found.start(PIP, argv));
  assert.ok(questions(user) >= 3, `${questions(user)} questions`);
  assert.equal(issued(found.registry), 1);
});

test("twenty installs at once from cold are one token", async (t) => {
  const { registry, user, start } = await scene(t, { packages: many(1) });
  const installs = Array.from({ length: 20 }, (_, n) => {
    const target = ["--target", join(user.home, `site-${n}`), "package-1"];
    const uv = ["pip", "install", "--python", toolPath("installers", "python"), ...target];
    return n % 2 === 0
      ? start(UV, uv, { UV_DEFAULT_INDEX: indexUrl("aws") })
      : start(PIP, ["install", "--index-url", indexUrl(), ...target]);
  });
  for (const ran of await Promise.all(installs)) succeeded(ran);
  assert.equal(questions(user), 20);
  assert.equal(issued(registry), 1);
  assert.equal(registry.index.distinctTokens(), 1);
});

/** What may befall a token in the middle of a run, so that the index takes it no more. */
const ENDS: Readonly<Record<string, (scene: Scene, token: string) => Promise<void>>> = {
  "is revoked": async ({ registry: { broker, ci } }, token) => {
    assert.equal((await post(broker, "/oauth2/revoke", { token }, basic(ci.id, ci.secret))).status, 200);
  },
  "expires, by the index's clock alone": async ({ registry }) => registry.advance(TTL + 1),
  expires: async ({ registry, user }) => {
    registry.advance(TTL + 1);
    later(user, TTL + 1);
  },
};

const LONG_RUNS: Readonly<Record<string, (scene: Scene) => Promise<Ran>>> = {
  pip: ({ start }) =>
    start(PIP, [
      "download",
      "--no-deps",
      "--dest",
      "wheels",
      "--index-url",
      indexUrl(),
      ...Object.keys(many(5)),
    ]),
  PDM: ({ user, start }) => {
    const source = `\n[[tool.pdm.source]]\nname = "pypi"\nurl = "${indexUrl()}"\n`;
    plant(user.home, { "pyproject.toml": `${project("own", Object.keys(many(5)))}${source}` });
    const env = { PDM_CHECK_UPDATE: "0", PDM_VENV_BACKEND: "venv", PDM_PARALLEL_INSTALL: "0" };
    return start(toolPath("pdm", "pdm"), ["install", "--no-self"], env);
  },
};

for (const [client, go] of Object.entries(LONG_RUNS)) {
  for (const [what, end] of Object.entries(ENDS)) {
    test(`${client} goes on with a fresh token when its own ${what} on the way: one more mint`, async (t) => {
      let ended = false;
      const beforeFile = async (count: number, token: string): Promise<void> => {
        if (count < 2 || ended) return;
        ended = true;
        later(found.user, 5);
        await end(found, token);
      };
      const found: Scene = await scene(t, { packages: many(5), beforeFile });
      succeeded(await go(found));
      assert.ok(ended);
      for (const name of Object.keys(many(5))) assert.ok(served(found.registry, name), `${name} never came`);
      assert.equal(found.registry.index.distinctTokens(), 2);
      assert.equal(issued(found.registry), 2);
    });
  }
}

/** Clients that ask once and never again, with three packages to fetch. */
const ONCE: Readonly<Record<string, (scene: Scene) => Promise<Ran>>> = {
  uv: ({ start }) => {
    const target = ["--python", toolPath("installers", "python"), "--target", "site"];
    const env = { UV_DEFAULT_INDEX: indexUrl("aws"), UV_CONCURRENT_DOWNLOADS: "1" };
    return start(UV, ["pip", "install", ...target, ...Object.keys(many(3))], env);
  },
  poetry: ({ registry, user }) => {
    const source = `\n[[tool.poetry.source]]\nname = "private"\nurl = "${indexUrl()}"\npriority = "primary"\n`;
    plant(user.home, { "project/pyproject.toml": project("own", Object.keys(many(3))) + source });
    const python = withShim(registry.folder("venv"), ["poetry"], wheels)("python");
    const argv = ["-m", "poetry", "--no-interaction", "lock"];
    return run(python, argv, { env: user.env, cwd: join(user.home, "project") });
  },
};

for (const [client, go] of Object.entries(ONCE)) {
  for (const [wanted, tokens] of [
    [0, 1],
    [300, 2],
  ] as const) {
    test(`${client}, which asks once, has a token that lives on for min_life (${wanted} s)`, async (t) => {
      let late = false;
      const beforeFile = (count: number): void => {
        if (count < 2 || late) return;
        late = true;
        found.registry.advance(Math.max(0, wanted - 10));
      };
      const found: Scene = await scene(t, { packages: many(3), beforeFile });
      const { registry, user, start } = found;
      plant(user.home, { ".config/keywright/config.yaml": config(wanted) });
      succeeded(await start("keyring", ["get", indexUrl(), "aws"]));
      // The lease has 200 seconds left.
      registry.advance(TTL - 200);
      later(user, TTL - 200);
      succeeded(await go(found));
      assert.ok(late, "it ended before the clock went on");
      assert.equal(issued(registry), tokens);
      assert.equal(registry.index.distinctTokens(), 1);
    });
  }
}

function config(minLife: number): string {
  return `stores: { menda: { backend: menda, min_life: ${minLife} } }
refs: { index: { store: menda, match: "${HOST}", username: aws, policy: registries } }
policies: { registries: { allowed_principals: [local_user] } }
`;
}

/** Makes what keyring remembers that much older, since no test waits for time. */
function later(user: User | undefined, seconds: number): void {
  for (const folder of ["asked", "leases"]) {
    const path = join(user?.home ?? "", ".cache", "keywright", folder);
    for (const name of existsSync(path) ? readdirSync(path) : []) {
      if (!name.endsWith(".json")) continue;
      const kept = JSON.parse(readFileSync(join(path, name), "utf8")) as Record<string, number>;
      const aged = Object.entries(kept).map(([key, value]) => [
        key,
        key.endsWith("_at") ? value - seconds : value,
      ]);
      writeFileSync(join(path, name), JSON.stringify(Object.fromEntries(aged)));
    }
  }
}

function questions(user: User): number {
  return ownAudit(user)?.filter(({ kind }) => kind === "decision").length ?? 0;
}

function issued({ audited }: Registry): number {
  return audited().filter(({ kind }) => kind === "issued").length;
}

function served({ index }: Registry, name: string): boolean {
  return index.served.some((line) => line.endsWith(`/${name.replaceAll("-", "_")}-1.0-py3-none-any.whl 200`));
}

function succeeded({ code, stdout, stderr }: Ran): void {
  assert.equal(code, 0, `${stdout}${stderr}`);
}
