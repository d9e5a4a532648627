// node bench/secrets.ts [SECONDS]: how many questions a second SecretsApi answers in process, against mxm-secrets 0.3.2 with
// the same configuration in the same run. On both sides the backend is a table in memory, so that only the way to it is
// measured. Contenders take turns; medians of five turns are printed. Run it through `sh scripts/run.sh node bench/secrets.ts`.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { installTools, toolPath } from "../scripts/tools.ts";
import { Secret, SecretsApi, type Backend, type RuntimeIdentity, type SecretsOptions } from "../src/index.ts";

const seconds = Number(process.argv[2] ?? 0.5);
const TURNS = 5;
installTools(["mxm"], (text) => console.log(text));

const names = Array.from({ length: 200 }, (_, at) => `secret_${at}`);
const config = {
  stores: { red: { backend: "gopass", root: "mxm/red" }, black: { backend: "gopass", root: "mxm/black" } },
  refs: Object.fromEntries(
    names.map((name, at) => [
      name,
      { store: at % 2 === 0 ? "red" : "black", path: `app/${name}`, policy: `p${at % 20}` },
    ]),
  ),
  policies: Object.fromEntries(
    Array.from({ length: 20 }, (_, at) => [
      `p${at}`,
      { allowed_principals: ["research", "marketdata", `role_${at}`] },
    ]),
  ),
};
const values = Object.fromEntries(
  names.map((name, at) => [`mxm/${at % 2 === 0 ? "red" : "black"}/app/${name}`, `value ${at}`]),
);
const identity: RuntimeIdentity = {
  app: "study",
  environment: "dev",
  machine: "bridge",
  substrate: "local-process",
  role: "research",
};
const stranger: RuntimeIdentity = { ...identity, role: "execution" };

const table: Backend = {
  async check() {},
  retrieve: async ({ path = "" }) => new Secret(values[path] ?? ""),
};

const ORIGINAL = `
import json, sys, time
from mxm.secrets import SecretsApi
from mxm.secrets.backends import gopass_backend
from mxm.types.runtime_identity import RuntimeIdentity
config, values, names, seconds = json.load(sys.stdin)
gopass_backend.is_gopass_available = lambda: True
gopass_backend.access_secret = lambda path, default=None: values.get(path, default)
api = SecretsApi.from_config_data(config)
def identity(role): return RuntimeIdentity("study", "dev", "bridge", "local-process", role)
me, stranger = identity("research"), identity("execution")
def denied(name):
    try: api.get_secret(name, identity=stranger)
    except PermissionError: return
    raise SystemExit("not denied")
def allowed(name):
    if not api.get_secret(name, identity=me): raise SystemExit("no value")
def rate(work):
    done, end, begin = 0, time.perf_counter() + seconds, time.perf_counter()
    while time.perf_counter() < end:
        for name in names: work(name)
        done += len(names)
    return done / (time.perf_counter() - begin)
rate(allowed)
print(json.dumps([rate(allowed), rate(denied), rate(lambda _: SecretsApi.from_config_data(config)) ]))
`;

type Rates = readonly [allowed: number, denied: number, loaded: number];

function theirs(): Rates {
  const python = toolPath("mxm", "python");
  const input = JSON.stringify([config, values, names, seconds]);
  const { status, stdout, stderr } = spawnSync(python, ["-c", ORIGINAL], { input, encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as Rates;
}

async function ours(audit: SecretsOptions["audit"]): Promise<Rates> {
  const options = { audit, env: {}, backends: { gopass: table } };
  const api = SecretsApi.fromConfigData(config, options);
  const allowed = async (secretName: string): Promise<void> => {
    if ((await api.getSecret({ secretName, identity })).reveal() === "") throw new Error("no value");
  };
  const denied = async (secretName: string): Promise<void> => {
    const outcome = await api.getSecret({ secretName, identity: stranger }).catch(({ code }) => code);
    if (outcome !== "denied") throw new Error("not denied");
  };
  await rate(allowed);
  return [
    await rate(allowed),
    await rate(denied),
    await rate(async () => void SecretsApi.fromConfigData(config, options)),
  ];
}

async function explained(): Promise<number> {
  const api = SecretsApi.fromConfigData(config, {
    audit: "none",
    env: {},
    backends: { gopass: table },
  });
  return rate(async (secretName) => void (await api.explain({ secretName, identity })));
}

async function rate(work: (name: string) => Promise<void>): Promise<number> {
  const begin = performance.now();
  let done = 0;
  while (performance.now() - begin < seconds * 1000) {
    for (const name of names) await work(name);
    done += names.length;
  }
  return (done / (performance.now() - begin)) * 1000;
}

const folder = mkdtempSync(join(tmpdir(), "keywright-bench-"));
const turns: { theirs: Rates; none: Rates; sink: Rates; file: Rates; explained: number }[] = [];
for (let turn = 0; turn < TURNS; turn += 1) {
  turns.push({
    theirs: theirs(),
    none: await ours("none"),
    sink: await ours(() => undefined),
    file: await ours({ file: join(folder, `audit-${turn}.jsonl`) }),
    explained: await explained(),
  });
}
rmSync(folder, { recursive: true });

const median = (all: readonly number[]): number =>
  all.toSorted((a, b) => a - b)[Math.floor(all.length / 2)] ?? 0;
const shown = (rates: readonly Rates[]): string =>
  [0, 1, 2]
    .map((at) => Math.round(median(rates.map((one) => one[at] ?? 0))).toLocaleString("en"))
    .join(" | ");
console.log(
  `${cpus()[0]?.model}, ${cpus().length} cores, Node ${process.version}, 200 refs, 20 policies, a second:\n`,
);
console.log("| | allowed | denied | loads |\n|---|---|---|---|");
console.log(`| mxm-secrets 0.3.2 (no audit) | ${shown(turns.map((turn) => turn.theirs))} |`);
console.log(`| ours, audit: none | ${shown(turns.map((turn) => turn.none))} |`);
console.log(`| ours, a function as sink | ${shown(turns.map((turn) => turn.sink))} |`);
console.log(`| ours, the chain in a file | ${shown(turns.map((turn) => turn.file))} |`);
console.log(
  `\ndecisions alone (explain): ${Math.round(median(turns.map((turn) => turn.explained))).toLocaleString("en")}`,
);
