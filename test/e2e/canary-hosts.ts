// Menda hosts that fail in every way, and say in their answers every secret that they know.
import { header, response, type Answer, type Recorded } from "../io/servers.ts";
import { ACCESS, LOGIN, PROXY_PASSWORD, REGISTRY, SECRET, type Place, type Row } from "./canary-planted.ts";

export const TOKEN = "POST /api/v1/auth/oauth2/token";
export const EXCHANGE = "POST /api/v1/auth/registry/token";
const JSON_TYPE = "Content-Type: application/json";

/** The host knows every secret, and says them all in as many ways as it can. */
function everything(request: Recorded): string {
  const { value } = SECRET;
  const basic = Buffer.from(`canary-client:${value}`).toString("base64");
  const lower = encodeURIComponent(value).replace(/%../g, (escape) => escape.toLowerCase());
  const html = value.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;");
  const hex = Buffer.from(value).toString("hex");
  const tokens = [ACCESS.value, Buffer.from(ACCESS.value).toString("base64url"), LOGIN.value];
  return [
    value,
    encodeURIComponent(value),
    lower,
    html,
    basic,
    hex,
    ...tokens,
    ...request.lines,
    request.body,
  ].join(" ");
}

function line(request: Recorded): string {
  return request.lines[0]?.split(/[ ?]/).slice(0, 2).join(" ") ?? "";
}

/** A cloud without metadata that answers as it should, but for the calls in `rows`. */
export function mendaCloud(rows: Readonly<Record<string, Answer>>): Answer {
  return (request) => {
    const row = rows[line(request)];
    if (row !== undefined) return row(request);
    if (line(request) === TOKEN)
      return response(200, JSON.stringify({ access_token: ACCESS.value }), JSON_TYPE);
    if (line(request) === EXCHANGE)
      return response(200, JSON.stringify({ token: REGISTRY.value }), JSON_TYPE);
    return response(404, "{}", JSON_TYPE);
  };
}

const METADATA = "GET /.well-known/oauth-authorization-server";

/** A cloud with metadata. */
function standardCloud(rows: Readonly<Record<string, Answer>>, changes: object = {}): Answer {
  const metadata: Answer = (request) => {
    const host = `http://${header(request, "host") ?? ""}`;
    const said = {
      issuer: host,
      token_endpoint: `${host}/oauth2/token`,
      keywright_registry_endpoint: `${host}/api/v1/registry/token`,
      ...changes,
    };
    return response(200, JSON.stringify(said), JSON_TYPE);
  };
  const token: Answer = () => response(200, JSON.stringify({ access_token: ACCESS.value }), JSON_TYPE);
  const registry: Answer = () =>
    response(200, JSON.stringify({ token: REGISTRY.value, expires_at: 4e9 }), JSON_TYPE);
  return mendaCloud({
    [METADATA]: metadata,
    "POST /oauth2/token": token,
    "POST /api/v1/registry/token": registry,
    ...rows,
  });
}

export const asJson =
  (status: number): Answer =>
  (request) =>
    response(status, JSON.stringify({ detail: everything(request), error: SECRET.value }), JSON_TYPE);
export const asHtml =
  (status: number): Answer =>
  (request) =>
    response(status, `<html><pre>${everything(request)}</pre>`, "Content-Type: text/html");
const ok =
  (body: (request: Recorded) => string): Answer =>
  (request) =>
    response(200, body(request), JSON_TYPE);

