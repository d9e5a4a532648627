// From an approved login to a session with its tokens, and from a session to fresh ones. Inside one step of the journal,
// with the entries; whether they may be had was decided before.
import { DEFAULT_USERS } from "../../config/users.ts";
import type { Core } from "../core.ts";
import type { Writer } from "../database-writing.ts";
import { newEntryId, type Session, type Token } from "../records.ts";
import { newTokenText, REFRESH_PREFIX, TOKEN_PREFIX, tokenHash } from "../token-text.ts";
import type { StoredLogin } from "./login-records.ts";

/** The step of the journal that it happens in. */
export interface Step {
  readonly core: Core;
  readonly writer: Writer;
  readonly now: number;
  /** Of whoever asks now. */
  readonly address: string | undefined;
}

export interface Issued {
  readonly accessToken: string;
  /** undefined: logins over the menda face have none. */
  readonly refreshToken: string | undefined;
  readonly token: Token;
}

/** A login as a person has approved it. */
export type ApprovedLogin = StoredLogin & {
  readonly user: number;
  readonly principal: string;
  readonly provenAt: number;
};

export function isApproved(login: StoredLogin): login is ApprovedLogin {
  const { state, user, principal, provenAt } = login;
  return state === "approved" && user !== undefined && principal !== undefined && provenAt !== undefined;
}

/** How long a session that is over is remembered, in seconds. */
const REMEMBERED = 86_400;

/** undefined: it was used before, or its user is gone. `jkt`: the key that its tokens are bound to. */
export function startSession(step: Step, login: ApprovedLogin, jkt: string | undefined): Issued | undefined {
  const { core, writer, now, address } = step;
  const { sessionLife, mendaSession } = core.config.users ?? DEFAULT_USERS;
  const at = Math.floor(now);
  const { face, client, scope, user, principal, upstream, agent } = login;
  const fresh = { name: newName(core), user, principal, client, face, scope, jkt, agent, upstream };
  const times = { checkedAt: login.provenAt, createdAt: at, usedAt: at };
  const expiresAt = at + (face === "menda" ? mendaSession : sessionLife);
  const id = writer.addSession({ ...fresh, ...times, address: login.address, expiresAt });
  const session = core.db.session(id);
  if (session === undefined || !writer.useLogin(login.id, id)) return undefined;
  writer.forgetSessions(at - REMEMBERED);
  writer.append(now, {
    kind: "session_started",
    id: newEntryId(core.random),
    ...aboutSession(session),
    login: login.id,
    face,
    scope,
    bound: jkt !== undefined,
    expires_at: new Date(expiresAt * 1000).toISOString(),
    ...(address === undefined ? {} : { address }),
  });
  return issueTokens(step, session, login.kind === "device" ? "device_code" : "authorization_code");
}

/** An access token, which ends with the session, and the refresh token that follows the last one. */
export function issueTokens({ core, writer, now, address }: Step, session: Session, grant: string): Issued {
  const at = Math.floor(now);
  const accessToken = newTokenText(TOKEN_PREFIX, core.random);
  const withRefresh = session.face === "standard";
  const life = withRefresh ? core.config.accessTokenTtl : session.expiresAt - at;
  const token: Token = {
    hash: tokenHash(accessToken),
    kind: "access",
    client: undefined,
    session: session.id,
    principal: session.principal,
    audience: core.url,
    scope: session.scope,
    jkt: session.jkt,
    issuedAt: at,
    expiresAt: Math.min(at + life, session.expiresAt),
  };
  writer.addToken(token);
  const refreshToken = withRefresh ? newTokenText(REFRESH_PREFIX, core.random) : undefined;
  if (refreshToken !== undefined) writer.addRefreshToken(tokenHash(refreshToken), session.id, at);
  writer.useSession(session.id, at);
  writer.append(now, {
    kind: "token",
    id: newEntryId(core.random),
    ...aboutSession(session),
    grant,
    ...(address === undefined ? {} : { address }),
    outcome: "granted",
    sha256: Buffer.from(token.hash).toString("hex"),
    expires_at: new Date(token.expiresAt * 1000).toISOString(),
  });
  return { accessToken, refreshToken, token };
}

/** What every entry about a session says. */
export function aboutSession({
  client,
  principal,
  userName,
  name,
}: Session): Readonly<Record<string, string>> {
  return { client, principal, user: userName, session: name };
}

const LETTERS = "abcdefghjkmnpqrstuvwxyz23456789";

/** Eight letters that no other session has: for people, not a secret. */
function newName(core: Core): string {
  for (;;) {
    const name = [...core.random(8)].map((byte) => LETTERS[byte % LETTERS.length]).join("");
    if (!core.db.isSessionName(name)) return name;
  }
}
