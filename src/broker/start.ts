// startBroker: opens the data folder, listens, and serves both faces until it is closed. Refuses to serve strangers in
// clear text. It reads no configuration file and no environment.
import { statSync } from "node:fs";
import { KeywrightError } from "../errors.ts";
import { ensureAuditKey } from "../audit/audit-key.ts";
import type { CheckpointSink } from "../audit/checkpoint-sink.ts";
import { steadyClock, systemClock, type Clock } from "../io/clock.ts";
import { createHttp, type Http } from "../io/http.ts";
import type { Backend } from "../resolver/backend.ts";
import type { Actor } from "./admin.ts";
import { openAdminSocket } from "./admin-socket.ts";
import { createApp } from "./app.ts";
import { createCheckpoints, NO_CHECKPOINTS, type Checkpoints } from "./checkpoints.ts";
import { BROKER_BACKENDS, checkBrokerConfig, type BrokerConfig } from "./config.ts";
import { createBudget, type Core } from "./core.ts";
import { explainDataFault } from "./data-fault.ts";
import { createHealth } from "./health.ts";
import { holdData, warningOf, type HeldData } from "./held-data.ts";
import { databasePath, type Database } from "./database.ts";
import { createJournal } from "./journal.ts";
import { DEFAULT_LIMITS, type Limits } from "./limits.ts";
import { checkListening, publicUrl, type Listening } from "./listening.ts";
import { addGauges, measuredDatabase, measuredJournal } from "./measured.ts";
import { createMemory } from "./memory.ts";
import { createMetrics, type Metrics } from "./metrics.ts";
import { createProxies, LOOPBACK, NO_PROXIES, type Proxies } from "./proxies.ts";
import { pooledRandom } from "./random.ts";
import { createRates } from "./rates.ts";
import { newEntryId, type Random } from "./records.ts";
import { reloadable } from "./reloading.ts";
import { createBrokerLog, type LogFormat } from "./request-log.ts";
import { createHttpServer, type HttpServer } from "./server.ts";
import { watchTls, type TlsFiles } from "./tls-files.ts";
import { lateClock, startWatch } from "./watch.ts";

export interface BrokerOptions extends Listening {
  /** The data folder; made when it is missing. */
  readonly data: string;
  readonly config: BrokerConfig;
  /** Reads the configuration anew, for a reload. */
  readonly loadConfig?: (() => Promise<BrokerConfig>) | undefined;
  /** Every backend but `issue`, by the name that stores use. */
  readonly backends?: Readonly<Record<string, Backend>> | undefined;
  /** For what the broker asks of a provider or an issuer; undefined: directly, with the usual roots. */
  readonly http?: Http | undefined;
  readonly clock: Clock;
  /** For durations; undefined: one that is never put. */
  readonly steady?: Clock | undefined;
  /** Instead of `tls`: files, read again when they change. */
  readonly tlsFiles?: TlsFiles | undefined;
  /** How often files and clock are looked at; undefined: every second. */
  readonly watchSeconds?: number | undefined;
  /** undefined: text. */
  readonly logFormat?: LogFormat | undefined;
  readonly random?: Random | undefined;
  /** Where the head of the audit is signed to, every so many entries; undefined: nowhere. */
  readonly checkpoints?: { readonly every: number; readonly sink: CheckpointSink } | undefined;
  /** One line of the log, without a newline. */
  log(line: string): void;
}

export interface Broker {
  readonly host: string;
  readonly port: number;
  /** What it calls itself: issuer and base of every address. */
  readonly url: string;
  /** Puts the configuration of now in force for the requests that follow. Throws when it does not load; the old one stays. */
  reload(actor: Actor): Promise<object>;
  /** Answers what it has begun to answer, then stops; a second call waits for the first. */
  close(): Promise<void>;
}

/** Failed authentications that the audit takes, each minute; the request log has them all. */
const FAILURES_PER_MINUTE = 60;

