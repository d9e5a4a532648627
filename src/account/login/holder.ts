// Holder: a token and the key that it is bound to, if it is; how it goes along with a request, and what happens when a host
// does not take a login's. It loads what makes proofs only for a token that is bound.
import { KeywrightError, MendaKeyRingError } from "../../errors.ts";
import type { Http, HttpReply, HttpRequest } from "../../io/http.ts";
import type { Secret } from "../../secret.ts";
import type { DpopKey } from "./dpop-key.ts";
import type { KnownLogin } from "./login-store.ts";

export interface Holder {
  readonly token: Secret;
  /** undefined: the token goes as it is. */
  readonly dpop: DpopKey | undefined;
}

/** What a login of ours needs to be used: see `loginSession`. */
export interface LoginSession {
  /** `refused`: a token that the host did not take. Throws NoCachedLoginError when the login has ended. */
  fresh(login: KnownLogin, refused?: Secret): Promise<KnownLogin>;
  /** undefined: the login's tokens are not bound. */
  keyFor(login: KnownLogin): DpopKey | undefined;
}

/**
 * Calls `ask` with the login's token, which is fresh. When the host does not take it though it should live (its operator
 * changed something), the login is refreshed once, and asked with again.
 */
export async function withLogin<T>(
  login: KnownLogin,
  session: LoginSession,
  ask: (holder: Holder) => Promise<T>,
): Promise<T> {
  const holderOf = (now: KnownLogin): Holder => ({ token: now.accessToken, dpop: session.keyFor(now) });
  const first = holderOf(await session.fresh(login));
  try {
    return await ask(first);
  } catch (thrown) {
    const unaccepted = thrown instanceof MendaKeyRingError && thrown.statusCode === 401;
    if (!login.refreshable || !unaccepted) throw thrown;
    return ask(holderOf(await session.fresh(login, first.token)));
  }
}

/** RFC 9449 §7.1, RFC 6750 §2.1. */
export function authorization({ token, dpop }: Holder): { readonly Authorization: string } {
  return { Authorization: `${dpop === undefined ? "Bearer" : "DPoP"} ${token.reveal()}` };
}

export async function proven(http: Http, request: HttpRequest, { token, dpop }: Holder): Promise<HttpReply> {
  if (dpop === undefined) return http.request(request);
  const { provenRequest } = await import("./oauth-call.ts");
  return provenRequest(http, request, { dpop, accessToken: token });
}

export function unbindable(host: string): KeywrightError {
  return new KeywrightError("backend", `${host} has no call that takes a login which is bound to a key`, {
    hint: "It had one when you logged in. Ask who runs it, or run 'keywright auth login' again.",
  });
}
