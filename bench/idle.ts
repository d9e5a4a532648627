// 5,000 idle connections from one address, and what a client beside them notices: latency of a token, memory of the
// server. `sh scripts/run.sh node bench/idle.ts [COUNT]`, after `npm run build:exe`; `ulimit -n` has to allow it.
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const count = Number(process.argv[2] ?? 5000);
const executable = join(import.meta.dirname, "..", "build", "keywright");
const folder = mkdtempSync(join(tmpdir(), "keywright-idle-"));
const data = join(folder, "data");
const env = { HOME: folder, PATH: process.env["PATH"] ?? "" };
const config = join(folder, "broker.yaml");
writeFileSync(
  config,
  `principals: [ci]\nlimits: { connections: ${count + 100}, connections_per_address: ${count + 100} }\n`,
);
const made = execFileSync(
  executable,
  ["client", "create", "app", "--principal", "ci", "--data", data, "--json"],
  {
    env,
    encoding: "utf8",
  },
);
const { client_secret: secret } = JSON.parse(made) as { client_secret: string };
const child = spawn(executable, ["server", "--data", data, "--config", config, "--listen", "127.0.0.1:0"], {
  env,
  stdio: ["ignore", "pipe", "ignore"],
});
const [line] = (await once(child.stdout.setEncoding("utf8"), "data")) as [string];
const port = Number(/:(\d+)\n$/.exec(line)?.[1]);

function token(): Promise<number> {
  const begun = performance.now();
  const body = `grant_type=client_credentials&client_id=app&client_secret=${secret}`;
  const headers = { "Content-Type": "application/x-www-form-urlencoded" };
  return new Promise((resolve, reject) => {
    const outgoing = request(
      { host: "127.0.0.1", port, path: "/oauth2/token", method: "POST", headers },
      (answer) => {
        answer.resume();
        answer.on("end", () =>
          answer.statusCode === 200
            ? resolve(performance.now() - begun)
            : reject(new Error(`${answer.statusCode}`)),
        );
      },
    );
    outgoing.on("error", reject).end(body);
  });
}

async function latencies(): Promise<string> {
  const all: number[] = [];
  for (let n = 0; n < 300; n += 1) all.push(await token());
  all.sort((a, b) => a - b);
  return `p50 ${all[150]?.toFixed(2)} ms, p99 ${all[297]?.toFixed(2)} ms`;
}

const memory = (): string =>
  `${(Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, "utf8"))?.[1]) / 1024).toFixed(0)} MB`;

console.log(`alone:            ${await latencies()}, ${memory()}`);
const idle: Socket[] = [];
for (let n = 0; n < count; n += 1) {
  const socket = connect(port, "127.0.0.1");
  idle.push(socket);
  socket.on("error", () => undefined);
  await once(socket, "connect");
  socket.write("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
  await once(socket, "data");
}
console.log(`beside ${count} idle: ${await latencies()}, ${memory()}`);
for (const socket of idle) socket.destroy();
child.kill("SIGTERM");
await once(child, "exit");
rmSync(folder, { recursive: true, force: true });
