// The menda face: /api/v1/auth/* exactly as menda-keyring 0.0.2 and menda-cli 0.5.0 speak it (query credentials, the
// authorizationToken header, an empty JSON body). The key sets of its answers are frozen: one key more breaks menda-cli.
import type { Refs } from "../resolver/refs.ts";
import { callingClient, callingMendaToken, issueAccessToken, type Core } from "./core.ts";
import type { Credentials } from "./credentials.ts";
import { recheckedHolder } from "./login/checked-session.ts";
import { answerMendaPoll, answerMendaStart } from "./login/menda-device.ts";
import { PUBLIC_CLIENT } from "./login/public-client.ts";
import { describe } from "./login/whoami.ts";
import { readForm, readParameters, type Parameters } from "./parameters.ts";
import { NOT_ALLOWED, type RegistryGrant } from "./registry-grant.ts";
import { newEntryId, type KnownToken } from "./records.ts";
import { invalidRequest, ok, type Endpoint, type Incoming, type Reply } from "./reply.ts";

const BASE = "/api/v1/auth";

export function mendaFace(core: Core, registry: RegistryGrant): readonly Endpoint[] {
  return [
    { method: "GET", path: `${BASE}/discovery`, handle: () => ok({ app_client_id: PUBLIC_CLIENT }) },
    { method: "POST", path: `${BASE}/oauth2/token`, handle: (incoming) => answerToken(core, incoming) },
    {
      method: "POST",
      path: `${BASE}/registry/token`,
      handle: (incoming) => answerRegistry(core, registry, incoming),
    },
    { method: "GET", path: `${BASE}/whoami`, handle: (incoming) => answerWhoami(core, incoming) },
    {
      method: "POST",
      path: `${BASE}/device/authorize`,
      handle: (incoming) => answerMendaStart(core, incoming),
    },
    { method: "POST", path: `${BASE}/device/token`, handle: (incoming) => answerMendaPoll(core, incoming) },
  ];
}

/** `Authorization` is not looked at: python-requests adds one from ~/.netrc. `scope=api/all` (menda-cli) means everything. */
async function answerToken(core: Core, incoming: Incoming): Promise<Reply> {
  const form = readForm(incoming.header("content-type"), incoming.body);
  const query = readParameters(incoming.query);
  if ([...form.keys()].some((name) => query.has(name)))
    throw invalidRequest("A parameter was sent more than once.");
  const client = await callingClient(core, queryCredentials(query), incoming.address);
  const request = {
    grantType: query.get("grant_type"),
    scope: undefined,
    resource: undefined,
    queryCredentials: true,
    address: incoming.address,
  };
  const { accessToken, token } = await issueAccessToken(core, client, request);
  return ok({
    access_token: accessToken,
    expires_in: token.expiresAt - token.issuedAt,
    token_type: "Bearer",
  });
}

function queryCredentials(query: Parameters): Credentials {
  const id = query.get("client_id");
  const secret = query.get("client_secret");
  if (id === undefined || secret === undefined) {
    throw invalidRequest(
      "client_id and client_secret are missing; other ways to authenticate: /oauth2/token.",
    );
  }
  return { id, secret, method: "query" };
}

async function answerRegistry(core: Core, registry: RegistryGrant, incoming: Incoming): Promise<Reply> {
  const holder = await mendaHolder(core, incoming);
  const { menda, refs } = core.config;
  const mapping = menda.get(holder.principal) ?? menda.get("default");
  const ref = mapping && refs.find(({ name }) => name === mapping.ref);
  if (mapping === undefined || ref === undefined) return unmapped(core, holder);
  const mapped: Refs = { find: () => ({ outcome: "ours", ref, address: undefined }) };
  const ask = { kind: "registry", url: `menda:${ref.name}`, action: mapping.action } as const;
  const secret = await registry.grant({ holder, incoming }, ask, mapped);
  return ok({ token: secret.reveal() });
}

async function unmapped(core: Core, { principal, clientName }: KnownToken): Promise<Reply> {
  const entry = {
    kind: "decision",
    id: newEntryId(core.random),
    outcome: "unknown",
    principal,
    client: clientName,
    reason: "no menda mapping for this principal",
  };
  await core.journal.commit({ entries: [entry] });
  return NOT_ALLOWED;
}

async function answerWhoami(core: Core, incoming: Incoming): Promise<Reply> {
  return ok(describe(core, await mendaHolder(core, incoming)));
}

/** A person's token lives for hours here, so whether the person still is one of ours is asked in between. */
async function mendaHolder(core: Core, incoming: Incoming): Promise<KnownToken> {
  return recheckedHolder(core, callingMendaToken(core, incoming));
}
