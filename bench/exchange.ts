// node bench/exchange.ts [ROUNDS] [SECONDS]: token exchanges a second (RFC 8693) at 32 connections, each with a token of its
// own that is used up, audit entry on the disk before each answer; OpenBao's JWT login in the same run, which takes one and
// the same token again and again. Medians and ratios are printed. Run it through scripts/run.sh.
import { spawn } from "node:child_process";
import { generateKeyPairSync, sign, type KeyObject } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { CHECKOUT, EXECUTABLE, makePlace } from "../test/broker/server-process.ts";
import { createAuthority } from "../test/io/certificates.ts";
import type { Load, Measured } from "./load.ts";
import { freePort, openBao, started, tokenRequest, type Contender } from "./peers.ts";

const rounds = Number(process.argv[2] ?? 5);
const seconds = Number(process.argv[3] ?? 4);
const CONNECTIONS = 32;
const WARM_UP = 1;
/** Tokens signed ahead for each second; more than any contender takes. */
const MOST_A_SECOND = 6000;

const folder = mkdtempSync(join(tmpdir(), "keywright-bench-"));
const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const { server: keys, issuer, caFile } = await issuerAt();
const contenders: (Contender & { readonly own: boolean })[] = [];

interface Figures extends Measured {
  /** Of the server, microseconds an exchange. */
  readonly cpu: number;
}

const signed = promisify(
  (data: Buffer, key: KeyObject, done: (error: Error | null, signature: Buffer) => void) =>
    sign("sha256", data, key, done),
);
let made = 0;

try {
  contenders.push(await ours("keywright, Node", CHECKOUT, "checkout"));
  if (existsSync(EXECUTABLE[0] ?? ""))
    contenders.push(await ours("keywright, executable", EXECUTABLE, "executable"));
  for (const kind of ["service", "batch"] as const)
    contenders.push({ ...(await openBao(folder, kind)), own: false });
  const all = new Map<string, Figures[]>();
  for (let round = 0; round < rounds; round += 1) {
    for (const contender of contenders)
      all.set(contender.name, [...(all.get(contender.name) ?? []), await measure(contender)]);
  }
  report(all);
} finally {
  for (const { process: server } of contenders) server.kill("SIGKILL");
  keys.close();
  rmSync(folder, { recursive: true, force: true });
}

async function issuerAt(): Promise<{
  readonly server: Server;
  readonly issuer: string;
  readonly caFile: string;
}> {
  const authority = createAuthority(folder, "issuer");
  const jwk = { ...publicKey.export({ format: "jwk" }), kid: "1", alg: "RS256", use: "sig" };
  const server = createServer(authority.issue("IP:127.0.0.1"), ({ url = "" }, response) => {
    const document = { issuer: origin(), jwks_uri: `${origin()}/keys` };
    response.end(JSON.stringify(url === "/keys" ? { keys: [jwk] } : document));
  });
  const origin = (): string => `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  return { server, issuer: origin(), caFile: authority.file };
}

async function ours(name: string, program: readonly string[], at: string) {
  const more = `issuers: { ci: { preset: gitlab, issuer: "${issuer}", ca_file: "${caFile}", private_network: true } }
workloads: { deploy: { issuer: ci, principal: ci, audience: "urn:bench", claims: { project_id: "22", namespace_id: "72", ref: main } } }
`;
  const place = makePlace(mkdtempSync(join(folder, at)), more);
  const port = await freePort();
  const server = ["server", "--data", place.data, "--config", place.config, "--listen", `127.0.0.1:${port}`];
  const [command = "", ...args] = [...program, ...server];
  return { name, ...(await started(command, args, port)), request: "", own: true };
}

async function measure({
  name,
  port,
  request,
  own,
  process: { pid = 0 },
}: (typeof contenders)[number]): Promise<Figures> {
  const requests = own ? await exchanges(MOST_A_SECOND * (seconds + WARM_UP)) : request;
  const load = { host: "127.0.0.1", port, request: requests, connections: CONNECTIONS, seconds };
  const before = cpuOf(pid);
  const measured = await generate({ ...load, warmUpSeconds: WARM_UP });
  const share = seconds / (seconds + WARM_UP);
  const cpu = ((cpuOf(pid) - before) * 10_000 * share) / measured.answers;
  if (measured.refused > 0) throw new Error(`${name} refused ${measured.refused} requests`);
  return { ...measured, cpu };
}

/** Ticks of 10 ms, user and system. */
function cpuOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /, "")
    .split(" ");
  return Number(fields[11]) + Number(fields[12]);
}

async function exchanges(count: number): Promise<readonly string[]> {
  const now = Math.floor(Date.now() / 1000);
  const encoded = (part: object): string => Buffer.from(JSON.stringify(part)).toString("base64url");
  const header = encoded({ alg: "RS256", typ: "JWT", kid: "1" });
  const one = async (): Promise<string> => {
    const jti = `job-${(made += 1)}`;
    const ids = { project_id: "22", namespace_id: "72", ref: "main", pipeline_source: "push" };
    const claims = {
      iss: issuer,
      sub: "project_path:a/b",
      aud: "urn:bench",
      jti,
      iat: now,
      exp: now + 3600,
      ...ids,
    };
    const text = `${header}.${encoded(claims)}`;
    const token = `${text}.${(await signed(Buffer.from(text), privateKey)).toString("base64url")}`;
    const type = "urn%3Aietf%3Aparams%3Aoauth%3A";
    const body = `grant_type=${type}grant-type%3Atoken-exchange&subject_token_type=${type}token-type%3Ajwt&subject_token=${token}`;
    return tokenRequest("/oauth2/token", { "Content-Type": "application/x-www-form-urlencoded" }, body);
  };
  const all: string[] = [];
  while (all.length < count) all.push(...(await Promise.all(Array.from({ length: 500 }, one))));
  return all;
}

function generate(load: Load): Promise<Measured> {
  return new Promise((done, failed) => {
    const generator = spawn(process.execPath, [join(import.meta.dirname, "load.ts")], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    let text = "";
    generator.stdout.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
    generator.on("close", (code) =>
      code === 0 ? done(JSON.parse(text) as Measured) : failed(new Error("the load generator failed")),
    );
    generator.stdin.end(JSON.stringify(load));
  });
}

function report(all: ReadonlyMap<string, readonly Figures[]>): void {
  console.log(
    `${cpus().length} × ${cpus()[0]?.model ?? "?"}, shared with the load generator; medians of ${rounds}\n`,
  );
  console.log(`${"".padEnd(52)}exchanges/s    p50 ms    p99 ms    CPU µs  ours / it`);
  const rate = (name: string): number => median(all.get(name)?.map(({ answers }) => answers / seconds) ?? []);
  for (const { name } of contenders) {
    const of = (field: "p50" | "p99" | "cpu"): string =>
      median(all.get(name)?.map((one) => one[field]) ?? []).toFixed(1);
    const ratio = `${(rate(contenders[0]?.name ?? "") / rate(name)).toFixed(2)} ×`;
    const cells = [rate(name).toFixed(0), of("p50"), of("p99"), of("cpu"), ratio];
    console.log(
      `${name.padEnd(51)}${cells.map((text, at) => text.padStart(at === 0 ? 12 : at === 4 ? 11 : 10)).join("")}`,
    );
  }
}

function median(figures: readonly number[]): number {
  const sorted = figures.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return ((sorted[middle] ?? 0) + (sorted[sorted.length % 2 === 0 ? middle - 1 : middle] ?? 0)) / 2;
}
