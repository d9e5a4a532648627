// Who sent a request: the peer of the connection, or, if that is a proxy that was named, whom the proxy says. What
// anybody else forwards is not looked at. It decides nothing about the request.
import { BlockList, isIP } from "node:net";
import { KeywrightError } from "../errors.ts";

export interface Proxies {
  /** Whether this peer is one of the named proxies. */
  trusts(address: string): boolean;
  /** The address that counts as the client's. */
  clientOf(peer: string | undefined, header: (name: string) => string | undefined): string;
}

/** No proxy: only the peer counts. */
export const NO_PROXIES: Proxies = { trusts: () => false, clientOf: (peer) => plainAddress(peer ?? "") };

export const LOOPBACK = ["127.0.0.0/8", "::1/128"];

/** Throws `usage` for what is neither an address nor a range in CIDR notation. */
export function createProxies(ranges: readonly string[]): Proxies {
  const list = new BlockList();
  for (const range of ranges) addRange(list, range);
  const trusts = (address: string): boolean => {
    const version = isIP(address);
    return version !== 0 && list.check(address, version === 4 ? "ipv4" : "ipv6");
  };
  return {
    trusts,
    clientOf(peer, header) {
      let client = plainAddress(peer ?? "");
      if (!trusts(client)) return client;
      // Each proxy adds at the right whom it has seen, so the first from there that is no proxy of ours is the client.
      for (const hop of hopsOf(header)) {
        const address = plainAddress(hop);
        if (isIP(address) === 0) return client; // Hidden, or nonsense: nobody further left can be believed.
        client = address;
        if (!trusts(client)) return client;
      }
      return client;
    },
  };
}

/** What is limited together: an IPv4 address, or the /64 that one holder of IPv6 addresses has. */
export function limitKey(address: string): string {
  if (isIP(address) !== 6) return address;
  const [head = "", tail] = address.split("::");
  const left = head.split(":").filter((group) => group !== "");
  const right = (tail ?? "").split(":").filter((group) => group !== "");
  const middle = tail === undefined ? [] : Array.from({ length: 8 - left.length - right.length }, () => "0");
  const groups = [...left, ...middle, ...right].slice(0, 4);
  return `${groups.map((group) => Number.parseInt(group, 16).toString(16)).join(":")}::/64`;
}

function addRange(list: BlockList, range: string): void {
  const [address = "", bits, ...rest] = range.split("/");
  const version = isIP(address);
  const most = version === 4 ? 32 : 128;
  const prefix = bits === undefined ? most : /^\d{1,3}$/.test(bits) ? Number(bits) : Number.NaN;
  if (version === 0 || rest.length > 0 || !(prefix <= most)) {
    throw new KeywrightError("usage", "--trusted-proxy is neither an address nor a range", {
      hint: "For example 10.0.0.7, 10.0.0.0/8 or fd00::/8.",
    });
  }
  list.addSubnet(address, prefix, version === 4 ? "ipv4" : "ipv6");
}

/** From the nearest to the farthest. `Forwarded` (RFC 7239) counts only where no `X-Forwarded-For` came. */
function hopsOf(header: (name: string) => string | undefined): readonly string[] {
  const plain = header("x-forwarded-for");
  const texts = plain === undefined ? (header("forwarded") ?? "").split(",").map(forOf) : plain.split(",");
  return texts.slice(-20).toReversed();
}

function forOf(element: string): string {
  return (
    /(?:^|;)\s*for\s*=\s*(?:"([^"]*)"|([^;"\s]*))/i
      .exec(element)
      ?.slice(1)
      .find((text) => text) ?? ""
  );
}

/** Without port, brackets, zone and the IPv6 form of an IPv4 address. */
function plainAddress(text: string): string {
  const [, bracketed, dotted] = /^\[([^\]]*)\](?::\d+)?$|^([0-9.]+):\d+$/.exec(text.trim()) ?? [];
  const address = (bracketed ?? dotted ?? text.trim()).replace(/%.*$/, "").toLowerCase();
  return /^::ffff:([0-9.]+)$/.exec(address)?.[1] ?? address;
}
