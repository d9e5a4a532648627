// The only HTTP client of keywright: https, or http to loopback and, for who asks for it, to a cloud machine's metadata.
// It follows no redirect, keeps no connection, verifies every certificate, and puts neither a query string, a header nor
// a body into an error.
import { isLoopback, METADATA_HOSTS } from "../loopback.ts";
import { type IncomingMessage, request as httpRequest } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { asKeywrightError, KeywrightError } from "../errors.ts";
import type { Clock } from "./clock.ts";
import { connect, unreachable } from "./connect.ts";
import type { Say } from "./log.ts";
import { proxyFor } from "./proxy.ts";
import type { Lookup } from "./public-address.ts";
import type { CaBundle } from "./trust.ts";

export interface HttpRequest {
  readonly method: "GET" | "POST" | "PUT";
  readonly url: string;
  /** True: may be plain http to the link-local addresses of METADATA_HOSTS, for which no proxy is asked. */
  readonly metadata?: boolean | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: string | undefined;
  /** Epoch seconds at which everything must be over; undefined: only the limit for one request counts. */
  readonly deadline?: number | undefined;
  /** Seconds for this request, if that is less than the client's limit. */
  readonly timeout?: number | undefined;
  /** Bytes of the answer's body, if that is less than the client's limit. */
  readonly most?: number | undefined;
  /**
   * True: only to public addresses, whatever the name resolves to. Through a proxy, which resolves names itself, only an
   * address that is written out can be checked.
   */
  readonly publicOnly?: boolean | undefined;
}

export interface HttpReply {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
}

export interface Http {
  /** The reply, whatever its status. Throws `network`, `timed_out`, `configuration`, or `backend` for a huge answer. */
  request(request: HttpRequest): Promise<HttpReply>;
}

export interface HttpOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  /** Whose certificates are trusted instead of the default roots; undefined: as the environment says. */
  readonly caBundle?: CaBundle | undefined;
  /** Seconds for one request; 10 when undefined. */
  readonly requestTimeout?: number | undefined;
  /** Bytes of an answer's body after which it is given up; 1 MiB when undefined. */
  readonly most?: number | undefined;
  /** For requests with `publicOnly`; undefined: as the system resolves names. */
  readonly lookup?: Lookup | undefined;
  /** Hears of each request: method, origin, path, status, time. */
  readonly debug?: Say | undefined;
}

const LARGEST_BODY = 1024 * 1024;
const UNSENDABLE = /[^\t\u0020-\u007e]/;

export function createHttp(options: HttpOptions): Http {
  let roots: { readonly pem: string[]; readonly hint: string } | undefined;
  const trust = async (): Promise<{ readonly pem: string[]; readonly hint: string }> => {
    const { trustedRoots, trustHint } = await import("./trust.ts");
    const { env, caBundle } = options;
    roots ??= { pem: trustedRoots(env, caBundle), hint: trustHint(env, caBundle) };
    return roots;
  };

  async function exchange(
    url: URL,
    request: HttpRequest,
    opened: (socket: Duplex) => void,
  ): Promise<HttpReply> {
    const secure = url.protocol === "https:";
    const port = Number(url.port) || (secure ? 443 : 80);
    const proxy = isMetadata(url, request) ? undefined : proxyFor(url.hostname, port, options.env);
    const { pem, hint } = secure ? await trust() : { pem: [], hint: "" };
    const known = { secure, host: url.hostname, port, proxy, roots: pem, trustHint: hint, opened };
    const { publicOnly } = request;
    const most = Math.min(options.most ?? LARGEST_BODY, request.most ?? Infinity);
    return send(await connect({ ...known, publicOnly, lookup: options.lookup }), url, request, most);
  }

  return {
    async request(request) {
      const url = checked(request);
      const limit = timeLimit(request, options, url.origin);
      const sockets = openSockets();
      let timer: NodeJS.Timeout | undefined;
      const expired = new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(limit.error), limit.seconds * 1000);
      });
      const told = options.debug === undefined ? unheard : teller(options.debug, request.method, url);
      try {
        return await told(Promise.race([exchange(url, request, sockets.opened), expired]));
      } finally {
        clearTimeout(timer);
        sockets.close();
      }
    },
  };
}

/** What one request opens. Once it is closed, so is what is opened later. */
function openSockets(): { opened(socket: Duplex): void; close(): void } {
  const open = new Set<Duplex>();
  let over = false;
  return {
    opened: (socket) => (over ? ended(socket) : void open.add(socket)),
    close() {
      over = true;
      for (const socket of open) ended(socket);
    },
  };
}

