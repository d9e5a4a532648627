// The refresh token grant (RFC 6749 section 6): every refresh token is good for one refresh. One that comes again ends
// the session, whoever has it (RFC 9700 section 4.14.2): of 100 requests with the same one exactly one gets tokens, and
// the next ends them.
import { mayAct } from "../config.ts";
import type { Core } from "../core.ts";
import type { Session } from "../records.ts";
import { SCOPE } from "../token-grant.ts";
import { isTokenText, REFRESH_PREFIX, tokenHash } from "../token-text.ts";
import { checkedSession } from "./checked-session.ts";
import { fault, tellRefusal, UNKNOWN_CODE, withoutPrincipal, type Fault, type Outcome } from "./outcome.ts";
import { endSession } from "./sessions.ts";
import { aboutSession, issueTokens, type Step } from "./session-tokens.ts";

export interface RefreshRequest {
  readonly refreshToken: string;
  readonly scope: string | undefined;
  readonly jkt: string | undefined;
  readonly address: string | undefined;
}

export async function refresh(core: Core, request: RefreshRequest): Promise<Outcome> {
  if (!isTokenText(REFRESH_PREFIX, request.refreshToken)) return UNKNOWN_CODE;
  const hash = tokenHash(request.refreshToken);
  const known = core.db.refreshToken(hash);
  const session = known && core.db.session(known.session);
  if (known === undefined || session === undefined) return UNKNOWN_CODE;
  const wrong = faultOf(core, session, request);
  if (wrong !== undefined) return refused(core, session, request, wrong);
  const found = known.usedAt === undefined ? await checkedSession(core, session) : "fine";
  if (found === "ended") return fault("invalid_grant", "The provider knows this person no more.");
  return rotate(core, session.id, hash, request.address);
}

/** Without its key it is worth nothing: that is a 401, and no reason to end the session of who has the key. */
function faultOf(core: Core, { jkt, expiresAt }: Session, request: RefreshRequest): Fault | undefined {
  if (jkt !== undefined && jkt !== request.jkt)
    return {
      ...fault("invalid_grant", "This refresh token is good with the key that it is bound to only."),
      status: 401,
    };
  if (core.clock.now() >= expiresAt)
    return fault("invalid_grant", "The login has come to its end; log in again.");
  if ((request.scope ?? SCOPE).split(" ").some((one) => one !== "" && one !== SCOPE))
    return fault("invalid_scope", `The only scope is ${SCOPE}.`);
  return undefined;
}

function refused(core: Core, session: Session, { address }: RefreshRequest, wrong: Fault): Promise<Fault> {
  return core.journal.act((writer, now) => {
    const about = { ...aboutSession(session), grant: "refresh_token", reason: wrong.reason };
    tellRefusal({ core, writer, now, address }, about);
    return wrong;
  }, false);
}

/** Everything is looked at again: while the provider was asked, anything can have happened. */
function rotate(core: Core, id: number, hash: Uint8Array, address: string | undefined): Promise<Outcome> {
  return core.journal.act((writer, now): Outcome => {
    const session = core.db.session(id);
    if (session === undefined || now >= session.expiresAt) return UNKNOWN_CODE;
    const step: Step = { core, writer, now, address };
    if (!mayAct(core.config.principals, session.principal))
      return withoutPrincipal(step, "invalid_grant", {
        ...aboutSession(session),
        grant: "refresh_token",
      });
    if (writer.useRefreshToken(hash, Math.floor(now)))
      return { ok: true, issued: issueTokens(step, session, "refresh_token") };
    const about = {
      ...(address === undefined ? {} : { address }),
      sha256: Buffer.from(hash).toString("hex"),
    };
    endSession(writer, session, { now, why: "refresh token used twice", random: core.random, about });
    return UNKNOWN_CODE;
  });
}
