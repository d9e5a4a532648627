// The device flow (RFC 8628) without its two protocols: a code to begin with, and what a poll comes to. One poll is one
// step of the journal, so that an approved code is redeemed once.
import { mayAct } from "../config.ts";
import type { Core } from "../core.ts";
import type { Face } from "../records.ts";
import type { Incoming } from "../reply.ts";
import { DEVICE_PREFIX, isTokenText, newTokenText, tokenHash } from "../token-text.ts";
import type { PendingLogin, StoredLogin } from "./login-records.ts";
import { fault, tellRefusal, UNKNOWN_CODE, withoutPrincipal, type Fault, type Outcome } from "./outcome.ts";
import { fitsChallenge } from "./pkce.ts";
import { PACE } from "./public-client.ts";
import { isApproved, startSession, type Step } from "./session-tokens.ts";
import { beginLogin } from "./waiting-logins.ts";

export interface DeviceRequest {
  readonly face: Face;
  readonly scope: string;
  readonly challenge: string | undefined;
  readonly jkt: string | undefined;
}

/** undefined: too many logins wait already. */
export async function beginDevice(
  core: Core,
  asked: DeviceRequest,
  incoming: Incoming,
): Promise<{ readonly deviceCode: string; readonly pending: PendingLogin } | undefined> {
  const deviceCode = newTokenText(DEVICE_PREFIX, core.random);
  const pending = await beginLogin(core, {
    ...asked,
    kind: "device",
    hash: tokenHash(deviceCode),
    redirectUri: undefined,
    clientState: undefined,
    address: incoming.address,
    agent: incoming.header("user-agent"),
  });
  return pending && { deviceCode, pending };
}

export interface Poll {
  readonly face: Face;
  readonly deviceCode: string;
  readonly verifier: string | undefined;
  /** The key of the proof that came with it. */
  readonly jkt: string | undefined;
  readonly address: string | undefined;
}

export function pollDevice(core: Core, poll: Poll): Promise<Outcome> {
  if (!isTokenText(DEVICE_PREFIX, poll.deviceCode)) return Promise.resolve(UNKNOWN_CODE);
  const hash = tokenHash(poll.deviceCode);
  return core.journal.act((writer, now) => {
    const login = core.db.loginByHash(hash);
    if (login?.kind !== "device" || login.face !== poll.face) return UNKNOWN_CODE;
    const step = { core, writer, now, address: poll.address };
    const wrong = strangerFault(login, poll);
    if (wrong === undefined) return settle(step, login, poll);
    tellRefusal(step, { client: login.client, login: login.id, reason: wrong.reason });
    return wrong;
  }, false);
}

/** Whoever did not begin this login gets nothing of it, and cannot end it either. */
function strangerFault({ challenge, jkt }: StoredLogin, poll: Poll): Fault | undefined {
  const proven =
    challenge === undefined ? poll.verifier === undefined : fitsChallenge(challenge, poll.verifier);
  if (!proven) return fault("invalid_grant", "code_verifier does not belong to this login.");
  if (jkt !== undefined && jkt !== poll.jkt)
    return fault("invalid_grant", "The DPoP proof is not by the key that this login began with.");
  return undefined;
}

/** RFC 8628 section 3.5. The pace counts only while it is pending: nobody is kept from what was approved. */
function settle(step: Step, login: StoredLogin, poll: Poll): Outcome {
  const { core, now } = step;
  if (login.state === "used" || login.state === "burned") return UNKNOWN_CODE;
  if (now >= login.expiresAt) return fault("expired_token", "The code has expired; start the login again.");
  if (login.state === "denied") return fault("access_denied", "The login was denied in the browser.");
  if (login.state === "pending") return pace(step, login);
  if (!isApproved(login) || !mayAct(core.config.principals, login.principal))
    return withoutPrincipal(step, "access_denied", { client: login.client, login: login.id });
  const issued = startSession(step, login, poll.jkt);
  return issued === undefined ? UNKNOWN_CODE : { ok: true, issued };
}

/** Whoever waits as long as it was told may come a little early: the network and timers are never exact. */
const TOLERANCE = 1;
const SLOWER = 5;
/** Seconds between two polls that nobody has to go beyond. */
const SLOWEST = 60;

const PENDING = fault("authorization_pending", "The login waits for its approval in the browser.");
const SLOW_DOWN = fault("slow_down", "Ask less often: five seconds more between two questions.");

/** The menda clients never change their pace, so theirs stays as it is. */
function pace({ writer, now }: Step, { id, face, pace: wanted, polledAt }: StoredLogin): Fault {
  const passed = polledAt === undefined ? wanted : now - polledAt;
  const early = passed >= 0 && passed < wanted - TOLERANCE; // A clock that was put back accuses nobody.
  const next = early && face === "standard" ? Math.min(wanted + SLOWER, SLOWEST) : wanted;
  writer.pollLogin(id, now, Math.max(next, PACE));
  return early ? SLOW_DOWN : PENDING;
}
