// CodeArtifactTarget: what an address of AWS CodeArtifact names, in each of its three host forms. It reads addresses that passed
// the strict grammar (address.ts) and grants nothing; a stand-in on loopback is no CodeArtifact host.
import type { Address } from "./address.ts";
import { PARTITIONS, type Partition } from "./partitions.ts";

export interface CodeArtifactTarget {
  readonly domain: string;
  /** The account that owns the domain, 12 digits. */
  readonly owner: string;
  readonly region: string;
  /** The name of the partition, `aws` for example. */
  readonly partition: string;
  readonly form: HostForm;
  /** One of FORMATS; undefined: the address does not say (a bare host, for example). */
  readonly format: string | undefined;
  /** undefined: the address does not say. */
  readonly repository: string | undefined;
}

/** `ipv4`: the usual host; `vpce`: the host of a VPC endpoint without private DNS, which names the domain in its path. */
export type HostForm = "ipv4" | "dualstack" | "vpce";

/** The matches of refs that stand for all addresses of a form, in the partition `aws`. */
export const HOST_MATCHES: Readonly<Record<HostForm, string>> = {
  ipv4: "*.d.codeartifact.*.amazonaws.com",
  dualstack: "*.codeartifact.*.on.aws",
  vpce: "*.d.codeartifact.*.vpce.amazonaws.com",
};

/** The package formats, as the first segment of a path names them. */
export const FORMATS = ["npm", "pypi", "maven", "nuget", "generic", "ruby", "swift", "cargo"] as const;

// GetAuthorizationToken's own limits: a domain has 2 to 50 characters. The greedy form splits at the
// last 12 digits. A label of the form `xn--` is shown decoded by some programs, so it is none of ours.
const DOMAIN = "((?!xn--)[a-z][a-z0-9-]{0,48}[a-z0-9])-([0-9]{12})";
const VPCE = "vpce-[0-9a-z]+-[0-9a-z]+(?:-[a-z0-9-]+)?";
const REPOSITORY = /^[A-Za-z0-9][A-Za-z0-9._-]{1,99}$/;

interface HostRule {
  readonly form: HostForm;
  readonly host: RegExp;
}

const compiled = new Map<string, readonly HostRule[]>();
const OF_A_PATH = new RegExp(`^${DOMAIN}$`);

/**
 * What the address names; undefined when it is no address of CodeArtifact in one of these partitions: another host, a scheme
 * other than https, a port other than 443, or a VPC endpoint's host without a domain in its path. The user name is not
 * looked at: the refs hold it to theirs.
 */
export function codeArtifactTarget(
  address: Address,
  partitions: readonly string[] = ["aws"],
): CodeArtifactTarget | undefined {
  const { scheme = "https", host, port, path } = address;
  if (scheme !== "https" || port !== 443 || !host.includes("codeartifact")) return undefined;
  for (const each of PARTITIONS) {
    if (!partitions.includes(each.name)) continue; // What is not asked about is not even compiled.
    for (const { form, host: rule } of rulesOf(each)) {
      const found = rule.exec(host);
      if (found === null) continue;
      const segments = path.split("/").slice(1);
      if (form === "vpce") return inPath(segments, found[1] ?? "", each.name);
      const [, domain = "", owner = "", region = ""] = found;
      const [format, repository] = segments;
      return { domain, owner, region, partition: each.name, form, ...feedOf(format, repository) };
    }
  }
  return undefined;
}

/** The user name that the clients of a format send with a token. Source: `aws codeartifact login` of aws-cli 1.46.3. */
export function usernameFor(format: string | undefined): string {
  return format === "swift" ? "token" : "aws";
}

/** `/{format}/d/{domain}-{owner}/{repository}/…` */
function inPath(
  [format, d, name = "", repository]: readonly string[],
  region: string,
  partition: string,
): CodeArtifactTarget | undefined {
  const named = OF_A_PATH.exec(name);
  const feed = feedOf(format, repository);
  if (d !== "d" || named === null || feed.repository === undefined) return undefined;
  return { domain: named[1] ?? "", owner: named[2] ?? "", region, partition, form: "vpce", ...feed };
}

function feedOf(
  format: string | undefined,
  repository: string | undefined,
): Pick<CodeArtifactTarget, "format" | "repository"> {
  const known = FORMATS.find((each) => each === format);
  const named = known !== undefined && repository !== undefined && REPOSITORY.test(repository);
  return { format: known, repository: named ? repository : undefined };
}

function rulesOf({ name, region, suffix, registryDualStackSuffix }: Partition): readonly HostRule[] {
  const known = compiled.get(name);
  if (known !== undefined) return known;
  const rule = (form: HostForm, before: string, after: string): HostRule => ({
    form,
    host: new RegExp(`^${before}\\.(${region})\\.${after.replaceAll(".", "\\.")}$`),
  });
  const rules: readonly HostRule[] = [
    rule("ipv4", `${DOMAIN}\\.d\\.codeartifact`, suffix),
    rule("vpce", `${VPCE}\\.d\\.codeartifact`, `vpce.${suffix}`),
    ...(registryDualStackSuffix === undefined
      ? []
      : [rule("dualstack", `${DOMAIN}\\.codeartifact`, registryDualStackSuffix)]),
  ];
  compiled.set(name, rules);
  return rules;
}
