// The options of a `codeartifact` store, read and checked as a whole; roles are read in codeartifact-roles.ts. It asks
// nobody and opens no file.
import { isAbsolute } from "node:path";
import { KeywrightError } from "../errors.ts";
import { PARTITION_NAMES, partitionOf } from "../resolver/partitions.ts";
import type { OptionValue, SecretStore } from "../resolver/store.ts";
import { readRoles, type RoleEntry } from "./codeartifact-roles.ts";

export interface CodeArtifactSettings {
  /** The AWS profile; undefined: as the environment says. */
  readonly profile: string | undefined;
  /** Seconds that a token may live at most, 0: as long as the session; undefined: not said. */
  readonly duration: number | undefined;
  /** For a question without an address; with one they must agree with it. */
  readonly region: string | undefined;
  readonly domain: string | undefined;
  readonly domainOwner: string | undefined;
  readonly partitions: readonly string[];
  /** Seconds for everything, and for one request. */
  readonly timeout: number;
  readonly requestTimeout: number;
  /** True: keyringrc.cfg at its usual place; a text: that file. */
  readonly keyringrc: true | string | undefined;
  /** undefined: the token is asked for with the credentials themselves. */
  readonly roles: readonly RoleEntry[] | undefined;
}

export const DEFAULT_DURATION = 3600;
export const LONGEST_DURATION = 43_200;
export const SHORTEST_DURATION = 900;

const OPTIONS = [
  "profile",
  "duration",
  "region",
  "domain",
  "domain_owner",
  "partitions",
  "timeout",
  "request_timeout",
  "keyringrc",
  "roles",
];
const DOMAIN = /^[a-z][a-z0-9-]{0,48}[a-z0-9]$/;

/** Throws `configuration`. */
export function codeArtifactSettings({ name, options }: SecretStore): CodeArtifactSettings {
  const where = `store ${name}`;
  const unknown = Object.keys(options).find((key) => !OPTIONS.includes(key));
  if (unknown !== undefined) {
    throw wrong(
      `${where}: unknown option ${unknown}`,
      `The options of a codeartifact store are ${OPTIONS.join(", ")}.`,
    );
  }
  const { profile, duration, region, domain, domain_owner: domainOwner, keyringrc, roles } = options;
  const text = (key: string, value: OptionValue | undefined, form: RegExp, wanted: string) => {
    if (value === undefined || (typeof value === "string" && form.test(value))) return value;
    const hint = typeof value === "number" ? "Put it in quotes: YAML takes it for a number." : undefined;
    throw wrong(`${where}: ${key} must be ${wanted}`, hint);
  };
  const partitions = partitionsOf(where, options["partitions"]);
  return {
    profile: text("profile", profile, /^[^\u0000-\u001f\u007f]+$/, "the name of an AWS profile"),
    duration: durationOf(where, duration),
    region: regionOf(where, text("region", region, /^[a-z0-9-]+$/, "a region of AWS"), partitions),
    domain: text("domain", domain, DOMAIN, "the name of a CodeArtifact domain"),
    domainOwner: text("domain_owner", domainOwner, /^[0-9]{12}$/, "an account id of 12 digits"),
    partitions,
    timeout: secondsOf(where, "timeout", options["timeout"], 20),
    requestTimeout: secondsOf(where, "request_timeout", options["request_timeout"], 10),
    keyringrc: keyringrcOf(where, keyringrc),
    roles: roles === undefined ? undefined : readRoles(where, roles),
  };
}

/** Seconds of a token's life; undefined stays undefined. */
function durationOf(where: string, value: OptionValue | undefined): number | undefined {
  if (value === undefined || isDuration(value)) return value;
  throw wrong(
    `${where}: duration must be 0 or a whole number of seconds from ${SHORTEST_DURATION} to ${LONGEST_DURATION}`,
    "0 lets a token live as long as the session of the credentials.",
  );
}

/** What GetAuthorizationToken takes. */
export function isDuration(value: unknown): value is number {
  const whole = typeof value === "number" && Number.isInteger(value);
  return whole && (value === 0 || (value >= SHORTEST_DURATION && value <= LONGEST_DURATION));
}

function regionOf(
  where: string,
  region: string | undefined,
  partitions: readonly string[],
): string | undefined {
  if (region === undefined) return undefined;
  const partition = partitionOf(region)?.name;
  if (partition === undefined)
    throw wrong(`${where}: region must be a region of AWS`, "For example eu-west-1.");
  if (partitions.includes(partition)) return region;
  const hint = `Add ${partition} to partitions.`;
  throw wrong(
    `${where}: the region ${region} belongs to the partition ${partition}, which is not enabled`,
    hint,
  );
}

function partitionsOf(where: string, value: OptionValue | undefined): readonly string[] {
  if (value === undefined) return ["aws"];
  if (Array.isArray(value) && value.length > 0 && value.every((each) => PARTITION_NAMES.includes(each)))
    return value as readonly string[];
  throw wrong(
    `${where}: partitions must be a list of partitions`,
    `There are ${PARTITION_NAMES.join(", ")}.`,
  );
}

function keyringrcOf(where: string, value: OptionValue | undefined): CodeArtifactSettings["keyringrc"] {
  if (value === undefined || value === false) return undefined;
  if (value === true || (typeof value === "string" && isAbsolute(value))) return value;
  throw wrong(`${where}: keyringrc must be true, or the absolute path of a file`, undefined);
}

function secondsOf(where: string, key: string, value: OptionValue | undefined, otherwise: number): number {
  if (value === undefined) return otherwise;
  if (typeof value === "number" && value > 0 && value <= 3600) return value;
  throw wrong(`${where}: ${key} must be a number of seconds, at most 3600`, undefined);
}

function wrong(message: string, hint: string | undefined): KeywrightError {
  return new KeywrightError("configuration", message, { hint });
}
