// The login of menda-cli 0.5.0, of our `menda` and of `keywright auth login --share-with-menda` at a real broker, whose person
// confirms what the browser was shown; afterwards menda-keyring 0.0.2 and our keyring get a registry token with each.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test, type TestContext } from "node:test";
import { toolPath } from "../../scripts/tools.ts";
import { mendaHome, type MendaHome } from "../account/home.ts";
import { loginHouse, say } from "../broker/login-house.ts";

const BIN = join(import.meta.dirname, "..", "..", "bin");
const python = process.env["KEYWRIGHT_TEST_MENDA_PYTHON"] ?? toolPath("menda", "python");
/** One that menda-keyring takes for its own; nothing is ever sent there. */
const ADDRESS = "https://acme-123456789012.d.codeartifact.eu-west-1.amazonaws.com/pypi/python/simple/";

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

function run(home: MendaHome, [program = "", ...argv]: readonly string[]): Promise<Ran> {
  const browser = join(home.path, "browser");
  const page = join(home.path, "page");
  writeFileSync(browser, `#!/bin/sh\nprintf '%s' "$1" > '${page}.new'; mv '${page}.new' '${page}'\n`);
  chmodSync(browser, 0o755);
  const env = {
    PATH: process.env["PATH"],
    HOME: home.path,
    LANG: "C.UTF-8",
    COLUMNS: "1000",
    BROWSER: browser,
  };
  return new Promise((resolve) => {
    execFile(program, argv, { env, cwd: home.path, timeout: 60_000 }, (error, out, err) =>
      resolve({ code: error === null ? 0 : Number(error.code ?? -1), out, err }),
    );
  });
}

/** The code on the page that the browser was shown, once it was. */
async function shownCode(home: MendaHome): Promise<string> {
  const page = join(home.path, "page");
  for (let tries = 0; tries < 400; tries += 1) {
    if (existsSync(page)) return new URL(readFileSync(page, "utf8")).searchParams.get("user_code") ?? "";
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error("no browser was opened");
}

const LOGINS: readonly (readonly [string, (host: string) => readonly string[]])[] = [
  ["menda-cli 0.5.0", () => [join(dirname(python), "menda"), "auth", "login"]],
  ["our menda", () => [join(BIN, "menda"), "auth", "login"]],
  [
    "keywright auth login --share-with-menda",
    () => [join(BIN, "keywright"), "auth", "login", "--share-with-menda"],
  ],
];

async function tokens(home: MendaHome): Promise<readonly string[]> {
  const theirs = await run(home, [
    python,
    "-c",
    "from menda.keyring.auth import resolve_and_get_registry_token as get; print(get())",
  ]);
  const ours = await run(home, [join(BIN, "keyring"), "get", ADDRESS, "aws"]);
  assert.deepEqual([theirs.code, ours.code], [0, 0], `${theirs.err}${ours.err}`);
  return [theirs.out.trim(), ours.out.trim()];
}

async function loggedIn(
  t: TestContext,
  argv: (host: string) => readonly string[],
): Promise<readonly [Ran, MendaHome]> {
  const house = await loginHouse(t);
  const { url } = house.broker;
  const home = mendaHome(t, { mendacfg: `[default]\nhost = ${url}\nauth_type = u2m\n` });
  const running = run(home, argv(url));
  assert.ok(await say(house, await shownCode(home), true));
  return [await running, home];
}

for (const [name, argv] of LOGINS) {
  test(`at a broker of ours: ${name}, then both keyrings`, async (t) => {
    const [ran, home] = await loggedIn(t, argv);
    assert.equal(ran.code, 0, ran.err);
    for (const token of await tokens(home)) assert.match(token, /^kw_[A-Za-z0-9_-]+$/);
  });
}
