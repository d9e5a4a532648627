// The standard face: /oauth2/{token,device_authorization,introspect,revoke} by the letter of RFC 6749, 8628, 7662 and
// 7009, form bodies only.
import { issueAccessToken, livingToken, type Core } from "./core.ts";
import { introspect } from "./introspection.ts";
import { readProof } from "./jwt/dpop.ts";
import { callerOf, clientOf, formOf } from "./login/caller.ts";
import { answerDeviceAuthorization, DEVICE_AUTHORIZATION_PATH } from "./login/device-endpoint.ts";
import { PUBLIC_CLIENT } from "./login/public-client.ts";
import { revokeForPublicClient } from "./login/revoked-login.ts";
import { answerLoginGrant, isLoginGrant } from "./login/token-answers.ts";
import type { Parameters } from "./parameters.ts";
import type { Client } from "./records.ts";
import {
  invalidClient,
  invalidRequest,
  ok,
  refusal,
  type Endpoint,
  type Incoming,
  type Reply,
} from "./reply.ts";
import { revokeToken } from "./revocation.ts";
import { exchangeToken } from "./workload/exchange.ts";
import { EXCHANGE_GRANT } from "./workload/request.ts";

export const STANDARD_PATHS = {
  token: "/oauth2/token",
  introspect: "/oauth2/introspect",
  revoke: "/oauth2/revoke",
  deviceAuthorization: DEVICE_AUTHORIZATION_PATH,
} as const;

export function standardFace(core: Core): readonly Endpoint[] {
  const { token, introspect: introspection, revoke, deviceAuthorization } = STANDARD_PATHS;
  return [
    { method: "POST", path: token, handle: (incoming) => answerToken(core, incoming) },
    {
      method: "POST",
      path: deviceAuthorization,
      handle: (incoming) => answerDeviceAuthorization(core, incoming),
    },
    { method: "POST", path: introspection, handle: (incoming) => answerIntrospection(core, incoming) },
    { method: "POST", path: revoke, handle: (incoming) => answerRevocation(core, incoming) },
  ];
}

/** The proof comes first: whoever has to try again with a nonce has not used up anything else by then. */
async function answerToken(core: Core, incoming: Incoming): Promise<Reply> {
  const form = formOf(incoming);
  const proof = await readProof(core, incoming, { method: "POST", path: STANDARD_PATHS.token });
  const grantType = form.get("grant_type") ?? "";
  if (grantType === EXCHANGE_GRANT) return answerExchange(core, incoming, form, proof?.jkt);
  const { client } = await callerOf(core, incoming, form);
  if (isLoginGrant(grantType))
    return answerLoginGrant(core, grantType, {
      form,
      incoming,
      jkt: proof?.jkt,
      stranger: client !== undefined,
    });
  return client === undefined
    ? publicGrant(grantType)
    : answerClientCredentials(core, client, incoming, form, proof?.jkt);
}

/** The workload's own token says who it is; the public client may say its name besides. */
function answerExchange(
  core: Core,
  incoming: Incoming,
  form: Parameters,
  jkt: string | undefined,
): Reply | Promise<Reply> {
  if ((core.config.workloads?.rules.length ?? 0) === 0)
    return refusal(400, "unsupported_grant_type", "No workloads are configured here.");
  return (form.get("client_id") ?? PUBLIC_CLIENT) === PUBLIC_CLIENT
    ? exchangeToken(core, form, incoming, jkt)
    : invalidClient();
}

function publicGrant(grantType: string): Reply {
  if (grantType === "") throw invalidRequest("grant_type is missing.");
  return grantType === "client_credentials"
    ? refusal(400, "unauthorized_client", "This client has no credentials of its own.")
    : refusal(400, "unsupported_grant_type", "This grant type is not offered.");
}

async function answerClientCredentials(
  core: Core,
  client: Client,
  incoming: Incoming,
  form: Parameters,
  jkt: string | undefined,
): Promise<Reply> {
  const { accessToken, token } = await issueAccessToken(core, client, {
    grantType: form.get("grant_type"),
    scope: form.get("scope"),
    resource: form.get("resource"),
    jkt,
    queryCredentials: false,
    address: incoming.address,
  });
  return ok({
    access_token: accessToken,
    token_type: token.jkt === undefined ? "Bearer" : "DPoP",
    expires_in: token.expiresAt - token.issuedAt,
    scope: token.scope,
  });
}

async function answerIntrospection(core: Core, incoming: Incoming): Promise<Reply> {
  const form = formOf(incoming);
  const caller = await clientOf(core, incoming, form);
  const token = livingToken(core, presented(form));
  return introspect({ caller, token, url: core.url, principals: core.config.principals }, core.clock.now());
}

async function answerRevocation(core: Core, incoming: Incoming): Promise<Reply> {
  const form = formOf(incoming);
  const { client } = await callerOf(core, incoming, form);
  if (client === undefined) return revokeForPublicClient(core, presented(form), incoming.address);
  const { writes, response } = revokeToken(client, livingToken(core, presented(form)), core.random);
  if (writes !== undefined) await core.journal.commit(writes);
  return response;
}

function presented(form: Parameters): string {
  const token = form.get("token");
  if (token === undefined) throw invalidRequest("token is missing.");
  return token;
}
