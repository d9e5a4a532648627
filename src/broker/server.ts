// The HTTP server under the application: limits against slow and endless clients, JSON also for what the HTTP parser
// itself refuses, and a Host header that nothing behind it can see. It knows no endpoint.
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from "node:http";
import type { AddressInfo, Server as NetServer, Socket } from "node:net";
import { createServer as createTlsServer, type Server as TlsServer } from "node:tls";
import type { Clock } from "../io/clock.ts";
import { createConnections, type Connections } from "./connections.ts";
import type { Limits } from "./limits.ts";
import type { Tls } from "./listening.ts";
import { limitKey, type Proxies } from "./proxies.ts";
import { refusal } from "./reply.ts";
import { answerClientError, answerRaw, faultOf, write } from "./server-refusals.ts";

export interface HttpServer {
  readonly connections: Connections;
  /** Returns the port. */
  listen(host: string, port: number): Promise<number>;
  /** Whom to hand requests to; call it in the same turn in which `listen` returned. */
  serve(listener: RequestListener): void;
  /** For the connections that come; those that are there stay as they are. Throws when the pair is none. */
  changeTls(tls: Tls): void;
  /** Answers what was begun, for as long as the limits say. */
  close(): Promise<void>;
}

export interface ServerOptions {
  readonly tls: Tls | undefined;
  readonly proxies: Proxies;
  readonly clock: Clock;
  limits(): Limits;
}

export function createHttpServer(options: ServerOptions): HttpServer {
  const { limits, proxies, clock } = options;
  const connections = createConnections(limits, clock);
  const over = new WeakSet<Socket>();
  const http = httpServer(limits());
  http.on("clientError", (error, socket: Socket) => over.has(socket) || answerClientError(error, socket));
  const admit = (socket: Socket): boolean => {
    const address = proxies.clientOf(socket.remoteAddress, () => undefined);
    return connections.admit(socket, proxies.trusts(address) ? undefined : limitKey(address));
  };
  const tls = options.tls === undefined ? undefined : tlsServer(options.tls, limits(), admit, http);
  if (tls === undefined) http.on("connection", (socket) => admit(socket) || answerRaw(socket, "busy"));
  const front: NetServer = tls ?? http;
  const endHandshakes = tls && handshakesOf(tls);
  const drain = (): void => {
    endHandshakes?.();
    connections.drain();
  };
  const sweeping = tls && setInterval(() => connections.sweep((socket) => answerRaw(socket, "slow")), 250);
  return {
    connections,
    listen: (host, port) =>
      new Promise((resolve, reject) => {
        front.once("error", reject);
        front.listen(port, host, () => resolve((front.address() as AddressInfo).port));
      }),
    serve: (listener) =>
      void http.on("request", (request: IncomingMessage, response: ServerResponse) => {
        if (!connections.begin(request, response) || over.has(request.socket)) return;
        const fault = faultOf(request);
        if (fault === undefined) pass(request, response, listener);
        else {
          over.add(request.socket); // Where the next request begins is anybody's guess.
          write(response, fault);
        }
      }),
    changeTls: (pair) => tls?.setSecureContext({ ...pair, minVersion: "TLSv1.2" }),
    close: () =>
      closed(front, { connections, stopSeconds: limits().stopSeconds, drain }).finally(() =>
        clearInterval(sweeping),
      ),
  };
}

/** Without TLS it watches over its connections itself; behind TLS it is only handed them, and `sweep` watches. */
function httpServer({ headerSeconds, requestSeconds, idleSeconds }: Limits): Server {
  const server = createServer({
    maxHeaderSize: 16 * 1024,
    headersTimeout: headerSeconds * 1000,
    requestTimeout: requestSeconds * 1000,
    keepAliveTimeout: idleSeconds * 1000,
    connectionsCheckingInterval: Math.min(1000, headerSeconds * 500),
    requireHostHeader: false, // Its own answer is no JSON; `pass` looks.
  });
  server.maxHeadersCount = 64;
  server.on("checkExpectation", (_request: IncomingMessage, response: ServerResponse) =>
    write(response, refusal(417, "invalid_request", "Expectations are not met here.")),
  );
  server.on("connect", (_request, socket: Socket) => answerRaw(socket, "connect"));
  return server;
}

/** Not node:https: its server cannot change its certificate in the executable. */
function tlsServer(
  pair: Tls,
  { headerSeconds, connections }: Limits,
  admit: (socket: Socket) => boolean,
  http: Server,
): TlsServer {
  const server = createTlsServer(
    {
      ...pair,
      minVersion: "TLSv1.2",
      handshakeTimeout: headerSeconds * 1000,
      ALPNProtocols: ["http/1.1"],
    },
    (socket) => {
      if (admit(socket)) http.emit("connection", socket);
      else answerRaw(socket, "busy");
    },
  );
  server.maxConnections = connections + 256; // The rest has not shaken hands yet.
  server.on("tlsClientError", (_error, socket) => socket.destroy());
  return server;
}

/** Returns how to end the connections that have not shaken hands: nothing else knows of them. */
function handshakesOf(server: TlsServer): () => void {
  const shaking = new Map<string, Socket>();
  server.on("connection", (socket: Socket) => {
    const peer = peerOf(socket);
    shaking.set(peer, socket);
    socket.once("close", () => shaking.get(peer) === socket && shaking.delete(peer));
  });
  server.on("secureConnection", (socket) => void shaking.delete(peerOf(socket)));
  return () => {
    for (const socket of shaking.values()) socket.destroy();
  };
}

function peerOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}

function closed(
  front: NetServer,
  {
    connections,
    stopSeconds,
    drain,
  }: {
    readonly connections: Connections;
    readonly stopSeconds: number;
    drain(): void;
  },
): Promise<void> {
  return new Promise((resolve) => {
    const last = setTimeout(() => connections.destroyAll(), stopSeconds * 1000);
    front.close(() => {
      clearTimeout(last);
      resolve();
    });
    drain();
  });
}

/** No endpoint is here: the application answers 404. */
const NOWHERE = "/-";

/**
 * Only plain targets go on as they are: a path that two parsers could read differently is nobody's. The Host header
 * goes no further.
 */
function pass(request: IncomingMessage, response: ServerResponse, listener: RequestListener): void {
  if (!isPlainTarget(request.url ?? "")) request.url = NOWHERE;
  request.headers.host = "localhost";
  listener(request, response);
}

function isPlainTarget(target: string): boolean {
  return /^(?:\/\.well-known)?(?:\/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+\/?(?:\?[\x21-\x7e]*)?$/.test(target);
}
