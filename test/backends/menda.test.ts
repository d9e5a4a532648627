// The menda backend: who it would ask as (local files only), and what it fetches from a real loopback server.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { mendaBackend } from "../../src/backends/menda.ts";
import { type KeywrightError, NoCachedLoginError } from "../../src/errors.ts";
import type { Address } from "../../src/resolver/address.ts";
import type { RetrieveContext } from "../../src/resolver/backend.ts";
import type { Location } from "../../src/resolver/location.ts";
import type { SecretStore } from "../../src/resolver/store.ts";
import { loginStore } from "../../src/account/login/login-store.ts";
import { Secret } from "../../src/secret.ts";
import { aLogin } from "../account/login/login.ts";
import { type Recorded, recordingServer, response } from "../io/servers.ts";

const NOW = 1_800_000_000.5;
const clock = { now: () => NOW };
const CONTEXT: RetrieveContext = {
  ask: { kind: "registry", url: "https://aws.example/pypi/", action: "read" },
  principal: { name: "local_user" },
  identity: {},
  decision: "1",
};
const ADDRESS: Address = {
  scheme: "https",
  host: "aws.example",
  port: 443,
  path: "/pypi/simple",
  username: undefined,
};

const cleanup: (() => unknown)[] = [];
after(async () => {
  for (const undo of cleanup) await undo();
});

function homeWith(files: Readonly<Record<string, string>>): string {
  const home = mkdtempSync(join(tmpdir(), "keywright-menda-"));
  cleanup.push(() => rmSync(home, { recursive: true, force: true }));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(home, path, ".."), { recursive: true });
    writeFileSync(join(home, path), text, { mode: 0o600 });
  }
  return home;
}

async function broker(expires?: number): Promise<{ host: string; seen: Recorded[] }> {
  let host = "";
  const server = await recordingServer((request) => {
    const [, path] = request.lines[0]?.split(" ") ?? [];
    const endpoints = { token_endpoint: `${host}/oauth2/token`, keywright_registry_endpoint: `${host}/r` };
    const answers: Record<string, object> = {
      "/.well-known/oauth-authorization-server": { issuer: host, ...endpoints },
      "/oauth2/token": { access_token: "access" },
      "/r": { token: "registry", ...(expires === undefined ? {} : { username: "aws", expires_at: expires }) },
    };
    return response(200, JSON.stringify(answers[path ?? ""]));
  });
  cleanup.push(() => server.close());
  host = `http://127.0.0.1:${server.port}`;
  return { host, seen: server.seen };
}

const machine = (host: string): Record<string, string> => ({
  MENDA_CLIENT_ID: "ci",
  MENDA_CLIENT_SECRET: "s",
  MENDA_HOST: host,
});

function at(options: SecretStore["options"] = {}, address: Address | undefined = ADDRESS): Location {
  const store: SecretStore = { name: "menda", backend: "menda", root: "", options };
  const ref = { name: "codeartifact", store: "menda" };
  return { backend: "menda", store, ref, path: undefined, address, action: "publish" } as unknown as Location;
}

const login = (profile: string, token: string): string =>
  `[${profile}]\nid_token =\naccess_token = ${token}\nexpires_in = 28800\ncached_at = ${NOW - 60}\n`;

function hash(token: string): string {
  return createHash("sha256").update(token).digest("hex").slice(0, 16);
}

test("upstream: the machine's client id, or the profile with a hash of its login", async () => {
  const home = homeWith({
    ".menda/mendacfg":
      "[default]\nhost = https://menda.example/\n[work]\nhost = https://work.example\nauth_type = u2m\n",
    ".menda/tokens/cache/.token": login("default", "one") + login("work", "two"),
  });
  const seen = async (env: Record<string, string>, options = {}): Promise<unknown> =>
    mendaBackend({ env, home, clock }).upstream?.(at(options), CONTEXT);
  assert.deepEqual(await seen(machine("https://ci.example")), {
    endpoint: "https://ci.example",
    principal: "ci",
  });
  assert.deepEqual(await seen({}), {
    endpoint: "https://menda.example",
    principal: `user:default:${hash("one")}`,
  });
  assert.deepEqual(await seen({}, { profile: "work" }), {
    endpoint: "https://work.example",
    principal: `user:work:${hash("two")}`,
  });
});

