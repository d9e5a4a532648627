// Which proxy a request goes through, by the variables that pip, uv and curl obey. It opens no connection.
import { BlockList, isIP } from "node:net";
import { KeywrightError } from "../errors.ts";
import { isLoopback } from "../loopback.ts";

type Environment = Readonly<Record<string, string | undefined>>;

export interface Proxy {
  readonly secure: boolean;
  readonly host: string;
  readonly port: number;
  /** The value of Proxy-Authorization; undefined when the variable names no user. */
  readonly authorization: string | undefined;
  /** Scheme, host and port: what may be shown. */
  readonly shown: string;
}

/** The proxy for an https request to `host:port`; undefined: directly. Loopback is always direct. */
export function proxyFor(host: string, port: number, env: Environment): Proxy | undefined {
  if (isLoopback(host)) return undefined;
  const [variable, value] = named(env);
  if (value === "" || bypassed(host, port, either(env, "no_proxy") ?? "")) return undefined;
  return parse(variable, value);
}

/** The lower-case form wins, as in curl and in Python; an empty value is none. */
function either(env: Environment, name: string): string | undefined {
  return env[name] ?? env[name.toUpperCase()];
}

function named(env: Environment): readonly [string, string] {
  const own = either(env, "https_proxy")?.trim() ?? "";
  return own === "" ? ["ALL_PROXY", either(env, "all_proxy")?.trim() ?? ""] : ["HTTPS_PROXY", own];
}

function parse(variable: string, value: string): Proxy {
  let url: URL;
  try {
    url = new URL(/^[a-z0-9+.-]+:\/\//i.test(value) ? value : `http://${value}`);
  } catch {
    throw new KeywrightError("configuration", `${variable} is not the URL of a proxy`, {
      hint: `Set ${variable} to http://host:port, with user:password@ before the host if the proxy wants it.`,
    });
  }
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw new KeywrightError("configuration", `${variable} names a ${url.protocol.slice(0, -1)} proxy`, {
      hint: "Only http:// and https:// proxies can be used; NO_PROXY lists the hosts that need none.",
    });
  }
  const secure = url.protocol === "https:";
  const port = Number(url.port) || (secure ? 443 : 80);
  return {
    secure,
    host: url.hostname,
    port,
    authorization: basic(url),
    shown: `${url.protocol}//${url.hostname}:${port}`,
  };
}

function basic(url: URL): string | undefined {
  if (url.username === "" && url.password === "") return undefined;
  const pair = [url.username, url.password].map(decoded).join(":");
  return `Basic ${Buffer.from(pair).toString("base64")}`;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a lone % in a password that nobody encoded
  }
}

function bypassed(host: string, port: number, list: string): boolean {
  const entries = list.toLowerCase().split(/[\s,]+/);
  return entries.some((entry) => entry !== "" && covers(entry, host, port));
}

/** `*`, `host`, `.suffix`, `suffix`, each with `:port` if wanted; an address; a range of addresses. */
function covers(entry: string, host: string, port: number): boolean {
  if (entry === "*") return true;
  const bare = host.replace(/^\[|\]$/g, "");
  if (entry.includes("/")) return inRange(entry, bare);
  if (isIP(entry) !== 0) return sameAddress(entry, bare);
  const [, name = "", wanted] = /^(.*?)(?::([0-9]+))?$/.exec(entry) ?? [];
  if (wanted !== undefined && Number(wanted) !== port) return false;
  const suffix = name.replace(/^\[|\]$/g, "").replace(/^\*?\./, "");
  if (isIP(suffix) !== 0 || isIP(bare) !== 0) return sameAddress(suffix, bare);
  return suffix !== "" && (host === suffix || host.endsWith(`.${suffix}`));
}

function family(address: string): "ipv4" | "ipv6" | undefined {
  return isIP(address) === 0 ? undefined : isIP(address) === 4 ? "ipv4" : "ipv6";
}

function sameAddress(entry: string, host: string): boolean {
  return inRange(`${entry}/${isIP(entry) === 4 ? 32 : 128}`, host);
}

function inRange(entry: string, host: string): boolean {
  const [net = "", bits = ""] = entry.split("/");
  const kind = family(net);
  if (kind === undefined || kind !== family(host) || !/^[0-9]{1,3}$/.test(bits)) return false;
  if (Number(bits) > (kind === "ipv4" ? 32 : 128)) return false;
  const range = new BlockList();
  range.addSubnet(net, Number(bits), kind);
  return range.check(host, kind);
}
