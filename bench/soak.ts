// node bench/soak.ts [SECONDS] [checkout|executable]: ten minutes of mixed load on one broker: tokens, introspection,
// registry tokens, revocation, wrong secrets, unknown paths, connections that come and go. Its memory and file handles are
// sampled; it fails when the last third is higher than the second. Run it through `sh scripts/run.sh`.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CHECKOUT, EXECUTABLE, makePlace, startServer } from "../test/broker/server-process.ts";

const seconds = Number(process.argv[2] ?? 600);
const program = process.argv[3] === "executable" ? EXECUTABLE : CHECKOUT;
const folder = mkdtempSync(join(tmpdir(), "keywright-soak-"));
const place = makePlace(folder);
const server = await startServer(place, program);
const kept = new Agent({ keepAlive: true, maxSockets: 16 });
const statuses = new Map<number, number>();

interface Sample {
  readonly memory: number;
  readonly handles: number;
}

try {
  const end = performance.now() + seconds * 1000;
  const samples: Sample[] = [];
  const sampling = setInterval(() => samples.push(sample()), Math.max(100, seconds * 10));
  await Promise.all(Array.from({ length: 16 }, (_, number) => story(number, end)));
  clearInterval(sampling);
  report(samples);
} finally {
  kept.destroy();
  await server.end("SIGTERM");
  rmSync(folder, { recursive: true, force: true });
}

/** One client's life, over and over; every fourth one makes a new connection for each request. */
async function story(number: number, end: number): Promise<void> {
  const agent = number % 4 === 0 ? false : kept;
  const form = (path: string, body: string, secret = place.secret): Promise<string> =>
    send(path, "application/x-www-form-urlencoded", basic(secret), body, agent);
  while (performance.now() < end) {
    const { access_token: token } = JSON.parse(
      await form("/oauth2/token", "grant_type=client_credentials"),
    ) as {
      access_token: string;
    };
    const ask = JSON.stringify({ url: "https://packages.example/", action: "read" });
    await send("/api/v1/registry/token", "application/json", `Bearer ${token}`, ask, agent);
    await form("/oauth2/introspect", `token=${token}`);
    if (number % 2 === 0) await form("/oauth2/revoke", `token=${token}`);
    if (number === 1) await form("/oauth2/token", "grant_type=password");
    if (number === 2) await form("/nowhere", "x=1");
    if (number === 3 && Math.random() < 0.02)
      await form("/oauth2/token", "grant_type=client_credentials", "wrong");
  }
}

function basic(secret: string): string {
  return `Basic ${Buffer.from(`ci:${secret}`).toString("base64")}`;
}

function send(path: string, type: string, authorization: string, body: string, agent: Agent | false) {
  return new Promise<string>((done, failed) => {
    const headers = { "Content-Type": type, Authorization: authorization };
    const sent = request({ host: "127.0.0.1", port: server.port, path, method: "POST", headers, agent });
    sent.on("response", (reply) => {
      const status = reply.statusCode ?? 0;
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      let text = "";
      reply.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
      reply.on("end", () => done(text));
    });
    sent.on("error", failed).end(body);
  });
}

function sample(): Sample {
  const status = readFileSync(`/proc/${server.pid}/status`, "utf8");
  const memory = Number(/VmRSS:\s+([0-9]+)/.exec(status)?.[1]) / 1024;
  return { memory, handles: readdirSync(`/proc/${server.pid}/fd`).length };
}

function report(samples: readonly Sample[]): void {
  const third = Math.floor(samples.length / 3);
  const [, second = [], last = []] = [0, 1, 2].map((part) => samples.slice(part * third, (part + 1) * third));
  const highest = (part: readonly Sample[], field: keyof Sample): number =>
    Math.max(...part.map((one) => one[field]));
  const answers = [...statuses].sort(([a], [b]) => a - b).map(([status, count]) => `${status}: ${count}`);
  console.log(`${seconds} s, answers by status: ${answers.join(", ")}`);
  for (const [field, slack] of [
    ["memory", 1.1],
    ["handles", 1.2],
  ] as const) {
    const [before, after] = [highest(second, field), highest(last, field)];
    const flat = after <= before * slack;
    console.log(
      `${field}: ${before.toFixed(0)} in the second third, ${after.toFixed(0)} in the last: ${flat ? "flat" : "GROWS"}`,
    );
    if (!flat) process.exitCode = 1;
  }
  if ([...statuses.keys()].some((status) => status >= 500)) process.exitCode = 1;
}
