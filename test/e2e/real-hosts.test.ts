// The main job with real clients at the registry's real name: pip and uv install with a token that the broker issued
// for them, and with nothing else. keywright has no configuration here: the built-in default answers.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { before, test } from "node:test";
import { installTools } from "../../scripts/tools.ts";
import { basic, post } from "../broker/broker.ts";
import {
  CHECKOUT,
  executableAsKeyring,
  imported,
  INSTALLERS,
  keyringGet,
  newUser,
  ownAudit,
  withoutKeyring,
  withProfile,
  type Ran,
  type User,
} from "./installers.ts";
import { HOST, indexUrl, startRegistry, TTL, type Entry, type Registry } from "./registry.ts";

const WITH_NAME = indexUrl("aws");
const WITHOUT_NAME = indexUrl();
const NAMES = Object.keys(INSTALLERS) as (keyof typeof INSTALLERS)[];

before(() => installTools(["installers", "pip-25"], console.log));

const rows = [
  { installer: "the newest pip", url: WITH_NAME, keyring: "the checkout" },
  { installer: "the newest pip", url: WITHOUT_NAME, keyring: "the checkout" },
  { installer: "pip 25.0", url: WITH_NAME, keyring: "the checkout" },
  { installer: "uv", url: WITH_NAME, keyring: "the checkout" },
  { installer: "uv", url: WITHOUT_NAME, keyring: "the checkout" },
  { installer: "the newest pip", url: WITH_NAME, keyring: "the executable" },
] as const;

for (const { installer, url, keyring } of rows) {
  const name = url === WITH_NAME ? "with a user name" : "without a user name";
  test(`${installer} installs ${name} in the address, through keyring of ${keyring}`, async (t) => {
    const registry = await startRegistry(t);
    const folder = keyring === "the checkout" ? CHECKOUT : executableAsKeyring(registry);
    const user = newUser(registry, registry.ci, folder);
    const target = join(user.home, "site");
    succeeded(await INSTALLERS[installer](user, url, target));
    assert.equal(await imported(user, target), "installed with a short-lived token");
    assert.match(statuses(registry).join(), /^200(,401)?$/);
    assert.equal(registry.index.distinctTokens(), 1);
    assert.equal(issued(registry).length, 1);
    assert.deepEqual(decisions(registry.audited()), ["granted"]);
    assert.deepEqual([...new Set(decisions(ownAudit(user)))], ["granted"]);
    askedForRealNameOnly(registry);
  });
}

test("pip 25.0 never asks keyring without a user name in the address", async (t) => {
  const registry = await startRegistry(t);
  const user = newUser(registry, registry.ci);
  failed(await INSTALLERS["pip 25.0"](user, WITHOUT_NAME, join(user.home, "site")));
  assert.deepEqual(statuses(registry), ["401"]);
  assert.equal(ownAudit(user), undefined);
  assert.deepEqual(decisions(registry.audited()), []);
  assert.equal(registry.index.distinctTokens(), 0);
  askedForRealNameOnly(registry);
});

test("pip, uv and keyring, one after the other, share one token of a profile", async (t) => {
  const registry = await startRegistry(t);
  const user = withProfile(newUser(registry, registry.ci));
  for (const name of NAMES) succeeded(await INSTALLERS[name](user, WITH_NAME, join(user.home, name)));
  const { stdout } = await keyringGet(user, WITH_NAME, "aws");
  assert.equal(registry.index.distinctTokens(), 1);
  assert.deepEqual(
    issued(registry).map(({ sha256 }) => sha256),
    [createHash("sha256").update(stdout.trimEnd()).digest("hex")],
  );
  assert.ok(decisions(ownAudit(user)).length > NAMES.length, "every question is in the audit of the user");
  askedForRealNameOnly(registry);
});

test("a token that the broker never issued installs nothing", async (t) => {
  const registry = await startRegistry(t);
  const user = withoutKeyring(newUser(registry, registry.ci));
  const token = await issuedToken(registry);
  const [first = ""] = token.slice(3);
  const wrong = `kw_${first === "A" ? "B" : "A"}${token.slice(4)}`;
  await nobodyInstalls(registry, user, indexUrl(`aws:${wrong}`));
});

