// Both wheels, the real ones, as users install them, without an index: by pip beside keyring, and by `uv tool install
// keyring --with keywright-keyring`. Then pip and uv ask through the real `keyring` program that came with it.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { before, test } from "node:test";
import { installTools, toolPath } from "../../scripts/tools.ts";
import { VERSION } from "../../src/version.ts";
import { CHECKOUT, imported, INSTALLERS, newUser } from "./installers.ts";
import { ROOT, run, temporary, type Ran } from "./programs.ts";
import { buildWheels, cleanEnvironment, installOffline, wheelhouse } from "./python-wheels.ts";
import { indexUrl, startRegistry } from "./registry.ts";

const OURS = "keywright_keyring.backend.KeywrightKeyring (priority: 9.95)\n";
const SILENT = { code: 1, stdout: "", stderr: "" };

let dist = "";
let tool = "";
before(async () => {
  installTools(["installers", "pip-25", "shim-tools"], console.log);
  dist = buildWheels("real");
  tool = await toolInstalled();
});

test("the wheel's version is ours", () => {
  const project = readFileSync(join(ROOT, "python", "keywright-keyring", "pyproject.toml"), "utf8");
  assert.match(project, new RegExp(`^version = "${VERSION}"$`, "m"));
  assert.match(project, new RegExp(`"keywright>=${VERSION}"`));
});

test("pip install keywright-keyring, offline, with nothing else on the PATH: keyring lists it, and works without it", async (t) => {
  const folder = temporary(t, "clean");
  const bin = cleanEnvironment(join(folder, "venv"));
  installOffline(join(folder, "venv"), [dist, wheelhouse()], ["keywright-keyring"]);
  const env = { HOME: folder, PATH: "/nonexistent" };
  const keyring = (...argv: readonly string[]): Promise<Ran> =>
    run(bin("keyring"), argv, { env, cwd: folder });
  assert.ok((await keyring("--list-backends")).stdout.includes(OURS));
  for (const service of ["https://foreign.example/simple/", "some-name", "1.2.3"]) {
    assert.deepEqual(answer(await keyring("get", service, "me")), SILENT, service);
  }
  const refused = await keyring(
    "get",
    "https://dom.d.codeartifact.eu-west-1.amazonaws.com.evil.example/",
    "aws",
  );
  assert.deepEqual([refused.code, refused.stdout], [1, ""]);
  assert.match(refused.stderr, /MendaKeyRingError: .*looks like an address/);

  const python = ["-m", "pip", "--python", bin("python"), "uninstall", "--quiet", "--yes", "keywright"];
  assert.equal((await run(toolPath("shim-tools", "python"), python, { env })).code, 0);
  const without = await keyring("--list-backends");
  assert.deepEqual([without.code, without.stdout.includes("keywright"), without.stderr], [0, false, ""]);
  const named = { env: { ...env, PYTHON_KEYRING_BACKEND: "keywright_keyring.KeywrightKeyring" } };
  const told = await run(bin("keyring"), ["get", "https://foreign.example/", "me"], named);
  assert.match(told.stderr, /Install the package keywright/);
});

test("uv tool install keyring --with keywright-keyring: pip and uv ask it, one token in all", async (t) => {
  const registry = await startRegistry(t);
  const { home, env } = newUser(registry, registry.ci, tool);
  const user = { home, env, cwd: home };
  const listed = await run("keyring", ["--list-backends"], user);
  assert.ok(listed.stdout.includes(OURS), listed.stdout + listed.stderr);
  for (const [name, install] of Object.entries(INSTALLERS)) {
    for (const url of name === "pip 25.0" ? [indexUrl("aws")] : [indexUrl("aws"), indexUrl()]) {
      const target = join(user.home, name, url.includes("@") ? "with" : "without");
      const { status, stdout, stderr } = await install(user, url, target);
      assert.equal(status, 0, `${name} ${url}: ${stdout}${stderr}`);
      assert.equal(await imported(user, target), "installed with a short-lived token");
    }
  }
  assert.equal(registry.index.distinctTokens(), 1);
  assert.equal(registry.audited().filter(({ kind }) => kind === "issued").length, 1);
});

test("our keyring before the real one with our backend, and behind it: every question comes to an end", async (t) => {
  const registry = await startRegistry(t);
  for (const order of [
    [CHECKOUT, tool],
    [tool, CHECKOUT],
  ]) {
    const { env, home } = newUser(registry, registry.ci);
    const user = { env: { ...env, PATH: [...order, "/usr/bin", "/bin"].join(delimiter) }, cwd: home };
    const keyring = join(order[0] ?? "", "keyring");
    assert.deepEqual(answer(await run(keyring, ["get", "https://foreign.example/", "me"], user)), SILENT);
    const ours = await run(keyring, ["get", indexUrl(), "aws"], user);
    assert.match(ours.stdout, /^kw_\S+\n$/);
    assert.deepEqual([ours.code, ours.stderr], [0, ""]);
  }
  assert.equal(registry.audited().filter(({ kind }) => kind === "issued").length, 1);
});

/** The folder of its programs. */
async function toolInstalled(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "keywright-tool-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  const [bin, tools, home] = ["bin", "tools", "home"].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  const places = { UV_TOOL_DIR: tools, UV_TOOL_BIN_DIR: bin, HOME: home };
  const env = { ...places, UV_NO_CACHE: "1", UV_PYTHON_DOWNLOADS: "never", PATH: "/usr/bin:/bin" };
  const links = [dist, wheelhouse()].flatMap((one) => ["--find-links", one]);
  const options = ["--offline", "--no-index", ...links, "--python", toolPath("shim-tools", "python")];
  const words = ["tool", "install", ...options, "keyring", "--with", "keywright-keyring"];
  const { code, stderr } = await run(toolPath("installers", "uv"), words, { env });
  assert.equal(code, 0, stderr);
  return bin;
}

function answer({ code, stdout, stderr }: Ran): Omit<Ran, "pid"> {
  return { code, stdout, stderr };
}
