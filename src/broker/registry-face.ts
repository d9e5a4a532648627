// keywright's own registry endpoints: a token for an address, and the check that a registry (or nginx `auth_request`)
// makes before it serves.
import type { Action, RegistryAsk } from "../resolver/ask.ts";
import { callingToken, keyNotShown, livingToken, type Core } from "./core.ts";
import { readBasic, readBearer } from "./credentials.ts";
import { readParameters } from "./parameters.ts";
import { NOT_ALLOWED, type RegistryGrant } from "./registry-grant.ts";
import { invalidRequest, ok, refusal, type Endpoint, type Incoming, type Reply } from "./reply.ts";

export const REGISTRY_TOKEN_PATH = "/api/v1/registry/token";
export const REGISTRY_CHECK_PATH = "/api/v1/registry/check";

export function registryFace(core: Core, registry: RegistryGrant): readonly Endpoint[] {
  return [
    {
      method: "POST",
      path: REGISTRY_TOKEN_PATH,
      handle: (incoming) => answerToken(core, registry, incoming),
    },
    { method: "GET", path: REGISTRY_CHECK_PATH, handle: (incoming) => answerCheck(core, incoming) },
  ];
}

async function answerToken(core: Core, registry: RegistryGrant, incoming: Incoming): Promise<Reply> {
  const holder = await callingToken(core, incoming, REGISTRY_TOKEN_PATH, "POST");
  const ask = readAsk(incoming);
  const secret = await registry.grant({ holder, incoming }, ask);
  const { username = "token", expiresAt } = secret;
  return ok({
    token: secret.reveal(),
    username,
    expires_at: expiresAt === undefined ? null : Math.floor(expiresAt),
  });
}

function readAsk(incoming: Incoming): RegistryAsk {
  if (!/^application\/json *(?:;|$)/i.test(incoming.header("content-type") ?? "")) {
    throw invalidRequest("The body must be application/json.");
  }
  const { url, action = "read", reason, duration } = readObject(incoming.body);
  if (typeof url !== "string" || url === "") throw invalidRequest("url is missing, or not a string.");
  if (!isAction(action)) throw invalidRequest("action is neither read nor publish.");
  if (reason !== undefined && typeof reason !== "string") throw invalidRequest("reason is not a string.");
  if (duration !== undefined && !isDuration(duration))
    throw invalidRequest("duration is neither 0 nor a whole number of seconds from 900 to 43200.");
  return { kind: "registry", url, action, reason: reason?.slice(0, 500), duration };
}

/** What AWS takes for a token; 0: as long as the session behind it. */
function isDuration(value: unknown): value is number {
  return (
    Number.isInteger(value) && (value === 0 || ((value as number) >= 900 && (value as number) <= 43_200))
  );
}

function readObject(text: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw invalidRequest("The body is not JSON.");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw invalidRequest("The body is not a JSON object.");
  return value as Record<string, unknown>;
}

/** 204, 401 or 403, and nothing else that a proxy would have to understand. */
function answerCheck(core: Core, incoming: Incoming): Reply {
  const query = readParameters(incoming.query);
  const ref = query.get("ref");
  const action = query.get("action");
  if (ref === undefined) throw invalidRequest("ref is missing.");
  if (action !== undefined && !isAction(action)) throw invalidRequest("action is neither read nor publish.");
  const token = livingToken(core, presentedToken(incoming.header("authorization")));
  if (token === undefined) {
    return refusal(401, "invalid_token", "The token is missing, unknown, expired or revoked.", {
      "WWW-Authenticate": 'Basic realm="keywright", charset="UTF-8"',
    });
  }
  if (token.jkt !== undefined) throw keyNotShown();
  const fits =
    token.kind === "registry" && token.audience === ref && (action === undefined || token.scope === action);
  return fits ? { status: 204, body: undefined } : NOT_ALLOWED;
}

/** Basic with the token as password, whatever the user name; or Bearer. */
function presentedToken(header: string | undefined): string | undefined {
  return header === undefined ? undefined : (readBasic(header)?.password ?? readBearer(header));
}

function isAction(value: unknown): value is Action {
  return value === "read" || value === "publish";
}
