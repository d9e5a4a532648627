// Stands in for what gives out AWS credentials, on one loopback port: STS, the SSO portal and its OIDC, IMDS version 2 and a
// container's endpoint. It verifies every signature by itself, refuses version 1, and makes each key id out of all that it
// was told, so that two clients get the same one only if they said the same.
import { createHash, createHmac } from "node:crypto";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";

export interface Told {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface StandIn {
  /** `http://127.0.0.1:PORT` */
  readonly origin: string;
  readonly seen: Told[];
  close(): Promise<void>;
}

/** Every key id has this secret, and the temporary ones this token. */
export const secretOf = (accessKeyId: string): string => `secret/of+${accessKeyId}`;
export const tokenOf = (accessKeyId: string): string => `token/of+${accessKeyId}==`;

export async function awsStandIn(): Promise<StandIn> {
  const seen: Told[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      const { pathname, searchParams } = new URL(request.url ?? "/", "http://stand-in");
      const told = {
        method: request.method ?? "",
        path: pathname,
        query: searchParams,
        headers: request.headers,
        body: Buffer.concat(parts).toString("utf8"),
      };
      seen.push(told);
      const { status, body, headers = {} } = answerTo(told);
      response.writeHead(status, headers).end(body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    seen,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

function answerTo(told: Told): Answer {
  const { method, path } = told;
  if (method === "POST" && path === "/") return sts(told);
  if (method === "GET" && path === "/federation/credentials") return portal(told);
  if (method === "POST" && path === "/token") return oidc(told);
  if (path.startsWith("/container/")) return container(told);
  if (path.startsWith("/imds")) return instance(told);
  return { status: 404, body: "" };
}

function keyId(...told: readonly (string | null | undefined)[]): string {
  const digest = createHash("sha256").update(JSON.stringify(told)).digest("hex");
  return `ASIA${digest.slice(0, 16).toUpperCase()}`;
}

const inAnHour = (): string => new Date(Date.now() + 3_600_000).toISOString().replace(/\.\d+/, "");

/** Session names that programs make up have the time in them. */
function given(sessionName: string | null): string | null {
  return /^(?:botocore|keywright)-session-\d+$/.test(sessionName ?? "") ? null : sessionName;
}

function sts(told: Told): Answer {
  const form = new URLSearchParams(told.body);
  const [action, role] = [form.get("Action") ?? "", form.get("RoleArn") ?? ""];
  if (role.endsWith("/denied")) return stsError(403, "AccessDenied");
  const wish = [
    role,
    given(form.get("RoleSessionName")),
    form.get("ExternalId"),
    form.get("DurationSeconds"),
  ];
  if (action === "AssumeRoleWithWebIdentity") {
    const token = form.get("WebIdentityToken") ?? "";
    if (told.headers.authorization !== undefined) return stsError(400, "ValidationError");
    return token.startsWith("token.")
      ? stsAnswer(action, keyId(token, ...wish), role)
      : stsError(400, "InvalidIdentityToken");
  }
  const signer = verified(told);
  return action === "AssumeRole" && signer !== undefined
    ? stsAnswer(action, keyId(signer, ...wish), role)
    : stsError(403, "SignatureDoesNotMatch");
}

function stsAnswer(action: string, id: string, role: string): Answer {
  const keys = `<AccessKeyId>${id}</AccessKeyId><SecretAccessKey>${secretOf(id)}</SecretAccessKey><SessionToken>${tokenOf(id)}</SessionToken>`;
  const user = `<AssumedRoleUser><AssumedRoleId>AROA:x</AssumedRoleId><Arn>${role}/x</Arn></AssumedRoleUser>`;
  const body = `<Credentials>${keys}<Expiration>${inAnHour()}</Expiration></Credentials>${user}`;
  return {
    status: 200,
    headers: { "Content-Type": "text/xml" },
    body: `<${action}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><${action}Result>${body}</${action}Result></${action}Response>`,
  };
}

function stsError(status: number, code: string): Answer {
  const body = `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>no</Message></Error></ErrorResponse>`;
  return { status, body, headers: { "Content-Type": "text/xml" } };
}

/** The key id and the session token of whoever signed it; undefined: the signature is wrong. */
function verified({ method, path, headers, body }: Told): string | undefined {
  const form =
    /^AWS4-HMAC-SHA256 Credential=(\w+)\/(\d{8})\/([\w-]+)\/sts\/aws4_request, SignedHeaders=([\w;-]+), Signature=([0-9a-f]{64})$/;
  const [, id = "", date = "", region = "", names = "", signature] =
    form.exec(headers.authorization ?? "") ?? [];
  const token = headers["x-amz-security-token"];
  const temporary = id.startsWith("ASIA");
  if (token !== (temporary ? tokenOf(id) : undefined)) return undefined;
  const hash = (text: string): string => createHash("sha256").update(text).digest("hex");
  const lines = names.split(";").map((name) => `${name}:${String(headers[name])}\n`);
  const canonical = [method, path, "", lines.join(""), names, hash(body)].join("\n");
  const text = [
    "AWS4-HMAC-SHA256",
    headers["x-amz-date"],
    `${date}/${region}/sts/aws4_request`,
    hash(canonical),
  ].join("\n");
  let key: string | Buffer = `AWS4${secretOf(id)}`;
  for (const part of [date, region, "sts", "aws4_request"])
    key = createHmac("sha256", key).update(part).digest();
  return createHmac("sha256", key).update(text).digest("hex") === signature
    ? `${id} in ${region}`
    : undefined;
}

function portal({ query, headers }: Told): Answer {
  const token = String(headers["x-amz-sso_bearer_token"]);
  const [role, account] = [query.get("role_name"), query.get("account_id")];
  if (!token.startsWith("sso-access-") || headers.authorization !== undefined)
    return json(401, { message: "Session token not found or invalid" }, "UnauthorizedException");
  if (role === "Missing") return json(404, { message: "no such role" }, "ResourceNotFoundException");
  const id = keyId("sso", token, role, account);
  return json(200, {
    roleCredentials: {
      accessKeyId: id,
      secretAccessKey: secretOf(id),
      sessionToken: tokenOf(id),
      expiration: Date.now() + 3_600_000,
    },
  });
}

function oidc({ body }: Told): Answer {
  const asked = JSON.parse(body) as Record<string, unknown>;
  const good =
    asked["grantType"] === "refresh_token" &&
    asked["clientId"] === "client" &&
    asked["clientSecret"] === "client-secret";
  if (!good || asked["refreshToken"] !== "refresh-1")
    return json(400, { error: "invalid_grant", error_description: "no" }, "InvalidGrantException");
  return json(200, {
    accessToken: "sso-access-refreshed",
    tokenType: "Bearer",
    expiresIn: 28800,
    refreshToken: "refresh-2",
  });
}

function container({ method, path, headers }: Told): Answer {
  const token = headers.authorization;
  if (method !== "GET" || headers.accept !== "application/json") return json(400, {});
  const kind = path.slice("/container/".length);
  if (kind === "auth" && token !== "container-token") return json(403, { message: "no" });
  if (kind === "refused") return json(403, { message: "no" });
  if (kind === "text") return { status: 200, body: "<html>" };
  const id = keyId("container", path, token);
  const keys = { AccessKeyId: id, SecretAccessKey: secretOf(id), Token: tokenOf(id), Expiration: inAnHour() };
  const { Token: _, ...part } = keys;
  return json(200, kind === "part" ? part : keys);
}

/** `/imds`: version 2 only. `/imds-1`: version 1 only. `/imds-none`: no role. `/imds-old`: credentials that have expired. */
function instance({ method, path, headers }: Told): Answer {
  const [, kind = "", rest = ""] = /^\/imds([^/]*)\/(.*)$/.exec(path) ?? [];
  if (rest === "latest/api/token") {
    const good = method === "PUT" && headers["x-aws-ec2-metadata-token-ttl-seconds"] === "21600";
    return kind === "-1" || !good ? { status: 403, body: "" } : { status: 200, body: "imds-token" };
  }
  if (kind !== "-1" && headers["x-aws-ec2-metadata-token"] !== "imds-token") return { status: 401, body: "" };
  const roles = "latest/meta-data/iam/security-credentials/";
  if (kind === "-none") return { status: 404, body: "" };
  if (rest === roles) return { status: 200, body: "machine" };
  if (rest !== `${roles}machine`) return { status: 404, body: "" };
  const id = keyId("imds", kind);
  const at = kind === "-old" ? "2026-01-01T00:00:00Z" : inAnHour();
  return json(200, {
    Code: "Success",
    AccessKeyId: id,
    SecretAccessKey: secretOf(id),
    Token: tokenOf(id),
    Expiration: at,
  });
}

function json(status: number, body: object, error?: string): Answer {
  const type = { "Content-Type": "application/json" };
  return {
    status,
    body: JSON.stringify(body),
    headers: error === undefined ? type : { ...type, "x-amzn-errortype": error },
  };
}
