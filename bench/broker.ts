// node bench/broker.ts [ROUNDS] [SECONDS]: tokens a second of /oauth2/token at 1 and 32 connections, with the audit entry on
// the disk before each answer, against oidc-provider and OpenBao in the same run; contenders take turns, medians and
// ratios are printed. The load generator is a process of its own on the same cores. Run it through scripts/run.sh.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { CHECKOUT, EXECUTABLE, makePlace } from "../test/broker/server-process.ts";
import type { Load, Measured } from "./load.ts";
import {
  basicForm,
  freePort,
  oidcProvider,
  openBao,
  started,
  tokenRequest,
  type Contender,
} from "./peers.ts";

const rounds = Number(process.argv[2] ?? 5);
const seconds = Number(process.argv[3] ?? 4);
const folder = mkdtempSync(join(tmpdir(), "keywright-bench-"));
const contenders: Contender[] = [];

interface Figures extends Measured {
  readonly perSecond: number;
  /** Of the server, microseconds a request. */
  readonly cpu: number;
  /** MB after it. */
  readonly memory: number;
}

try {
  contenders.push(await ours("keywright, Node, audit on disk", CHECKOUT, "checkout"));
  if (existsSync(EXECUTABLE[0] ?? ""))
    contenders.push(await ours("keywright, executable, audit on disk", EXECUTABLE, "executable"));
  contenders.push(await oidcProvider(), await openBao(folder, "service"), await openBao(folder, "batch"));
  const all = new Map<string, Figures[]>();
  for (let round = 0; round < rounds; round += 1) {
    for (const contender of contenders) {
      for (const connections of [1, 32]) {
        const figures = await measure(contender, connections);
        const key = `${contender.name} ${connections}`;
        all.set(key, [...(all.get(key) ?? []), figures]);
      }
    }
  }
  report(all);
} finally {
  for (const { process: server } of contenders) server.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
}

async function ours(name: string, program: readonly string[], at: string): Promise<Contender> {
  const place = makePlace(mkdtempSync(join(folder, at)));
  const port = await freePort();
  const server = ["server", "--data", place.data, "--config", place.config, "--listen", `127.0.0.1:${port}`];
  const [command = "", ...args] = [...program, ...server];
  const running = await started(command, args, port);
  const request = tokenRequest("/oauth2/token", basicForm(place.secret), "grant_type=client_credentials");
  return { name, ...running, request };
}

async function measure(
  { name, port, request, process: server }: Contender,
  connections: number,
): Promise<Figures> {
  const load: Load = { host: "127.0.0.1", port, request, connections, seconds, warmUpSeconds: 1 };
  const pid = server.pid ?? 0;
  const before = cpuOf(pid);
  const measured = await generate(load);
  if (measured.refused > 0) throw new Error(`${name} refused ${measured.refused} requests`);
  const share = seconds / (seconds + load.warmUpSeconds);
  const cpu = ((cpuOf(pid) - before) * 10_000 * share) / measured.answers;
  const memory = Number(/VmRSS:\s+([0-9]+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;
  return { ...measured, perSecond: measured.answers / seconds, cpu, memory };
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

/** Ticks of 10 ms, user and system. */
function cpuOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /, "")
    .split(" ");
  return Number(fields[11]) + Number(fields[12]);
}

function report(all: ReadonlyMap<string, readonly Figures[]>): void {
  console.log(
    `${cpus().length} × ${cpus()[0]?.model ?? "?"}, shared with the load generator; medians of ${rounds}\n`,
  );
  const head = ["conns", "tokens/s", "p50 ms", "p99 ms", "CPU µs", "MB", "ready ms", "ours / it"];
  console.log(`${"".padEnd(46)}${head.map((text) => text.padStart(10)).join("")}`);
  for (const { name, ready } of contenders) {
    for (const connections of [1, 32]) {
      const middle = (field: keyof Figures): number => median(all.get(`${name} ${connections}`) ?? [], field);
      const own = median(all.get(`${contenders[0]?.name ?? ""} ${connections}`) ?? [], "perSecond");
      const cells = [
        String(connections),
        middle("perSecond").toFixed(0),
        middle("p50").toFixed(2),
        middle("p99").toFixed(1),
        middle("cpu").toFixed(0),
        middle("memory").toFixed(0),
        ready.toFixed(0),
        `${(own / middle("perSecond")).toFixed(2)} ×`,
      ];
      console.log(`${name.padEnd(46)}${cells.map((text) => text.padStart(10)).join("")}`);
    }
  }
}

function median(figures: readonly Figures[], field: keyof Figures): number {
  const sorted = figures.map((one) => one[field]).sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return ((sorted[middle] ?? 0) + (sorted[sorted.length % 2 === 0 ? middle - 1 : middle] ?? 0)) / 2;
}
