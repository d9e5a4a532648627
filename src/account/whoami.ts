// Asks a menda cloud who it takes an account for. A machine's token is fetched as for a registry, and kept nowhere.
import { KeywrightError } from "../errors.ts";
import type { MendaAccount } from "./account.ts";
import type { Answer } from "./cloud-reply.ts";
import { accessToken, metadataOf, type CloudOptions } from "./cloud.ts";

/** The cloud's answer, as it came. Throws `authentication` when it does not accept us, with the cloud's reason. */
export async function whoami(account: MendaAccount, options: CloudOptions): Promise<Answer> {
  const metadata = account.kind === "machine" ? await metadataOf(account, options) : undefined;
  const token = account.cached ?? (await accessToken(account, metadata, options));
  const reply = await options.http.request({
    method: "GET",
    url: `${account.host}/api/v1/auth/whoami`,
    // The originals send it without "Bearer " on this call.
    headers: { authorizationToken: token.reveal(), Accept: "application/json" },
    deadline: options.deadline,
  });
  const answer = objectOf(reply.body);
  if (reply.status === 200 && answer !== undefined) return answer;
  const detail = answer?.["detail"];
  const reason =
    typeof detail === "string" && !detail.includes(token.reveal())
      ? detail.slice(0, 800)
      : `HTTP ${reply.status}`;
  throw new KeywrightError("authentication", `Failed to fetch user information: ${reason}`, {
    hint:
      account.kind === "user"
        ? `Run 'menda auth login --menda-profile-id ${account.profile}' again.`
        : "Check client id and secret.",
  });
}

function objectOf(body: string): Answer | undefined {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Answer)
      : undefined;
  } catch {
    return undefined;
  }
}
