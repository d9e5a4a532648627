// Keycloak, in Chromium: as the provider of a broker's people, for a real `keywright auth login`; and as the host itself
// that our client logs in at. One Keycloak for all of them.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { startKeycloak, type Keycloak } from "../../scripts/keycloak.ts";
import { newBrowser, newTab } from "./browser.ts";
import { loginProcess } from "./peers/login-process.ts";
import { homeFor, importRealm, keycloakPlace, REALM, signInAtKeycloak } from "./peers/keycloak-place.ts";
import { temporaryFolder } from "../broker/broker.ts";

const bin = join(import.meta.dirname, "..", "..", "bin");
/** Each name of a domain has a lease of its own, so each is a question to the broker. */
const addressOf = (domain: string): string =>
  `https://${domain}-123456789012.d.codeartifact.eu-west-1.amazonaws.com/pypi/repo/simple/`;
const DEVICE_PAGE = /http:\/\/\S+user_code=\S+/;

let keycloak: Keycloak;
before(async () => {
  keycloak = await startKeycloak((text) => console.log(text));
  await importRealm(keycloak);
});
after(() => keycloak?.stop());

interface Ran {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

function ran(program: string, argv: readonly string[], env: Readonly<Record<string, string>>): Promise<Ran> {
  return new Promise((resolve) => {
    execFile(join(bin, program), argv, { env, timeout: 60_000 }, (error, out, err) =>
      resolve({ status: error === null ? 0 : Number(error.code ?? -1), out, err }),
    );
  });
}

async function setEnabled(name: string, enabled: boolean): Promise<void> {
  const [user] = (await keycloak.admin("GET", `/${REALM}/users?username=${name}&exact=true`)) as {
    readonly id: string;
  }[];
  await keycloak.admin("PUT", `/${REALM}/users/${user?.id}`, { enabled });
}

test("a person of Keycloak approves keywright auth login; refreshed; disabled there, no token any more", async (t) => {
  const { broker, advance, folder } = await keycloakPlace(t, keycloak);
  const env = homeFor(folder, "alice");
  const argv = ["auth", "login", "--host", broker.url, "--device", "--no-browser"];
  const login = loginProcess(t, join(bin, "keywright"), argv, env, DEVICE_PAGE);
  const { page } = await newTab(await newBrowser(t));
  const { page: address, code } = await login.shown;
  await page.goto(address);
  await signInAtKeycloak(page, "alice");
  await page.getByRole("heading", { name: "Let this program act for you?" }).waitFor();
  assert.ok((await page.locator(".code").innerText()).includes(code ?? "none"));
  await page.getByRole("button", { name: "Approve" }).click();
  await page.getByRole("heading", { name: "Approved" }).waitFor();
  const { status, err } = await login.ended;
  assert.equal(status, 0, err);
  assert.match(err, /Logged in to http.* as alice \(profile default\)/);
  assert.match(err, /bound to this machine/);

  const first = await ran("keyring", ["get", addressOf("one"), "aws"], env);
  assert.equal(first.status, 0, first.err);
  assert.match(first.out, /\S{20,}/);

  // Past the end of the access token and of what was known of the person: the refresh asks Keycloak.
  advance(1200);
  const refreshed = await ran("keyring", ["get", addressOf("two"), "aws"], env);
  assert.equal(refreshed.status, 0, refreshed.err);
  assert.notEqual(refreshed.out, first.out);

  await setEnabled("alice", false);
  t.after(() => setEnabled("alice", true));
  advance(1200);
  const none = await ran("keyring", ["get", addressOf("three"), "aws"], env);
  assert.notEqual(none.status, 0, none.out);
  assert.equal(none.out, "");
  const again = await ran("keywright", ["auth", "token"], env);
  assert.notEqual(again.status, 0);
  assert.equal(again.out, "");
});

test("who has no role that a rule names does not come in, and is told so", async (t) => {
  const { broker, folder } = await keycloakPlace(t, keycloak);
  const argv = ["auth", "login", "--host", broker.url, "--device", "--no-browser"];
  const login = loginProcess(t, join(bin, "keywright"), argv, homeFor(folder, "bob"), DEVICE_PAGE);
  const { page } = await newTab(await newBrowser(t));
  await page.goto((await login.shown).page);
  await signInAtKeycloak(page, "bob");
  await page.getByRole("heading", { level: 1 }).waitFor();
  assert.equal(new URL(page.url()).origin, new URL(broker.url).origin);
  assert.equal(await page.getByRole("button", { name: "Approve" }).count(), 0);
  assert.match(await page.locator("main").innerText(), /not|no /i);
});

test("RFC 8628 at Keycloak itself: our client's device flow, bound to our key", async (t) => {
  const host = `${keycloak.url}/realms/${REALM}`;
  const argv = ["auth", "login", "--host", host, "--device", "--no-browser"];
  const env = homeFor(temporaryFolder(t), "alice");
  const login = loginProcess(t, join(bin, "keywright"), argv, env, DEVICE_PAGE);
  const { page } = await newTab(await newBrowser(t));
  await page.goto((await login.shown).page);
  await signInAtKeycloak(page, "alice");
  await page.getByText("Device Login Successful").waitFor();
  const { status, err } = await login.ended;
  assert.equal(status, 0, err);
  assert.match(err, /Logged in to http.*realms\/people/);
  assert.match(err, /bound to this machine/);
  assert.equal((await ran("keywright", ["auth", "token"], env)).status, 0);
});

test("RFC 8252 at Keycloak itself: our client's browser flow on loopback", async (t) => {
  const host = `${keycloak.url}/realms/${REALM}`;
  const env = { ...homeFor(temporaryFolder(t), "alice"), BROWSER: "/bin/true" };
  const argv = ["auth", "login", "--host", host, "--browser"];
  const login = loginProcess(t, join(bin, "keywright"), argv, env, /http:\/\/\S+response_type=\S+/);
  const { page } = await newTab(await newBrowser(t));
  await page.goto((await login.shown).page);
  await signInAtKeycloak(page, "alice");
  await page.waitForURL(/^http:\/\/127\.0\.0\.1:\d+\//);
  const { status, err } = await login.ended;
  assert.equal(status, 0, err);
  assert.match(err, /Logged in to http.*realms\/people/);
});
