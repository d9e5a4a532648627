// Which addresses belong to the public Internet (the special-purpose registries of IANA: RFC 6890 and what followed), and
// the look-up of a name that has no others. It opens no connection.
import { lookup as systemLookup } from "node:dns/promises";
import { BlockList, isIP } from "node:net";
import { KeywrightError } from "../errors.ts";

/** Every address of a name. Throws as node:dns does. */
export type Lookup = (host: string) => Promise<readonly string[]>;

const SPECIAL_IPV4 = [
  "0.0.0.0/8",
  "10.0.0.0/8",
  "100.64.0.0/10",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "172.16.0.0/12",
  "192.0.0.0/24",
  "192.0.2.0/24",
  "192.88.99.0/24",
  "192.168.0.0/16",
  "198.18.0.0/15",
  "198.51.100.0/24",
  "203.0.113.0/24",
  "224.0.0.0/4",
  "240.0.0.0/4",
];

/** Of the global unicast block (RFC 4291 section 2.4): protocol assignments with Teredo, documentation, 6to4, documentation. */
const SPECIAL_IPV6 = ["2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"];

const special4 = ranges(SPECIAL_IPV4, "ipv4");
const global6 = ranges(["2000::/3"], "ipv6");
const special6 = ranges(SPECIAL_IPV6, "ipv6");

/**
 * False for private, link-local, loopback, multicast and reserved addresses, and for every IPv6 address that has an IPv4
 * address in it.
 */
export function isPublicAddress(address: string): boolean {
  if (isIP(address) === 4) return !special4.check(address, "ipv4");
  if (isIP(address) !== 6 || address.includes("%")) return false;
  return global6.check(address, "ipv6") && !special6.check(address, "ipv6");
}

/**
 * The addresses of a host, as `URL.hostname` gives it, each public. One that is not is a refusal of them all: a name with
 * both is a trap. Throws `network`, or as `lookup` does.
 */
export async function publicAddresses(
  host: string,
  lookup: Lookup = everyAddress,
): Promise<readonly string[]> {
  const bare = host.replace(/^\[|\]$/g, "");
  const found = isIP(bare) === 0 ? await lookup(bare) : [bare];
  if (found.length > 0 && found.every(isPublicAddress)) return found;
  throw notPublic(host);
}

/** For a host that somebody else resolves. Throws `network` for an address that is written out and not public. */
export function checkLiteral(host: string): void {
  const bare = host.replace(/^\[|\]$/g, "");
  if (isIP(bare) !== 0 && !isPublicAddress(bare)) throw notPublic(host);
}

const everyAddress: Lookup = async (host) =>
  (await systemLookup(host, { all: true })).map(({ address }) => address);

function notPublic(host: string): KeywrightError {
  return new KeywrightError("network", `${host} is not a public address, so it is not asked`, {
    hint: "If it is one of your own network, the configuration has to say so (`private_network: true`).",
  });
}

function ranges(subnets: readonly string[], family: "ipv4" | "ipv6"): BlockList {
  const list = new BlockList();
  for (const subnet of subnets) {
    const [net = "", bits = ""] = subnet.split("/");
    list.addSubnet(net, Number(bits), family);
  }
  return list;
}
