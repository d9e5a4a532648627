// Asks a menda cloud who it takes an account for. A machine's token is fetched as for a registry, and kept nowhere; a login
// of ours is kept fresh.
import { MendaKeyRingError } from "../errors.ts";
import type { HttpReply } from "../io/http.ts";
import type { MendaAccount } from "./account.ts";
import { type Answer, jsonObject } from "./cloud-reply.ts";
import { metadataOf, withHolder, type CloudOptions } from "./cloud.ts";
import { authorization, proven, unbindable, type Holder } from "./login/holder.ts";
import { redacted } from "./redact.ts";

/** The cloud's answer, as it came. Throws `authentication` when it does not accept us, with the cloud's reason. */
export async function whoami(account: MendaAccount, options: CloudOptions): Promise<Answer> {
  const standard = account.kind === "machine" || account.login !== undefined;
  const metadata = standard ? await metadataOf(account, options) : undefined;
  return withHolder(account, metadata, options, async (holder) => {
    const endpoint = account.kind === "machine" ? undefined : metadata?.whoamiEndpoint;
    const reply = await asked(account.host, endpoint, holder, options);
    const answer = jsonObject(reply.body);
    if (reply.status === 200 && answer !== undefined) return answer;
    throw unaccepted(account, reply, answer, holder);
  });
}

function asked(
  host: string,
  endpoint: string | undefined,
  holder: Holder,
  { http, deadline }: CloudOptions,
): Promise<HttpReply> {
  const accept = { Accept: "application/json" };
  if (endpoint !== undefined) {
    const request = { url: endpoint, headers: { ...authorization(holder), ...accept }, deadline };
    return proven(http, { method: "GET", ...request }, holder);
  }
  if (holder.dpop !== undefined) throw unbindable(host);
  return http.request({
    method: "GET",
    url: `${host}/api/v1/auth/whoami`,
    // The originals send it without "Bearer " on this call.
    headers: { authorizationToken: holder.token.reveal(), ...accept },
    deadline,
  });
}

function unaccepted(
  account: MendaAccount,
  { status }: HttpReply,
  answer: Answer | undefined,
  { token }: Holder,
): MendaKeyRingError {
  const detail = answer?.["detail"];
  const secrets = [token, account.cached, account.kind === "machine" ? account.clientSecret : undefined];
  const reason = typeof detail === "string" ? redacted(detail, secrets).slice(0, 800) : `HTTP ${status}`;
  const hint =
    account.kind === "user"
      ? `Run 'menda auth login --menda-profile-id ${account.profile}' again.`
      : "Check client id and secret.";
  const message = `Failed to fetch user information: ${reason}`;
  return new MendaKeyRingError("authentication", message, { hint, statusCode: status });
}
