// node bench/clients.ts [RUNS]: how long uv takes to install 30 private packages when it asks keywright (the executable, with
// a lease and without), when it has the token in its environment (the floor), and when it asks menda-keyring 0.0.2.
// Contenders take turns; medians and ratios are printed. `sh scripts/run.sh node bench/clients.ts` after `npm run build:exe`.
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { dirname, join } from "node:path";
import type { TestContext } from "node:test";
import { installTools, toolPath } from "../scripts/tools.ts";
import { newClient, type Running } from "../test/broker/broker.ts";
import { startPackages } from "../test/e2e/packages.ts";
import { indexUrl, startRegistry } from "../test/e2e/registry.ts";

const PACKAGES = 30;
const runs = Number(process.argv[2] ?? 9);
const executable = join(import.meta.dirname, "..", "build", "keywright");
if (!existsSync(executable)) throw new Error("build the executable first: npm run build:exe");
installTools(["installers", "menda"], (text) => console.log(text));

const endings: (() => unknown)[] = [];
const t = { after: (ending: () => unknown) => endings.unshift(ending) } as unknown as TestContext;
try {
  await main();
} finally {
  for (const ending of endings) await ending();
}

interface Contender {
  readonly name: string;
  readonly path: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly before?: () => void;
}

async function main(): Promise<void> {
  const names = Array.from({ length: PACKAGES }, (_, index) => `package-${index + 1}`);
  const packages = Object.fromEntries(names.map((name) => [name, []]));
  const registry = await startRegistry(t, { start: startPackages({ packages }), ttl: 3600 });
  const { data } = registry.broker as Running;
  const secret = newClient(data, { name: "bench", principal: "ci", queryCredentials: true });
  const home = registry.folder("home");
  const links = registry.folder("links");
  symlinkSync(executable, join(links, "keyring"));
  mkdirSync(join(home, ".menda"), { mode: 0o700 });
  const profile = `[default]\nhost = ${registry.broker.url}\nauth_type = m2m\nclient_id = bench\nclient_secret = ${secret}\n`;
  writeFileSync(join(home, ".menda", "mendacfg"), profile, { mode: 0o600 });
  const proxy = `http://127.0.0.1:${registry.proxy.port}`;
  const env = {
    HOME: home,
    LANG: "C.UTF-8",
    HTTPS_PROXY: proxy,
    NO_PROXY: "127.0.0.1,localhost",
    SSL_CERT_FILE: registry.authority,
    UV_KEYRING_PROVIDER: "subprocess",
    UV_INDEX_PRIVATE_USERNAME: "aws",
    UV_NO_CACHE: "1",
    UV_PYTHON_DOWNLOADS: "never",
  };
  const system = "/usr/bin:/bin";
  const token = (
    await ran(join(links, "keyring"), ["get", indexUrl(), "aws"], { ...env, PATH: system })
  ).trim();
  const leases = join(home, ".cache", "keywright", "leases");
  const contenders: readonly Contender[] = [
    {
      name: "token in the environment",
      path: system,
      env: { UV_KEYRING_PROVIDER: "disabled", UV_INDEX_PRIVATE_PASSWORD: token },
    },
    { name: "keywright, lease", path: `${links}:${system}` },
    {
      name: "keywright, no lease",
      path: `${links}:${system}`,
      before: () => rmSync(leases, { recursive: true, force: true }),
    },
    { name: "menda-keyring 0.0.2", path: `${dirname(toolPath("menda", "keyring"))}:${system}` },
  ];
  const config = join(home, "uv.toml");
  const index = `[[index]]\nname = "private"\nurl = "${indexUrl()}"\ndefault = true\nauthenticate = "always"\n`;
  writeFileSync(config, index);
  const target = join(home, "site");
  const argv = ["--config-file", config, "pip", "install", "--quiet", "--target", target];
  const install = [...argv, "--python", toolPath("installers", "python"), ...names];
  const times = new Map(contenders.map(({ name }) => [name, [] as number[]]));
  for (let run = -1; run < runs; run += 1) {
    for (const { name, path, env: more = {}, before } of contenders) {
      before?.();
      rmSync(target, { recursive: true, force: true });
      const started = performance.now();
      await ran(toolPath("installers", "uv"), install, { ...env, ...more, PATH: path });
      if (run >= 0) times.get(name)?.push(performance.now() - started);
    }
  }
  report(times);
}

/** Standard output. Throws when it fails. */
function ran(program: string, argv: readonly string[], env: NodeJS.ProcessEnv): Promise<string> {
  const child = spawn(program, argv, { env, stdio: ["ignore", "pipe", "pipe"], timeout: 120_000 });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (part: Buffer) => (stdout += part.toString()));
  child.stderr.on("data", (part: Buffer) => (stderr += part.toString()));
  return new Promise((done, failed) =>
    child.on("close", (code) =>
      code === 0
        ? done(stdout)
        : failed(new Error(`${program} ended with ${code} (PATH ${env["PATH"]}): ${stderr}`)),
    ),
  );
}

function report(times: ReadonlyMap<string, readonly number[]>): void {
  const floor = median([...times.values()][0] ?? []);
  console.log(
    `${cpus().length} × ${cpus()[0]?.model ?? "?"}, ${runs} runs each, in turn; ${PACKAGES} packages\n`,
  );
  console.log(
    `${"".padEnd(28)}${"median ms".padStart(10)}${"min".padStart(8)}${"over".padStart(8)}   / floor`,
  );
  for (const [name, each] of times) {
    const middle = median(each);
    const cells = [middle, Math.min(...each), middle - floor].map((ms) => ms.toFixed(0));
    const [first = "", second = "", third = ""] = cells;
    const ratio = (middle / floor).toFixed(2);
    console.log(
      `${name.padEnd(28)}${first.padStart(10)}${second.padStart(8)}${third.padStart(8)}   ${ratio} ×`,
    );
  }
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return ((sorted[middle] ?? 0) + (sorted[sorted.length % 2 === 0 ? middle - 1 : middle] ?? 0)) / 2;
}
