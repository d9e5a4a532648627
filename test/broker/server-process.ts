// A broker in a process of its own, with one client, so that it can be killed and watched.
import { spawn, type ChildProcess } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createClient } from "../../src/broker/clients.ts";
import { openData } from "../../src/broker/data-folder.ts";

const ROOT = join(import.meta.dirname, "..", "..");

/** How the program is started: from the checkout, or the executable. */
export const CHECKOUT: readonly string[] = [process.execPath, join(ROOT, "bin", "checkout.mjs"), "keywright"];
export const EXECUTABLE: readonly string[] = [join(ROOT, "build", "keywright")];

const CONFIG = `principals: [ci]
stores: { own: { backend: issue, options: { ttl: 300 } } }
refs: { packages: { store: own, match: "packages.example", policy: packages } }
policies: { packages: { allowed_principals: [ci], actions: [read] } }
`;

export interface Place {
  readonly data: string;
  readonly config: string;
  /** Of the client `ci`. */
  readonly secret: string;
}

/** Makes the data folder below `folder`. `more` is added to the configuration. */
export function makePlace(folder: string, more = ""): Place {
  const data = join(folder, "data");
  const config = join(folder, "broker.yaml");
  writeFileSync(config, CONFIG + more, { mode: 0o600 });
  const open = openData(data);
  try {
    const client = { name: "ci", principal: "ci", resource: undefined, queryCredentials: false };
    return { data, config, secret: createClient(open, client, { now: Date.now() / 1000, by: "tester" }) };
  } finally {
    open.db.close();
  }
}

export interface ServerProcess {
  readonly child: ChildProcess;
  readonly port: number;
  readonly pid: number;
  /** What it said on standard error so far. */
  said(): string;
  readonly ended: Promise<number | null>;
  /** Ends it with this signal and waits for its end. */
  end(signal: NodeJS.Signals): Promise<number | null>;
}

/** `through` is put before the command: strace, for example. */
export async function startServer(
  { data, config }: Place,
  program: readonly string[] = CHECKOUT,
  through: readonly string[] = [],
): Promise<ServerProcess> {
  const server = ["server", "--data", data, "--config", config, "--listen", "127.0.0.1:0"];
  const [command = "", ...args] = [...through, ...program, ...server];
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (said = (said + text).slice(-100_000)));
  const exited = new Promise<number | null>((done) => void child.on("exit", (code) => done(code)));
  let out = "";
  const port = await new Promise<number>((ready, failed) => {
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      out += text;
      const found = /broker on http:\/\/localhost:([0-9]+)\n/.exec(out)?.[1];
      if (found !== undefined) ready(Number(found));
    });
    void exited.then((code) => failed(new Error(`the server ended with ${code}: ${said}`)));
  });
  const pid = child.pid ?? 0;
  return {
    child,
    port,
    pid,
    said: () => said,
    ended: exited,
    end(signal) {
      child.kill(signal);
      return exited;
    },
  };
}
