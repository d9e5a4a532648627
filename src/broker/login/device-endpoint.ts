// The device authorization endpoint of the standard face (RFC 8628 section 3.1 and 3.2). It accepts PKCE and a DPoP proof,
// which then have to come with every poll.
import type { Core } from "../core.ts";
import { readProof } from "../jwt/dpop.ts";
import type { Parameters } from "../parameters.ts";
import { invalidRequest, ok, refusal, type Incoming, type Reply } from "../reply.ts";
import { SCOPE } from "../token-grant.ts";
import { callerOf, formOf } from "./caller.ts";
import { beginDevice } from "./device-grant.ts";
import type { PendingLogin } from "./login-records.ts";
import { isChallenge } from "./pkce.ts";
import { PACE } from "./public-client.ts";
import { tooManyWait } from "./waiting-logins.ts";

export const DEVICE_AUTHORIZATION_PATH = "/oauth2/device_authorization";

/** The page on which a person enters the code. */
export const DEVICE_PAGE = "/device";

export async function answerDeviceAuthorization(core: Core, incoming: Incoming): Promise<Reply> {
  const form = formOf(incoming);
  // Before the proof: it would be remembered, and 503 is no failure that counts against whoever asks again and again.
  if (tooManyWait(core, incoming.address, core.clock.now())) return TOO_MANY;
  const proof = await readProof(core, incoming, { method: "POST", path: DEVICE_AUTHORIZATION_PATH });
  const { client } = await callerOf(core, incoming, form);
  if (client !== undefined) return refusal(400, "unauthorized_client", "This client logs nobody in.");
  const wrong = faultOf(core, form);
  if (wrong !== undefined) return wrong;
  const challenge = challengeOf(form);
  const asked = { face: "standard", scope: SCOPE, challenge, jkt: proof?.jkt } as const;
  const begun = await beginDevice(core, asked, incoming);
  return begun === undefined ? TOO_MANY : ok(deviceAnswer(core, begun));
}

function faultOf({ url }: Core, form: Parameters): Reply | undefined {
  if ((form.get("scope") ?? SCOPE).split(" ").some((one) => one !== "" && one !== SCOPE))
    return refusal(400, "invalid_scope", `The only scope is ${SCOPE}.`);
  if ((form.get("resource") ?? url) !== url)
    return refusal(400, "invalid_target", "Access tokens are good for this broker only.");
  return undefined;
}

/** Throws Refused. undefined: none was sent. */
export function challengeOf(form: Parameters): string | undefined {
  const [challenge, method] = [form.get("code_challenge"), form.get("code_challenge_method")];
  if (challenge === undefined && method === undefined) return undefined;
  if (challenge === undefined || method !== "S256" || !isChallenge(challenge))
    throw invalidRequest("code_challenge has to be made with S256.");
  return challenge;
}

/** Both faces have exactly these keys. */
export function deviceAnswer(
  { url, clock }: Core,
  { deviceCode, pending }: { readonly deviceCode: string; readonly pending: PendingLogin },
): object {
  const code = pending.userCode ?? "";
  const page = `${url}${DEVICE_PAGE}`;
  return {
    device_code: deviceCode,
    user_code: code,
    verification_uri: page,
    verification_uri_complete: `${page}?user_code=${code}`,
    expires_in: Math.max(0, Math.floor(pending.expiresAt - clock.now())),
    interval: PACE,
  };
}

export const TOO_MANY: Reply = refusal(
  503,
  "temporarily_unavailable",
  "Too many logins wait for their approval; try again in some minutes.",
);
