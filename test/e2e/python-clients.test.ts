// Clients that import keyring, as real programs at the registry's real name: with the two wheels beside them they get one
// token, through the policy and the audit, and with nothing configured but the identity.
import assert from "node:assert/strict";
import { join } from "node:path";
import { before, test } from "node:test";
import { makeWheel, PACKAGE } from "../../scripts/private-index.ts";
import { installTools } from "../../scripts/tools.ts";
import { imported, newUser, ownAudit, type User } from "./installers.ts";
import { plant, run, type Ran } from "./programs.ts";
import { buildWheels, redirect, sitePackages, withShim } from "./python-wheels.ts";
import { HOST, indexUrl, startRegistry, UPLOAD_URL, type Registry } from "./registry.ts";

let dist = "";
before(() => {
  installTools(["installers", "poetry", "twine", "hatch", "shim-tools"], console.log);
  dist = buildWheels();
});

const WHEEL = "keywright_demo_package-1.0-py3-none-any.whl";

const PACKAGED = `[project]
name = "some-package"
version = "1.0"
requires-python = ">=3.11"
[build-system]
requires = ["poetry-core"]
build-backend = "poetry.core.masonry.api"
`;

const PYPIRC = `[distutils]
index-servers = private
[private]
repository = ${UPLOAD_URL}
username = aws
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

for (const others of [[], ["shim-tools"]] as const) {
  const beside = others.length === 0 ? "alone" : "beside a backend that stores passwords in the open";
  test(`poetry locks and installs: one token, ${beside}`, async (t) => {
    const registry = await startRegistry(t);
    const user = newUser(registry, registry.ci);
    const bin = withShim(registry.folder("venv"), ["poetry", ...others], dist);
    succeeded(await poetry(user, bin("python"), "lock"));
    succeeded(await poetry(user, bin("python"), "install"));
    const site = sitePackages(join(user.home, "project", ".venv"));
    assert.equal(await imported(user, site), "installed with a short-lived token");
    oneMint(registry, user);
  });
}

test("poetry publishes: one token", async (t) => {
  const registry = await startRegistry(t);
  const user = newUser(registry, registry.ci);
  const python = withShim(registry.folder("venv"), ["poetry"], dist)("python");
  plant(user.home, { "package/pyproject.toml": PACKAGED, "package/some_package.py": "" });
  const env = { ...user.env, POETRY_REPOSITORIES_PRIVATE_URL: UPLOAD_URL };
  const words = ["-m", "poetry", "--no-interaction", "publish", "--build", "--repository", "private"];
  succeeded(await run(python, words, { env, cwd: join(user.home, "package") }));
  assert.ok(registry.index.served.includes("POST /pypi/repo/ 200"));
  oneMint(registry, user);
});

test("twine uploads: user name and password are one question, one token", async (t) => {
  const registry = await startRegistry(t);
  const user = newUser(registry, registry.ci);
  const bin = withShim(registry.folder("venv"), ["twine"], dist);
  succeeded(await upload(registry, user, bin("python"), ["-m", "twine", ...TWINE]));
  oneMint(registry, user);
  assert.equal(ownAudit(user)?.filter(({ kind }) => kind === "decision").length, 1);
  plant(user.home, { ".pypirc": PYPIRC });
  const named = ["-m", "twine", "upload", "--non-interactive", "--repository", "private"];
  succeeded(await upload(registry, user, bin("python"), named));
  oneMint(registry, user);
});

test("hatch publishes: one token", async (t) => {
  const registry = await startRegistry(t);
  const user = newUser(registry, registry.ci);
  const venv = registry.folder("venv");
  const bin = withShim(venv, ["hatch"], dist);
  redirect(venv, HOST, registry.index.port);
  plant(user.home, {
    "hatch.toml": `[publish.index.repos.private]\nurl = "${UPLOAD_URL}"\nuser = "aws"\nca-cert = "${registry.authority}"\n`,
  });
  const words = ["-m", "hatch", "--config", join(user.home, "hatch.toml"), "publish", "--no-prompt"];
  succeeded(await upload(registry, user, bin("python"), [...words, "--repo", "private"]));
  oneMint(registry, user);
});

test("pip asks through its import provider: one token, with a user name in the address and without", async (t) => {
  const registry = await startRegistry(t);
  const user = newUser(registry, registry.ci);
  const bin = withShim(registry.folder("venv"), ["installers", "shim-tools"], dist);
  for (const url of [indexUrl(), indexUrl("aws")]) {
    const target = join(user.home, url.includes("@") ? "with" : "without");
    const words = ["--keyring-provider", "import", "--index-url", url, "--target", target, PACKAGE];
    succeeded(
      await run(bin("python"), ["-m", "pip", "install", ...words], { env: user.env, cwd: user.home }),
    );
    assert.equal(await imported(user, target), "installed with a short-lived token");
  }
  oneMint(registry, user);
});

test("who has no grant is told why: by twine at once, by poetry with -vvv", async (t) => {
  const registry = await startRegistry(t);
  const user = newUser(registry, registry.intern);
  const twine = withShim(registry.folder("twine"), ["twine"], dist);
  const uploaded = await upload(registry, user, twine("python"), ["-m", "twine", ...TWINE]);
  const bin = withShim(registry.folder("poetry"), ["poetry"], dist);
  const locked = await poetry(user, bin("python"), "lock", "-vvv");
  for (const { code, stdout, stderr } of [uploaded, locked]) {
    assert.equal(code, 1);
    const said = (stdout + stderr).replace(/\s+/g, " ");
    assert.match(said, /MendaCloudAPIError.{0,300}This is not among the things that you may have/);
  }
  assert.equal(issued(registry), 0);
  assert.equal(registry.index.distinctTokens(), 0);
});

const TWINE = ["upload", "--non-interactive", "--disable-progress-bar", "--repository-url", UPLOAD_URL];

function poetry(user: User, python: string, ...words: readonly string[]): Promise<Ran> {
  plant(user.home, { "project/pyproject.toml": PROJECT });
  const places = { POETRY_VIRTUALENVS_IN_PROJECT: "1", POETRY_CACHE_DIR: join(user.home, "cache") };
  const argv = ["-m", "poetry", "--no-interaction", ...words];
  return run(python, argv, { env: { ...user.env, ...places }, cwd: join(user.home, "project") });
}

function upload(registry: Registry, user: User, program: string, words: readonly string[]): Promise<Ran> {
  const file = join(makeWheel(registry.folder("dist")), WHEEL);
  return run(program, [...words, file], { env: user.env, cwd: user.home });
}

function issued({ audited }: Registry): number {
  return audited().filter(({ kind }) => kind === "issued").length;
}

/** The broker issued one token, the index was shown that one only, and nobody else was asked for anything. */
function oneMint(registry: Registry, user: User): void {
  assert.equal(issued(registry), 1);
  assert.equal(registry.index.distinctTokens(), 1);
  for (const { target } of registry.proxy.asked) assert.equal(target, `${HOST}:443`);
  const decided = ownAudit(user)?.filter(({ kind }) => kind === "decision") ?? [];
  assert.deepEqual([...new Set(decided.map(({ outcome }) => outcome))], ["granted"]);
}

function succeeded({ code, stdout, stderr }: Ran): void {
  assert.equal(code, 0, `${stdout}${stderr}`);
}
