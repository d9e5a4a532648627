// Real servers on loopback for tests: one that records each request byte by byte, and a CONNECT proxy that records
// what it was asked for and leads everything to one port.
import * as net from "node:net";
import * as tls from "node:tls";
import type { Pair } from "./certificates.ts";

export interface Recorded {
  /** Request line and header lines, as they came. */
  readonly lines: readonly string[];
  readonly body: string;
}

/** Writes a whole HTTP response, or nothing to keep the client waiting. */
export type Answer = (request: Recorded) => string | Buffer | undefined;

export interface Server {
  readonly port: number;
  readonly seen: Recorded[];
  close(): Promise<void>;
}

/** Answers each connection once. With a pair it speaks TLS. */
export async function recordingServer(answer: Answer, pair?: Pair): Promise<Server> {
  const seen: Recorded[] = [];
  const talk = (socket: net.Socket): void => {
    let text = "";
    socket.on("error", () => undefined);
    socket.on("data", (part: Buffer) => {
      text += part.toString("latin1");
      const request = parsed(text);
      if (request === undefined) return;
      seen.push(request);
      const reply = answer(request);
      if (reply !== undefined) socket.end(reply);
    });
  };
  const server = pair === undefined ? net.createServer(talk) : tls.createServer(pair, talk);
  return { ...(await listen(server)), seen };
}

export interface ProxyServer extends Server {
  /** The CONNECT targets, and the Proxy-Authorization that came with each. */
  readonly asked: { readonly target: string; readonly authorization: string | undefined }[];
}

/** A CONNECT proxy: whatever host is asked for, the bytes go to `port`. */
export async function connectProxy(
  port: number,
  refuse?: { status: number },
  pair?: Pair,
): Promise<ProxyServer> {
  const asked: ProxyServer["asked"] = [];
  const seen: Recorded[] = [];
  const talk = (socket: net.Socket): void => {
    let text = "";
    socket.on("error", () => undefined);
    const onData = (part: Buffer): void => {
      text += part.toString("latin1");
      const request = parsed(text);
      if (request === undefined) return;
      socket.off("data", onData);
      seen.push(request);
      const target = request.lines[0]?.split(" ")[1] ?? "";
      asked.push({ target, authorization: header(request, "proxy-authorization") });
      if (refuse !== undefined || !request.lines[0]?.startsWith("CONNECT ")) {
        return void socket.end(`HTTP/1.1 ${refuse?.status ?? 400} No\r\nContent-Length: 0\r\n\r\n`);
      }
      const onward = net.connect(port, "127.0.0.1", () => {
        socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
        onward.pipe(socket).pipe(onward);
      });
      onward.on("error", () => socket.destroy());
      socket.on("close", () => onward.destroy());
    };
    socket.on("data", onData);
  };
  const server = pair === undefined ? net.createServer(talk) : tls.createServer(pair, talk);
  return { ...(await listen(server)), seen, asked };
}

/** A response with a body, and headers as `Name: value`. */
export function response(status: number, body = "", ...headers: readonly string[]): string {
  const lines = [
    `HTTP/1.1 ${status} Text`,
    ...headers,
    `Content-Length: ${Buffer.byteLength(body)}`,
    "Connection: close",
  ];
  return `${lines.join("\r\n")}\r\n\r\n${body}`;
}

/** The value of the header, by its name in any case; undefined when it was not sent. */
export function header(request: Recorded, name: string): string | undefined {
  const line = request.lines.slice(1).find((each) => each.toLowerCase().startsWith(`${name.toLowerCase()}:`));
  return line?.slice(name.length + 1).trim();
}

function parsed(text: string): Recorded | undefined {
  const end = text.indexOf("\r\n\r\n");
  if (end < 0) return undefined;
  const lines = text.slice(0, end).split("\r\n");
  const body = text.slice(end + 4);
  const length = Number(header({ lines, body: "" }, "content-length") ?? 0);
  return body.length < length ? undefined : { lines, body };
}

function listen(server: net.Server): Promise<{ port: number; close(): Promise<void> }> {
  const open = new Set<net.Socket>();
  server.on("connection", (socket: net.Socket) => {
    open.add(socket);
    socket.on("close", () => open.delete(socket));
  });
  server.on("tlsClientError", () => undefined);
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      for (const socket of open) socket.destroy();
    });
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve({ port: (server.address() as net.AddressInfo).port, close }));
  });
}
