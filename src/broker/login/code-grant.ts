// The authorization code grant (RFC 6749 section 4.1.3, RFC 7636 section 4.5) in one step of the journal. A code that
// comes a second time ends what the first time began.
import { mayAct } from "../config.ts";
import type { Core } from "../core.ts";
import { CODE_PREFIX, isTokenText, tokenHash } from "../token-text.ts";
import type { StoredLogin } from "./login-records.ts";
import { fault, tellRefusal, UNKNOWN_CODE, withoutPrincipal, type Outcome } from "./outcome.ts";
import { fitsChallenge } from "./pkce.ts";
import { endSession } from "./sessions.ts";
import { isApproved, startSession, type Step } from "./session-tokens.ts";

export interface CodeRequest {
  readonly code: string;
  readonly redirectUri: string | undefined;
  readonly verifier: string | undefined;
  readonly jkt: string | undefined;
  readonly address: string | undefined;
}

export function redeemCode(core: Core, request: CodeRequest): Promise<Outcome> {
  if (!isTokenText(CODE_PREFIX, request.code)) return Promise.resolve(UNKNOWN_CODE);
  const hash = tokenHash(request.code);
  return core.journal.act((writer, now): Outcome => {
    const login = core.db.loginByHash(hash);
    if (login?.kind !== "code") return UNKNOWN_CODE;
    const step = { core, writer, now, address: request.address };
    if (login.state === "used") return reused(step, login);
    if (login.state !== "approved") return UNKNOWN_CODE;
    if (now >= login.expiresAt) return fault("invalid_grant", "The code has expired; start the login again.");
    const wrong = strangerReason(login, request);
    return wrong === undefined ? settle(step, login, request) : burned(step, login, wrong);
  });
}

function strangerReason(
  { challenge, redirectUri, jkt }: StoredLogin,
  request: CodeRequest,
): string | undefined {
  if (challenge === undefined || !fitsChallenge(challenge, request.verifier))
    return "code_verifier does not belong to this code.";
  if (redirectUri !== request.redirectUri) return "redirect_uri is not the one that the code was sent to.";
  if (jkt !== undefined && jkt !== request.jkt)
    return "The DPoP proof is not by the key that this login began with.";
  return undefined;
}

/** Somebody else has the code, so nobody may use it any more. */
function burned(step: Step, { id, client }: StoredLogin, reason: string): Outcome {
  step.writer.burnLogin(id);
  tellRefusal(step, { client, login: id, reason });
  return fault("invalid_grant", reason);
}

/** RFC 6749 section 4.1.2: all tokens that came of it end. */
function reused({ core, writer, now, address }: Step, { session }: StoredLogin): Outcome {
  const living = session === undefined ? undefined : core.db.session(session);
  const about = address === undefined ? {} : { address };
  if (living !== undefined)
    endSession(writer, living, { now, why: "authorization code used twice", random: core.random, about });
  return UNKNOWN_CODE;
}

function settle(step: Step, login: StoredLogin, { jkt }: CodeRequest): Outcome {
  if (!isApproved(login) || !mayAct(step.core.config.principals, login.principal))
    return withoutPrincipal(step, "invalid_grant", { client: login.client, login: login.id });
  const issued = startSession(step, login, jkt);
  return issued === undefined ? UNKNOWN_CODE : { ok: true, issued };
}
