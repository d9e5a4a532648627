// What the HTTP server refuses before there is a request, or because the request could be read in two ways. All of it
// is answered in JSON, by hand where the parser gave up.
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { refusal, type Reply } from "./reply.ts";

export type RawRefusal = "busy" | "slow" | "connect" | "header" | "nonsense";

const RAW: Readonly<Record<RawRefusal, readonly [string, Reply]>> = {
  busy: [
    "503 Service Unavailable",
    refusal(503, "temporarily_unavailable", "There are too many connections."),
  ],
  slow: ["408 Request Timeout", refusal(408, "invalid_request", "The request took too long.")],
  connect: ["405 Method Not Allowed", refusal(405, "method_not_allowed", "This is no proxy.")],
  header: [
    "431 Request Header Fields Too Large",
    refusal(431, "invalid_request", "The header is too large."),
  ],
  nonsense: ["400 Bad Request", refusal(400, "invalid_request", "This is not HTTP as it should be.")],
};

/** Answers what never became a request, and ends the connection. */
export function answerRaw(socket: Socket, why: RawRefusal): void {
  const [status, { body }] = RAW[why];
  const text = JSON.stringify(body);
  socket.on("error", () => socket.destroy());
  socket.end(
    `HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nCache-Control: no-store\r\n` +
      (why === "busy" ? "Retry-After: 1\r\n" : "") +
      `Content-Length: ${Buffer.byteLength(text)}\r\nConnection: close\r\n\r\n${text}`,
    () => socket.destroySoon(),
  );
}

export function answerClientError(error: NodeJS.ErrnoException, socket: Socket): void {
  if (socket.writableEnded) return; // It has its answer, and ends when that is sent.
  if (error.code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  if (error.code === "HPE_HEADER_OVERFLOW") answerRaw(socket, "header");
  else if (error.code === "ERR_HTTP_REQUEST_TIMEOUT") answerRaw(socket, "slow");
  else answerRaw(socket, "nonsense");
}

export function write(response: ServerResponse, { status, body, headers }: Reply): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    "Content-Type": "application/json",
    "Cache-Control": "no-store",
    "Content-Length": Buffer.byteLength(text),
    ...headers,
  });
  response.end(text);
}

const CLOSE = { Connection: "close" };
const HOSTS = refusal(400, "invalid_request", "A request has one Host header.", CLOSE);
const FRAMING = refusal(400, "invalid_request", "The length of the body is said in an unusual way.", CLOSE);

/** What one parser takes and another does not (RFC 9112 sections 3.2 and 6.3); Node and Bun differ here, too. */
export function faultOf({ rawHeaders, headers, httpVersion }: IncomingMessage): Reply | undefined {
  let hosts = 0;
  let lengths = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] as string;
    if (name.length === 4 && name.toLowerCase() === "host") hosts += 1;
    else if (name.length === 14 && name.toLowerCase() === "content-length") lengths += 1;
  }
  if (hosts > 1 || (hosts === 0 && httpVersion === "1.1")) return HOSTS;
  const coding = headers["transfer-encoding"];
  if (coding === undefined) return lengths > 1 ? FRAMING : undefined;
  return lengths > 0 || httpVersion !== "1.1" || coding.toLowerCase() !== "chunked" ? FRAMING : undefined;
}
