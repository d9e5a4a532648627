// `keywright server`: runs a broker until it is told to stop. It reads the files that the command line names; what a
// broker does is in src/broker/.
import { Option, type Command } from "commander";
import { join } from "node:path";
import type { BrokerConfig } from "../broker/config.ts";
import type { Broker } from "../broker/start.ts";
import type { Listening } from "../broker/listening.ts";
import { KeywrightError } from "../errors.ts";
import type { LogFormat } from "../broker/request-log.ts";
import type { TlsFiles } from "../broker/tls-files.ts";
import type { CliContext } from "./context.ts";
import { dataFolder } from "./data-folder.ts";
import { loadedConfig } from "./loaded.ts";
import { addServerAdmin } from "./server-admin.ts";

interface ServerOptions {
  readonly data?: string;
  readonly listen: string;
  readonly url?: string;
  readonly behindProxy?: boolean;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly trustedProxy?: readonly string[];
  readonly logFormat: LogFormat;
  readonly config?: string;
}

const EXAMPLES = `
The configuration names principals, stores, refs and policies; without --config it is config.yaml in the data folder.

Examples:
  keywright server --data ./broker --config broker.yaml
  keywright server --listen 127.0.0.1:9000 --url http://localhost:9000
  keywright server --listen 0.0.0.0:8765 --behind-proxy --url https://keywright.example
  keywright server --listen 0.0.0.0:443 --tls-cert cert.pem --tls-key key.pem --url https://keywright.example
  keywright server --listen 0.0.0.0:8765 --behind-proxy --trusted-proxy 10.0.0.0/24 --url https://keywright.example
  keywright server reload --data ./broker             (or the signal SIGHUP)
  keywright server backup broker.bak --data ./broker`;

export function addServer(program: Command, context: CliContext): void {
  const server = program
    .command("server")
    .description("run a broker: hands out short-lived registry tokens, keeps the audit of it")
    .option("--data <dir>", "data folder (default: ~/.local/share/keywright)")
    .option("--listen <host:port>", "where to listen", "127.0.0.1:8765")
    .option("--url <url>", "the address under which clients reach it (default: http://localhost:PORT)")
    .option("--behind-proxy", "a proxy in front of it speaks TLS with the clients")
    .option(
      "--trusted-proxy <address>",
      "with --behind-proxy: address or range (CIDR) of a proxy whose X-Forwarded-For is believed; may be given more than once (default: this machine)",
      (one: string, before: readonly string[] = []) => [...before, one],
    )
    .option("--tls-cert <file>", "certificate chain, PEM; read again when it changes")
    .option("--tls-key <file>", "private key of the certificate, PEM")
    .addOption(
      new Option("--log-format <format>", "how the log is written").choices(["text", "json"]).default("text"),
    )
    .option("--config <file>", "the broker's configuration")
    .addHelpText("after", EXAMPLES)
    .action((options: ServerOptions) => serve(options, context));
  addServerAdmin(server, context);
}

async function serve(options: ServerOptions, context: CliContext): Promise<void> {
  const { startBroker } = await import("../broker/start.ts");
  const { upstreamBackends } = await import("../all-backends.ts");
  const { createHttp } = await import("../io/http.ts");
  const stopped = stopSignal();
  const data = dataFolder(options.data, context);
  const config = await configOf(options.config, data, context);
  const broker = await startBroker({
    ...listeningOf(options),
    logFormat: options.logFormat,
    data,
    config,
    loadConfig: () => configOf(options.config, data, context),
    backends: upstreamBackends({
      env: context.env,
      home: context.home,
      clock: context.clock,
      debug: context.log?.debug,
    }),
    checkpoints: await checkpointsOf(config, context),
    http: createHttp({ env: context.env, clock: context.clock, debug: context.log?.debug }),
    clock: context.clock,
    log: (line) => context.err(`${line}\n`),
  });
  context.out(`keywright broker on ${broker.url}\n`);
  reloadAtSignal(broker);
  await stopped;
  await broker.close();
}

function listeningOf(options: ServerOptions): Listening & { readonly tlsFiles: TlsFiles | undefined } {
  const { listen, url, behindProxy = false, trustedProxy: trustedProxies, tlsCert, tlsKey } = options;
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
  if (trustedProxies !== undefined && !behindProxy) {
    throw new KeywrightError("usage", "--trusted-proxy means something with --behind-proxy only", {
      hint: "Give --behind-proxy, too, or take --trusted-proxy out.",
    });
  }
  const tlsFiles = tlsCert === undefined || tlsKey === undefined ? undefined : { cert: tlsCert, key: tlsKey };
  return { listen: { host, port: Number(port) }, url, behindProxy, trustedProxies, tlsFiles };
}

async function checkpointsOf({ checkpoints }: BrokerConfig, { env, clock, out }: CliContext) {
  if (checkpoints === undefined) return undefined;
  const { openCheckpointSink } = await import("../audit/checkpoint-sink.ts");
  const http = async () => (await import("../io/http.ts")).createHttp({ env, clock });
  return { every: checkpoints.every, sink: openCheckpointSink(checkpoints.to, { out, http }) };
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
  const { home, env } = context;
  const loaded = await loadedConfig({ home, env, kind: "broker", file });
  const { stores, refs, policies, broker } = loaded;
  if (broker === undefined)
    throw new KeywrightError("internal", "a broker's configuration has no broker's settings");
  return { stores, refs, policies, ...broker };
}

/** What went wrong is in the log and in the audit; the old configuration stays in force. */
function reloadAtSignal(broker: Broker): void {
  process.on("SIGHUP", () => void broker.reload({ by: "SIGHUP" }).catch(() => undefined));
}

/** The second signal ends the process at once, as usual. */
function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => resolve());
  });
}
