// GetAuthorizationToken of CodeArtifact: a token for a whole domain. It asks with the credentials that it is given, and
// decides nothing about lifetimes.
import { KeywrightError } from "../errors.ts";
import type { HttpReply } from "../io/http.ts";
import { Secret } from "../secret.ts";
import { awsCall, type CallSurroundings } from "./call.ts";
import type { AwsCredentials } from "./credentials.ts";
import { epochOf } from "./iso-time.ts";
import { encodedPairs } from "./sigv4.ts";

export interface TokenSurroundings extends CallSurroundings {
  /** See `awsEndpoint("codeartifact", …)`. */
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: AwsCredentials;
}

export interface TokenWish {
  readonly domain: string;
  /** 12 digits. */
  readonly owner: string;
  /** Seconds: 900..43200, or 0 for as long as the credentials' session. */
  readonly duration: number;
}

/** The token, with `expiresAt` as AWS says it. Throws what `awsCall` throws, and `backend` for an answer that is none. */
export async function getAuthorizationToken(
  { endpoint, region, credentials, ...surroundings }: TokenSurroundings,
  { domain, owner, duration }: TokenWish,
): Promise<Secret> {
  const query = encodedPairs({ domain, "domain-owner": owner, duration: String(duration) });
  const reply = await awsCall(surroundings, {
    operation: "codeartifact:GetAuthorizationToken",
    about: `the domain ${domain} of account ${owner} in ${region}`,
    service: "codeartifact",
    region,
    credentials,
    method: "POST",
    url: `${endpoint}/v1/authorization-token?${query}`,
  });
  return tokenOf(reply);
}

function tokenOf({ body }: HttpReply): Secret {
  const { authorizationToken: token, expiration } = objectOf(body);
  if (typeof token !== "string" || !/^[\u0021-\u007e]{1,65536}$/.test(token))
    throw unusable("has no authorizationToken of printable characters");
  return new Secret(token, { expiresAt: secondsOf(expiration) });
}

function objectOf(body: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(body);
    if (typeof value === "object" && value !== null && !Array.isArray(value))
      return value as Record<string, unknown>;
  } catch {
    // Said below: the parser's own words would quote the answer.
  }
  throw unusable("is not a JSON object");
}

/** Later times are milliseconds, or nonsense. */
const LATEST = 1e11;

/** Epoch seconds, perhaps with a fraction, or a date of ISO 8601 with its zone. */
function secondsOf(expiration: unknown): number {
  const seconds = typeof expiration === "string" ? epochOf(expiration) : expiration;
  if (typeof seconds !== "number" || !(seconds > 0 && seconds < LATEST))
    throw unusable("has no expiration that is a time");
  return seconds;
}

function unusable(fault: string): KeywrightError {
  return new KeywrightError("backend", `the answer of codeartifact:GetAuthorizationToken ${fault}`, {
    hint: "Check AWS_ENDPOINT_URL* and the proxy: something other than AWS CodeArtifact seems to answer.",
  });
}
