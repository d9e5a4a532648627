// node bench/keyring.ts [RUNS]: what `keyring get` takes as a whole command (time, processor time, peak memory), with a
// cached token and without one, from the checkout and as the executable, against menda-keyring 0.0.2 and an executable
// that does nothing. Contenders take turns; medians and ratios are printed. `sh scripts/run.sh node bench/keyring.ts`
// after `npm run build:exe`.
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { compileExecutable } from "../scripts/executable.ts";
import { installTools, toolPath } from "../scripts/tools.ts";

const runs = Number(process.argv[2] ?? 15);
const root = join(import.meta.dirname, "..");
const keywright = join(root, "bin", "keywright");
const executable = join(root, "build", "keywright");
if (!existsSync(executable)) throw new Error("build the executable first: npm run build:exe");
installTools(["menda"], (text) => console.log(text));

const folder = mkdtempSync(join(tmpdir(), "keywright-bench-"));
const home = join(folder, "home");
const service = "https://dom-123456789012.d.codeartifact.eu-west-1.amazonaws.com/pypi/repo/simple/";
const env: NodeJS.ProcessEnv = { PATH: "/usr/bin:/bin", HOME: home, LANG: "C.UTF-8" };

const port = await freePort();
const config = join(folder, "broker.yaml");
writeFileSync(
  config,
  `principals: [ci]
menda: { ci: codeartifact }
stores: { own: { backend: issue, options: { ttl: 3600, username: aws } } }
refs: { codeartifact: { store: own, match: "*.d.codeartifact.*.amazonaws.com", username: aws, policy: registries } }
policies: { registries: { allowed_principals: [ci], actions: [read, publish] } }
`,
);
mkdirSync(join(home, ".menda"), { recursive: true, mode: 0o700 });
const data = join(folder, "data");
const created = execFileSync(
  keywright,
  ["client", "create", "ci", "--principal", "ci", "--menda", "--data", data, "--json"],
  { encoding: "utf8" },
);
const { client_id: id, client_secret: secret } = JSON.parse(created) as Record<string, string>;
writeFileSync(
  join(home, ".menda", "mendacfg"),
  `[default]\nhost = http://localhost:${port}\nauth_type = m2m\nclient_id = ${id}\nclient_secret = ${secret}\n`,
  { mode: 0o600 },
);
const listen = ["server", "--data", data, "--config", config, "--listen", `127.0.0.1:${port}`];
const server = spawn(keywright, listen, { stdio: ["ignore", "pipe", "ignore"] });
await new Promise((ready) => server.stdout.once("data", ready));

const source = join(folder, "empty.ts");
const empty = join(folder, "empty");
writeFileSync(source, "");
compileExecutable({ entry: source, outfile: empty });

const links = join(folder, "links");
mkdirSync(links);
symlinkSync(executable, join(links, "keyring"));
const leases = (): void =>
  rmSync(join(home, ".cache", "keywright", "leases"), { recursive: true, force: true });
const nothing = (): void => {};

interface Contender {
  readonly name: string;
  readonly command: string;
  readonly before: () => void;
}

const original = toolPath("menda", "keyring");
const checkout = join(root, "bin", "keyring");
const compiled = join(links, "keyring");
const contenders: readonly Contender[] = [
  { name: "menda-keyring 0.0.2", command: original, before: nothing },
  { name: "keywright, checkout, no lease", command: checkout, before: leases },
  { name: "keywright, checkout, lease", command: checkout, before: nothing },
  { name: "keywright, executable, no lease", command: compiled, before: leases },
  { name: "keywright, executable, lease", command: compiled, before: nothing },
  { name: "an executable that does nothing", command: empty, before: nothing },
];
/** Measures one program: its arguments are the command. */
const RUNNER = `
import json, os, sys, time
out = os.open("/dev/null", os.O_WRONLY)
began = time.perf_counter()
child = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, out, 1)])
_, status, used = os.wait4(child, 0)
wall = (time.perf_counter() - began) * 1000
print(json.dumps({"wall": wall, "cpu": (used.ru_utime + used.ru_stime) * 1000, "memory": used.ru_maxrss / 1024}))
sys.exit(os.waitstatus_to_exitcode(status))
`;

try {
  const times = new Map(contenders.map(({ name }) => [name, [] as Taken[]]));
  for (let run = -1; run < runs; run += 1) {
    for (const { name, command, before } of contenders) {
      before();
      const took = timed(command);
      if (run >= 0) times.get(name)?.push(took);
    }
  }
  report(times);
} finally {
  server.kill();
  rmSync(folder, { recursive: true, force: true });
}

interface Taken {
  /** Milliseconds. */
  readonly wall: number;
  /** Milliseconds of the processor, for the program and for the system on its behalf. */
  readonly cpu: number;
  /** Megabytes, at the most. */
  readonly memory: number;
}

/** Runs one `keyring get` below a process of its own: a parent that repeats itself would be given a new token. */
function timed(command: string): Taken {
  const { status, stdout, stderr } = spawnSync(
    "python3",
    ["-S", "-c", RUNNER, command, "get", service, "aws"],
    {
      env,
      encoding: "utf8",
    },
  );
  if (status !== 0) throw new Error(`${command}: ${status} ${stderr}`);
  return JSON.parse(stdout) as Taken;
}

function report(taken: ReadonlyMap<string, readonly Taken[]>): void {
  const of = (name: string | undefined, what: keyof Taken): number =>
    median((taken.get(name ?? "") ?? []).map((one) => one[what]));
  const [first] = contenders;
  const [last] = contenders.slice(-1);
  console.log(
    `${cpus().length} × ${cpus()[0]?.model ?? "?"}, ${runs} runs each, in turn; whole commands, medians\n`,
  );
  const columns = ["wall ms", "least", "cpu ms", "MB", "original / this", "this / empty"];
  console.log(`${"".padEnd(34)}${columns.map((column) => column.padStart(16)).join("")}`);
  for (const [name, each] of taken) {
    const cells = [
      of(name, "wall").toFixed(1),
      Math.min(...each.map(({ wall }) => wall)).toFixed(1),
      of(name, "cpu").toFixed(1),
      of(name, "memory").toFixed(0),
      `${(of(first?.name, "wall") / of(name, "wall")).toFixed(1)} ×`,
      `${(of(name, "wall") / of(last?.name, "wall")).toFixed(1)} ×`,
    ];
    console.log(`${name.padEnd(34)}${cells.map((cell) => cell.padStart(16)).join("")}`);
  }
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return ((sorted[middle] ?? 0) + (sorted[sorted.length % 2 === 0 ? middle - 1 : middle] ?? 0)) / 2;
}

function freePort(): Promise<number> {
  return new Promise((done) => {
    const probe = createServer().listen(0, "127.0.0.1", () => {
      const { port: free } = probe.address() as AddressInfo;
      probe.close(() => done(free));
    });
  });
}
