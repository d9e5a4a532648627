// The three grants of a person's login at the token endpoint, and the answers of the standard face. It decides nothing.
import type { Core } from "../core.ts";
import type { Parameters } from "../parameters.ts";
import { invalidRequest, ok, refusal, type Incoming, type Reply } from "../reply.ts";
import { dpopChallenge } from "../jwt/dpop.ts";
import { redeemCode } from "./code-grant.ts";
import { pollDevice } from "./device-grant.ts";
import { UNKNOWN_CODE, type Fault, type Outcome } from "./outcome.ts";
import { DEVICE_GRANT } from "./public-client.ts";
import { refresh } from "./refresh-grant.ts";
import type { Issued } from "./session-tokens.ts";

/** What a person's login has to say which nobody else may have. */
const PROOFS: Readonly<Record<string, string>> = {
  [DEVICE_GRANT]: "device_code",
  authorization_code: "code",
  refresh_token: "refresh_token",
};

export function isLoginGrant(grantType: string): boolean {
  return Object.hasOwn(PROOFS, grantType);
}

export interface LoginRequest {
  readonly form: Parameters;
  readonly incoming: Incoming;
  /** The key of the proof that came with it. */
  readonly jkt: string | undefined;
  /** True: another client than the public one asks. */
  readonly stranger: boolean;
}

/** Throws Refused for what is missing. */
export async function answerLoginGrant(core: Core, grantType: string, request: LoginRequest): Promise<Reply> {
  const { form, incoming, jkt, stranger } = request;
  const name = PROOFS[grantType] ?? "code";
  const proof = form.get(name);
  if (proof === undefined) throw invalidRequest(`${name} is missing.`);
  if (stranger) return faultReply(UNKNOWN_CODE);
  const resource = form.get("resource");
  if (resource !== undefined && resource !== core.url)
    return refusal(400, "invalid_target", "Access tokens are good for this broker only.");
  const common = { jkt, address: incoming.address };
  const verifier = form.get("code_verifier");
  const outcome = await (grantType === "refresh_token"
    ? refresh(core, { ...common, refreshToken: proof, scope: form.get("scope") })
    : grantType === "authorization_code"
      ? redeemCode(core, { ...common, code: proof, verifier, redirectUri: form.get("redirect_uri") })
      : pollDevice(core, { ...common, face: "standard", deviceCode: proof, verifier }));
  return replyOf(outcome);
}

function replyOf(outcome: Outcome): Reply {
  return outcome.ok ? ok(tokensOf(outcome.issued)) : faultReply(outcome);
}

function tokensOf({ accessToken, refreshToken, token }: Issued): object {
  return {
    access_token: accessToken,
    token_type: token.jkt === undefined ? "Bearer" : "DPoP",
    expires_in: token.expiresAt - token.issuedAt,
    ...(refreshToken === undefined ? {} : { refresh_token: refreshToken }),
    scope: token.scope,
  };
}

export function faultReply({ error, reason, status = 400 }: Fault): Reply {
  const headers = status === 401 ? { "WWW-Authenticate": dpopChallenge(error) } : undefined;
  return refusal(status, error, reason, headers);
}