/** What is destroyed early may still report it, to nobody. */
function ended(socket: Duplex): void {
  socket.on("error", () => undefined).destroy();
}

function checked(request: HttpRequest): URL {
  const { headers = {} } = request;
  const url = URL.parse(request.url);
  if (url === null)
    throw wrong("the address of a request is not a URL", "It must begin with https:// and a host name.");
  if (url.username !== "" || url.password !== "")
    throw wrong(`the address of ${url.host} has a user name in it`, undefined);
  const plain = isLoopback(url.hostname) || isMetadata(url, request);
  if (url.protocol !== "https:" && !(url.protocol === "http:" && plain)) {
    throw wrong(
      `${url.protocol}//${url.host} is not https`,
      "Use https://; plain http is for loopback addresses only.",
    );
  }
  for (const [name, value] of Object.entries(headers)) {
    if (UNSENDABLE.test(value))
      throw wrong(`the header ${name} for ${url.origin} has a character that cannot be sent`, undefined);
  }
  return url;
}

function isMetadata({ hostname }: URL, { metadata = false }: HttpRequest): boolean {
  return metadata && METADATA_HOSTS.has(hostname);
}

const unheard = (reply: Promise<HttpReply>): Promise<HttpReply> => reply;

function teller(debug: Say, method: string, { origin, pathname }: URL): typeof unheard {
  const begun = performance.now();
  const tell = (end: string | number): void =>
    debug(`http ${method} ${origin} ${pathname} ${end} ${(performance.now() - begun).toFixed(0)} ms`);
  return async (reply) => {
    try {
      const { status } = await reply;
      tell(status);
    } catch (error) {
      tell(asKeywrightError(error).code);
    }
    return reply;
  };
}

function wrong(message: string, hint: string | undefined): KeywrightError {
  return new KeywrightError("configuration", message, { hint });
}

interface Limit {
  readonly seconds: number;
  readonly error: KeywrightError;
}

function timeLimit(
  { deadline, timeout = Infinity }: HttpRequest,
  { clock, requestTimeout: longest = 10 }: HttpOptions,
  origin: string,
): Limit {
  const requestTimeout = Math.min(longest, timeout);
  const left = deadline === undefined ? Infinity : deadline - clock.now();
  const seconds = Math.max(0, Math.min(requestTimeout, left));
  const shown = `${Math.round(seconds * 10) / 10} s`;
  const whole = left < requestTimeout ? ", which was left of the time limit for the whole" : "";
  const error = new KeywrightError("timed_out", `no answer from ${origin} within ${shown}${whole}`, {
    hint: "Check the network and the proxy, or raise the time limits (request_timeout, timeout).",
  });
  if (seconds === 0) throw error;
  return { seconds, error };
}

function send(socket: Duplex, url: URL, request: HttpRequest, most: number): Promise<HttpReply> {
  const { method, body = "" } = request;
  const length = method !== "GET" ? { "Content-Length": String(Buffer.byteLength(body)) } : {};
  // Set here because the connection is ours: over TLS, Node would add the port to a Host of its own.
  const fixed = {
    Host: url.host,
    "User-Agent": "keywright",
    Accept: "*/*",
    "Accept-Encoding": "identity",
    Connection: "close",
  };
  const headers = { ...fixed, ...request.headers, ...length };
  return new Promise((resolve, reject) => {
    const path = `${url.pathname}${url.search}`;
    const sent = httpRequest({ method, path, headers, createConnection: () => socket as Socket }, (reply) => {
      received(reply, url.origin, most).then(resolve, reject);
    });
    sent.once("error", (error) => reject(unreachable(url.origin, error)));
    sent.end(method !== "GET" ? body : undefined);
  });
}

async function received(reply: IncomingMessage, origin: string, most: number): Promise<HttpReply> {
  const parts: Buffer[] = [];
  let size = 0;
  try {
    for await (const part of reply) {
      size += (part as Buffer).length;
      if (size > most) break;
      parts.push(part as Buffer);
    }
  } catch (error) {
    throw unreachable(origin, error);
  }
  if (size > most)
    throw new KeywrightError("backend", `${origin} answered with more than ${shownSize(most)}`);
  const headers: Record<string, string | undefined> = {};
  for (const [name, value] of Object.entries(reply.headers))
    headers[name] = Array.isArray(value) ? value.join(", ") : value;
  return { status: reply.statusCode ?? 0, headers, body: Buffer.concat(parts).toString("utf8") };
}

function shownSize(bytes: number): string {
  return bytes < 1e6 ? `${Math.round(bytes / 1024)} kB` : `${Math.round(bytes / 1e6)} MB`;
}
