// node bench/codeartifact.ts [RUNS]: `keyring get` with AWS credentials and no broker, as a whole command, against
// keyrings.codeartifact 2.1.2 on the same stand-in for CodeArtifact, and what each of them has to have installed. Contenders
// take turns; the menda backend with a broker on loopback shows what the way to AWS costs more. Run it through `sh scripts/run.sh node bench/codeartifact.ts` after `npm run build:exe`.
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { installTools, toolPath } from "../scripts/tools.ts";
import { HOST, startStandIn } from "../test/e2e/aws/stand-in.ts";
import { DEV_ENV, REGION } from "../test/e2e/aws/world.ts";

const runs = Number(process.argv[2] ?? 15);
const root = join(import.meta.dirname, "..");
const executable = join(root, "build", "keywright");
if (!existsSync(executable)) throw new Error("build the executable first: npm run build:exe");
installTools(["aws"], (text) => console.log(text));

const endings: (() => unknown)[] = [];
const folder = mkdtempSync(join(tmpdir(), "keywright-bench-"));
const standIn = await startStandIn({ after: (end) => void endings.unshift(() => end()) });
const home = join(folder, "home");
const links = join(folder, "links");
mkdirSync(home, { mode: 0o700 });
mkdirSync(links);
symlinkSync(executable, join(links, "keyring"));
const service = `https://${HOST}/pypi/repo/simple/`;
/** Loopback without TLS for both: what is measured is the programs. */
const env: NodeJS.ProcessEnv = {
  PATH: "/usr/bin:/bin",
  HOME: home,
  LANG: "C.UTF-8",
  ...DEV_ENV,
  AWS_REGION: REGION,
  AWS_ENDPOINT_URL_CODEARTIFACT: standIn.url,
};
const throughBroker = await brokerOf(join(folder, "broker"));
const leases = ({ HOME = "" }: NodeJS.ProcessEnv): void =>
  rmSync(join(HOME, ".cache", "keywright", "leases"), { recursive: true, force: true });
const nothing = (): void => {};

interface Contender {
  readonly name: string;
  readonly words: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly before: (env: NodeJS.ProcessEnv) => void;
  /** How often the stand-in has to be asked by one run. */
  readonly mints: 0 | 1;
}

const original = toolPath("aws", "keyring");
const get = ["get", service, "aws"];
const python = toolPath("aws", "python");
const boto3 = `import boto3; boto3.client("codeartifact", region_name="${REGION}").get_authorization_token(domain="dom", domainOwner="123456789012")`;
const contenders: readonly Contender[] = [
  { name: "keyrings.codeartifact 2.1.2", words: [original, ...get], env, before: nothing, mints: 1 },
  { name: "boto3 alone", words: [python, "-c", boto3], env, before: nothing, mints: 1 },
  ...(["checkout", "executable"] as const).flatMap((form): Contender[] => {
    const words = [join(form === "checkout" ? join(root, "bin") : links, "keyring"), ...get];
    return [
      { name: `keywright, ${form}, no lease`, words, env, before: leases, mints: 1 },
      { name: `keywright, ${form}, lease`, words, env, before: nothing, mints: 0 },
      { name: `keywright, ${form}, broker, no lease`, words, env: throughBroker, before: leases, mints: 0 },
      { name: `keywright, ${form}, broker, lease`, words, env: throughBroker, before: nothing, mints: 0 },
    ];
  }),
];

try {
  const times = new Map(contenders.map(({ name }) => [name, [] as number[]]));
  for (let run = -1; run < runs; run += 1) {
    for (const contender of contenders) {
      const took = timed(contender);
      if (run >= 0) times.get(contender.name)?.push(took);
    }
  }
  report(times);
  sizes();
} finally {
  for (const end of endings) await end();
  rmSync(folder, { recursive: true, force: true });
}

/** Milliseconds of the command, below a shell of its own: a parent that repeats itself would be given a new token. */
function timed({ name, words, env: own, before, mints }: Contender): number {
  before(own);
  const earlier = standIn.seen("GetAuthorizationToken").length;
  const started = performance.now();
  const ran = spawnSync("/bin/sh", ["-c", '"$@"; exit $?', "sh", ...words], { env: own, encoding: "utf8" });
  const took = performance.now() - started;
  if (ran.status !== 0) throw new Error(`${name}: ${ran.status} ${ran.stderr}`);
  const asked = standIn.seen("GetAuthorizationToken").length - earlier;
  if (asked !== mints) throw new Error(`${name}: asked ${asked} times instead of ${mints}`);
  return took;
}

