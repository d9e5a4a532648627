// Limits, TLS and failures of the executable's server: slow clients, smuggling, a changed certificate, and a data folder
// that is full, damaged or not writable. (test/broker/ has the same under Node, in more detail.)
import assert from "node:assert/strict";
import { execFileSync, spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { connect } from "node:tls";
import { AMBIGUOUS, POST } from "../broker/ambiguous.ts";
import { answerIn, HEALTHY, HEALTHZ, wire, type Place } from "../broker/wire.ts";
import { createAuthority } from "../io/certificates.ts";

const EXECUTABLE =
  process.env["KEYWRIGHT_TEST_EXECUTABLE"] ?? join(import.meta.dirname, "..", "..", "build", "keywright");
assert.ok(existsSync(EXECUTABLE), "build/keywright is missing: run npm run build:exe");

const CONFIG = `principals: [ci]
stores: { own: { backend: issue } }
refs: { packages: { store: own, match: packages.example, policy: readers } }
policies: { readers: { allowed_principals: [ci] } }
`;

interface Server extends Place {
  readonly child: ChildProcess;
  readonly folder: string;
  readonly secret: string;
  logged(): string;
  /** Resident memory, in bytes. */
  memory(): number;
  stop(): Promise<number | null>;
}

function place(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "keywright-limits-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function serve(t: TestContext, limits: string, args: readonly string[] = []): Promise<Server> {
  const folder = place(t);
  const env = { PATH: process.env["PATH"] ?? "", HOME: folder };
  const data = join(folder, "data");
  const config = join(folder, "broker.yaml");
  writeFileSync(config, `${CONFIG}limits: { ${limits} }\n`);
  const made = execFileSync(
    EXECUTABLE,
    ["client", "create", "app", "--principal", "ci", "--data", data, "--json"],
    {
      env,
      encoding: "utf8",
    },
  );
  const { client_secret: secret } = JSON.parse(made) as { client_secret: string };
  const given = ["server", "--data", data, "--config", config, "--listen", "127.0.0.1:0", ...args];
  const child = spawn(EXECUTABLE, given, { env });
  t.after(() => void child.kill("SIGKILL"));
  let logged = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (logged += text));
  const exited = once(child, "exit") as Promise<[number | null]>;
  const [line] = (await Promise.race([
    once(child.stdout.setEncoding("utf8"), "data"),
    exited.then(() => assert.fail(logged)),
  ])) as [string];
  return {
    child,
    folder,
    secret,
    host: "127.0.0.1",
    port: Number(/:(\d+)\n$/.exec(line)?.[1]),
    logged: () => logged,
    memory: () =>
      1024 * Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, "utf8"))?.[1]),
    async stop() {
      child.kill("SIGTERM");
      return (await exited)[0];
    },
  };
}

async function served(server: Place): Promise<void> {
  const { socket, until } = wire(server, HEALTHZ);
  await until(HEALTHY);
  socket.destroy();
}

