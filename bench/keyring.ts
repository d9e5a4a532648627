// node bench/keyring.ts [RUNS]: how long `keyring get` takes as a whole command, with a cached token and without one, from
// the checkout and as the executable, against menda-keyring 0.0.2 in the same run. Contenders take turns; medians and
// ratios are printed. Run it through `sh scripts/run.sh node bench/keyring.ts` after `npm run build:exe`.
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
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
];
try {
  const times = new Map(contenders.map(({ name }) => [name, [] as number[]]));
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

/** Milliseconds of `keyring get`, below a shell of its own: a parent that repeats itself would be given a new token. */
function timed(command: string): number {
  const started = performance.now();
  const { status, stdout, stderr } = spawnSync(
    "/bin/sh",
    ["-c", '"$@"; exit $?', "sh", command, "get", service, "aws"],
    {
      env,
      encoding: "utf8",
    },
  );
  const took = performance.now() - started;
  if (status !== 0 || stdout.trim() === "") throw new Error(`${command}: ${status} ${stderr}`);
  return took;
}

function report(times: ReadonlyMap<string, readonly number[]>): void {
  const base = median(times.get(contenders[0]?.name ?? "") ?? []);
  console.log(
    `${cpus().length} × ${cpus()[0]?.model ?? "?"}, ${runs} runs each, in turn; whole commands, milliseconds\n`,
  );
  console.log(
    `${"".padEnd(34)}${"median".padStart(9)}${"min".padStart(9)}${"max".padStart(9)}   original / ours`,
  );
  for (const [name, each] of times) {
    const cells = [median(each), Math.min(...each), Math.max(...each)].map((ms) => ms.toFixed(1).padStart(9));
    console.log(`${name.padEnd(34)}${cells.join("")}   ${(base / median(each)).toFixed(1)} ×`);
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
