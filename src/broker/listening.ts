// Where the broker may listen and what it calls itself. The Host header has no part in either. It opens no socket.
import { KeywrightError } from "../errors.ts";
import { isLoopback } from "../loopback.ts";

export interface Listening {
  /** `port` 0: any free one. */
  readonly listen: { readonly host: string; readonly port: number };
  /** Scheme, host and port under which clients reach it; undefined: localhost and the port. */
  readonly url?: string | undefined;
  /** True: a proxy in front of it speaks TLS with the clients. */
  readonly behindProxy?: boolean | undefined;
  /** Addresses and ranges of the proxies whose forwarded headers are believed; undefined: this machine's. Only with `behindProxy`. */
  readonly trustedProxies?: readonly string[] | undefined;
  readonly tls?: Tls | undefined;
}

/** Both PEM. */
export interface Tls {
  readonly cert: string;
  readonly key: string;
}

/** Throws `configuration` for what would send secrets over a network in clear text. */
export function checkListening({ listen, url, behindProxy = false, tls }: Listening): void {
  const local = isLoopbackHost(listen.host);
  if (!local && !behindProxy && tls === undefined) {
    throw new KeywrightError("configuration", `the broker does not listen on ${listen.host} without TLS`, {
      hint: "Give --tls-cert and --tls-key, or --behind-proxy and --url when a proxy in front of it speaks TLS.",
    });
  }
  if (url === undefined && (behindProxy || !local)) {
    throw new KeywrightError(
      "configuration",
      "the broker does not know the address under which clients reach it",
      {
        hint: "Give it with --url https://HOST.",
      },
    );
  }
  if (url !== undefined) checkUrl(url);
}

/** Issuer and base of every printed address, without a slash at its end. */
export function publicUrl({ url, tls }: Listening, port: number): string {
  return url === undefined
    ? `${tls === undefined ? "http" : "https"}://localhost:${port}`
    : url.replace(/\/$/, "");
}

function checkUrl(text: string): void {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const plain = url !== undefined && url.origin === text.replace(/\/$/, "") && /^https?:$/.test(url.protocol);
  if (!plain) {
    throw new KeywrightError("configuration", "--url is not of the form https://HOST or https://HOST:PORT", {
      hint: "Scheme, host and port only, in lower case: no path, query or user name, and no default port.",
    });
  }
  if (url.protocol === "http:" && !isLoopback(url.hostname)) {
    throw new KeywrightError("configuration", "--url is http, but its host is not this machine", {
      hint: "Give an https address: clients send secrets there.",
    });
  }
}

function isLoopbackHost(host: string): boolean {
  return isLoopback(host.includes(":") ? `[${host}]` : host);
}
