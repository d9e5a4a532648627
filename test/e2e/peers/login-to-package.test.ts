// From a person's login to an installed package: menda-cli 0.5.0 and ours log in at our broker, approved in Chromium, the
// person known by an OIDC provider; then uv installs from the private index with menda-keyring 0.0.2, and with our keyring.
import assert from "node:assert/strict";
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { installTools, toolPath } from "../../../scripts/tools.ts";
import { newBrowser, newTab } from "../browser.ts";
import { CHECKOUT, imported, INSTALLERS, newUser, type User } from "../installers.ts";
import { indexUrl, startRegistry, type Registry } from "../registry.ts";
import { loginProcess } from "./login-process.ts";
import { oidcProvider } from "./oidc-provider.ts";

const DEVICE_PAGE = /http:\/\/\S+user_code=[A-Z-]+/;

interface House {
  readonly registry: Registry;
  readonly user: User;
}

/** A person without an account of a machine, whose `keyring` is the one of that folder. */
async function house(t: TestContext): Promise<House> {
  installTools(["installers", "menda"], (text) => t.diagnostic(text));
  const provider = await oidcProvider(t);
  const more = `users:
  provider:
    issuer: ${provider.url}
    client_id: broker
    private_network: true
    principals: [{ claim: preferred_username, has: alice, principal: ci }]
`;
  const registry = await startRegistry(t, { more });
  provider.add({
    client_id: "broker",
    redirect_uris: [`${registry.broker.url}/login/callback`],
    token_endpoint_auth_method: "none",
    grant_types: ["authorization_code", "refresh_token"],
    response_types: ["code"],
    application_type: "native",
  });
  const { home, env } = newUser(registry, registry.ci);
  const { MENDA_HOST: host, MENDA_CLIENT_ID: _id, MENDA_CLIENT_SECRET: _secret, ...rest } = env;
  mkdirSync(join(home, ".menda"), { mode: 0o700 });
  writeFileSync(join(home, ".menda", "mendacfg"), `[default]\nhost = ${host}\nauth_type = u2m\n`, {
    mode: 0o600,
  });
  // Python's requests would ask the proxy even for loopback.
  return { registry, user: { home, env: { ...rest, NO_PROXY: "localhost,127.0.0.1" } } };
}

/** The person sees the page in a browser that is signed in by the provider, compares the code, and clicks once. */
async function loggedIn(
  t: TestContext,
  { user }: House,
  program: string,
  argv: readonly string[],
): Promise<void> {
  const shown = join(user.home, "browser");
  writeFileSync(shown, `#!/bin/sh\necho "$@" >&2\n`);
  chmodSync(shown, 0o755);
  const env = { ...user.env, BROWSER: shown, COLUMNS: "1000" };
  const login = loginProcess(t, program, argv, env, DEVICE_PAGE);
  const { page: address, code } = await login.shown;
  const { page } = await newTab(await newBrowser(t));
  await page.goto(address);
  await page.getByRole("heading", { name: "Let this program act for you?" }).waitFor();
  assert.ok((await page.locator(".code").innerText()).includes(code ?? "none"));
  await page.getByRole("button", { name: "Approve" }).click();
  await page.getByRole("heading", { name: "Approved" }).waitFor();
  const { status, err } = await login.ended;
  assert.equal(status, 0, err);
}

/** A folder with menda-keyring's `keyring` and nothing else. */
function original(registry: Registry): string {
  const folder = registry.folder("original");
  symlinkSync(toolPath("menda", "keyring"), join(folder, "keyring"));
  return folder;
}

async function installs(user: User, keyring: string, target: string): Promise<void> {
  const env = { ...user.env, PATH: [keyring, "/usr/bin", "/bin"].join(":") };
  const installed = await INSTALLERS.uv({ ...user, env }, indexUrl("aws"), target);
  assert.equal(installed.status, 0, installed.stderr);
  assert.match((await imported(user, target)) ?? "nothing", /\S/);
}

const LOGINS: readonly (readonly [string, string, readonly string[]])[] = [
  ["menda auth login of menda-cli 0.5.0", toolPath("menda", "menda"), ["auth", "login"]],
  [
    "keywright auth login --share-with-menda",
    join(CHECKOUT, "keywright"),
    ["auth", "login", "--share-with-menda"],
  ],
];

for (const [name, program, argv] of LOGINS) {
  test(`${name}, approved in Chromium; uv installs with menda-keyring and with ours`, async (t) => {
    const here = await house(t);
    await loggedIn(t, here, program, argv);
    const { registry, user } = here;
    await installs(user, original(registry), registry.folder("with-theirs"));
    await installs(user, CHECKOUT, registry.folder("with-ours"));
  });
}

test("keywright auth login, bound to this machine, approved in Chromium; uv installs with our keyring", async (t) => {
  const here = await house(t);
  await loggedIn(t, here, join(CHECKOUT, "keywright"), ["auth", "login", "--device"]);
  await installs(here.user, CHECKOUT, here.registry.folder("with-ours"));
});
