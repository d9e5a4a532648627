// Real pip and real uv, as a user of one registry runs them: nothing of the environment that the tests run in reaches
// them. They run beside the test, because the servers that they talk to are in its process.
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { PACKAGE } from "../../scripts/private-index.ts";
import { toolPath } from "../../scripts/tools.ts";
import type { Entry, Machine, Registry } from "./registry.ts";

const root = join(import.meta.dirname, "..", "..");

export interface Ran {
  /** undefined: it was ended by a signal. */
  readonly status: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

export interface User {
  readonly home: string;
  readonly env: Readonly<Record<string, string>>;
}

/** The `keyring` of the checkout. */
export const CHECKOUT = join(root, "bin");

/** A folder with the executable under the name `keyring`. */
export function executableAsKeyring(registry: Registry): string {
  const executable = join(root, "build", "keywright");
  if (!existsSync(executable)) throw new Error("build/keywright is missing: run npm run build:exe");
  const folder = registry.folder("executable");
  symlinkSync(executable, join(folder, "keyring"));
  return folder;
}

/** Ask keyring, keep nothing, read no configuration, never prompt. */
export const SETTINGS = {
  LANG: "C.UTF-8",
  PIP_KEYRING_PROVIDER: "subprocess",
  PIP_CONFIG_FILE: "/dev/null",
  PIP_NO_CACHE_DIR: "1",
  PIP_NO_INPUT: "1",
  PIP_DISABLE_PIP_VERSION_CHECK: "1",
  UV_KEYRING_PROVIDER: "subprocess",
  UV_NO_CACHE: "1",
  UV_PYTHON_DOWNLOADS: "never",
} as const;

/** Somebody with an empty home, no configuration of keywright, and the identity in three variables. */
export function newUser(registry: Registry, machine: Machine, keyring: string = CHECKOUT): User {
  const home = registry.folder(`home-${machine.id}`);
  const proxy = `http://127.0.0.1:${registry.proxy.port}`;
  const { authority, broker } = registry;
  const env = {
    PATH: [keyring, "/usr/bin", "/bin"].join(delimiter),
    HOME: home,
    TMPDIR: registry.folder("tmp"),
    MENDA_HOST: broker.url,
    MENDA_CLIENT_ID: machine.id,
    MENDA_CLIENT_SECRET: machine.secret,
    HTTP_PROXY: proxy,
    HTTPS_PROXY: proxy,
    ALL_PROXY: proxy,
    http_proxy: proxy,
    https_proxy: proxy,
    SSL_CERT_FILE: authority,
    REQUESTS_CA_BUNDLE: authority,
    PIP_CERT: authority,
    ...SETTINGS,
  };
  return { home, env };
}

/** The same user, with the identity in ~/.menda/mendacfg instead. */
export function withProfile({ home, env }: User): User {
  const { MENDA_HOST: host, MENDA_CLIENT_ID: id, MENDA_CLIENT_SECRET: secret, ...rest } = env;
  const text = `[default]\nhost = ${host}\nauth_type = m2m\nclient_id = ${id}\nclient_secret = ${secret}\n`;
  mkdirSync(join(home, ".menda"), { mode: 0o700 });
  writeFileSync(join(home, ".menda", "mendacfg"), text, { mode: 0o600 });
  return { home, env: rest };
}

/** The same user, who lets no installer ask for a password. */
export function withoutKeyring({ home, env }: User): User {
  return { home, env: { ...env, PIP_KEYRING_PROVIDER: "disabled", UV_KEYRING_PROVIDER: "disabled" } };
}

/** Installs the package of the private index into `target`. */
export type Install = (user: User, url: string, target: string) => Promise<Ran>;

export const INSTALLERS = {
  "the newest pip": pip(toolPath("installers", "pip")),
  "pip 25.0": pip(toolPath("pip-25", "pip")),
  uv,
} as const satisfies Readonly<Record<string, Install>>;

function pip(program: string): Install {
  return (user, url, target) =>
    runAs(user, program, ["install", "--index-url", url, "--target", target, PACKAGE]);
}

/** Without a user name in the URL, uv asks nobody unless the index says so. */
function uv(user: User, url: string, target: string): Promise<Ran> {
  const config = join(user.home, "uv.toml");
  const authenticate = url.includes("@") ? "" : 'authenticate = "always"\n';
  writeFileSync(config, `[[index]]\nname = "private"\nurl = "${url}"\ndefault = true\n${authenticate}`);
  const python = toolPath("installers", "python");
  const options = ["--config-file", config, "pip", "install", "--python", python, "--target", target];
  return runAs(user, toolPath("installers", "uv"), [...options, PACKAGE]);
}

export function keyringGet(user: User, url: string, username: string): Promise<Ran> {
  return runAs(user, "keyring", ["get", url, username]);
}

/** What the installed package says; undefined when it cannot be imported. */
export async function imported(user: User, target: string): Promise<string | undefined> {
  const program = `import sys; sys.path.insert(0, sys.argv[1]); import keywright_demo_package as p; print(p.MESSAGE)`;
  const { status, stdout } = await runAs(user, toolPath("installers", "python"), ["-c", program, target]);
  return status === 0 ? stdout.trim() : undefined;
}

/** The user's own audit; undefined when there is none. */
export function ownAudit({ home }: User): readonly Entry[] | undefined {
  const file = join(home, ".local", "state", "keywright", "audit.jsonl");
  if (!existsSync(file)) return undefined;
  const lines = readFileSync(file, "utf8").trimEnd().split("\n");
  return lines.map((line) => JSON.parse(line) as Entry);
}

/** Runs a program as that user, in the home folder. */
export function runAs({ home, env }: User, program: string, args: readonly string[]): Promise<Ran> {
  const options = { env, cwd: home, encoding: "utf8", timeout: 100_000 } as const;
  return new Promise((done) => {
    const child = execFile(program, args, options, (_error, stdout, stderr) =>
      done({ status: child.exitCode ?? undefined, stdout, stderr }),
    );
    child.stdin?.end();
  });
}