async function askToken(server: Server): Promise<{ readonly status: number }> {
  const body = `grant_type=client_credentials&client_id=app&client_secret=${server.secret}`;
  const { ended } = wire(server, `${POST}Connection: close\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
  return answerIn(await ended);
}

async function drip(server: Place, first: string): Promise<string> {
  const { write, ended } = wire(server, first);
  const timer = setInterval(() => write("x"), 50);
  return ended.finally(() => clearInterval(timer));
}

test("executable: slow and silent clients end in time, in JSON, and others are served", async (t) => {
  const server = await serve(t, "header_seconds: 1, request_seconds: 2, idle_seconds: 1");
  const before = server.memory();
  const slow = Array.from({ length: 100 }, () => drip(server, "GET /healthz HTTP/1.1\r\nX: "));
  const bodies = Array.from({ length: 100 }, () => drip(server, `${POST}Content-Length: 9999\r\n\r\n`));
  const idle = Array.from({ length: 300 }, () => wire(server, HEALTHZ));
  const silent = Array.from({ length: 100 }, () => wire(server));
  assert.equal((await askToken(server)).status, 200);
  for (const got of await Promise.all([...slow, ...bodies])) assert.equal(answerIn(got).status, 408, got);
  await Promise.all([...idle, ...silent].map(({ ended }) => ended));
  assert.equal((await askToken(server)).status, 200);
  assert.ok(server.memory() - before < 100e6);
  assert.ok(!server.logged().includes("error"), server.logged().slice(0, 2000));
  assert.equal(await server.stop(), 0);
});

test("executable: when it is full, whoever waits longest makes room", async (t) => {
  const server = await serve(t, "connections: 60, connections_per_address: 40");
  const waiting = Array.from({ length: 300 }, () => wire(server, "GET /healthz HTTP/1.1\r\n"));
  await Promise.all(waiting.slice(0, 200).map(({ ended }) => ended));
  await served(server);
  assert.equal((await askToken(server)).status, 200);
  for (const { socket } of waiting) socket.destroy();
});

test("executable: smuggling attempts get one refusal and no second request", async (t) => {
  const server = await serve(t, "");
  for (const [name, text] of AMBIGUOUS) {
    const got = await wire(server, text).ended;
    assert.equal(answerIn(got).status, name === "CONNECT" ? 405 : 400, `${name}: ${got}`);
    assert.equal(got.match(/HTTP\/1\.1 /g)?.length, 1, `${name}: ${got}`);
  }
  assert.ok(!server.logged().includes("smuggled"), server.logged());
});

test("executable: endless headers, chunk extensions and bodies are cut off", async (t) => {
  const server = await serve(t, "header_seconds: 2, request_seconds: 3");
  const before = server.memory();
  const endless = async (first: string): Promise<string> => {
    const { socket, write, ended } = wire(server, first);
    const more = "y".repeat(64 * 1024);
    const timer = setInterval(() => socket.writableLength < 1e6 && write(more), 1);
    return ended.finally(() => clearInterval(timer));
  };
  const chunked = `${POST}Transfer-Encoding: chunked\r\n\r\n`;
  const firsts = [
    "GET /healthz HTTP/1.1\r\nX: ",
    "GET /healthz?",
    `${chunked}1;`,
    `${chunked}0\r\nX: `,
    `${chunked}fffffff\r\n`,
    `${POST}Content-Length: 999999999\r\n\r\n`,
  ];
  for (const [at, got] of (await Promise.all(firsts.map(endless))).entries())
    if (got !== "") assert.ok([400, 408, 413, 431].includes(answerIn(got).status), `${at}: ${got}`);
  assert.ok(server.memory() - before < 150e6, String(server.memory() - before));
  await served(server);
});

test("executable: a stop finishes what was begun and ends what waits", async (t) => {
  const server = await serve(t, "");
  const body = `grant_type=client_credentials&client_id=app&client_secret=${server.secret}`;
  const begun = wire(server, `${POST}Content-Length: ${body.length}\r\n\r\n`);
  const idle = wire(server, HEALTHZ);
  await idle.until(HEALTHY);
  const stopped = server.stop();
  await idle.ended;
  begun.write(body);
  assert.equal(answerIn(await begun.ended).status, 200);
  assert.equal(await stopped, 0);
});

test("executable: a new certificate comes into force, connections stay, slow ones end", async (t) => {
  const folder = place(t);
  const authority = createAuthority(folder, "ca");
  const files = { cert: join(folder, "server.pem"), key: join(folder, "server.key") };
  const put = (): void => {
    const { cert, key } = authority.issue("DNS:localhost");
    writeFileSync(files.cert, cert);
    writeFileSync(files.key, key);
  };
  put();
  const tls = ["--tls-cert", files.cert, "--tls-key", files.key];
  const server = await serve(t, "header_seconds: 1, idle_seconds: 60", tls);
  const open = async (text: string) => {
    const socket = connect({
      port: server.port,
      host: server.host,
      servername: "localhost",
      ca: readFileSync(authority.file),
    });
    let got = "";
    socket.setEncoding("utf8").on("data", (chunk: string) => (got += chunk));
    const ended = once(socket, "close").then(() => got);
    await once(socket, "secureConnect");
    socket.write(text);
    return { socket, ended, serial: socket.getPeerCertificate().serialNumber, got: () => got };
  };
  const old = await open(HEALTHZ);
  const slow = await open("GET /healthz HTTP/1.1\r\n");
  const silent = wire(server);
  assert.equal(answerIn(await slow.ended).status, 408);
  await silent.ended;
  put();
  while (!server.logged().includes("the certificate was exchanged"))
    await once(server.child.stderr as NodeJS.ReadableStream, "data");
  const fresh = await open(HEALTHZ);
  assert.notEqual(fresh.serial, old.serial);
  old.socket.write(HEALTHZ);
  while (old.got().split(HEALTHY).length < 3) await once(old.socket, "data");
  const stopped = server.stop();
  await Promise.all([old.ended, fresh.ended]);
  assert.equal(await stopped, 0);
});

/** Starts a server that must not start; returns what it says. */
function refused(
  folder: string,
  ...before: readonly string[]
): { readonly status: number | null; readonly said: string } {
  const [command = "", ...args] = [
    ...before,
    EXECUTABLE,
    "server",
    "--data",
    join(folder, "data"),
    "--listen",
    "127.0.0.1:0",
  ];
  const { status, stderr } = spawnSync(command, args, {
    env: { HOME: folder },
    encoding: "utf8",
    timeout: 20_000,
  });
  return { status, said: stderr };
}

function withData(t: TestContext): string {
  const folder = place(t);
  execFileSync(EXECUTABLE, ["client", "create", "app", "--principal", "ci", "--data", join(folder, "data")], {
    env: { HOME: folder },
    stdio: "ignore",
  });
  return folder;
}

test("executable: it does not start on a damaged database, and says so", (t) => {
  const folder = withData(t);
  const file = join(folder, "data", "broker.db");
  const whole = readFileSync(file);
  const damages: readonly Buffer[] = [
    Buffer.from("this is no database, but it is long enough to look like one".repeat(20)),
    Buffer.concat([whole.subarray(0, 4096), Buffer.alloc(whole.length - 4096, 0x5a)]),
    Buffer.concat([whole.subarray(0, 200), Buffer.alloc(whole.length - 200, 0xff)]),
  ];
  for (const bytes of damages) {
    writeFileSync(file, bytes);
    for (const end of ["-wal", "-shm"]) rmSync(`${file}${end}`, { force: true });
    const { status, said } = refused(folder);
    assert.notEqual(status, 0);
    assert.match(said, /holds a damaged database\n {2}Put the last backup in its place/, said);
  }
});

test("executable: it does not start on a folder that it cannot write, and says so", (t) => {
  const folder = withData(t);
  const data = join(folder, "data");
  const nobody =
    process.geteuid?.() === 0 ? ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] : [];
  if (nobody.length > 0) {
    execFileSync("chown", ["-R", "65534:65534", folder]);
    chmodSync(folder, 0o755);
  }
  for (const name of ["broker.db", "broker.db-wal", "broker.db-shm"])
    if (existsSync(join(data, name))) chmodSync(join(data, name), 0o400);
  chmodSync(data, 0o500);
  const { status, said } = refused(folder, ...nobody);
  chmodSync(data, 0o700);
  assert.notEqual(status, 0);
  assert.match(said, /cannot be written\n {2}Let the user that runs the server write there/, said);
});

/** No file may grow beyond so many blocks of 512 bytes: to SQLite that is a disk without room. */
const small = (size: number) => ["sh", "-c", `trap '' XFSZ; ulimit -f ${size}; exec "$@"`, "sh"];

test("executable: a full disk ends in 503 without a token, readyz is red, and a start says so", async (t) => {
  const folder = withData(t);
  const env = { HOME: folder, PATH: process.env["PATH"] ?? "" };
  const config = join(folder, "broker.yaml");
  writeFileSync(config, CONFIG);
  const made = execFileSync(
    EXECUTABLE,
    ["client", "create", "other", "--principal", "ci", "--data", join(folder, "data"), "--json"],
    { env, encoding: "utf8" },
  );
  const { client_secret: secret } = JSON.parse(made) as { client_secret: string };
  const [command = "", ...args] = [
    ...small(800),
    EXECUTABLE,
    "server",
    "--data",
    join(folder, "data"),
    "--config",
    config,
    "--listen",
    "127.0.0.1:0",
  ];
  const child = spawn(command, args, { env });
  t.after(() => child.kill("SIGKILL"));
  const [line] = (await once(child.stdout.setEncoding("utf8"), "data")) as [string];
  const at = { host: "127.0.0.1", port: Number(/:(\d+)\n$/.exec(line)?.[1]) };
  const body = `grant_type=client_credentials&client_id=other&client_secret=${secret}`;
  const tokens: string[] = [];
  let status = 200;
  for (let n = 0; n < 5000 && status === 200; n += 1) {
    const answer = answerIn(
      await wire(at, `${POST}Connection: close\r\nContent-Length: ${body.length}\r\n\r\n${body}`).ended,
    );
    status = answer.status;
    if (status === 200) tokens.push(String(answer.json["access_token"]));
  }
  assert.equal(status, 503, `after ${tokens.length} tokens`);
  const ready = await wire(at, "GET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").ended;
  assert.equal(answerIn(ready).status, 503);
  child.kill("SIGTERM");
  await once(child, "exit");
  const audit = execFileSync(EXECUTABLE, ["audit", "show", "--data", join(folder, "data"), "--json"], {
    env,
    encoding: "utf8",
    maxBuffer: 1e8,
  });
  assert.equal(audit.match(/"outcome":"granted"/g)?.length, tokens.length);
  const { status: exit, said } = refused(folder, ...small(1));
  assert.notEqual(exit, 0);
  assert.match(said, /has no room, or its disk fails\n {2}Make room on the disk/, said);
});
