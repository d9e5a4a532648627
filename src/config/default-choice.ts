// Which built-in default holds when no file names stores, refs or policies: tokens through a menda cloud, or straight from AWS. It looks
// at names of variables and at whether files exist; it asks no network, reads no credential, and nothing relative to the working directory counts.
import { lstatSync, readFileSync, statSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { keyringrcPath } from "../account/keyringrc-path.ts";
import { HOST_MATCHES } from "../resolver/codeartifact.ts";

export interface DefaultChoice {
  readonly name: "menda" | "aws";
  /** Why, the rest of a sentence: `~/.aws/config exists`. */
  readonly reason: string;
}

/** The refs of each default by their names, with their matches. */
export const BUILT_IN_REFS: Readonly<Record<DefaultChoice["name"], Readonly<Record<string, string>>>> = {
  menda: { codeartifact: HOST_MATCHES.ipv4 },
  aws: {
    codeartifact: HOST_MATCHES.ipv4,
    codeartifact_dualstack: HOST_MATCHES.dualstack,
    codeartifact_vpce: HOST_MATCHES.vpce,
  },
};

export interface Evidence {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** undefined, or relative: there is none. */
  readonly home: string | undefined;
  /** The file in which the machine's firmware names its maker; the real one unless a test says otherwise. */
  readonly vendor?: string | undefined;
}

/** In the order in which botocore would look; each is enough. AWS_ACCESS_KEY_ID without its other half is an error to be told. */
const AWS_VARIABLES = [
  "AWS_ACCESS_KEY_ID",
  "AWS_PROFILE",
  "AWS_DEFAULT_PROFILE",
  "AWS_WEB_IDENTITY_TOKEN_FILE",
  "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
  "AWS_CONTAINER_CREDENTIALS_FULL_URI",
] as const;

/** The header of a section for codeartifact, as configparser and keyringrc.ts find it. */
const KEYRINGRC_SECTION = /^\ufeff?[ \t]*\[codeartifact[\s\]]/m;

/** Whoever uses menda in any way keeps it, with its errors; AWS comes next; with nothing at all it is menda, as it ever was. */
export function defaultChoice({ env, home, vendor }: Evidence): DefaultChoice {
  const place = home !== undefined && isAbsolute(home) ? home : undefined;
  const menda = mendaReason(env, place);
  if (menda !== undefined) return { name: "menda", reason: menda };
  const aws = variableReason(env) ?? fileReason(env, place) ?? machineReason(env, vendor);
  if (aws !== undefined) return { name: "aws", reason: aws };
  return { name: "menda", reason: "there is neither a menda profile nor any sign of AWS credentials" };
}

function mendaReason(env: Evidence["env"], home: string | undefined): string | undefined {
  const variable = Object.keys(env).find((name) => name.startsWith("MENDA_") && env[name] !== undefined);
  if (variable !== undefined) return `${variable} is set`;
  return home !== undefined && exists(join(home, ".menda", "mendacfg"))
    ? "~/.menda/mendacfg exists"
    : undefined;
}

function variableReason(env: Evidence["env"]): string | undefined {
  const variable = AWS_VARIABLES.find((name) => (env[name] ?? "") !== "");
  return variable && `${variable} is set`;
}

function fileReason(env: Evidence["env"], home: string | undefined): string | undefined {
  const files = [
    ["AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials"],
    ["AWS_CONFIG_FILE", "~/.aws/config"],
  ] as const;
  for (const [variable, usual] of files) {
    const named = env[variable] ?? usual;
    const path = named.startsWith("~/") && home !== undefined ? join(home, named.slice(2)) : named;
    if (isAbsolute(path) && exists(path)) return `${named} exists`;
  }
  const keyringrc = keyringrcPath({ env, home });
  if (keyringrc === undefined || !KEYRINGRC_SECTION.test(textOf(keyringrc))) return undefined;
  return `${keyringrc} has a section for codeartifact`;
}

/** On EC2 the instance's role may be the credentials; whether it has one only the network could tell. */
function machineReason(
  env: Evidence["env"],
  vendor: string = "/sys/class/dmi/id/sys_vendor",
): string | undefined {
  if (env["AWS_EC2_METADATA_DISABLED"]?.toLowerCase() === "true") return undefined;
  return textOf(vendor).trim() === "Amazon EC2" ? "this machine is an EC2 instance" : undefined;
}

/** A broken link and a folder in its place count: they are mistakes, and those are for whoever reads the file to tell. */
function exists(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ENOTDIR"; // Something is there that we may not look at.
  }
}

function textOf(path: string): string {
  try {
    return statSync(path).isFile() ? readFileSync(path, "utf8") : "";
  } catch {
    return "";
  }
}
