// The originals as clients of ours: menda-keyring 0.0.2 and menda-cli 0.5.0, as published, against a real broker.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { toolPath } from "../../scripts/tools.ts";
import {
  accessToken,
  basic,
  CONFIG,
  newClient,
  post,
  running,
  temporaryFolder,
  type Running,
} from "../broker/broker.ts";

const python = process.env["KEYWRIGHT_TEST_MENDA_PYTHON"] ?? toolPath("menda", "python");
/** An address that menda-keyring takes for one of its own; nothing is ever sent there. */
const ADDRESS = "https://acme-123456789012.d.codeartifact.eu-west-1.amazonaws.com/pypi/python/simple/";

interface Ran {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

type Environment = Readonly<Record<string, string>>;

/** Nothing of the tester's environment but the PATH: no profile, no proxy, no keyring of the desktop. */
function run(home: string, args: readonly string[], env: Environment): Promise<Ran> {
  return new Promise((resolve) => {
    const options = { env: { PATH: process.env["PATH"], HOME: home, LANG: "C.UTF-8", ...env }, cwd: home };
    execFile(python, args, options, (error, out, err) => {
      resolve({ status: error === null ? 0 : Number(error.code ?? 1), out, err });
    });
  });
}

const keyring = (home: string, env: Environment = {}): Promise<Ran> =>
  run(home, ["-m", "keyring", "get", ADDRESS, "aws"], env);

function menda(home: string, args: readonly string[], env: Environment = {}): Promise<Ran> {
  return run(
    home,
    ["-c", "import sys; from menda.cli.main import safe_main; sys.argv[0] = 'menda'; safe_main()", ...args],
    env,
  );
}

/** menda-cli asks for the credentials of a machine profile at a terminal only, so it gets one, and the answers. */
const AT_A_TERMINAL = `
import os, pty, sys
pid, terminal = pty.fork()
if pid == 0:
    sys.argv[0] = "menda"
    from menda.cli.main import safe_main
    sys.exit(safe_main())
answers = [(b"client_id:", "CLIENT_ID"), (b"client_secret:", "CLIENT_SECRET")]
shown = unanswered = b""
while True:
    try:
        got = os.read(terminal, 4096)
    except OSError:
        break
    if not got:
        break
    shown += got
    unanswered += got
    if answers and answers[0][0] in unanswered:
        os.write(terminal, os.environ[answers.pop(0)[1]].encode() + b"\\r")
        unanswered = b""
sys.stdout.write(shown.decode("utf-8", "replace"))
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`;

function write(home: string, path: string, section: string, values: Environment): void {
  const file = join(home, ".menda", path);
  mkdirSync(join(file, ".."), { recursive: true });
  const lines = Object.entries(values).map(([key, value]) => `${key} = ${value}\n`);
  writeFileSync(file, `[${section}]\n${lines.join("")}`);
}

async function place(t: Parameters<typeof running>[0]) {
  const broker = await running(t);
  const host = `http://127.0.0.1:${broker.port}`;
  const secret = newClient(broker.data, { name: "app", principal: "ci", queryCredentials: true });
  return { broker, host, secret, home: temporaryFolder(t) };
}

/** The token holds for `packages`, as a registry sees it. */
async function assertHolds(broker: Running, { status, out, err }: Ran): Promise<void> {
  assert.equal(status, 0, err);
  const index = basic("index", newClient(broker.data, { name: "index", resource: "packages" }));
  const { json } = await post(broker, "/oauth2/introspect", { token: out.trim() }, index);
  assert.deepEqual(
    [json["active"], json["aud"], json["sub"], json["scope"]],
    [true, "packages", "ci", "read"],
  );
}

test("menda-keyring 0.0.2 gets a registry token with credentials from the environment", async (t) => {
  const { broker, host, secret, home } = await place(t);
  const env = { MENDA_CLIENT_ID: "app", MENDA_CLIENT_SECRET: secret, MENDA_HOST: host };
  await assertHolds(broker, await keyring(home, env));
});

test("menda-keyring 0.0.2 gets a registry token with an m2m profile, whatever ~/.netrc adds", async (t) => {
  const { broker, host, secret, home } = await place(t);
  write(home, "mendacfg", "default", { host, auth_type: "m2m", client_id: "app", client_secret: secret });
  writeFileSync(join(home, ".netrc"), "machine 127.0.0.1 login somebody password else\n", { mode: 0o600 });
  await assertHolds(broker, await keyring(home));
});

test("menda-keyring 0.0.2 gets a registry token with a u2m profile and a cached login", async (t) => {
  const { broker, host, secret, home } = await place(t);
  write(home, "mendacfg", "work", { host, auth_type: "u2m" });
  write(home, "tokens/cache/.token", "work", {
    id_token: "",
    access_token: await accessToken(broker, "app", secret),
    refresh_token: "",
    expires_in: "600",
    token_type: "Bearer",
    cached_at: String(Math.floor(Date.now() / 1000)),
  });
  await assertHolds(broker, await keyring(home, { MENDA_PROFILE_ID: "work" }));
});

test("menda-keyring 0.0.2 is refused without a mapping, and while query credentials are off", async (t) => {
  const { broker, host, home } = await place(t);
  const clients: readonly (readonly [string, boolean, RegExp])[] = [
    ["release", true, /registry\/token returned HTTP 403: \{"error":"access_denied"/],
    ["ci", false, /oauth2\/token returned HTTP 401: \{"error":"invalid_client"/],
  ];
  for (const [principal, queryCredentials, message] of clients) {
    const name = `refused-${principal}`;
    const secret = newClient(broker.data, { name, principal, queryCredentials });
    const { status, out, err } = await keyring(home, {
      MENDA_CLIENT_ID: name,
      MENDA_CLIENT_SECRET: secret,
      MENDA_HOST: host,
    });
    assert.notEqual(status, 0);
    assert.equal(out, "");
    assert.match(err, message);
  }
  assert.ok(!CONFIG.menda.has("release"));
});

test("menda-cli 0.5.0 configures a machine profile and says who it is", async (t) => {
  const { host, secret, home } = await place(t);
  const configure = ["auth", "configure", "--menda-profile-id", "work", "--auth-type", "m2m", "--host", host];
  const made = await run(home, ["-c", AT_A_TERMINAL, ...configure], {
    CLIENT_ID: "app",
    CLIENT_SECRET: secret,
    TERM: "dumb",
  });
  assert.equal(made.status, 0, made.out);
  assert.match(made.out, /Profile 'work' created successfully/);
  const { status, out, err } = await menda(home, [
    "--output",
    "json",
    "auth",
    "whoami",
    "--menda-profile-id",
    "work",
  ]);
  assert.equal(status, 0, err);
  assert.deepEqual(JSON.parse(out), {
    tenant_id: "localhost",
    username: "app",
    email: "",
    user_role: "ci",
    identity_type: "service_principal",
  });
});

test("menda-cli 0.5.0 shows why it is refused", async (t) => {
  const { broker, host, home } = await place(t);
  const off = newClient(broker.data, { name: "off", principal: "ci" });
  write(home, "mendacfg", "default", { host, auth_type: "m2m", client_id: "off", client_secret: off });
  const whoami = await menda(home, ["auth", "whoami", "--menda-profile-id", "default"]);
  assert.equal(whoami.status, 2);
  assert.match(whoami.err, /The client is unknown, or its credentials are not accepted here/);
  assert.ok(!`${whoami.err}${whoami.out}`.includes(off));
});
