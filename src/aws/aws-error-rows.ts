// The rows of the error table: what each error of CodeArtifact, STS and the front door of AWS means and what to do. The
// sources are the services' API references; how an answer is read is in aws-errors.ts.
import type { ErrorCode } from "../errors.ts";

/** What an answer says, safe to show. */
export interface Said {
  readonly status: number;
  readonly awsCode: string | undefined;
  readonly quote: string;
  readonly reason: string | undefined;
  /** The type of what was not found. */
  readonly resource: string | undefined;
  /** Seconds that our clock is ahead of AWS's, by the Date header; undefined: it has none. */
  readonly skew: number | undefined;
  readonly region: string;
}

export interface Asked {
  readonly operation: string;
  readonly about: string;
  readonly region: string;
  readonly source: string | undefined;
}

export interface Told {
  readonly code: ErrorCode;
  readonly kind: "passing" | "credentials" | "permanent";
  readonly message: string;
  readonly hint: string;
}

export type Row = (said: Said, asked: Asked) => Told;

/** A signature is accepted within five minutes of AWS's own time. */
const SKEW_ACCEPTED = 300;

/** By code, and by status when there is none that is known. */
export function rowOf({ awsCode, status }: Said): Row {
  const known = ROWS.get(awsCode?.replace(/Exception$/, "") ?? "");
  if (known !== undefined) return known;
  if (status === 429) return throttled;
  if (status >= 500) return broken;
  if (status >= 300 && status < 400) return redirected;
  return unknown;
}

const ours = (source: string | undefined): string => (source === undefined ? "" : ` (from ${source})`);

const denied: Row = (_, { operation, about, source }) => ({
  code: "denied",
  kind: "permanent",
  message: `AWS does not allow ${operation} for ${about} to these credentials${ours(source)}`,
  hint: operation.startsWith("sts:")
    ? `The role's trust policy must name the caller (and its external id, if it wants one), and the caller needs ${operation} on the role.`
    : "The role or user needs codeartifact:GetAuthorizationToken on the domain and sts:GetServiceBearerToken (with sts:AWSServiceName codeartifact.amazonaws.com); another account's domain must also allow it in its own policy.",
});

const missing: Row = ({ resource = "domain" }, { about }) => ({
  code: "not_found",
  kind: "permanent",
  message: `AWS knows no such ${resource}: ${about}`,
  hint: "Check domain, owner (12 digits) and region in the address: one of the three is wrong.",
});

const invalid: Row = ({ reason }, { about }) => ({
  code: "configuration",
  kind: "permanent",
  message: `AWS does not accept the request for ${about}${reason === undefined ? "" : `: ${reason}`}`,
  hint: "What AWS says names the field; correct it in the address or in the store's options.",
});

const throttled: Row = (_, { operation }) => ({
  code: "backend",
  kind: "passing",
  message: `AWS answers too many requests for ${operation}`,
  hint: "Try again later; if it stays like this, ask for a higher quota or let fewer processes ask at once.",
});

const broken: Row = ({ region }, { operation }) => ({
  code: "backend",
  kind: "passing",
  message: `AWS failed at ${operation} in ${region}`,
  hint: "Try again later; the AWS health dashboard shows known faults of a region.",
});

const conflict: Row = (_, { about }) => ({
  code: "backend",
  kind: "permanent",
  message: `something else changes ${about} at the same time`,
  hint: "Try again when the other change is done.",
});

const unrecognized: Row = ({ region }, { source }) => ({
  code: "authentication",
  kind: "credentials",
  message: `AWS does not know this access key in ${region}${ours(source)}`,
  hint: "The key was deleted or switched off, belongs to another partition, is a temporary one without its session token, or the region is not enabled for the account.",
});

const expired: Row = (_, { source }) => ({
  code: "authentication",
  kind: "credentials",
  message:
    source === undefined
      ? "the web identity token has expired"
      : `the temporary AWS credentials have expired${ours(source)}`,
  hint:
    source === undefined
      ? "Let whoever writes the token's file write a new one."
      : "Log in again (`aws sso login`), or let what provides the credentials renew them.",
});

