// What a question to a `codeartifact` store is about: the domain of its address, or the one that the store names. An
// address of anything else is refused, and so is one that the store's options contradict.
import { KeywrightError } from "../errors.ts";
import { showAddress } from "../resolver/address.ts";
import { codeArtifactTarget, type CodeArtifactTarget } from "../resolver/codeartifact.ts";
import type { Location } from "../resolver/location.ts";
import { partitionOf } from "../resolver/partitions.ts";
import type { CodeArtifactSettings } from "./codeartifact-options.ts";

/** Throws `refused`, or `configuration` when there is neither an address nor options that name a domain. */
export function targetOf(
  { address, ref, store }: Location,
  { partitions, domain, domainOwner, region }: CodeArtifactSettings,
): CodeArtifactTarget {
  if (address === undefined) {
    if (ref.match === undefined) {
      throw new KeywrightError(
        "configuration",
        `the store ${store.name} (codeartifact) holds registry tokens, no secrets`,
        { hint: `Give the ref ${ref.name} a match, or another store.` },
      );
    }
    return namedTarget(store.name, { domain, domainOwner, region });
  }
  const target = codeArtifactTarget(address, partitions);
  const shown = showAddress(`${address.host}${address.path}`);
  if (target === undefined) {
    throw new KeywrightError("refused", `${shown} is no address of AWS CodeArtifact`, {
      hint: `The store ${store.name} mints for CodeArtifact in ${partitions.join(", ")} only (option partitions); a VPC endpoint's address needs /d/DOMAIN-OWNER/ in its path.`,
    });
  }
  const named = [
    ["domain", domain, target.domain],
    ["domain_owner", domainOwner, target.owner],
    ["region", region, target.region],
  ] as const;
  const other = named.find(([, wanted, found]) => wanted !== undefined && wanted !== found);
  if (other === undefined) return target;
  const [option, wanted, found] = other;
  throw new KeywrightError(
    "refused",
    `${shown} names the ${option} ${found}, and the store ${store.name} has ${wanted}`,
    {
      hint: `Give this address a ref and a store of its own, or take ${option} out of the store.`,
    },
  );
}

function namedTarget(
  store: string,
  { domain, domainOwner, region }: Pick<CodeArtifactSettings, "domain" | "domainOwner" | "region">,
): CodeArtifactTarget {
  if (domain === undefined || domainOwner === undefined || region === undefined) {
    throw new KeywrightError(
      "configuration",
      `the question has no address, and the store ${store} does not name domain, domain_owner and region`,
      {
        hint: "A menda client asks without an address: give the store that its ref names these three options.",
      },
    );
  }
  const partition = partitionOf(region)?.name ?? "aws";
  return {
    domain,
    owner: domainOwner,
    region,
    partition,
    form: "ipv4",
    format: undefined,
    repository: undefined,
  };
}
