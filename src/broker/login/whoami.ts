// Whose access token it is: for our own client, and for the menda clients, whose answer has exactly five keys.
import { callingToken, type Core } from "../core.ts";
import type { KnownToken } from "../records.ts";
import { ok, type Endpoint, type Incoming, type Reply } from "../reply.ts";

export const WHOAMI_PATH = "/api/v1/whoami";

export function whoamiEndpoint(core: Core): Endpoint {
  return { method: "GET", path: WHOAMI_PATH, handle: (incoming) => answerWhoami(core, incoming) };
}

/** With a proof where the token is bound to a key. Throws Refused. */
async function answerWhoami(core: Core, incoming: Incoming): Promise<Reply> {
  const holder = await callingToken(core, incoming, WHOAMI_PATH, "GET");
  const session = holder.session === undefined ? undefined : core.db.session(holder.session);
  return ok({
    ...describe(core, holder),
    client_id: holder.clientName,
    scope: holder.scope,
    bound: holder.jkt !== undefined,
    expires_at: holder.expiresAt,
    session: session?.name ?? null,
    session_expires_at: session?.expiresAt ?? null,
  });
}

export function describe({ url }: Core, { user, clientName, principal }: KnownToken): object {
  return {
    tenant_id: new URL(url).hostname,
    username: user?.name ?? clientName,
    email: user?.email ?? "",
    user_role: principal,
    identity_type: user === undefined ? "service_principal" : "user",
  };
}
