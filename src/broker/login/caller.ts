// Who calls an endpoint of the standard face: a client that authenticates, or the public client, which only says its
// name (RFC 6749 section 2.1).
import { callingClient, type Core } from "../core.ts";
import { clientCredentials } from "../credentials.ts";
import { readForm, type Parameters } from "../parameters.ts";
import type { Client } from "../records.ts";
import { invalidRequest, type Incoming } from "../reply.ts";
import { PUBLIC_CLIENT } from "./public-client.ts";

export interface Called {
  /** undefined: the public client. */
  readonly client: Client | undefined;
  readonly form: Parameters;
}

/** What must not be in an URL, where logs and histories keep it. */
const NOT_IN_URL = ["code", "code_verifier", "device_code", "refresh_token", "subject_token", "dpop_jkt"];

export function formOf(incoming: Incoming): Parameters {
  const query = new URLSearchParams(incoming.query);
  if (NOT_IN_URL.some((name) => query.has(name)))
    throw invalidRequest("Parameters belong in the form body, not in the URL.");
  return readForm(incoming.header("content-type"), incoming.body);
}

/** Throws Refused. */
export async function callerOf(core: Core, incoming: Incoming, form: Parameters): Promise<Called> {
  return { client: isPublic(incoming, form) ? undefined : await clientOf(core, incoming, form), form };
}

/** Throws Refused: the public client may not. */
export async function clientOf(core: Core, incoming: Incoming, form: Parameters): Promise<Client> {
  return callingClient(core, clientCredentials(incoming, form), incoming.address);
}

/** With a secret, an assertion or a header it is not the public client. */
function isPublic(incoming: Incoming, form: Parameters): boolean {
  if (form.get("client_id") !== PUBLIC_CLIENT || incoming.header("authorization") !== undefined) return false;
  if (form.has("client_secret") || form.has("client_assertion")) return false;
  return clientCredentials(incoming, form) === undefined;
}
