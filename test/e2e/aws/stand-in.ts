// Starts and stops the stand-in for AWS (stand_in.py) for one test, with a CONNECT proxy that leads every host name to it,
// and reads what it recorded. It runs no client.
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { request as secureRequest } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeWheel } from "../../../scripts/private-index.ts";
import { toolPath } from "../../../scripts/tools.ts";
import { createAuthority } from "../../io/certificates.ts";
import { connectProxy, type ProxyServer } from "../../io/servers.ts";
import { ACCOUNT, DOMAIN, REGION, REPOSITORY, WORLD, type World } from "./world.ts";

export const HOST = `${DOMAIN}-${ACCOUNT}.d.codeartifact.${REGION}.amazonaws.com`;
export const DUAL_STACK_HOST = `${DOMAIN}-${ACCOUNT}.codeartifact.${REGION}.on.aws`;
export const ENDPOINT_HOST = `vpce-0a1b2c3d4e5f60718-abcdefgh.d.codeartifact.${REGION}.vpce.amazonaws.com`;
/** Of a domain that no token here is for. */
export const OTHER_HOST = HOST.replace(DOMAIN, "other");
const NAMES = [
  HOST,
  OTHER_HOST,
  DUAL_STACK_HOST,
  ENDPOINT_HOST,
  `codeartifact.${REGION}.amazonaws.com`,
  `codeartifact-fips.${REGION}.amazonaws.com`,
  `codeartifact.${REGION}.api.aws`,
  `sts.${REGION}.amazonaws.com`,
  "sts.amazonaws.com",
  `portal.sso.${REGION}.amazonaws.com`,
  `oidc.${REGION}.amazonaws.com`,
];

/** One call that the stand-in answered. */
export interface Seen {
  readonly api: string;
  readonly status: number | null;
  readonly host?: string;
  /** `valid`, or why it is not; undefined: the call is not signed, or failed before. */
  readonly signature?: string;
  readonly code?: string;
  readonly fault?: string;
  readonly principal?: string;
  readonly role?: string | null;
  readonly session?: string;
  readonly access_key_id?: string;
  readonly region?: string;
  readonly params?: Readonly<Record<string, string>>;
  readonly token_sha256?: string;
  readonly method?: string;
  readonly path?: string;
  readonly why?: string;
  readonly stored?: string;
}

export interface Fault {
  readonly api:
    | "GetAuthorizationToken"
    | "AssumeRole"
    | "AssumeRoleWithWebIdentity"
    | "GetRoleCredentials"
    | "CreateToken"
    | "instance"
    | "container";
  /** The domain, or the role's ARN, that it is for; undefined: every one. */
  readonly about?: string;
  /** 1 when it is not said; -1: for ever. */
  readonly times?: number;
  readonly kind?: "error" | "raw" | "hang";
  readonly code?: string;
  readonly status?: number;
  /** `{echo}` stands for the whole request, its secrets included. */
  readonly body?: string;
  /** The echo stands inside a JSON string, or XML. */
  readonly escaped?: "json" | "xml";
  readonly message?: string;
  readonly style?: "header" | "header with an address" | "type" | "code" | "Message";
  readonly headers?: Readonly<Record<string, string>>;
}

export interface StandIn {
  /** `http://127.0.0.1:port`: every service, for endpoints that are named. */
  readonly url: string;
  readonly proxy: ProxyServer;
  /** The certificate authority of the real names: a file. */
  readonly authority: string;
  /** What a program needs to reach the real names. */
  readonly env: Readonly<Record<string, string>>;
  /** A new empty folder, removed with the rest. */
  folder(name: string): string;
  /** What it saw, in order; of one operation, or everything. */
  seen(api?: string): readonly Seen[];
  /** The status with which the registry at that host serves a path for a token. */
  get(host: string, path: string, token: string): Promise<number | undefined>;
  /** `ahead`: seconds by which its clock is. `world`: parts of a World to put in place of those it has; null: none. */
  tell(wanted: { ahead?: number; faults?: readonly Fault[]; world?: object }): Promise<void>;
}

