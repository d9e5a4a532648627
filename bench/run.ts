// node bench/run.ts [RUNS]: what `keywright run` adds to a program, against `varlock run` and `dotenvx run` in the same run: whole
// commands around `true` with one secret from the environment or a file. Contenders take turns; medians and ratios are printed.
// Run it through `sh scripts/run.sh node bench/run.ts` after `npm run build:exe`.
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";

const PEERS = ["varlock@1", "@dotenvx/dotenvx@2"];

const runs = Number(process.argv[2] ?? 15);
const root = join(import.meta.dirname, "..");
const executable = join(root, "build", "keywright");
if (!existsSync(executable)) throw new Error("build the executable first: npm run build:exe");
const peers = installed(join(root, "node_modules", ".cache", "keywright", "bench", "run-peers"));

const home = mkdtempSync(join(tmpdir(), "keywright-bench-"));
const config = join(home, ".config", "keywright");
mkdirSync(config, { recursive: true, mode: 0o700 });
writeFileSync(
  join(config, "config.yaml"),
  `identity: { role: research }
stores: { mounted: { backend: file, options: { folder: ${home}/mounted } } }
refs: { api_key: { store: mounted, path: api_key, policy: access } }
policies: { access: { allowed_principals: [research] } }
`,
  { mode: 0o600 },
);
mkdirSync(join(home, "mounted"), { mode: 0o700 });
writeFileSync(join(home, "mounted", "api_key"), "value-of-the-key\n", { mode: 0o600 });
writeFileSync(join(home, ".env"), "API_KEY=value-of-the-key\n");
writeFileSync(
  join(home, ".env.schema"),
  "# @defaultRequired=false\n# ---\n# @sensitive @required\nAPI_KEY=\n",
);

const env: NodeJS.ProcessEnv = {
  PATH: [dirname(process.execPath), "/usr/bin", "/bin"].join(delimiter),
  HOME: home,
  LANG: "C.UTF-8",
  DO_NOT_TRACK: "1",
  VARLOCK_TELEMETRY_DISABLED: "1",
};
const program = ["sh", "-c", 'test "$API_KEY" = value-of-the-key'];
const contenders: Readonly<Record<string, readonly string[]>> = {
  "the program alone": ["env", "API_KEY=value-of-the-key", ...program],
  "keywright run, checkout": [join(root, "bin", "keywright"), "run", "--secret", "api_key", "--", ...program],
  "keywright run, executable": [executable, "run", "--secret", "api_key", "--", ...program],
  "varlock run": [join(peers, "varlock"), "run", "--", ...program],
  "dotenvx run": [join(peers, "dotenvx"), "run", "--quiet", "--", ...program],
};
try {
  const times = new Map(Object.keys(contenders).map((name) => [name, [] as number[]]));
  for (let run = -1; run < runs; run += 1) {
    for (const [name, words] of Object.entries(contenders)) {
      const took = timed(name, words);
      if (run >= 0) times.get(name)?.push(took);
    }
  }
  print(times);
} finally {
  rmSync(home, { recursive: true, force: true });
}

function installed(folder: string): string {
  if (!existsSync(join(folder, "node_modules", ".bin", "varlock"))) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "package.json"), "{}");
    execFileSync("npm", ["install", "--no-audit", "--no-fund", ...PEERS], { cwd: folder, stdio: "inherit" });
  }
  return join(folder, "node_modules", ".bin");
}

function timed(name: string, [command = "", ...words]: readonly string[]): number {
  const begun = performance.now();
  const { status, stderr, stdout } = spawnSync(command, words, { env, cwd: home, encoding: "utf8" });
  const took = performance.now() - begun;
  if (status !== 0) throw new Error(`${name} ended with ${status}: ${stdout}${stderr}`);
  return took;
}

function print(times: ReadonlyMap<string, readonly number[]>): void {
  const median = (all: readonly number[]): number =>
    all.toSorted((a, b) => a - b)[Math.floor(all.length / 2)] ?? Number.NaN;
  const alone = median(times.get("the program alone") ?? []);
  const best = median(times.get("keywright run, executable") ?? []) - alone;
  console.log(`${runs} runs each, in turn; milliseconds`);
  console.log("| | median | min | adds | adds / keywright's executable |\n|---|---|---|---|---|");
  for (const [name, all] of times) {
    const adds = median(all) - alone;
    const ratio = name === "the program alone" ? "" : `${(adds / best).toFixed(1)} ×`;
    console.log(
      `| ${name} | ${median(all).toFixed(1)} | ${Math.min(...all).toFixed(1)} | ${adds.toFixed(1)} | ${ratio} |`,
    );
  }
}
