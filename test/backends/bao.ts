// A real OpenBao server in development mode (in memory, its own port), and the requests of an administrator to it.
import { spawn } from "node:child_process";
import { generateKeyPairSync, randomBytes, sign, type KeyObject } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { toolPath } from "../../scripts/tools.ts";

export interface Bao {
  readonly address: string;
  readonly root: string;
  /** A request below /v1/ as root, which must succeed; `token`: as somebody else. Returns the JSON. */
  admin(method: string, path: string, body?: unknown, more?: Record<string, string>): Promise<any>;
  /** Writes a secret of the engine `secret`. */
  put(path: string, fields: Record<string, unknown>): Promise<void>;
  /** A token with a policy that lets it read below `secret/data/<prefix>`. */
  token(prefix: string, more?: Record<string, unknown>): Promise<string>;
  seal(): Promise<void>;
  unseal(): Promise<void>;
  stop(): void;
}

export async function startBao(): Promise<Bao> {
  const home = mkdtempSync(join(tmpdir(), "keywright-bao-"));
  const port = await freePort();
  const root = `root-${randomBytes(8).toString("hex")}`;
  const argv = ["server", "-dev", "-dev-no-store-token", `-dev-root-token-id=${root}`];
  const listen = `-dev-listen-address=127.0.0.1:${port}`;
  const child = spawn(toolPath("openbao", "bao"), [...argv, listen], {
    env: { HOME: home, PATH: "/usr/bin:/bin" },
    stdio: ["ignore", "pipe", "ignore"],
  });
  const stop = (): void => {
    child.kill("SIGKILL");
    rmSync(home, { recursive: true, force: true });
  };
  process.once("exit", stop);
  let said = "";
  child.stdout.on("data", (text: Buffer) => (said += text.toString()));
  const address = `http://127.0.0.1:${port}`;
  const ask = async (method: string, path: string, body?: unknown, more: Record<string, string> = {}) => {
    const headers = { "X-Vault-Token": root, ...more };
    const text = body === undefined ? {} : { body: JSON.stringify(body) };
    const reply = await globalThis.fetch(`${address}/v1/${path}`, { method, headers, ...text });
    const json: any = await reply.json().catch(() => undefined);
    if (!reply.ok) throw new Error(`${method} ${path}: ${reply.status} ${JSON.stringify(json)}`);
    return json;
  };
  await ready(() => ask("GET", "sys/health"));
  return {
    address,
    root,
    admin: ask,
    put: async (path, fields) => void (await ask("POST", `secret/data/${encoded(path)}`, { data: fields })),
    async token(prefix, more = {}) {
      const name = `read-${randomBytes(4).toString("hex")}`;
      await policy(ask, name, prefix);
      return (await ask("POST", "auth/token/create", { policies: [name], ...more })).auth.client_token;
    },
    seal: async () => void (await ask("POST", "sys/seal")),
    unseal: async () => void (await ask("POST", "sys/unseal", { key: /Unseal Key: (\S+)/.exec(said)?.[1] })),
    stop,
  };
}

type Ask = Bao["admin"];

/** Lets read, and nothing else, below `secret/data/<prefix>`. */
export async function policy(ask: Ask, name: string, prefix: string): Promise<void> {
  const text = `path "secret/data/${prefix}/*" { capabilities = ["read"] }`;
  await ask("POST", `sys/policies/acl/${name}`, { policy: text });
}

export interface Signer {
  readonly publicKey: string;
  /** A JWT (ES256) with these claims. */
  sign(claims: Record<string, unknown>): string;
}

export function signer(): Signer {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return {
    publicKey: publicKey.export({ type: "spki", format: "pem" }).toString(),
    sign: (claims) => jwt(claims, privateKey),
  };
}

function jwt(claims: Record<string, unknown>, key: KeyObject): string {
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const text = `${part({ alg: "ES256", typ: "JWT" })}.${part(claims)}`;
  const signature = sign("sha256", Buffer.from(text), { key, dsaEncoding: "ieee-p1363" });
  return `${text}.${signature.toString("base64url")}`;
}

function encoded(path: string): string {
  return path.split("/").map(encodeURIComponent).join("/");
}

async function ready(probe: () => Promise<unknown>): Promise<void> {
  for (let tries = 0; ; tries += 1) {
    try {
      return void (await probe());
    } catch (error) {
      if (tries === 200) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

function freePort(): Promise<number> {
  const server = createServer();
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
