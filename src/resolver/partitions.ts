// The partitions of AWS: which regions belong to each, and the suffixes of its hosts. Which of them is in force the caller says;
// only `aws` is unless a configuration names another. Source: partitions.json of botocore 1.44.5, and the ECR helper's hosts.

export interface Partition {
  readonly name: string;
  /** The form of a region's name, for a regular expression that is anchored at both ends. */
  readonly region: string;
  /** Of the services' own hosts, and of a domain's host. */
  readonly suffix: string;
  /** Of the services' dual-stack hosts; undefined: it has none. */
  readonly dualStackSuffix: string | undefined;
  /** Of a CodeArtifact domain's dual-stack host; undefined: not known. */
  readonly registryDualStackSuffix: string | undefined;
}

export const PARTITIONS: readonly Partition[] = [
  {
    name: "aws",
    region: "(?:us|eu|ap|sa|ca|me|af|il|mx)-[a-z0-9]+-[0-9]+",
    suffix: "amazonaws.com",
    dualStackSuffix: "api.aws",
    registryDualStackSuffix: "on.aws",
  },
  {
    name: "aws-us-gov",
    region: "us-gov-[a-z0-9]+-[0-9]+",
    suffix: "amazonaws.com",
    dualStackSuffix: "api.aws",
    registryDualStackSuffix: "on.aws",
  },
  {
    name: "aws-cn",
    region: "cn-[a-z0-9]+-[0-9]+",
    suffix: "amazonaws.com.cn",
    dualStackSuffix: "api.amazonwebservices.com.cn",
    registryDualStackSuffix: "on.amazonwebservices.com.cn",
  },
  {
    name: "aws-eusc",
    region: "eusc-de-[a-z0-9]+-[0-9]+",
    suffix: "amazonaws.eu",
    dualStackSuffix: "api.amazonwebservices.eu",
    registryDualStackSuffix: undefined,
  },
  {
    name: "aws-iso",
    region: "us-iso-[a-z0-9]+-[0-9]+",
    suffix: "c2s.ic.gov",
    dualStackSuffix: "api.aws.ic.gov",
    registryDualStackSuffix: undefined,
  },
  {
    name: "aws-iso-b",
    region: "us-isob-[a-z0-9]+-[0-9]+",
    suffix: "sc2s.sgov.gov",
    dualStackSuffix: "api.aws.scloud",
    registryDualStackSuffix: undefined,
  },
  {
    name: "aws-iso-e",
    region: "eu-isoe-[a-z0-9]+-[0-9]+",
    suffix: "cloud.adc-e.uk",
    dualStackSuffix: "api.cloud-aws.adc-e.uk",
    registryDualStackSuffix: undefined,
  },
  {
    name: "aws-iso-f",
    region: "us-isof-[a-z0-9]+-[0-9]+",
    suffix: "csp.hci.ic.gov",
    dualStackSuffix: "api.aws.hci.ic.gov",
    registryDualStackSuffix: undefined,
  },
];

/** Every partition's name; for what grants nothing by knowing one. */
export const PARTITION_NAMES: readonly string[] = PARTITIONS.map(({ name }) => name);

/** The partition that a region belongs to; undefined: none. */
export function partitionOf(region: string): Partition | undefined {
  return PARTITIONS.find((each) => new RegExp(`^${each.region}$`).test(region));
}