/** Whoever runs it says when it ends: a test, or a measurement. */
export interface Cleanup {
  after(end: () => unknown): void;
}

export async function startStandIn(t: Cleanup, world: Partial<World> = {}): Promise<StandIn> {
  const root = mkdtempSync(join(tmpdir(), "keywright-aws-"));
  const folder = (name: string): string => {
    mkdirSync(join(root, name), { recursive: true, mode: 0o700 });
    return join(root, name);
  };
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const wheel = join(makeWheel(folder("wheel")), "keywright_demo_package-1.0-py3-none-any.whl");
  const packages = { [`${REPOSITORY}/keywright-demo-package`]: [wheel] };
  const authority = createAuthority(folder("authority"), "aws");
  const pair = authority.issue(...NAMES.map((name) => `DNS:${name}`));
  const files = { world: join(root, "world.json"), cert: join(root, "cert.pem"), key: join(root, "key.pem") };
  writeFileSync(files.world, JSON.stringify({ ...WORLD, packages, ...world }));
  writeFileSync(files.cert, pair.cert);
  writeFileSync(files.key, pair.key, { mode: 0o600 });
  const record = join(root, "record.jsonl");
  const ports = await started(t, [files.world, record, files.cert, files.key]);
  const proxy = await connectProxy(ports.tls);
  t.after(() => proxy.close());
  const route = `http://127.0.0.1:${proxy.port}`;
  return {
    url: `http://127.0.0.1:${ports.http}`,
    proxy,
    authority: authority.file,
    env: {
      HTTPS_PROXY: route,
      https_proxy: route,
      SSL_CERT_FILE: authority.file,
      REQUESTS_CA_BUNDLE: authority.file,
      AWS_CA_BUNDLE: authority.file,
    },
    folder,
    seen(api) {
      const lines = readFileSync(record, "utf8")
        .split("\n")
        .filter((line) => line !== "");
      const all = lines.map((line) => JSON.parse(line) as Seen);
      return api === undefined ? all : all.filter((one) => one.api === api);
    },
    tell: (wanted) => told(ports.http, wanted),
    get: (host, path, token) =>
      served({ host, path, token, port: ports.tls, ca: readFileSync(authority.file) }),
  };
}

/** It ends when its standard input does, so it cannot outlive the test. */
async function started(t: Cleanup, files: readonly string[]): Promise<{ http: number; tls: number }> {
  const program = join(import.meta.dirname, "stand_in.py");
  const options = ["-B", program, ...files];
  const child = spawn(toolPath("aws", "python"), options, { stdio: ["pipe", "pipe", "pipe"] });
  t.after(() => child.kill());
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
  return new Promise((done, failed) => {
    child.stdout.setEncoding("utf8").once("data", (line: string) => done(JSON.parse(line)));
    child.once("exit", (code) => failed(new Error(`the stand-in ended with ${code}: ${said}`)));
  });
}

function told(port: number, wanted: object): Promise<void> {
  return new Promise((done, failed) => {
    const asked = request({ port, host: "127.0.0.1", path: "/_control", method: "POST" }, (reply) => {
      reply.resume().on("end", () => done());
    });
    asked.on("error", failed).end(JSON.stringify(wanted));
  });
}

interface Wanted {
  readonly host: string;
  readonly path: string;
  readonly token: string;
  readonly port: number;
  readonly ca: Buffer;
}

function served({ host, path, token, port, ca }: Wanted): Promise<number | undefined> {
  const options = { host: "127.0.0.1", port, path, ca, servername: host, auth: `aws:${token}` };
  return new Promise((done, failed) => {
    const asked = secureRequest({ ...options, headers: { host }, agent: false }, (reply) => {
      reply.resume().on("end", () => done(reply.statusCode));
    });
    asked.on("error", failed).end();
  });
}
