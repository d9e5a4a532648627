// Keys that stand somewhere as they are: in the environment, in a profile, in the files of older programs.
import { join } from "node:path";
import { readOwnFile } from "../account/own-file.ts";
import { KeywrightError } from "../errors.ts";
import { Secret } from "../secret.ts";
import { epochOf } from "./iso-time.ts";
import type { KeysPlan } from "./plan.ts";
import { readSections, textOf, type Environment, type Place, type Section } from "./shared-config.ts";

/** AWS_ACCESS_KEY_ID and what belongs to it; an empty variable is none. Throws `configuration` when a part is missing. */
export function environmentKeys(env: Environment): KeysPlan | undefined {
  const accessKeyId = env["AWS_ACCESS_KEY_ID"] ?? "";
  if (accessKeyId === "") return undefined;
  const secret = env["AWS_SECRET_ACCESS_KEY"] ?? "";
  if (secret === "") throw partial("the environment", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY");
  const token = env["AWS_SECURITY_TOKEN"] || env["AWS_SESSION_TOKEN"] || undefined;
  const expiry = env["AWS_CREDENTIAL_EXPIRATION"] ?? "";
  const expiresAt = expiry === "" ? undefined : epochOf(expiry);
  if (expiry !== "" && expiresAt === undefined) {
    throw new KeywrightError("configuration", "AWS_CREDENTIAL_EXPIRATION is not a time with a zone", {
      hint: "For example 2027-01-15T08:00:00Z.",
    });
  }
  return keys("environment", accessKeyId, secret, token, expiresAt);
}

/** `aws_access_key_id` and what belongs to it. Throws `configuration` when a part is missing. */
export function profileKeys(
  profile: string,
  section: Section | undefined,
  file: string,
): KeysPlan | undefined {
  const accessKeyId = textOf(section, "aws_access_key_id");
  if (accessKeyId === undefined) return undefined;
  const secret = textOf(section, "aws_secret_access_key");
  const where = `profile ${profile} (${file})`;
  if (secret === undefined) throw partial(where, "aws_access_key_id", "aws_secret_access_key");
  const token = textOf(section, "aws_security_token") ?? textOf(section, "aws_session_token");
  return keys(where, accessKeyId, secret, token, undefined);
}

/** AWS_CREDENTIAL_FILE of the first EC2 tools, then the files of boto 2, where botocore still looks. */
export function legacyKeys(place: Place): KeysPlan | undefined {
  return ec2Keys(place) ?? botoKeys(place);
}

function ec2Keys({ env, home }: Place): KeysPlan | undefined {
  const named = env["AWS_CREDENTIAL_FILE"];
  if (named === undefined) return undefined;
  const path = named.startsWith("~/") && home !== undefined ? join(home, named.slice(2)) : named;
  const file = readOwnFile(path, 65536);
  if (file.state !== "read") {
    throw new KeywrightError("configuration", `AWS_CREDENTIAL_FILE names ${named}, which cannot be read`, {
      hint: "Unset it, or let it name a file with AWSAccessKeyId=… and AWSSecretKey=….",
    });
  }
  const values = new Map(
    file.text.split("\n").map((line) => {
      const at = line.indexOf("=");
      return [line.slice(0, Math.max(0, at)).trim(), line.slice(at + 1).trim()];
    }),
  );
  const [accessKeyId, secret] = [values.get("AWSAccessKeyId"), values.get("AWSSecretKey")];
  if (accessKeyId === undefined) return undefined;
  if (secret === undefined) throw partial(named, "AWSAccessKeyId", "AWSSecretKey");
  return keys(named, accessKeyId, secret, undefined, undefined);
}

function botoKeys(place: Place): KeysPlan | undefined {
  const named = place.env["BOTO_CONFIG"];
  for (const file of named === undefined ? ["/etc/boto.cfg", "~/.boto"] : [named]) {
    const section = readSections(file, place)?.get("Credentials");
    const accessKeyId = textOf(section, "aws_access_key_id");
    if (accessKeyId === undefined) continue;
    const secret = textOf(section, "aws_secret_access_key");
    if (secret === undefined) throw partial(file, "aws_access_key_id", "aws_secret_access_key");
    return keys(file, accessKeyId, secret, undefined, undefined);
  }
  return undefined;
}

function keys(
  source: string,
  accessKeyId: string,
  secret: string,
  token: string | undefined,
  expiresAt: number | undefined,
): KeysPlan {
  if (!/^[\u0021-\u007e]{1,128}$/.test(accessKeyId) || secret === "") {
    throw new KeywrightError("configuration", `the AWS keys of ${source} are empty or not keys at all`, {
      hint: "Write both keys as AWS shows them, or remove them.",
    });
  }
  const sessionToken = token === undefined || token === "" ? undefined : new Secret(token);
  return { kind: "keys", source, accessKeyId, secretAccessKey: new Secret(secret), sessionToken, expiresAt };
}

function partial(where: string, there: string, missing: string): KeywrightError {
  return new KeywrightError("configuration", `${where} has ${there}, but no ${missing}`, {
    hint: `Add ${missing}, or remove ${there}.`,
  });
}