/** The environment of somebody who asks a broker of ours for a token of its own. */
async function brokerOf(place: string): Promise<NodeJS.ProcessEnv> {
  const config = join(place, "broker.yaml");
  const data = join(place, "data");
  mkdirSync(join(place, ".menda"), { recursive: true, mode: 0o700 });
  writeFileSync(
    config,
    `principals: [ci]
stores: { own: { backend: issue, options: { ttl: 3600, username: aws } } }
refs: { codeartifact: { store: own, match: "*.d.codeartifact.*.amazonaws.com", username: aws, policy: registries } }
policies: { registries: { allowed_principals: [ci], actions: [read, publish] } }
`,
  );
  const own = { PATH: "/usr/bin:/bin", HOME: place, LANG: "C.UTF-8" };
  const made = execFileSync(
    executable,
    ["client", "create", "ci", "--principal", "ci", "--data", data, "--json"],
    { env: own, encoding: "utf8" },
  );
  const { client_secret: secret } = JSON.parse(made) as { client_secret: string };
  const listen = ["server", "--data", data, "--config", config, "--listen", "127.0.0.1:0"];
  const server = spawn(executable, listen, { env: own, stdio: ["ignore", "pipe", "ignore"] });
  endings.push(() => server.kill());
  const line = await new Promise<string>((ready) => server.stdout.setEncoding("utf8").once("data", ready));
  const host = /http:\/\/localhost:[0-9]+/.exec(line)?.[0] ?? "";
  const profile = `[default]\nhost = ${host}\nauth_type = m2m\nclient_id = ci\nclient_secret = ${secret}\n`;
  writeFileSync(join(place, ".menda", "mendacfg"), profile, { mode: 0o600 });
  return own;
}

function report(times: ReadonlyMap<string, readonly number[]>): void {
  const base = median(times.get(contenders[0]?.name ?? "") ?? []);
  console.log(
    `${cpus().length} × ${cpus()[0]?.model ?? "?"}, ${runs} runs each, in turn; whole commands, milliseconds\n`,
  );
  console.log(
    `${"".padEnd(38)}${"median".padStart(9)}${"min".padStart(9)}${"max".padStart(9)}   original / ours`,
  );
  for (const [name, each] of times) {
    const cells = [median(each), Math.min(...each), Math.max(...each)].map((ms) => ms.toFixed(1).padStart(9));
    console.log(`${name.padEnd(38)}${cells.join("")}   ${(base / median(each)).toFixed(1)} ×`);
  }
}

/** What is on the disk afterwards, and what a bundler makes of it. Needs the package indexes of pip and npm. */
function sizes(): void {
  const sdk = join(folder, "sdk");
  mkdirSync(sdk);
  writeFileSync(join(sdk, "package.json"), '{"private": true, "type": "module"}');
  const packages = ["@aws-sdk/client-codeartifact", "@aws-sdk/credential-providers"];
  execFileSync("npm", ["install", "--no-audit", "--no-fund", "--silent", ...packages], { cwd: sdk });
  const entry = join(sdk, "entry.js");
  writeFileSync(entry, packages.map((name, at) => `export * as part${at} from "${name}";\n`).join(""));
  const venv = join(folder, "venv");
  const mb = (path: string): number =>
    Number(execFileSync("du", ["-sk", path], { encoding: "utf8" }).split("\t")[0]) / 1024;
  execFileSync("python3", ["-m", "venv", "--without-pip", venv]);
  const pip = ["-m", "pip", "--python", join(venv, "bin", "python"), "install", "-q", "--no-compile"];
  const boto = (what: string): number => {
    execFileSync(python, [...pip, what]);
    return mb(venv);
  };
  const ours = join(root, "src", "backends", "codeartifact.ts");
  console.log("\ninstalled, MB on the disk");
  for (const [name, size] of [
    ["boto3 1.44.5", boto("boto3==1.44.5")],
    ["keyrings.codeartifact 2.1.2", boto("keyrings.codeartifact==2.1.2")],
    [packages.join(" + "), mb(join(sdk, "node_modules"))],
    ["src/aws and the backend, as sources", mb(join(root, "src", "aws")) + mb(ours)],
    ["the executable, with its runtime", mb(executable)],
  ] as const)
    console.log(`${name.padEnd(64)}${size.toFixed(1).padStart(9)}`);
  console.log("\nminified bundle, KB");
  for (const [name, path] of [
    ["AWS SDK, both packages", entry],
    ["the backend with everything below it", ours],
  ] as const)
    console.log(`${name.padEnd(64)}${bundled(path).toFixed(0).padStart(9)}`);
}

function bundled(entry: string): number {
  const options = { encoding: "buffer", maxBuffer: 1e9 } as const;
  const bun = join(root, "node_modules", ".bin", "bun");
  return execFileSync(bun, ["build", "--minify", "--target=node", entry], options).length / 1024;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return ((sorted[middle] ?? 0) + (sorted[sorted.length % 2 === 0 ? middle - 1 : middle] ?? 0)) / 2;
}
