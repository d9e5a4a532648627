// STS: a role's temporary credentials for other credentials, or for a web identity token. It knows neither profiles nor
// the chain; parameters go into the body, never into an address.
import { KeywrightError } from "../errors.ts";
import { Secret } from "../secret.ts";
import { awsCall, type CallSurroundings } from "./call.ts";
import type { AwsCredentials } from "./credentials.ts";
import { epochOf } from "./iso-time.ts";
import { encodedPairs } from "./sigv4.ts";
import { childOf, parseXml, type XmlElement } from "./xml.ts";

export interface StsSurroundings extends CallSurroundings {
  /** Origin of the service, see `awsEndpoint("sts", …)`. */
  readonly endpoint: string;
  /** The region that the request is signed for. */
  readonly region: string;
}

export interface RoleWish {
  readonly roleArn: string;
  /** `[\w+=,.@-]{2,64}`. */
  readonly sessionName: string;
  /** An IAM policy as JSON: the session may do what both it and the role allow; undefined: what the role allows. */
  readonly policy?: string | undefined;
  /** Seconds, 900..43200; undefined: an hour, which is what STS takes. */
  readonly durationSeconds?: number | undefined;
}

export interface AssumeRoleWish extends RoleWish {
  readonly externalId?: string | undefined;
  readonly tags?: Readonly<Record<string, string>> | undefined;
  readonly sourceIdentity?: string | undefined;
  /** The serial number and code of an MFA device; undefined: none. */
  readonly mfa?: { readonly serialNumber: string; readonly tokenCode: string } | undefined;
}

export interface WebIdentityWish extends RoleWish {
  readonly webIdentityToken: Secret;
}

export interface AssumedRole extends AwsCredentials {
  readonly sessionToken: Secret;
  /** Epoch seconds. */
  readonly expiresAt: number;
  readonly role: string;
  /** `arn:aws:sts::123456789012:assumed-role/NAME/SESSION`. */
  readonly assumedRoleArn: string;
}

/** Throws what `awsCall` throws, and `backend` for an answer that is none of STS. */
export async function assumeRole(
  surroundings: StsSurroundings & { readonly credentials: AwsCredentials },
  wish: AssumeRoleWish,
): Promise<AssumedRole> {
  const { externalId, tags = {}, sourceIdentity, mfa } = wish;
  const fields: Record<string, string | undefined> = {
    ...fieldsOf("AssumeRole", wish),
    ExternalId: externalId,
    SourceIdentity: sourceIdentity,
    SerialNumber: mfa?.serialNumber,
    TokenCode: mfa?.tokenCode,
  };
  Object.entries(tags).forEach(([key, value], index) => {
    fields[`Tags.member.${index + 1}.Key`] = key;
    fields[`Tags.member.${index + 1}.Value`] = value;
  });
  const { credentials } = surroundings;
  const body = await post(surroundings, "AssumeRole", wish, fields, credentials, []);
  return assumed(body, "AssumeRole", wish, `role ${wish.roleArn}, assumed with ${credentials.source}`);
}

/** Unsigned: the token says who asks. Throws as `assumeRole`. */
export async function assumeRoleWithWebIdentity(
  surroundings: StsSurroundings,
  wish: WebIdentityWish,
): Promise<AssumedRole> {
  const operation = "AssumeRoleWithWebIdentity";
  const token = wish.webIdentityToken;
  const fields = { ...fieldsOf(operation, wish), WebIdentityToken: token.reveal() };
  const body = await post(surroundings, operation, wish, fields, undefined, [token]);
  return assumed(body, operation, wish, `role ${wish.roleArn}, assumed with a web identity token`);
}

function fieldsOf(operation: string, wish: RoleWish): Readonly<Record<string, string | undefined>> {
  const { roleArn, sessionName, policy, durationSeconds } = wish;
  return {
    Action: operation,
    Version: "2011-06-15",
    RoleArn: roleArn,
    RoleSessionName: sessionName,
    Policy: policy,
    DurationSeconds: durationSeconds === undefined ? undefined : String(durationSeconds),
  };
}

async function post(
  { endpoint, region, ...surroundings }: StsSurroundings,
  operation: string,
  { roleArn }: RoleWish,
  fields: Readonly<Record<string, string | undefined>>,
  credentials: AwsCredentials | undefined,
  secrets: readonly Secret[],
): Promise<string> {
  const { body } = await awsCall(surroundings, {
    operation: `sts:${operation}`,
    about: `the role ${roleArn}`,
    service: "sts",
    region,
    credentials,
    secrets,
    method: "POST",
    url: `${endpoint}/`,
    headers: { "Content-Type": "application/x-www-form-urlencoded; charset=utf-8" },
    body: encodedPairs(fields),
  });
  return body;
}

function assumed(body: string, operation: string, { roleArn }: RoleWish, source: string): AssumedRole {
  const root = parseXml(body);
  const result = root?.name === `${operation}Response` ? childOf(root, `${operation}Result`) : undefined;
  const keys = childOf(result, "Credentials");
  const text = (parent: XmlElement | undefined, name: string, form: RegExp): string => {
    const value = childOf(parent, name)?.text ?? "";
    if (!form.test(value)) throw unusable(operation, name);
    return value;
  };
  const expiresAt = epochOf(childOf(keys, "Expiration")?.text);
  if (expiresAt === undefined) throw unusable(operation, "Expiration");
  return {
    accessKeyId: text(keys, "AccessKeyId", /^\w{16,128}$/),
    secretAccessKey: new Secret(text(keys, "SecretAccessKey", PRINTABLE)),
    sessionToken: new Secret(text(keys, "SessionToken", PRINTABLE)),
    expiresAt,
    source,
    role: roleArn,
    assumedRoleArn: text(childOf(result, "AssumedRoleUser"), "Arn", /^arn:[\w+=,.@:/-]{1,2000}$/),
  };
}

/** What may stand in a header, and holds nothing that a log would break a line at. */
const PRINTABLE = /^[\u0021-\u007e]{1,100000}$/;

function unusable(operation: string, element: string): KeywrightError {
  return new KeywrightError("backend", `the answer of sts:${operation} has no usable ${element}`, {
    hint: "Check AWS_ENDPOINT_URL and the proxy: something other than AWS STS seems to answer.",
  });
}
