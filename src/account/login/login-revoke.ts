// Tells a host that a login is over (RFC 7009), so that its tokens are worth nothing before they end. It forgets nothing here.
import type { Http } from "../../io/http.ts";
import type { KnownLogin, Login } from "./login-store.ts";
import { oauthCall, oauthFailure } from "./oauth-call.ts";

/** Ends the whole login by its refresh token, where it has one. Throws when the host did not say that it is done. */
export async function revokeLogin(
  login: KnownLogin | Login,
  endpoint: string,
  http: Http,
  deadline: number,
): Promise<void> {
  const { host, accessToken, clientId } = login;
  const refreshToken = "refreshToken" in login ? login.refreshToken : undefined;
  const token = refreshToken ?? accessToken;
  const form = {
    token: token.reveal(),
    token_type_hint: refreshToken === undefined ? "access_token" : "refresh_token",
    client_id: clientId,
  };
  const reply = await oauthCall({ http, url: endpoint, form, deadline });
  if (reply.status === 200) return;
  throw oauthFailure(reply, { call: "the end of the login", host, secrets: [token] });
}
