// Opens the connection that a request is sent over: plain to loopback, TLS to everything else, through a CONNECT tunnel
// where a proxy is named. Certificates are always verified. It knows nothing of the request itself.
import { request as httpRequest } from "node:http";
import * as net from "node:net";
import type { Duplex } from "node:stream";
import * as tls from "node:tls";
import { KeywrightError } from "../errors.ts";
import type { Proxy } from "./proxy.ts";
import type { Lookup } from "./public-address.ts";

export interface Route {
  readonly secure: boolean;
  /** As `URL.hostname` gives it. */
  readonly host: string;
  readonly port: number;
  readonly proxy: Proxy | undefined;
  /** Roots as PEM; empty for a plain connection. */
  readonly roots: string[];
  /** What to do when the server is not trusted. */
  readonly trustHint: string;
  /** True: only to public addresses. */
  readonly publicOnly?: boolean | undefined;
  /** undefined: as the system resolves names. */
  readonly lookup?: Lookup | undefined;
  /** Called with everything that is opened, so that a time limit can close it. */
  readonly opened: (socket: Duplex) => void;
}

/** A connection that is ready to carry a request. Throws `network`. */
export async function connect(route: Route): Promise<Duplex> {
  const { proxy, host, port } = route;
  const server = `${route.secure ? "https" : "http"}://${host}:${port}`;
  if (proxy === undefined) {
    const direct = await (route.publicOnly === true
      ? pinned(route, server)
      : plain(host, port, server, route));
    return route.secure ? encrypted(direct, host, server, route) : direct;
  }
  if (route.publicOnly === true) (await import("./public-address.ts")).checkLiteral(host);
  const first = await plain(proxy.host, proxy.port, `the proxy ${proxy.shown}`, route);
  const toProxy = proxy.secure
    ? await encrypted(first, proxy.host, `the proxy ${proxy.shown}`, route)
    : first;
  return encrypted(await tunnel(toProxy, proxy, `${host}:${port}`, route), host, server, route);
}

function plain(host: string, port: number, name: string, { opened }: Route): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ host: bare(host), port });
    opened(socket);
    socket.once("connect", () => resolve(socket));
    socket.on("error", (error) => reject(unreachable(name, error)));
  });
}

/** To the very addresses that were checked: the name may mean others by now (DNS rebinding). */
async function pinned(route: Route, name: string): Promise<Duplex> {
  const { publicAddresses } = await import("./public-address.ts");
  let failure: unknown;
  for (const address of await publicAddresses(route.host, route.lookup).catch(asUnreachable(name))) {
    try {
      return await plain(address, route.port, name, route);
    } catch (thrown) {
      failure = thrown;
    }
  }
  throw failure;
}

function asUnreachable(name: string): (thrown: unknown) => never {
  return (thrown) => {
    throw thrown instanceof KeywrightError ? thrown : unreachable(name, thrown);
  };
}

function encrypted(socket: Duplex, host: string, name: string, route: Route): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const failed = (error: unknown): void => reject(untrusted(name, error, route.trustHint));
    const named = net.isIP(bare(host)) === 0 ? { servername: host } : {};
    const secured = tls.connect({
      socket,
      host: bare(host),
      ...named,
      ca: route.roots,
      rejectUnauthorized: true,
    });
    route.opened(secured);
    secured.once("secureConnect", () =>
      secured.authorized ? resolve(secured) : failed(secured.authorizationError),
    );
    secured.on("error", failed);
    secured.once("close", () => failed({ code: "ECONNRESET" }));
  });
}

function tunnel(socket: Duplex, proxy: Proxy, target: string, { opened }: Route): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const authorization =
      proxy.authorization === undefined ? {} : { "Proxy-Authorization": proxy.authorization };
    const headers = { Host: target, ...authorization };
    const asked = httpRequest({
      method: "CONNECT",
      path: target,
      headers,
      createConnection: () => socket as net.Socket,
    });
    const refused = (status: number): void => reject(refusedBy(proxy, target, status));
    asked.once("connect", (reply, tunnelled) => {
      opened(tunnelled);
      if (reply.statusCode === 200) resolve(tunnelled);
      else refused(reply.statusCode ?? 0);
    });
    asked.once("response", (reply) => refused(reply.statusCode ?? 0));
    asked.once("error", (error) => reject(unreachable(`the proxy ${proxy.shown}`, error)));
    asked.end();
  });
}

function bare(host: string): string {
  return host.replace(/^\[|\]$/g, "");
}

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing listens there; check the address and whether the server runs",
  ENOTFOUND: "its name cannot be resolved; check the spelling and the DNS",
  EAI_AGAIN: "its name cannot be resolved now; check the network and the DNS",
  ECONNRESET: "it closed the connection; try again, or check the proxy",
  EHOSTUNREACH: "there is no route to it; check the network",
  ENETUNREACH: "there is no route to it; check the network",
  ETIMEDOUT: "it did not answer; check the network and the proxy",
};

/** Only the code of `error` is kept, in the message and as the cause: a parser's error carries what it could not parse. */
export function unreachable(name: string, error: unknown): KeywrightError {
  const code = codeOf(error);
  const [reason, hint] = (REASONS[code] ?? "the connection failed; check the network and the proxy").split(
    "; ",
  );
  const proxied = name.startsWith("the proxy ")
    ? "HTTPS_PROXY names this proxy, and NO_PROXY the hosts that need none"
    : hint;
  const said = `${reason} (${code})`;
  return new KeywrightError("network", `cannot reach ${name}: ${said}`, {
    hint: sentence(proxied ?? ""),
    cause: { code },
  });
}

function untrusted(name: string, error: unknown, hint: string): KeywrightError {
  const code = codeOf(error);
  if (code in REASONS) return unreachable(name, error);
  return new KeywrightError("network", `the TLS connection to ${name} failed: ${code}`, { hint });
}

function refusedBy(proxy: Proxy, target: string, status: number): KeywrightError {
  const hint =
    status === 407
      ? "Put the user name and password that the proxy wants into HTTPS_PROXY (http://user:password@host:port)."
      : "Ask who runs the proxy to allow this host, or list it in NO_PROXY.";
  return new KeywrightError("network", `the proxy ${proxy.shown} refused ${target} with HTTP ${status}`, {
    hint,
  });
}

function codeOf(error: unknown): string {
  if (typeof error === "string") return error;
  const code: unknown =
    typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
  return typeof code === "string" && /^[A-Z0-9_]+$/.test(code) ? code : "unknown error";
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
