// The standard face: /oauth2/{token,introspect,revoke} by the letter of RFC 6749, 7662 and 7009, form bodies only.
import { callingClient, issueAccessToken, livingToken, type Core } from "./core.ts";
import { clientCredentials } from "./credentials.ts";
import { introspect } from "./introspection.ts";
import { readForm, type Parameters } from "./parameters.ts";
import type { Client } from "./records.ts";
import { invalidRequest, ok, type Endpoint, type Incoming, type Reply } from "./reply.ts";
import { revokeToken } from "./revocation.ts";

export const STANDARD_PATHS = {
  token: "/oauth2/token",
  introspect: "/oauth2/introspect",
  revoke: "/oauth2/revoke",
} as const;

export function standardFace(core: Core): readonly Endpoint[] {
  const { token, introspect: introspection, revoke } = STANDARD_PATHS;
  return [
    { method: "POST", path: token, handle: (incoming) => answerToken(core, incoming) },
    { method: "POST", path: introspection, handle: (incoming) => answerIntrospection(core, incoming) },
    { method: "POST", path: revoke, handle: (incoming) => answerRevocation(core, incoming) },
  ];
}

async function answerToken(core: Core, incoming: Incoming): Promise<Reply> {
  const { client, form } = await authenticated(core, incoming);
  const request = {
    grantType: form.get("grant_type"),
    scope: form.get("scope"),
    resource: form.get("resource"),
    queryCredentials: false,
    address: incoming.address,
  };
  const { accessToken, token } = await issueAccessToken(core, client, request);
  return ok({
    access_token: accessToken,
    token_type: "Bearer",
    expires_in: token.expiresAt - token.issuedAt,
    scope: token.scope,
  });
}

async function answerIntrospection(core: Core, incoming: Incoming): Promise<Reply> {
  const { client: caller, form } = await authenticated(core, incoming);
  const token = livingToken(core, presented(form));
  return introspect({ caller, token, url: core.url, principals: core.config.principals }, core.clock.now());
}

async function answerRevocation(core: Core, incoming: Incoming): Promise<Reply> {
  const { client, form } = await authenticated(core, incoming);
  const { writes, response } = revokeToken(client, livingToken(core, presented(form)), core.random);
  if (writes !== undefined) await core.journal.commit(writes);
  return response;
}

async function authenticated(
  core: Core,
  incoming: Incoming,
): Promise<{ readonly client: Client; readonly form: Parameters }> {
  const form = readForm(incoming.header("content-type"), incoming.body);
  return { client: await callingClient(core, clientCredentials(incoming, form), incoming.address), form };
}

function presented(form: Parameters): string {
  const token = form.get("token");
  if (token === undefined) throw invalidRequest("token is missing.");
  return token;
}
