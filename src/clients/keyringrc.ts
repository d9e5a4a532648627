// keyringrc.cfg as keyrings.codeartifact 2.1.2 has it: which AWS profile and how long a token, for which domains. It keeps no
// key that is a secret, only that there was one.
import { parseAddress } from "../resolver/address.ts";
import { codeArtifactTarget } from "../resolver/codeartifact.ts";
import { iniEntries, plainKey } from "./ini-edit.ts";

export interface CodeArtifactSection {
  /** undefined: any. */
  readonly domain: string | undefined;
  readonly account: string | undefined;
  readonly region: string | undefined;
  /** The repository. */
  readonly name: string | undefined;
  readonly profile: string | undefined;
  /** Seconds. */
  readonly duration: number | undefined;
  /** What cannot be carried over: static keys, `verify`. */
  readonly left: readonly string[];
}

const QUALIFIER = /(domain|account|region|name)=(["']?)([\s\S]*?)\2(?:$| )/gi;
const NOT_CARRIED = ["aws_access_key_id", "aws_secret_access_key", "verify"];

/** What `[codeartifact]` says holds for the other sections, too. Throws IniError. */
export function codeArtifactSections(text: string, file: string): readonly CodeArtifactSection[] {
  const bySection = new Map<string, Map<string, string>>();
  for (const { section, key, value } of iniEntries(text, file, plainKey)) {
    if (!/^codeartifact(?: |$)/.test(section)) continue;
    const values = bySection.get(section) ?? new Map<string, string>();
    bySection.set(section, values.set(key, value.replace(/\s+[#;].*$/, "")));
  }
  const defaults = bySection.get("codeartifact") ?? new Map<string, string>();
  return [...bySection].map(([section, values]) => {
    const qualifiers = Object.fromEntries(
      [...section.matchAll(QUALIFIER)].map(([, key = "", , value]) => [key.toLowerCase(), value]),
    );
    const all = new Map([...defaults, ...values]);
    const duration = Number(all.get("token_duration") ?? Number.NaN);
    return {
      domain: qualifiers["domain"],
      account: qualifiers["account"],
      region: qualifiers["region"],
      name: qualifiers["name"],
      profile: all.get("profile_name"),
      duration: Number.isInteger(duration) ? duration : undefined,
      left: NOT_CARRIED.filter((key) => all.has(key)),
    };
  });
}

export interface Domain {
  readonly domain: string;
  readonly account: string;
  readonly region: string;
}

/** The parts of a CodeArtifact host; undefined: it is none. */
export function domainOf(host: string): Domain | undefined {
  const address = parseAddress(host);
  const target = address === undefined || address === "disagree" ? undefined : codeArtifactTarget(address);
  if (target?.form !== "ipv4") return undefined;
  return { domain: target.domain, account: target.owner, region: target.region };
}

export function hostOf({ domain, account, region }: Domain): string {
  return `${domain}-${account}.d.codeartifact.${region}.amazonaws.com`;
}

/** The sections that contradict nothing of this host, the most exact one first. */
export function sectionsFor(
  host: Domain,
  sections: readonly CodeArtifactSection[],
): readonly CodeArtifactSection[] {
  const keys = ["domain", "account", "region"] as const;
  const fitting = sections.filter((section) =>
    keys.every((key) => section[key] === undefined || section[key] === host[key]),
  );
  const exact = (section: CodeArtifactSection): number =>
    keys.filter((key) => section[key] !== undefined).length;
  return [...fitting].sort((a, b) => exact(b) - exact(a));
}
