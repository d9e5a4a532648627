// The authorization request of a login by the browser (RFC 6749 section 4.1.1, with PKCE, on loopback as RFC 8252 wants
// it), and the two ways in which it goes back to the program. It shows no page.
import type { Core } from "../core.ts";
import type { Parameters } from "../parameters.ts";
import { newEntryId } from "../records.ts";
import { invalidRequest, refusal, type Incoming, type Reply } from "../reply.ts";
import { SCOPE } from "../token-grant.ts";
import { CODE_PREFIX, newTokenText, tokenHash } from "../token-text.ts";
import type { PendingLogin } from "./login-records.ts";
import { isChallenge } from "./pkce.ts";
import { PUBLIC_CLIENT } from "./public-client.ts";
import { beginLogin } from "./waiting-logins.ts";

/** `redirect`: the program may be told. `reply`: it may not, since who asks or where to is wrong. */
export type BegunCodeLogin =
  | { readonly ok: true; readonly pending: PendingLogin }
  | { readonly ok: false; readonly redirect?: string | undefined; readonly reply?: Reply | undefined };

/** Seconds that an authorization code lives (RFC 6749 section 4.1.2: shortly). */
const CODE_LIFE = 60;
const LONGEST_STATE = 1024;

/** RFC 8252 section 7.3: the loopback's literal address, any port. The path is the one of our clients. */
const LOOPBACK = /^http:\/\/(?:127\.0\.0\.1|\[::1\])(?::([1-9][0-9]{0,4}))?\/callback$/;

export async function beginCodeLogin(
  core: Core,
  params: Parameters,
  incoming: Incoming,
): Promise<BegunCodeLogin> {
  const redirectUri = params.get("redirect_uri");
  if (params.get("client_id") !== PUBLIC_CLIENT)
    return wrong("client_id is not one that logs people in here.");
  if (redirectUri === undefined || !isLoopbackCallback(redirectUri))
    return wrong("redirect_uri has to be http://127.0.0.1:PORT/callback or http://[::1]:PORT/callback.");
  const fault = faultOf(core, params);
  const back = { redirectUri, clientState: fault?.about === "state" ? undefined : params.get("state") };
  if (fault !== undefined)
    return {
      ok: false,
      redirect: redirectTo(core, back, { error: fault.error, error_description: fault.reason }),
    };
  const pending = await beginLogin(core, {
    ...back,
    kind: "code",
    face: "standard",
    scope: SCOPE,
    hash: undefined,
    challenge: params.get("code_challenge"),
    jkt: params.get("dpop_jkt"),
    address: incoming.address,
    agent: incoming.header("user-agent"),
  });
  if (pending !== undefined) return { ok: true, pending };
  const busy = {
    error: "temporarily_unavailable",
    error_description: "Too many logins wait; try again in some minutes.",
  };
  return { ok: false, redirect: redirectTo(core, back, busy) };
}

function wrong(reason: string): BegunCodeLogin {
  return { ok: false, reply: refusal(400, "invalid_request", reason) };
}

export function isLoopbackCallback(uri: string): boolean {
  const [all, port = "80"] = LOOPBACK.exec(uri) ?? [];
  return all !== undefined && Number(port) < 65_536;
}

interface Fault {
  readonly error: string;
  readonly reason: string;
  /** What must not be sent back. */
  readonly about?: "state";
}

const INVALID = "invalid_request";

function faultOf(core: Core, params: Parameters): Fault | undefined {
  const responseType = params.get("response_type");
  const { length = 0 } = params.get("state") ?? "";
  if (length > LONGEST_STATE) return { error: INVALID, reason: "state is too long.", about: "state" };
  if (responseType === undefined) return { error: INVALID, reason: "response_type is missing." };
  if (responseType !== "code") return { error: "unsupported_response_type", reason: "Only code is offered." };
  if ((params.get("response_mode") ?? "query") !== "query")
    return { error: INVALID, reason: "Only the response mode query is offered." };
  for (const name of ["request", "request_uri"])
    if (params.has(name))
      return { error: `${name}_not_supported`, reason: "Request objects are not offered." };
  if ((params.get("scope") ?? SCOPE).split(" ").some((one) => one !== "" && one !== SCOPE))
    return { error: "invalid_scope", reason: `The only scope is ${SCOPE}.` };
  if ((params.get("resource") ?? core.url) !== core.url)
    return { error: "invalid_target", reason: "Access tokens are good for this broker only." };
  const challenge = params.get("code_challenge");
  if (challenge === undefined) return { error: INVALID, reason: "code_challenge is missing (PKCE)." };
  if (params.get("code_challenge_method") !== "S256" || !isChallenge(challenge))
    return { error: INVALID, reason: "code_challenge has to be made with S256." };
  const jkt = params.get("dpop_jkt");
  return jkt === undefined || isChallenge(jkt)
    ? undefined
    : { error: INVALID, reason: "dpop_jkt is no thumbprint." };
}

interface Back {
  readonly redirectUri: string | undefined;
  readonly clientState: string | undefined;
}

/** With `iss` (RFC 9207), so that a program with several hosts knows which of them answers. */
function redirectTo(
  core: Core,
  { redirectUri, clientState }: Back,
  answer: Readonly<Record<string, string>>,
): string {
  const state = clientState === undefined ? {} : { state: clientState };
  return `${redirectUri}?${new URLSearchParams({ ...answer, ...state, iss: core.url }).toString()}`;
}

/** Where the browser goes with the code of an approved login. Throws Refused when it has gone there already. */
export async function codeRedirect(core: Core, id: number): Promise<string> {
  const code = newTokenText(CODE_PREFIX, core.random);
  const login = await core.journal.act((writer, now) => {
    const found = core.db.login(id);
    if (found === undefined || now >= found.expiresAt) return undefined;
    if (!writer.giveCode(id, tokenHash(code), Math.floor(now) + CODE_LIFE)) return undefined;
    writer.append(now, {
      kind: "authorization_code",
      id: newEntryId(core.random),
      login: id,
      sha256: Buffer.from(tokenHash(code)).toString("hex"),
    });
    return found;
  }, false);
  if (login === undefined) throw invalidRequest("This login is over; start it again.");
  return redirectTo(core, login, { code });
}

/** Where the browser goes with a no. Throws Refused for what is no login by the browser. */
export function deniedRedirect(core: Core, id: number): string {
  const login = core.db.login(id);
  if (login?.redirectUri === undefined) throw invalidRequest("This login is over; start it again.");
  return redirectTo(core, login, { error: "access_denied", error_description: "The person said no." });
}
