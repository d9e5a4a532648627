// Every Python client that runs `keyring` as a program, as it is set up by docs/clients, against an index at a real host
// name: what it installs or uploads arrives, with one token a run, and nothing of the token stays in its files.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { before, test } from "node:test";
import { makeWheel } from "../../scripts/private-index.ts";
import { installTools } from "../../scripts/tools.ts";
import { foundBelow } from "./canaries.ts";
import {
  BUILDS,
  HATCH,
  PDM,
  PDM_PUBLISH,
  PIP,
  PIPENV,
  pipWheel,
  PIPX,
  TOX,
  toxPassing,
  UV_CLIENTS,
  UV_PUBLISH,
  type Client,
} from "./client-programs.ts";
import { executableAsKeyring, newUser, ownAudit, withProfile, type User } from "./installers.ts";
import { startPackages } from "./packages.ts";
import { HOST, startRegistry, type Registry } from "./registry.ts";

before(() =>
  installTools(
    ["installers", "pip-25", "pdm", "pipx", "pipx-shared", "tox", "build", "pipenv", "hatch"],
    console.log,
  ),
);

const PACKAGES = { alpha: ["beta"], beta: ["gamma"], gamma: [] };

const INSTALLING: Readonly<Record<string, Client>> = {
  ...PIP,
  ...UV_CLIENTS,
  ...PIPX,
  ...HATCH,
  "PDM 2.29.3": PDM,
  ...TOX,
  "pipenv 2026.10.3": PIPENV,
};

for (const [name, client] of Object.entries(INSTALLING)) {
  test(`${name}: installs with one token, and keeps nothing of it`, async (t) => {
    const start = startPackages({ packages: PACKAGES, wheels: [pipWheel()] });
    const registry = await startRegistry(t, { start });
    const user = keeping(withProfile(newUser(registry, registry.ci, executableAsKeyring(registry))));
    const ran = await client(user);
    assert.equal(ran.code, 0, `${ran.stdout}${ran.stderr}`);
    for (const file of ["alpha", "beta", "gamma"]) {
      assert.ok(got(registry, `${file}-1.0-py3-none-any.whl`), `${file} was never fetched`);
    }
    oneToken(registry, user, { onlyThere: !name.startsWith("pipenv") });
  });
}

for (const [name, client] of Object.entries(BUILDS)) {
  test(`${name}: the isolated build asks too, and still it is one token`, async (t) => {
    const registry = await startRegistry(t, { start: startPackages({ packages: {} }) });
    const user = keeping(newUser(registry, registry.ci, executableAsKeyring(registry)));
    const ran = await client(user);
    assert.equal(ran.code, 0, `${ran.stdout}${ran.stderr}`);
    assert.ok(got(registry, "small_backend-1.0-py3-none-any.whl"), "the build backend was never fetched");
    assert.deepEqual(
      readdirSync(join(user.home, "project", "out")).filter((file) => file.endsWith(".whl")),
      ["own_project-1.0-py3-none-any.whl"],
    );
    oneToken(registry, user);
  });
}

for (const [name, client] of Object.entries({ "the newest uv": UV_PUBLISH, "PDM 2.29.3": PDM_PUBLISH })) {
  test(`${name}: publishes with one token, and keeps nothing of it`, async (t) => {
    const registry = await startRegistry(t, { start: startPackages({ packages: {} }) });
    const user = keeping(newUser(registry, registry.ci, executableAsKeyring(registry)));
    makeWheel(registry.folder(join("home-ci", "dist")));
    const ran = await client(user);
    assert.equal(ran.code, 0, `${ran.stdout}${ran.stderr}`);
    assert.deepEqual(
      registry.index.served.filter((line) => line.startsWith("POST") && line.endsWith(" 200")),
      ["POST /pypi/repo/ 200"],
    );
    oneToken(registry, user);
  });
}

test("tox: an identity in variables must be passed on, one in the home need not", async (t) => {
  const registry = await startRegistry(t, { start: startPackages({ packages: PACKAGES }) });
  const user = keeping(newUser(registry, registry.ci, executableAsKeyring(registry)));
  assert.notEqual((await toxPassing("NOTHING")(user)).code, 0);
  assert.equal(registry.index.distinctTokens(), 0);
  const ran = await toxPassing("MENDA_*")(user);
  assert.equal(ran.code, 0, `${ran.stdout}${ran.stderr}`);
  oneToken(registry, user);
});

/** The same user, whose installers keep their caches: they are searched, too. */
function keeping({ home, env: { PIP_NO_CACHE_DIR: _pip, UV_NO_CACHE: _uv, ...env } }: User): User {
  return { home, env };
}

function got({ index }: Registry, file: string): boolean {
  return index.served.some((line) => line.startsWith("GET") && line.endsWith(`/${file} 200`));
}

/**
 * The broker issued one token, the index saw that one only, nothing else was asked for, and none of it stayed behind.
 * (pipenv also looks for the names of private packages at the public index, whatever the Pipfile says.)
 */
function oneToken(registry: Registry, user: User, { onlyThere = true } = {}): void {
  assert.equal(registry.audited().filter(({ kind }) => kind === "issued").length, 1);
  assert.equal(registry.index.distinctTokens(), 1);
  const targets = new Set(registry.proxy.asked.map(({ target }) => target));
  assert.ok(targets.delete(`${HOST}:443`));
  if (onlyThere) assert.deepEqual([...targets], []);
  const decided = ownAudit(user)?.filter(({ kind }) => kind === "decision") ?? [];
  assert.deepEqual([...new Set(decided.map(({ outcome }) => outcome))], ["granted"]);
  const leases = join(".cache", "keywright", "leases");
  const tokens = readdirSync(join(user.home, leases)).map((name) => ({
    name: "the token",
    value: (JSON.parse(readFileSync(join(user.home, leases, name), "utf8")) as { token: string }).token,
  }));
  assert.equal(tokens.length, 1);
  assert.deepEqual(
    foundBelow(user.home, tokens, (file) => (file.startsWith(leases) ? tokens : [])),
    [],
  );
  assert.deepEqual(foundBelow(user.env["TMPDIR"] ?? "", tokens), []);
}
