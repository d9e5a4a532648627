// A broker as a process of its own, in either form, on a free port of loopback, and machine clients of it.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { plant, run, temporary, type Form } from "./programs.ts";

export interface BrokerProcess {
  readonly host: string;
  readonly port: number;
  readonly url: string;
  readonly data: string;
  readonly pid: number;
  /** Everything that it wrote so far. */
  said(): string;
  /** Makes a machine client; returns its secret. */
  client(name: string, ...options: readonly string[]): Promise<string>;
  /** Runs keywright with the broker's HOME. */
  keywright(...argv: readonly string[]): Promise<string>;
  stop(): Promise<void>;
}

export const INDEX = "127.0.0.1:8999";
const CONFIG = `principals: [ci, intern]
stores:
  own: { backend: issue, options: { ttl: 600, username: token } }
refs:
  index: { store: own, match: "${INDEX}", username: token, policy: demo }
policies:
  demo: { allowed_principals: [ci], actions: [read] }
menda: { ci: index, intern: index }
`;

export interface BrokerWishes {
  readonly config?: string;
  /** Added to PATH, HOME and the log level. */
  readonly env?: Readonly<Record<string, string>>;
}

export async function brokerProcess(
  t: TestContext,
  form: Form,
  { config = CONFIG, env: more = {} }: BrokerWishes = {},
): Promise<BrokerProcess> {
  const home = temporary(t, "broker");
  const data = join(home, "data");
  plant(home, { "broker.yaml": config });
  const env = { PATH: "/usr/bin:/bin", HOME: home, KEYWRIGHT_LOG: "debug", ...more };
  const args = ["server", "--data", data, "--config", join(home, "broker.yaml"), "--listen", "127.0.0.1:0"];
  const child = spawn(form.program("keywright"), args, { env, stdio: ["ignore", "pipe", "pipe"] });
  const ended = new Promise<void>((done) => child.once("close", () => done()));
  t.after(() => child.kill("SIGKILL"));
  let text = "";
  const port = await new Promise<number>((done, failed) => {
    const hear = (part: string): void => {
      text += part;
      const listening = /^keywright broker on http:\/\/localhost:([0-9]+)$/m.exec(text)?.[1];
      if (listening !== undefined) done(Number(listening));
    };
    child.stdout.setEncoding("utf8").on("data", hear);
    child.stderr.setEncoding("utf8").on("data", hear);
    child.once("exit", (code) => failed(new Error(`the broker ended with ${code}: ${text}`)));
  });
  const keywright = async (...argv: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await run(form.program("keywright"), argv, { env });
    assert.equal(code, 0, stderr);
    return stdout;
  };
  return {
    host: "127.0.0.1",
    port,
    url: `http://localhost:${port}`,
    data,
    pid: child.pid ?? 0,
    said: () => text,
    async client(name, ...options) {
      const made = await keywright("client", "create", name, "--data", data, "--json", ...options);
      return (JSON.parse(made) as { client_secret: string }).client_secret;
    },
    keywright,
    async stop() {
      child.kill("SIGTERM");
      await ended;
    },
  };
}
