// The request of a token exchange (RFC 8693 section 2.1), read and held to what is offered: the token of a workload in,
// an access token of this broker out. It looks into no token.
import type { Parameters } from "../parameters.ts";
import { invalidRequest, refusal, Refused, type Incoming } from "../reply.ts";
import { SCOPE } from "../token-grant.ts";

export const EXCHANGE_GRANT = "urn:ietf:params:oauth:grant-type:token-exchange";
export const ACCESS_TOKEN_TYPE = "urn:ietf:params:oauth:token-type:access_token";

const SUBJECT_TYPES: ReadonlySet<string> = new Set([
  "urn:ietf:params:oauth:token-type:jwt",
  "urn:ietf:params:oauth:token-type:id_token",
]);
/** Besides what is refused there for every grant. */
const NOT_IN_URL = ["actor_token", "client_secret", "client_assertion"];

/** The token of the workload. Throws Refused: `invalid_request`, `invalid_target` or `invalid_scope`. */
export function readExchange(
  form: Parameters,
  incoming: Pick<Incoming, "header" | "query">,
  url: string,
): string {
  refuseCredentials(form, incoming);
  const token = form.get("subject_token");
  const type = form.get("subject_token_type");
  if (token === undefined) throw invalidRequest("subject_token is missing.");
  if (type === undefined) throw invalidRequest("subject_token_type is missing.");
  if (!SUBJECT_TYPES.has(type))
    throw invalidRequest("subject_token_type must be that of a JWT or an ID token.");
  if (form.has("actor_token") !== form.has("actor_token_type"))
    throw invalidRequest("actor_token and actor_token_type belong together.");
  if (form.has("actor_token")) throw invalidRequest("Nobody can act for a workload: leave actor_token out.");
  if ((form.get("requested_token_type") ?? ACCESS_TOKEN_TYPE) !== ACCESS_TOKEN_TYPE)
    throw invalidRequest("Only access tokens are given: leave requested_token_type out.");
  refuseOthers(form, url);
  return token;
}

/** The token of the workload is all there is to show; whoever sends a secret along has taken this for something else. */
function refuseCredentials(form: Parameters, { header, query }: Pick<Incoming, "header" | "query">): void {
  const sent = new URLSearchParams(query);
  if (NOT_IN_URL.some((name) => sent.has(name)))
    throw invalidRequest("Parameters belong in the form body, not in the URL.");
  const secret = form.has("client_secret") || form.has("client_assertion");
  if (secret || header("authorization") !== undefined)
    throw invalidRequest("A workload has no client credentials: send its token as subject_token alone.");
}

/** RFC 8693 section 2.2.2, RFC 8707 section 2. */
function refuseOthers(form: Parameters, url: string): void {
  const targets = [form.get("resource"), form.get("audience")];
  if (targets.some((target) => target !== undefined && target !== url))
    throw new Refused(refusal(400, "invalid_target", "Access tokens are good for this broker only."));
  const scopes = (form.get("scope") ?? "").split(" ");
  if (scopes.some((scope) => scope !== "" && scope !== SCOPE))
    throw new Refused(refusal(400, "invalid_scope", `The only scope is ${SCOPE}.`));
}