/** Every way in which one call can be answered wrongly. */
function answers(call: string, of: (rows: Readonly<Record<string, Answer>>) => Answer): readonly Row[] {
  const row = (name: string, answer: Answer, says: RegExp): Row => ({
    name: `${call}: ${name}`,
    cloud: of({ [call]: answer }),
    says,
  });
  return [
    row("401 as JSON", asJson(401), /HTTP 401/),
    row("403 as HTML", asHtml(403), /HTTP 403/),
    row("400", asJson(400), /HTTP 400/),
    row("500", asJson(500), /HTTP 500/),
    row("502 as HTML", asHtml(502), /HTTP 502/),
    row("no JSON", ok(everything), /is not a JSON object/),
    row(
      "a list",
      ok((request) => JSON.stringify([everything(request)])),
      /is not a JSON object/,
    ),
    row(
      "the wrong fields",
      ok((request) =>
        JSON.stringify({ detail: everything(request), token: 1, access_token: [SECRET.value] }),
      ),
      /has no (access_)?token/,
    ),
    row(
      "a redirect",
      (request) =>
        response(
          302,
          everything(request),
          `Location: https://other.example/?client_secret=${encodeURIComponent(SECRET.value)}&t=${ACCESS.value}`,
        ),
      /HTTP 302/,
    ),
    row("never", () => undefined, /no answer from/),
    row(
      "half of it",
      (request) => `HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n${everything(request)}`,
      /cannot reach/,
    ),
    row("no HTTP", (request) => `${everything(request)}\r\n\r\n`, /cannot reach/),
    row(
      "a wrong header",
      (request) => Buffer.from(`HTTP/1.1 200 OK\r\nX: ${everything(request)}\u0000\r\n\r\n`),
      /cannot reach/,
    ),
    row(
      "2 MB of it",
      ok((request) => everything(request).repeat(4000)),
      /more than 1 MB/,
    ),
  ];
}

export const HOST_ROWS: readonly Row[] = [
  ...answers(TOKEN, mendaCloud),
  ...answers(EXCHANGE, mendaCloud),
  ...answers("POST /oauth2/token", standardCloud),
  ...answers("POST /api/v1/registry/token", standardCloud),
  { name: "metadata: 500", cloud: mendaCloud({ [METADATA]: asJson(500) }), says: /HTTP 500/ },
  { name: "metadata: no JSON", cloud: mendaCloud({ [METADATA]: ok(everything) }), says: /not JSON/ },
  {
    name: "metadata: another issuer",
    cloud: standardCloud({}, { issuer: "https://other.example" }),
    says: /its issuer/,
  },
  {
    name: "metadata: a foreign endpoint",
    cloud: standardCloud({}, { token_endpoint: `https://other.example/?s=${SECRET.value}` }),
    says: /another origin/,
  },
  {
    name: "an expiry that is none",
    cloud: standardCloud({
      "POST /api/v1/registry/token": ok(() =>
        JSON.stringify({ token: REGISTRY.value, expires_at: REGISTRY.value }),
      ),
    }),
    says: /is no time/,
  },
  {
    name: "a token with a line end",
    cloud: mendaCloud({ [EXCHANGE]: ok(() => JSON.stringify({ token: `${REGISTRY.value}\nx` })) }),
    says: /line end/,
  },
];

export const PROXY_ROWS: readonly Row[] = [
  [
    "407",
    ({ proxy }: Place) => `http://me:${PROXY_PASSWORD.value}@${proxy}`,
    /refused menda\.example:443 with HTTP 407/,
  ],
  ["nobody there", () => `http://me:${PROXY_PASSWORD.value}@127.0.0.1:9`, /cannot reach the proxy/],
  [
    "TLS that it does not speak",
    ({ proxy }: Place) => `https://me:${PROXY_PASSWORD.value}@${proxy}`,
    /proxy/,
  ],
  ["socks", ({ proxy }: Place) => `socks5://me:${PROXY_PASSWORD.value}@${proxy}`, /names a socks5 proxy/],
  ["no URL", () => `http://me:${PROXY_PASSWORD.value}@:x`, /is not the URL of a proxy/],
].map(([name, url, says]) => ({
  name: `proxy: ${name as string}`,
  env: (place) => ({
    MENDA_HOST: "https://menda.example",
    MENDA_CLIENT_ID: "c",
    MENDA_CLIENT_SECRET: SECRET.value,
    HTTPS_PROXY: (url as (place: Place) => string)(place),
  }),
  says: says as RegExp,
}));