test("a token that expired installs nothing", async (t) => {
  const registry = await startRegistry(t);
  const user = withoutKeyring(newUser(registry, registry.ci));
  const url = indexUrl(`aws:${await issuedToken(registry)}`);
  registry.advance(TTL - 60);
  succeeded(await INSTALLERS.uv(user, url, join(user.home, "site")));
  registry.advance(61);
  await nobodyInstalls(registry, user, url);
});

test("a token that was revoked installs nothing", async (t) => {
  const registry = await startRegistry(t);
  const { ci, broker } = registry;
  const user = withoutKeyring(newUser(registry, ci));
  const token = await issuedToken(registry);
  const url = indexUrl(`aws:${token}`);
  succeeded(await INSTALLERS.uv(user, url, join(user.home, "site")));
  assert.equal((await post(broker, "/oauth2/revoke", { token }, basic(ci.id, ci.secret))).status, 200);
  await nobodyInstalls(registry, user, url);
});

test("a principal without a grant installs nothing, and is told why where the installer lets it", async (t) => {
  const registry = await startRegistry(t);
  const user = newUser(registry, registry.intern);
  const runs = await nobodyInstalls(registry, user, WITH_NAME);
  assert.equal(registry.index.distinctTokens(), 0);
  assert.deepEqual(issued(registry), []);
  const denials = decisions(registry.audited());
  assert.ok(denials.length >= NAMES.length);
  assert.deepEqual([...new Set(denials)], ["denied"]);

  const asked = await keyringGet(user, WITH_NAME, "aws");
  assert.equal(asked.status, 1);
  assert.equal(asked.stdout, "");
  const why =
    /^keyring: .*This is not among the things that you may have.*403.*\n {2}.*ask whoever keeps the policy/m;
  assert.match(asked.stderr, why);
  // The newest pip keeps what keyring says to itself.
  for (const name of ["pip 25.0", "uv"] as const) assert.match(runs[name].stderr, why);
});

/** The token that `keyring` hands out to the principal with a grant. */
async function issuedToken(registry: Registry): Promise<string> {
  const ran = await keyringGet(newUser(registry, registry.ci), WITH_NAME, "aws");
  succeeded(ran);
  const token = ran.stdout.trimEnd();
  assert.match(token, /^kw_/);
  return token;
}

/** Every installer fails, and the index served none of them anything. */
async function nobodyInstalls(
  registry: Registry,
  user: User,
  url: string,
): Promise<Record<(typeof NAMES)[number], Ran>> {
  const runs: Partial<Record<(typeof NAMES)[number], Ran>> = {};
  for (const name of NAMES) {
    const earlier = registry.index.served.length;
    const target = join(user.home, `nothing-${name}`);
    runs[name] = failed(await INSTALLERS[name](user, url, target));
    assert.deepEqual(statuses(registry, earlier), ["401"], name);
    assert.equal(await imported(user, target), undefined);
  }
  askedForRealNameOnly(registry);
  return runs as Record<(typeof NAMES)[number], Ran>;
}

function askedForRealNameOnly({ proxy }: Registry): void {
  assert.deepEqual([...new Set(proxy.asked.map(({ target }) => target))], [`${HOST}:443`]);
}

/** What the index answered, from its n-th answer on, each once. */
function statuses({ index }: Registry, from = 0): readonly (string | undefined)[] {
  return [...new Set(index.served.slice(from).map((line) => line.split(" ")[2]))].sort();
}

/** The outcome of each decision. */
function decisions(entries: readonly Entry[] = []): readonly unknown[] {
  return entries.filter(({ kind }) => kind === "decision").map(({ outcome }) => outcome);
}

function issued({ audited }: Registry): readonly Entry[] {
  return audited().filter(({ kind }) => kind === "issued");
}

function succeeded({ status, stdout, stderr }: Ran): void {
  assert.equal(status, 0, `${stdout}${stderr}`);
}

function failed(ran: Ran): Ran {
  assert.ok(ran.status !== 0 && ran.status !== undefined, `${ran.stdout}${ran.stderr}`);
  return ran;
}