export async function startBroker(given: BrokerOptions): Promise<Broker> {
  const watchedTls = given.tlsFiles && watchTls(given.tlsFiles);
  const options = { ...given, tls: given.tls ?? watchedTls?.first };
  const { config, backends = {}, clock, steady = steadyClock, random = pooledRandom() } = options;
  checkListening(options);
  checkBrokerConfig(config, [...Object.keys(backends), ...BROKER_BACKENDS]);
  const proxies = proxiesOf(options);
  const log = createBrokerLog(options.logFormat ?? "text", clock, options.log);
  const say = (line: string): void => log.event("warn", line);
  let limits: Limits = { ...DEFAULT_LIMITS, ...config.limits };
  const held = holdOrExplain(options.data, clock);
  for (const warning of [warningOf(held.data), lateClock(held.data.db, clock)])
    if (warning !== undefined) say(warning);
  const server = createHttpServer({ tls: options.tls, proxies, clock: steady, limits: () => limits });
  try {
    const port = await listen(server, options.listen);
    const url = publicUrl(options, port);
    const checkpoints = checkpointsOf({ ...options, log: say });
    checkpoints.reached(held.data.db.auditHead());
    const metrics = createMetrics();
    addGauges(metrics, { data: options.data, connections: server.connections, steady });
    const db = measuredDatabase(held.data.db, metrics, steady);
    const rates = {
      clients: createRates(clock, () => limits.requestsPerClient),
      requests: createRates(clock, () => limits.requestsPerAddress),
      failures: createRates(clock, () => limits.failuresPerAddress),
    };
    const core: Core = {
      url,
      config,
      db,
      peppers: held.data.peppers,
      sealing: held.data.sealing,
      journal: measuredJournal(createJournal(db, clock, checkpoints.reached), metrics),
      clock,
      random,
      http: options.http ?? createHttp({ env: {}, clock: systemClock }),
      backends,
      failures: createBudget(clock, FAILURES_PER_MINUTE),
      rates: rates.clients,
      metrics,
      health: createHealth({ clock, steady, probe: () => proveWritable(db, metrics, clock, random) }),
      memory: createMemory(clock),
    };
    const { endpoints, ...inForce } = reloadable(core, {
      load: options.loadConfig,
      log: say,
      applied: (next) => (limits = { ...DEFAULT_LIMITS, ...next.limits }),
    });
    const app = createApp({ endpoints, steady, random, proxies, rates, metrics, log });
    server.serve(app);
    const admin = await openAdminSocket(options.data, { data: held.data, clock, url, ...inForce });
    const { journal, health } = core;
    const everySeconds = options.watchSeconds ?? 1;
    const unwatch = startWatch({
      health,
      journal,
      metrics,
      log,
      random,
      server,
      tls: watchedTls,
      everySeconds,
    });
    let closed: Promise<void> | undefined;
    const endInOrder = async (): Promise<void> => {
      unwatch();
      await Promise.all([admin.close(), server.close()]);
      await checkpoints.close();
      held.release();
    };
    const close = (): Promise<void> => (closed ??= endInOrder());
    return { host: options.listen.host, port, url, reload: inForce.reload, close };
  } catch (thrown) {
    await server.close();
    held.release();
    throw thrown;
  }
}

/** A small write can still succeed where a token did not; after a failure only an entry of the audit is proof. */
function proveWritable(db: Database, metrics: Metrics, clock: Clock, random: Random): void {
  db.probe();
  if (!metrics.lastCommitFailed()) return;
  const entry = { kind: "written_again", id: newEntryId(random) };
  db.transaction((writer) => writer.append(clock.now(), entry));
}

function proxiesOf({ behindProxy = false, trustedProxies }: Listening): Proxies {
  return behindProxy ? createProxies(trustedProxies ?? LOOPBACK) : NO_PROXIES;
}

/** Reading all of a larger database would keep it from being ready. */
const LOOKED_THROUGH = 32 * 1024 * 1024;

function holdOrExplain(folder: string, clock: Clock): HeldData {
  let held: HeldData | undefined;
  try {
    held = holdData(folder, clock);
    const size = statSync(databasePath(folder)).size;
    const damage = size <= LOOKED_THROUGH ? held.data.db.damage() : undefined;
    if (damage !== undefined) throw new Error("the database is damaged");
    held.data.db.probe();
    return held;
  } catch (thrown) {
    held?.release();
    throw explainDataFault(thrown, folder);
  }
}

function checkpointsOf({ data, clock, log, checkpoints }: BrokerOptions): Checkpoints {
  ensureAuditKey(data);
  return checkpoints === undefined ? NO_CHECKPOINTS : createCheckpoints({ ...checkpoints, data, clock, log });
}

async function listen(server: HttpServer, { host, port }: Listening["listen"]): Promise<number> {
  try {
    return await server.listen(host, port);
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? "failed";
    throw new KeywrightError("network", `the broker cannot listen on ${host}:${port} (${code})`, {
      hint: "Another process may have the port: name another one with --listen HOST:PORT.",
      cause,
    });
  }
}
