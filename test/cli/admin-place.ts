// A broker as a process, and commands as processes beside it, from the checkout or from the executable.
import assert from "node:assert/strict";
import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";

export const CHECKOUT = join(import.meta.dirname, "..", "..", "bin", "keywright");
export const EXECUTABLE = join(import.meta.dirname, "..", "..", "build", "keywright");

export const CONFIG = `principals: [ci]
stores: { own: { backend: issue } }
refs: { packages: { store: own, match: packages.example, policy: readers } }
policies: { readers: { allowed_principals: [ci] } }
`;

export interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface Place {
  readonly folder: string;
  readonly data: string;
  readonly config: string;
  /** Runs `keywright … --data DATA`. */
  run(...args: readonly string[]): Promise<Ended>;
  /** The same, with --json; fails unless it succeeds. */
  json(...args: readonly string[]): Promise<Readonly<Record<string, unknown>>>;
  /** Starts the broker on a free port. */
  serve(): Promise<Served>;
}

export interface Served {
  readonly child: ChildProcess;
  readonly port: number;
  logged(): string;
  stop(): Promise<void>;
  /** The status of a token request. */
  token(name: string, secret: string): Promise<number>;
}

export function place(t: TestContext, program: string): Place {
  const folder = mkdtempSync(join(tmpdir(), "keywright-admin-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const [data, config] = [join(folder, "data"), join(folder, "broker.yaml")];
  writeFileSync(config, CONFIG);
  const env = { PATH: process.env["PATH"], HOME: folder };
  const run = (...args: readonly string[]): Promise<Ended> =>
    new Promise((done) => {
      execFile(program, [...args, "--data", data], { env, timeout: 60_000 }, (error, out, err) =>
        done({ code: error === null ? 0 : Number(error.code ?? -1), out, err }),
      );
    });
  return {
    folder,
    data,
    config,
    run,
    async json(...args) {
      const { code, out, err } = await run(...args, "--json");
      assert.equal(code, 0, `${args.join(" ")}: ${err}`);
      return JSON.parse(out) as Record<string, unknown>;
    },
    serve: () =>
      serve(
        t,
        spawn(program, ["server", "--listen", "127.0.0.1:0", "--config", config, "--data", data], { env }),
      ),
  };
}

async function serve(t: TestContext, child: ChildProcess): Promise<Served> {
  t.after(() => child.kill("SIGKILL"));
  let [said, logged] = ["", ""];
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (logged += text));
  child.stdout?.setEncoding("utf8").on("data", (text: string) => (said += text));
  const gone = once(child, "exit");
  while (!said.includes("\n")) {
    const ended = await Promise.race([
      once(child.stdout ?? child, "data").then(() => false),
      gone.then(() => true),
    ]);
    if (ended && !said.includes("\n")) assert.fail(`the server did not start: ${logged}`);
  }
  const port = Number(/:(\d+)\n/.exec(said)?.[1]);
  return {
    child,
    port,
    logged: () => logged,
    async stop() {
      child.kill("SIGTERM");
      await gone;
    },
    token: (name, secret) => tokenStatus(port, name, secret),
  };
}

const agent = new Agent({ keepAlive: true });

function tokenStatus(port: number, name: string, secret: string): Promise<number> {
  const headers = {
    "Content-Type": "application/x-www-form-urlencoded",
    Authorization: `Basic ${Buffer.from(`${name}:${secret}`).toString("base64")}`,
  };
  return new Promise((resolve, reject) => {
    const asked = request({ host: "127.0.0.1", port, path: "/oauth2/token", method: "POST", headers, agent });
    asked.on("response", (response) => {
      response.resume().on("end", () => resolve(response.statusCode ?? 0));
    });
    asked.on("error", reject).end("grant_type=client_credentials");
  });
}