test("upstream without a login says what the original says", async () => {
  const home = homeWith({ ".menda/mendacfg": "[default]\nhost = https://menda.example\n" });
  const backend = mendaBackend({ env: {}, home, clock });
  await assert.rejects(async () => backend.upstream?.(at(), CONTEXT), NoCachedLoginError);
  await assert.rejects(backend.retrieve(at(), CONTEXT), NoCachedLoginError);
});

test("upstream loads nothing that can talk to the network", () => {
  const backend = new URL("../../src/backends/menda.ts", import.meta.url).href;
  const script = `const { mendaBackend } = await import(${JSON.stringify(backend)});
    const backend = mendaBackend({ env: ${JSON.stringify(machine("https://ci.example"))}, home: undefined, clock: { now: () => 0 } });
    await backend.upstream({ store: { name: "menda", options: {} } });
    const loaded = (process.moduleLoadList ?? []).map((name) => name.replace("NativeModule ", ""));
    process.stdout.write(loaded.filter((name) => ["http", "https", "net", "tls", "_http_client"].includes(name)).join());`;
  // Only Node lists what it loaded; --input-type keeps this script from loading more.
  assert.equal(execFileSync("node", ["--input-type=module", "-e", script], { encoding: "utf8" }), "");
});

test("retrieve: the server's user name and expiry, the normalised address, the holder", async () => {
  const { host, seen } = await broker(1_800_000_900);
  const backend = mendaBackend({ env: machine(host), home: homeWith({}), clock });
  const secret = await backend.retrieve(at(), CONTEXT);
  assert.deepEqual(
    [secret?.reveal(), secret?.username, secret?.expiresAt, secret?.upstream],
    ["registry", "aws", 1_800_000_900, "ci"],
  );
  assert.deepEqual(JSON.parse(seen[2]?.body ?? ""), {
    url: "https://aws.example/pypi/simple/",
    action: "publish",
  });
});

test("retrieve: the address with a port, without a path, with an IPv6 literal", async () => {
  const { host, seen } = await broker();
  const backend = mendaBackend({ env: machine(host), home: homeWith({}), clock });
  const rows: readonly (readonly [Address, string])[] = [
    [{ ...ADDRESS, port: 8443, path: "" }, "https://aws.example:8443/"],
    [{ scheme: "http", host: "[::1]", port: 80, path: "/a", username: undefined }, "http://[::1]/a/"],
    [{ ...ADDRESS, scheme: undefined, path: "" }, "https://aws.example/"],
    [
      { scheme: "http", host: "localhost", port: 443, path: "", username: undefined },
      "http://localhost:443/",
    ],
  ];
  for (const [address, url] of rows) {
    await backend.retrieve(at({}, address), CONTEXT);
    assert.equal((JSON.parse(seen.at(-1)?.body ?? "") as { url: string }).url, url);
  }
});

test("a cloud that does not say when the token ends: ten minutes", async () => {
  const { host } = await broker();
  const backend = mendaBackend({ env: machine(host), home: undefined, clock });
  const secret = await backend.retrieve(at(), CONTEXT);
  assert.deepEqual([secret?.username, secret?.expiresAt], [undefined, 1_800_000_600]);
});

