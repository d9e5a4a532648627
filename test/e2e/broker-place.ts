// `keywright server` as a process on a free loopback port, with one client that acts as `ci`, for the tests with real
// clients of it. Its clock is the system's.
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";

export interface BrokerPlace {
  /** What the broker calls itself. */
  readonly url: string;
  readonly port: number;
  /** A temporary folder that is also the HOME of everything here. */
  readonly folder: string;
  readonly id: string;
  readonly secret: string;
  readonly env: Readonly<Record<string, string>>;
  logged(): string;
  stop(): Promise<void>;
}

const CONFIG = `principals: [ci]
stores: { own: { backend: issue } }
refs: { packages: { store: own, match: packages.example, policy: readers } }
policies: { readers: { allowed_principals: [ci] } }
menda: { default: packages }
`;

const keywright = join(import.meta.dirname, "..", "..", "bin", "keywright");

/** `more`: lines to add to the configuration. */
export async function brokerPlace(t: TestContext, more = ""): Promise<BrokerPlace> {
  const folder = mkdtempSync(join(tmpdir(), "keywright-place-"));
  const data = join(folder, "data");
  const config = join(folder, "broker.yaml");
  writeFileSync(config, `${CONFIG}${more}`);
  const env = { PATH: process.env["PATH"] ?? "", HOME: folder };
  const made = execFileSync(
    keywright,
    ["client", "create", "app", "--principal", "ci", "--menda", "--data", data, "--json"],
    { env, encoding: "utf8" },
  );
  const { client_secret: secret } = JSON.parse(made) as { client_secret: string };
  const child = spawn(keywright, ["server", "--data", data, "--config", config, "--listen", "127.0.0.1:0"], {
    env,
  });
  let logged = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (logged += text));
  const ended = once(child, "exit");
  const stop = async (): Promise<void> => {
    child.kill("SIGTERM");
    await ended;
  };
  t.after(async () => {
    await stop();
    rmSync(folder, { recursive: true, force: true });
  });
  const started = once(child.stdout.setEncoding("utf8"), "data") as Promise<[string]>;
  const [line] = await Promise.race([
    started,
    ended.then(() => {
      throw new Error(`no broker: ${logged}`);
    }),
  ]);
  const url = /http:\/\/localhost:\d+/.exec(line)?.[0] ?? "";
  return { url, port: Number(new URL(url).port), folder, id: "app", secret, env, logged: () => logged, stop };
}
