// The HTTP server under the application: limits against slow and endless clients, JSON also for what the HTTP parser
// itself refuses, and a Host header that nothing behind it can see.
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import type { Tls } from "./listening.ts";
import { refusal, type Reply } from "./reply.ts";

export interface HttpServer {
  /** Returns the port. */
  listen(host: string, port: number): Promise<number>;
  /** Whom to hand requests to; call it in the same turn in which `listen` returned. */
  serve(listener: RequestListener): void;
  close(): Promise<void>;
}

const LIMITS = {
  maxHeaderSize: 16 * 1024,
  headersTimeout: 10_000,
  requestTimeout: 15_000,
  keepAliveTimeout: 65_000, // Longer than proxies keep theirs, so that they close first.
};
const MOST_CONNECTIONS = 4096;

export function createHttpServer(tls: Tls | undefined): HttpServer {
  const server: Server =
    tls === undefined ? createServer(LIMITS) : createTlsServer({ ...LIMITS, ...tls, minVersion: "TLSv1.2" });
  server.maxHeadersCount = 64;
  server.maxConnections = MOST_CONNECTIONS;
  server.on("clientError", answerClientError);
  server.on("checkExpectation", (_request: IncomingMessage, response: ServerResponse) =>
    write(response, refusal(417, "invalid_request", "Expectations are not met here.")),
  );
  return {
    listen: (host, port) =>
      new Promise((resolve, reject) => {
        server.once("error", reject);
        server.listen(port, host, () => resolve((server.address() as AddressInfo).port));
      }),
    serve: (listener) => void server.on("request", (request, response) => pass(request, response, listener)),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeIdleConnections();
      }),
  };
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

function write(response: ServerResponse, reply: Reply): void {
  response.writeHead(reply.status, { "Content-Type": "application/json", "Cache-Control": "no-store" });
  response.end(JSON.stringify(reply.body));
}

/** What Node's parser refuses never becomes a request, so its answer is written by hand. */
function answerClientError(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  const [status, text] =
    error.code === "HPE_HEADER_OVERFLOW"
      ? ["431 Request Header Fields Too Large", "The header is too large."]
      : error.code === "ERR_HTTP_REQUEST_TIMEOUT"
        ? ["408 Request Timeout", "The request took too long."]
        : ["400 Bad Request", "This is not HTTP as it should be."];
  const body = JSON.stringify(refusal(400, "invalid_request", text).body);
  socket.end(
    `HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nCache-Control: no-store\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}
