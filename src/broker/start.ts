// startBroker: opens the data folder, listens, and serves both faces until it is closed. Refuses to serve strangers in
// clear text. It reads no configuration file and no environment.
import { getRequestListener } from "@hono/node-server";
import { randomBytes } from "node:crypto";
import { KeywrightError } from "../errors.ts";
import type { Clock } from "../io/clock.ts";
import type { Backend } from "../resolver/backend.ts";
import { createApp } from "./app.ts";
import { checkBrokerConfig, type BrokerConfig } from "./config.ts";
import { createBudget, type Core } from "./core.ts";
import { openData } from "./data-folder.ts";
import { createJournal } from "./journal.ts";
import { checkListening, publicUrl, type Listening } from "./listening.ts";
import { mendaFace } from "./menda-face.ts";
import { metadataEndpoints } from "./metadata.ts";
import type { Random } from "./records.ts";
import { registryFace } from "./registry-face.ts";
import { createRegistryGrant } from "./registry-grant.ts";
import { createHttpServer, type HttpServer } from "./server.ts";
import { standardFace } from "./standard-face.ts";

export interface BrokerOptions extends Listening {
  /** The data folder; made when it is missing. */
  readonly data: string;
  readonly config: BrokerConfig;
  /** Every backend but `issue`, by the name that stores use. */
  readonly backends?: Readonly<Record<string, Backend>> | undefined;
  readonly clock: Clock;
  readonly random?: Random | undefined;
  /** One line of the log, without a newline. */
  log(line: string): void;
}

export interface Broker {
  readonly host: string;
  readonly port: number;
  /** What it calls itself: issuer and base of every address. */
  readonly url: string;
  /** Answers what it has begun to answer, then stops; a second call waits for the first. */
  close(): Promise<void>;
}

/** Failed authentications that the audit takes, each minute; the request log has them all. */
const FAILURES_PER_MINUTE = 60;

export async function startBroker(options: BrokerOptions): Promise<Broker> {
  const { config, backends = {}, clock, random = randomBytes, log } = options;
  checkListening(options);
  checkBrokerConfig(config, [...Object.keys(backends), "issue"]);
  const { db, pepper } = openData(options.data);
  const server = createHttpServer(options.tls);
  try {
    const port = await listen(server, options.listen);
    const url = publicUrl(options, port);
    const failures = createBudget(clock, FAILURES_PER_MINUTE);
    const core: Core = {
      url,
      config,
      db,
      pepper,
      journal: createJournal(db, clock),
      clock,
      random,
      backends,
      failures,
    };
    const registry = createRegistryGrant(core);
    const endpoints = [
      ...metadataEndpoints(core),
      ...standardFace(core),
      ...registryFace(core, registry),
      ...mendaFace(core, registry),
    ];
    const app = createApp({ endpoints, clock, random, log });
    server.serve(getRequestListener(app.fetch));
    let closed: Promise<void> | undefined;
    const close = (): Promise<void> => (closed ??= server.close().then(() => db.close()));
    return { host: options.listen.host, port, url, close };
  } catch (thrown) {
    await server.close();
    db.close();
    throw thrown;
  }
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
