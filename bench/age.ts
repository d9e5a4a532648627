// node bench/age.ts [RUNS]: what one value of a gopass age store costs: in this process (plain identity, and gopass's own
// encrypted one), as a whole command (`age -d`, `keywright get` as the executable). All in one run, in turn; medians.
// `sh scripts/run.sh node bench/age.ts` after `npm run build:exe`; `age` is Debian's package of that name.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ageBackend } from "../src/backends/age.ts";
import type { Location } from "../src/resolver/location.ts";

const runs = Number(process.argv[2] ?? 21);
const root = join(import.meta.dirname, "..");
const executable = join(root, "build", "keywright");
if (!existsSync(executable)) throw new Error("build the executable first: npm run build:exe");

const home = mkdtempSync(join(tmpdir(), "keywright-bench-age-"));
process.on("exit", () => rmSync(home, { recursive: true, force: true }));
cpSync(join(root, "test", "fixtures", "gopass-age"), home, { recursive: true });
const [folder, key, identities] = ["store", "key.txt", "config-gopass-age/identities"].map((one) =>
  join(home, one),
) as [string, string, string];
for (const path of [folder, join(home, "config-gopass-age")]) chmodSync(path, 0o700);
for (const path of [key, identities]) chmodSync(path, 0o600);

const PATH = "mxm/red/marketdata/databento/api_key";
const VALUE = "db-0123456789abcdef";
const env = {
  PATH: "/usr/bin:/bin",
  HOME: home,
  GOPASS_AGE_PASSWORD: "throwaway",
  KEYWRIGHT_CONFIG: join(home, "config.yaml"),
};
const plain = { folder, identity_file: key, format: "gopass" };
const encrypted = { folder, gopass_identities: identities };
writeFileSync(
  env.KEYWRIGHT_CONFIG,
  `audit: none
stores: { safe: { backend: age, options: ${JSON.stringify(plain)} } }
refs: { api_key: { store: safe, path: ${PATH}, policy: all } }
policies: { all: { allowed_principals: [local_user] } }
`,
  { mode: 0o600 },
);

type Backend = ReturnType<typeof ageBackend>;
async function ask(backend: Backend, options: typeof plain | typeof encrypted): Promise<void> {
  const store = { name: "safe", backend: "age", root: "", options };
  const ref = { name: "api_key", options: {} };
  const location = { backend: "age", store, ref, path: PATH } as unknown as Location;
  const secret = await backend.retrieve(location, {} as never);
  assert.equal(secret?.reveal(), VALUE);
}

function command(file: string, argv: readonly string[]): void {
  const { stdout, stderr } = spawnSync(file, argv, { env, encoding: "utf8" });
  assert.equal(stdout.trimEnd(), VALUE, stderr);
}

const warm = ageBackend({ env });
await ask(warm, plain);
await ask(warm, encrypted);
const contenders: Readonly<Record<string, () => Promise<void> | void>> = {
  "age -d -i key.txt": () => command("age", ["-d", "-i", key, join(folder, `${PATH}.age`)]),
  "in process, identities open": () => ask(warm, encrypted),
  "in process, first value, plain identity": () => ask(ageBackend({ env }), plain),
  "in process, first value, gopass's encrypted identity": () => ask(ageBackend({ env }), encrypted),
  "keywright get, executable, plain identity": () => command(executable, ["get", "api_key"]),
};
const times = new Map<string, number[]>(Object.keys(contenders).map((name) => [name, []]));
for (let run = 0; run < runs; run += 1) {
  for (const [name, work] of Object.entries(contenders)) {
    const begun = performance.now();
    await work();
    times.get(name)?.push(performance.now() - begun);
  }
}

const median = (all: readonly number[]): number =>
  all.toSorted((a, b) => a - b)[Math.floor(all.length / 2)] ?? NaN;
const peer = median(times.get("age -d -i key.txt") ?? []);
console.log(`| ${runs} rounds, milliseconds | median | min | age -d / ours |\n|---|---|---|---|`);
for (const [name, all] of times) {
  const middle = median(all);
  console.log(
    `| ${name} | ${middle.toFixed(2)} | ${Math.min(...all).toFixed(2)} | ${(peer / middle).toFixed(2)} × |`,
  );
}