/** Only a clock that is out of bounds is named as the cause. */
const badSignature: Row = ({ skew }, { source }) => {
  const outOfBounds = skew !== undefined && Math.abs(skew) > SKEW_ACCEPTED;
  const way = (skew ?? 0) > 0 ? "ahead of" : "behind";
  return outOfBounds
    ? {
        code: "authentication",
        kind: "permanent",
        message: `this machine's clock is ${Math.abs(skew)} seconds ${way} that of AWS, so no signature is accepted`,
        hint: "Set the clock (timedatectl set-ntp true, or the time of the host of this container); AWS accepts five minutes.",
      }
    : {
        code: "authentication",
        kind: "credentials",
        message: `AWS does not accept the signature made with these credentials${ours(source)}`,
        hint: "The secret access key does not belong to the access key id, or a proxy changes requests on the way.",
      };
};

const incomplete: Row = () => ({
  code: "backend",
  kind: "credentials",
  message: "the signature did not reach AWS whole",
  hint: "A proxy that changes or cuts headers is the usual cause; let it pass the Authorization and X-Amz-* headers as they are.",
});

const unsigned: Row = () => ({
  code: "backend",
  kind: "credentials",
  message: "the Authorization header did not reach AWS, or the address is not one of the service",
  hint: "Check AWS_ENDPOINT_URL* and any proxy that takes headers out.",
});

const regionOff: Row = ({ region }) => ({
  code: "configuration",
  kind: "permanent",
  message: `STS is not active in ${region} for the account`,
  hint: "Activate the region in the account's settings (IAM, security token service), or use another one.",
});

const badPolicy: Row = (_, { about }) => ({
  code: "configuration",
  kind: "permanent",
  message: `AWS does not accept the session policy for ${about}`,
  hint: "Correct session_policy in the store's roles; with its tags it must also stay under the packed limit.",
});

const badIdentity: Row = (_, { about }) => ({
  code: "authentication",
  kind: "permanent",
  message: `AWS does not accept the web identity token for ${about}`,
  hint: "The issuer must be an identity provider of the account, and the role's trust policy must fit audience and subject.",
});

const noIssuer: Row = () => ({
  code: "backend",
  kind: "passing",
  message: "AWS could not reach the issuer of the web identity token",
  hint: "Try again; if it stays like this, check that the issuer's keys are reachable for AWS.",
});

const redirected: Row = (_, { operation }) => ({
  code: "backend",
  kind: "permanent",
  message: `a redirect was answered to ${operation}, which is never followed`,
  hint: "Check AWS_ENDPOINT_URL* and the proxy: AWS does not redirect here.",
});

const unknown: Row = (_, { operation }) => ({
  code: "backend",
  kind: "permanent",
  message: `AWS refused ${operation}`,
  hint: "Check AWS_ENDPOINT_URL* and the proxy if this does not look like an answer of AWS.",
});

/** The names without `Exception`: STS leaves it out, CodeArtifact does not. */
const ROWS: ReadonlyMap<string, Row> = new Map(
  Object.entries({
    AccessDenied: denied,
    ResourceNotFound: missing,
    Validation: invalid,
    ValidationError: invalid,
    InvalidParameterValue: invalid,
    Conflict: conflict,
    Throttling: throttled,
    ThrottledRequest: throttled,
    RequestThrottled: throttled,
    RequestLimitExceeded: throttled,
    TooManyRequests: throttled,
    InternalServer: broken,
    InternalServerError: broken,
    InternalFailure: broken,
    ServiceUnavailable: broken,
    UnrecognizedClient: unrecognized,
    InvalidClientTokenId: unrecognized,
    ExpiredToken: expired,
    RequestExpired: badSignature,
    InvalidSignature: badSignature,
    SignatureDoesNotMatch: badSignature,
    IncompleteSignature: incomplete,
    MissingAuthenticationToken: unsigned,
    RegionDisabled: regionOff,
    MalformedPolicyDocument: badPolicy,
    PackedPolicyTooLarge: badPolicy,
    InvalidIdentityToken: badIdentity,
    IDPRejectedClaim: badIdentity,
    IDPCommunicationError: noIssuer,
  }),
);