test("time limits are the store's", async () => {
  const silent = await recordingServer(() => undefined);
  cleanup.push(() => silent.close());
  const env = machine(`http://127.0.0.1:${silent.port}`);
  const backend = mendaBackend({ env, home: undefined, clock });
  const rows = [
    [{ request_timeout: 0.1 }, /within 0\.1 s$/],
    [{ timeout: 0.2 }, /within 0\.2 s, which was left of the time limit for the whole$/],
  ] as const;
  for (const [options, said] of rows) {
    await assert.rejects(
      backend.retrieve(at(options), CONTEXT),
      (error: KeywrightError) => error.code === "timed_out" && said.test(error.message),
    );
  }
});

test("options that make no sense, and a ref that is no registry", async () => {
  const backend = mendaBackend({ env: machine("https://ci.example"), home: undefined, clock });
  const wrong = [
    { profile: 7 },
    { profile: "" },
    { protocol: "oauth" },
    { timeout: 0 },
    { timeout: "20" },
    { request_timeout: -1 },
    { tiemout: 3 },
  ];
  for (const options of wrong) {
    const key = Object.keys(options)[0] ?? "";
    const isSaid = (error: KeywrightError): boolean =>
      error.code === "configuration" && error.message.includes(key);
    await assert.rejects(backend.retrieve(at(options), CONTEXT), isSaid);
    await assert.rejects(async () => backend.upstream?.(at(options), CONTEXT), isSaid);
  }
  const location = { ...at(), address: undefined };
  await assert.rejects(backend.retrieve(location, CONTEXT), {
    code: "configuration",
    message: /holds registry tokens, no secrets/,
  });
  await backend.check({ name: "menda", backend: "menda", root: "", options: {} });
});

test("upstream of a login of ours: the same through its refreshes, another one for whoever logs in next", async () => {
  const home = homeWith({ ".menda/mendacfg": "[default]\nhost = https://menda.example\n" });
  const store = loginStore({ home, env: {}, clock });
  const backend = mendaBackend({ env: {}, home, clock });
  const upstream = async (): Promise<unknown> => backend.upstream?.(at(), CONTEXT);
  store.keep(aLogin());
  const first = store.find("https://menda.example", "default");
  assert.ok(first);
  const before = await upstream();
  const expected = { endpoint: "https://menda.example", principal: `user:default:${first.id?.slice(0, 16)}` };
  assert.deepEqual(before, expected);
  const next = { ...first, accessToken: new Secret("next"), refreshedAt: NOW };
  await store.alone(first.host, "default", async () => store.keep(next));
  assert.deepEqual(await upstream(), before);
  store.forget(first.host, "default");
  await assert.rejects(upstream(), NoCachedLoginError);
  store.keep(aLogin());
  assert.notDeepEqual(await upstream(), before);
});

test("describe says what kind of login it is, and shows nothing of it", async () => {
  const home = homeWith({ ".menda/mendacfg": "[default]\nhost = https://menda.example\n" });
  const store = loginStore({ home, env: {}, clock });
  const backend = mendaBackend({ env: {}, home, clock });
  const account = async (): Promise<string | undefined> => {
    const facts = (await backend.describe?.(at(), CONTEXT)) ?? [];
    assert.doesNotMatch(JSON.stringify(facts), /canary/);
    return facts.find(({ name }) => name === "account")?.value;
  };
  const bound = "a person who is logged in (bound to this machine's key, refreshed by itself)";
  const unbound = { bound: false, tokenType: "Bearer", refreshToken: undefined } as const;
  const job = "a job or machine, by github (bound to this machine's key, refreshed by itself)";
  for (const [changes, said] of [
    [{}, bound],
    [{ ...unbound, expiresAt: NOW + 600 }, "a person who is logged in (ends in 10 min)"],
    [{ ...unbound, expiresAt: NOW + 61 }, "a person who is logged in (ends in 61 s)"],
    [
      { bound: false, tokenType: "Bearer", shared: true },
      "a person who is logged in (shared with menda-cli, refreshed by itself)",
    ],
    [{ source: "workload", workload: "github", refreshToken: undefined }, job],
  ] as const) {
    store.keep(aLogin(changes));
    assert.equal(await account(), said);
  }
});
