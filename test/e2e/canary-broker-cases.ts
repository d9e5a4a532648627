// Requests that a broker refuses, each with secrets where a careless one would write them down.
import { basic, type Sent } from "../broker/broker.ts";
import { INDEX } from "./broker-process.ts";

export interface Held {
  readonly secret: string;
  readonly access: string;
  readonly registry: string;
}

type Failing = readonly [name: string, status: number, path: string, sent?: Sent];

const FORM = { "Content-Type": "application/x-www-form-urlencoded" };
const JSON_TYPE = { "Content-Type": "application/json" };
const MENDA = "/api/v1/auth";

export function failing({ secret, access, registry }: Held): readonly Failing[] {
  const query = (name: string, value: string): string =>
    new URLSearchParams({
      grant_type: "client_credentials",
      client_id: name,
      client_secret: value,
    }).toString();
  const form = (fields: Record<string, string>): string => new URLSearchParams(fields).toString();
  const bearer = { Authorization: `Bearer ${access}` };
  const all = `${secret} ${access} ${registry}`;
  const post = (headers: Record<string, string>, body: string): Sent => ({ method: "POST", headers, body });
  return [
    ["query: a wrong secret", 401, `${MENDA}/oauth2/token?${query("ci", `${secret}x`)}`, post({}, "")],
    ["query: switched off", 401, `${MENDA}/oauth2/token?${query("plain", secret)}`, post({}, "")],
    ["query: an unknown client", 401, `${MENDA}/oauth2/token?${query(secret, access)}`, post({}, "")],
    [
      "query: twice",
      400,
      `${MENDA}/oauth2/token?${query("ci", secret)}&client_secret=${secret}`,
      post({}, ""),
    ],
    [
      "query: also in the body",
      400,
      `${MENDA}/oauth2/token?${query("ci", secret)}`,
      post(FORM, query("ci", secret)),
    ],
    ["query: another method", 405, `${MENDA}/oauth2/token?${query("ci", secret)}`],
    [
      "query: at the other face",
      400,
      `/oauth2/token?${query("ci", secret)}`,
      post(FORM, "grant_type=client_credentials"),
    ],
    [
      "query: another grant",
      400,
      `${MENDA}/oauth2/token?${query("ci", secret).replace("client_credentials", secret)}`,
      post({}, ""),
    ],
    [
      "registry: a wrong token",
      401,
      `${MENDA}/registry/token`,
      post({ authorizationToken: `Bearer ${registry}` }, ""),
    ],
    ["registry: no token", 401, `${MENDA}/registry/token?token=${access}`, post({}, access)],
    [
      "whoami: the secret as token",
      401,
      `${MENDA}/whoami`,
      { headers: { authorizationToken: `Bearer ${secret}` } },
    ],
    [
      "Basic: a wrong secret",
      401,
      "/oauth2/token",
      post({ ...FORM, ...basic("ci", `${secret}x`) }, "grant_type=client_credentials"),
    ],
    [
      "Basic: no base64",
      401,
      "/oauth2/token",
      post({ ...FORM, Authorization: `Basic ${secret}!` }, "grant_type=client_credentials"),
    ],
    [
      "Basic: no colon",
      401,
      "/oauth2/token",
      post(
        { ...FORM, Authorization: `Basic ${Buffer.from(secret).toString("base64")}` },
        "grant_type=client_credentials",
      ),
    ],
    [
      "Basic: a broken escape",
      401,
      "/oauth2/token",
      post({ ...FORM, ...basic("ci", `${secret}%zz`) }, "grant_type=client_credentials"),
    ],
    ["Basic and form", 400, "/oauth2/token", post({ ...FORM, ...basic("ci", secret) }, query("ci", secret))],
    [
      "form: a wrong grant",
      400,
      "/oauth2/token",
      post({ ...FORM, ...basic("ci", secret) }, form({ grant_type: secret })),
    ],
    [
      "form: a wrong scope",
      400,
      "/oauth2/token",
      post({ ...FORM, ...basic("ci", secret) }, form({ grant_type: "client_credentials", scope: access })),
    ],
    [
      "form: a wrong resource",
      400,
      "/oauth2/token",
      post({ ...FORM, ...basic("ci", secret) }, form({ grant_type: "client_credentials", resource: secret })),
    ],
    ["form: twice", 400, "/oauth2/token", post(FORM, `${query("ci", secret)}&client_secret=${secret}`)],
    ["form: as JSON", 400, "/oauth2/token", post(JSON_TYPE, JSON.stringify({ client_secret: secret }))],
    ["form: too large", 413, "/oauth2/token", post(FORM, `client_secret=${secret}&x=${all.repeat(300)}`)],
    [
      "introspect: a wrong secret",
      401,
      "/oauth2/introspect",
      post({ ...FORM, ...basic("index", access) }, form({ token: registry })),
    ],
    [
      "introspect: no token",
      400,
      "/oauth2/introspect",
      post({ ...FORM, ...basic("ci", secret) }, form({ tokens: registry })),
    ],
    ["revoke: nobody", 401, "/oauth2/revoke", post(FORM, form({ token: registry }))],
    [
      "ask: malformed JSON",
      400,
      "/api/v1/registry/token",
      post({ ...JSON_TYPE, ...bearer }, `{"url": "${all}`),
    ],
    [
      "ask: no address",
      400,
      "/api/v1/registry/token",
      post({ ...JSON_TYPE, ...bearer }, JSON.stringify({ url: [all], action: "read" })),
    ],
    [
      "ask: another action",
      400,
      "/api/v1/registry/token",
      post({ ...JSON_TYPE, ...bearer }, JSON.stringify({ url: `http://${INDEX}/`, action: secret })),
    ],
    [
      "ask: an unknown address",
      403,
      "/api/v1/registry/token",
      post(
        { ...JSON_TYPE, ...bearer },
        JSON.stringify({ url: `https://me:${secret}@a.example/?t=${access}#${registry}`, action: "read" }),
      ),
    ],
    [
      "ask: our host with a password",
      403,
      "/api/v1/registry/token",
      post(
        { ...JSON_TYPE, ...bearer },
        JSON.stringify({ url: `http://me:${secret}@${INDEX}/`, action: "read" }),
      ),
    ],
    [
      "ask: publish",
      403,
      "/api/v1/registry/token",
      post({ ...JSON_TYPE, ...bearer }, JSON.stringify({ url: `http://${INDEX}/`, action: "publish" })),
    ],
    [
      "check: a wrong token",
      403,
      `/api/v1/registry/check?ref=index&token=${registry}`,
      { headers: basic("token", access) },
    ],
    [
      "check: an unknown ref",
      403,
      `/api/v1/registry/check?ref=${secret}`,
      { headers: basic("token", registry) },
    ],
    ["an unknown path", 404, `/${secret}/${access}`],
    ["an unknown path, escaped", 404, `/oauth2/token%3Fclient_secret=${secret}`],
    ["a short unknown path", 404, `/${secret.slice(0, 20)}`],
    ["an unknown method", 405, "/oauth2/token", { method: "PUT", headers: basic("ci", secret), body: all }],
    ["a header that is too large", 431, "/healthz", { headers: { "X-All": all.repeat(300) } }],
  ];
}
