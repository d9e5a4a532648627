// `keywright server` and `keywright client` as processes: what they print, and that a stop is a clean one.
import assert from "node:assert/strict";
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { get } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";

const keywright = join(import.meta.dirname, "..", "..", "bin", "keywright");
const CONFIG = `principals: [ci]
stores: { own: { backend: issue } }
refs: { packages: { store: own, match: packages.example, policy: readers } }
policies: { readers: { allowed_principals: [ci] } }
menda: { default: packages }
`;

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), "keywright-server-"));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

function run(home: string, ...args: readonly string[]): string {
  return execFileSync(keywright, args, {
    env: { PATH: process.env["PATH"], HOME: home },
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });
}

/** Starts a broker on a free port; resolves with the URL that it prints. */
async function serve(
  t: TestContext,
  home: string,
  ...args: readonly string[]
): Promise<{ child: ChildProcess; url: string; logged: () => string }> {
  const child = spawn(keywright, ["server", "--listen", "127.0.0.1:0", ...args], {
    env: { PATH: process.env["PATH"], HOME: home },
  });
  t.after(() => child.kill("SIGKILL"));
  let logged = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (logged += text));
  const [line] = (await Promise.race([
    once(child.stdout.setEncoding("utf8"), "data"),
    once(child, "exit").then(() => assert.fail(logged)),
  ])) as [string];
  assert.match(line, /^keywright broker on http:\/\/localhost:\d+\n$/);
  return { child, url: line.trim().slice("keywright broker on ".length), logged: () => logged };
}

function statusOf(url: string): Promise<number> {
  return new Promise((resolve, reject) => {
    get(url.replace("localhost", "127.0.0.1"), { agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    }).on("error", reject);
  });
}

test("server says where it listens, logs requests, and stops cleanly at SIGTERM", async (t) => {
  const home = folder(t);
  const config = join(home, "broker.yaml");
  writeFileSync(config, CONFIG);
  const { child, url, logged } = await serve(t, home, "--config", config, "--data", join(home, "data"));
  assert.equal(await statusOf(`${url}/healthz?secret=1`), 200);
  child.kill("SIGTERM");
  const [code] = (await once(child, "exit")) as [number | null];
  assert.equal(code, 0);
  assert.match(logged(), /^GET \/healthz 200 [0-9.]+ms 127\.0\.0\.1 \S+\n$/);
});

test("server without a configuration says so, and finds the one in its data folder", async (t) => {
  const home = folder(t);
  const { child, logged } = await serve(t, home);
  assert.match(logged(), /no configuration, so nobody gets a registry token/);
  child.kill("SIGINT");
  await once(child, "exit");
  writeFileSync(join(home, ".local", "share", "keywright", "config.yaml"), CONFIG);
  const second = await serve(t, home);
  assert.equal(second.logged(), "");
});

test("server refuses what it cannot do, with a hint", (t) => {
  const home = folder(t);
  for (const [args, message] of [
    [["--listen", "0.0.0.0:8765"], /without TLS\n {2}Give --tls-cert/],
    [["--listen", "8765"], /HOST:PORT/],
    [["--tls-cert", "x.pem"], /belong together/],
    [["--config", join(home, "missing.yaml")], /missing\.yaml/],
    [["--behind-proxy"], /--url/],
  ] as const) {
    assert.throws(
      () => run(home, "server", ...args),
      (error: { stderr: string; status: number }) => {
        assert.match(error.stderr, message);
        return error.status >= 2;
      },
    );
  }
});

test("client create shows the secret once; list never; revoke and rotate take the name", (t) => {
  const home = folder(t);
  const made = JSON.parse(
    run(home, "client", "create", "app", "--principal", "ci", "--menda", "--json"),
  ) as Record<string, string>;
  assert.deepEqual(Object.keys(made), ["client_id", "client_secret"]);
  assert.equal(made["client_id"], "app");
  assert.match(made["client_secret"] ?? "", /^kws_[A-Za-z0-9_-]{49}$/);
  assert.match(
    run(home, "client", "create", "index", "--resource", "packages"),
    /^client_id {6}index\nclient_secret {2}kws_\S+\n$/,
  );
  assert.equal(
    run(home, "client", "list"),
    "app                   principal ci, menda\nindex                 resource packages\n",
  );
  const [first] = JSON.parse(run(home, "client", "list", "--json")) as Record<string, unknown>[];
  assert.deepEqual(
    { ...first, created_at: "" },
    {
      client_id: "app",
      principal: "ci",
      resource: null,
      query_credentials: true,
      public_keys: [],
      created_at: "",
    },
  );
  const turned = JSON.parse(run(home, "client", "rotate", "app", "--json")) as Record<string, string>;
  assert.notEqual(turned["client_secret"], made["client_secret"]);
  assert.equal(run(home, "client", "revoke", "app"), "revoked app\n");
  assert.equal(run(home, "client", "list"), "index                 resource packages\n");
  assert.throws(() => run(home, "client", "revoke", "app"), { status: 7 });
});

test("--trusted-proxy without --behind-proxy, and one that is no address, are usage errors", (t) => {
  const home = folder(t);
  const url = ["--url", "https://keywright.example"];
  for (const args of [
    ["--trusted-proxy", "10.0.0.0/8"],
    ["--behind-proxy", ...url, "--trusted-proxy", "proxy.example"],
    ["--log-format", "xml"],
  ])
    assert.throws(
      () => run(home, "server", "--listen", "127.0.0.1:0", ...args),
      { status: 2 },
      args.join(" "),
    );
});
