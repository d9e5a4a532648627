// AWS Signature Version 4 for a request whose body is a text: the Authorization header and what goes with it. Not for S3,
// which encodes paths otherwise. Source: "Create a signed AWS API request" of the IAM user guide; botocore signs the same.
import { createHash, createHmac } from "node:crypto";
import type { AwsCredentials } from "./credentials.ts";

export interface SignableRequest {
  readonly method: string;
  /** As it will be sent: what the platform's URL makes of it is what is signed. */
  readonly url: string;
  /** Every one is signed but those that proxies change; one value a name, no line breaks. */
  readonly headers: Readonly<Record<string, string>>;
  /** "" when there is none. */
  readonly body: string;
}

export interface SigningScope {
  readonly region: string;
  readonly service: string;
}

/** What botocore does not sign either: it may be changed or taken out on the way. */
const UNSIGNED: ReadonlySet<string> = new Set([
  "authorization",
  "connection",
  "expect",
  "transfer-encoding",
  "user-agent",
  "x-amzn-trace-id",
]);

/** The given headers and those that sign them; `at` in epoch seconds. */
export function signed(
  { method, url, headers, body }: SignableRequest,
  { accessKeyId, secretAccessKey, sessionToken }: AwsCredentials,
  { region, service }: SigningScope,
  at: number,
): Readonly<Record<string, string>> {
  const { host, pathname, search } = new URL(url);
  const time = new Date(Math.floor(at) * 1000).toISOString().replace(/[-:]|\.000/g, "");
  const sent = {
    ...headers,
    "X-Amz-Date": time,
    ...(sessionToken === undefined ? {} : { "X-Amz-Security-Token": sessionToken.reveal() }),
  };
  const lines = headerLines({ ...sent, host });
  const names = lines.map(([name]) => name).join(";");
  const canonical = [
    method,
    canonicalPath(pathname),
    canonicalQuery(search.slice(1)),
    ...lines.map(([name, value]) => `${name}:${value}`),
    "",
    names,
    hash(body),
  ].join("\n");
  const date = time.slice(0, 8);
  const scope = `${date}/${region}/${service}/aws4_request`;
  const key = [date, region, service, "aws4_request"].reduce<string | Buffer>(
    (made, part) => hmac(made, part).digest(),
    `AWS4${secretAccessKey.reveal()}`,
  );
  const text = ["AWS4-HMAC-SHA256", time, scope, hash(canonical)].join("\n");
  const signature = hmac(key, text).digest("hex");
  const parts = [`Credential=${accessKeyId}/${scope}`, `SignedHeaders=${names}`, `Signature=${signature}`];
  return { ...sent, Authorization: `AWS4-HMAC-SHA256 ${parts.join(", ")}` };
}

/** RFC 3986: everything but the unreserved characters, as UTF-8. A lone surrogate becomes U+FFFD. */
export function percentEncoded(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replace(/[!'()*]/g, percent);
}

/** `name=value` pairs for an address or a form; pairs without a value are left out. */
export function encodedPairs(pairs: Readonly<Record<string, string | undefined>>): string {
  return Object.entries(pairs)
    .filter((pair): pair is [string, string] => pair[1] !== undefined)
    .map(([name, value]) => `${percentEncoded(name)}=${percentEncoded(value)}`)
    .join("&");
}

function headerLines(headers: Readonly<Record<string, string>>): (readonly [string, string])[] {
  const lines = Object.entries(headers).map(
    ([name, value]) =>
      [
        name.toLowerCase(),
        value
          .split(/[\t ]+/)
          .join(" ")
          .trim(),
      ] as const,
  );
  return lines.filter(([name]) => !UNSIGNED.has(name)).sort(([a], [b]) => compared(a, b));
}

/** Encoded once more, after the segments `.` and `..` and doubled slashes are resolved. */
function canonicalPath(pathname: string): string {
  const kept: string[] = [];
  for (const segment of pathname.split("/")) {
    if (segment === "..") kept.pop();
    else if (segment !== "" && segment !== ".") kept.push(segment);
  }
  const end = kept.length > 0 && pathname.endsWith("/") ? "/" : "";
  return `/${kept.join("/")}${end}`.replace(/[^A-Za-z0-9_.~/-]/g, percent);
}

/** Sorted by name, then by value, as they are encoded. */
function canonicalQuery(query: string): string {
  if (query === "") return "";
  const pairs = query.split("&").map((pair) => {
    const [name = "", ...value] = pair.split("=");
    return [name, value.join("=")] as const;
  });
  pairs.sort((a, b) => compared(a[0], b[0]) || compared(a[1], b[1]));
  return pairs.map(([name, value]) => `${name}=${value}`).join("&");
}

function compared(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function percent(char: string): string {
  return `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`;
}

function hash(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

function hmac(key: string | Buffer, text: string): ReturnType<typeof createHmac> {
  return createHmac("sha256", key).update(text);
}
