// node bench/refresh.ts [N]: N `keyring get` at once (100) on a login whose token has ended, each for another index, with the
// executable, bound and unbound: how often the host is asked to refresh, how long all of them take, and what one alone takes
// with a refresh and without. The host is a stand-in in this process that checks every proof. `sh scripts/run.sh node
// bench/refresh.ts` after `npm run build:exe`.
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { dpopKey } from "../src/account/login/dpop-key.ts";
import { loginStore } from "../src/account/login/login-store.ts";
import { systemClock } from "../src/io/clock.ts";
import { aLogin } from "../test/account/login/login.ts";
import { loginCloud, type LoginCloud } from "../test/account/login/login-cloud.ts";

const many = Number(process.argv[2] ?? 100);
const executable = join(import.meta.dirname, "..", "build", "keywright");
if (!existsSync(executable)) throw new Error("build the executable first: npm run build:exe");
const folder = mkdtempSync(join(tmpdir(), "keywright-refresh-"));
const keyring = join(folder, "keyring");
symlinkSync(executable, keyring);

const CONFIG = `stores: { menda: { backend: menda, options: { request_timeout: 60, timeout: 60 } } }
refs: { index: { store: menda, match: "*.packages.example", policy: registries } }
policies: { registries: { allowed_principals: [local_user] } }
`;

try {
  console.log(`${cpus().length} processors, ${many} at once`);
  for (const bound of [true, false]) await measured(bound);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function measured(bound: boolean): Promise<void> {
  const home = join(folder, bound ? "bound" : "unbound");
  mkdirSync(join(home, ".menda"), { recursive: true, mode: 0o700 });
  mkdirSync(join(home, ".config", "keywright"), { recursive: true, mode: 0o700 });
  const where = { clock: systemClock, env: {} };
  const cloud = await loginCloud({ jkt: bound ? dpopKey(home, where).thumbprint : undefined });
  writeFileSync(join(home, ".config", "keywright", "config.yaml"), CONFIG, { mode: 0o600 });
  writeFileSync(join(home, ".menda", "mendacfg"), `[default]\nhost = ${cloud.host}\n`, { mode: 0o600 });
  const store = loginStore({ home, ...where });
  const createdAt = systemClock.now() - 3600;
  const kind = bound ? {} : ({ bound, tokenType: "Bearer" } as const);
  const tokenEndpoint = `${cloud.host}/oauth2/token`;
  store.keep(aLogin({ host: cloud.host, tokenEndpoint, createdAt, expiresAt: createdAt + 600, ...kind }));

  const began = performance.now();
  const took = await Promise.all(Array.from({ length: many }, (_, n) => get(home, `i${n}`)));
  const whole = performance.now() - began;
  const refreshes = calls(cloud, "POST /oauth2/token");
  took.sort((a, b) => a - b);
  console.log(
    `${bound ? "bound" : "unbound"}: ${refreshes} refresh, ${calls(cloud, "POST /api/v1/registry/token")} tokens, ` +
      `${whole.toFixed(0)} ms for all, ${middle(took).toFixed(0)} ms in the middle, ${(took.at(-1) ?? 0).toFixed(0)} ms at most`,
  );
  const alone: Record<string, number[]> = { refresh: [], fresh: [], lease: [] };
  for (let n = 0; n < 15; n += 1) {
    const login = store.find(cloud.host, "default");
    if (login === undefined) throw new Error("the login is gone");
    await store.alone(cloud.host, "default", async () => store.keep({ ...login, expiresAt: createdAt }));
    alone["refresh"]?.push(await get(home, `r${n}`));
    alone["fresh"]?.push(await get(home, `f${n}`));
    alone["lease"]?.push(await get(home, `f${n}`));
  }
  for (const [name, times] of Object.entries(alone)) {
    const what = { refresh: "a refresh and a token", fresh: "a token", lease: "a lease" }[name];
    console.log(`  one alone, ${what}: ${middle(times.sort((a, b) => a - b)).toFixed(1)} ms`);
  }
  await cloud.close();
}

/** Milliseconds of one command. */
function get(home: string, index: string): Promise<number> {
  const began = performance.now();
  const child = spawn(keyring, ["get", `https://${index}.packages.example/simple/`, "token"], {
    env: { PATH: "/usr/bin:/bin", HOME: home },
    stdio: ["ignore", "ignore", "inherit"],
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) =>
      code === 0 ? resolve(performance.now() - began) : reject(new Error(`keyring ended with ${code}`)),
    );
  });
}

function calls({ asked }: LoginCloud, call: string): number {
  return asked.filter((one) => one === call).length;
}

function middle(sorted: readonly number[]): number {
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
