// `keywright server`: runs a broker until it is told to stop. It reads the files that the command line names; what a
// broker does is in src/broker/.
import type { Command } from "commander";
import { join } from "node:path";
import type { BrokerConfig } from "../broker/config.ts";
import type { Listening } from "../broker/listening.ts";
import { KeywrightError } from "../errors.ts";
import type { CliContext } from "./context.ts";

interface ServerOptions {
  readonly data?: string;
  readonly listen: string;
  readonly url?: string;
  readonly behindProxy?: boolean;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly config?: string;
}

const EXAMPLES = `
The configuration names principals, stores, refs and policies; without --config it is config.yaml in the data folder.

Examples:
  keywright server --data ./broker --config broker.yaml
  keywright server --listen 127.0.0.1:9000 --url http://localhost:9000
  keywright server --listen 0.0.0.0:8765 --behind-proxy --url https://keywright.example
  keywright server --listen 0.0.0.0:443 --tls-cert cert.pem --tls-key key.pem --url https://keywright.example`;

export function addServer(program: Command, context: CliContext): void {
  program
    .command("server")
    .description("run a broker: hands out short-lived registry tokens, keeps the audit of it")
    .option("--data <dir>", "data folder (default: ~/.local/share/keywright)")
    .option("--listen <host:port>", "where to listen", "127.0.0.1:8765")
    .option("--url <url>", "the address under which clients reach it (default: http://localhost:PORT)")
    .option("--behind-proxy", "a proxy in front of it speaks TLS with the clients")
    .option("--tls-cert <file>", "certificate chain, PEM")
    .option("--tls-key <file>", "private key of the certificate, PEM")
    .option("--config <file>", "the broker's configuration")
    .addHelpText("after", EXAMPLES)
    .action((options: ServerOptions) => serve(options, context));
}

/** The data folder that `server` and `client` share. */
export function dataFolder(named: string | undefined, { home }: CliContext): string {
  if (named !== undefined) return named;
  if (home !== undefined) return join(home, ".local", "share", "keywright");
  throw new KeywrightError("usage", "there is no HOME to keep the broker's data under", {
    hint: "Name a folder with --data DIR.",
  });
}

async function serve(options: ServerOptions, context: CliContext): Promise<void> {
  const { startBroker } = await import("../broker/start.ts");
  const stopped = stopSignal();
  const data = dataFolder(options.data, context);
  const broker = await startBroker({
    ...(await listeningOf(options)),
    data,
    config: await configOf(options.config, data, context),
    clock: context.clock,
    log: (line) => context.err(`${line}\n`),
  });
  context.out(`keywright broker on ${broker.url}\n`);
  await stopped;
  await broker.close();
}

async function listeningOf({ listen, url, behindProxy, tlsCert, tlsKey }: ServerOptions): Promise<Listening> {
  const [, bracketed, plain, port = ""] =
    /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]+)):([0-9]{1,5})$/.exec(listen) ?? [];
  const host = bracketed ?? plain;
  if (host === undefined || Number(port) > 65_535) {
    throw new KeywrightError("usage", "--listen is not of the form HOST:PORT", {
      hint: "For example 127.0.0.1:8765 or [::1]:8765.",
    });
  }
  if ((tlsCert === undefined) !== (tlsKey === undefined)) {
    throw new KeywrightError("usage", "--tls-cert and --tls-key belong together", {
      hint: "Give both, or neither.",
    });
  }
  const tls =
    tlsCert === undefined || tlsKey === undefined
      ? undefined
      : { cert: await textOf(tlsCert), key: await textOf(tlsKey) };
  return { listen: { host, port: Number(port) }, url, behindProxy: behindProxy === true, tls };
}

async function textOf(file: string): Promise<string> {
  const { readFileSync } = await import("node:fs");
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    const { code = "unknown error" } = cause as NodeJS.ErrnoException;
    throw new KeywrightError("configuration", `${file} cannot be read (${code})`, { cause });
  }
}

/** Without any file nobody is granted anything. */
async function configOf(named: string | undefined, data: string, context: CliContext): Promise<BrokerConfig> {
  const { existsSync } = await import("node:fs");
  const { DEFAULT_ACCESS_TOKEN_TTL } = await import("../broker/config.ts");
  const usual = join(data, "config.yaml");
  const file = named ?? (existsSync(usual) ? usual : undefined);
  if (file === undefined) {
    context.err(
      `keywright: no configuration, so nobody gets a registry token; give one with --config, or as ${usual}\n`,
    );
    return {
      stores: new Map(),
      refs: [],
      policies: new Map(),
      principals: [],
      menda: new Map(),
      accessTokenTtl: DEFAULT_ACCESS_TOKEN_TTL,
    };
  }
  const { loadConfig } = await import("../config/load.ts");
  const { matchFault } = await import("../resolver/match.ts");
  const { home, env } = context;
  const loaded = loadConfig({ home, env, kind: "broker", file, backends: ["issue"], matchFault });
  const { stores, refs, policies, broker } = loaded;
  if (broker === undefined)
    throw new KeywrightError("internal", "a broker's configuration has no broker's settings");
  return { stores, refs, policies, ...broker };
}

/** The second signal ends the process at once, as usual. */
function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => resolve());
  });
}
