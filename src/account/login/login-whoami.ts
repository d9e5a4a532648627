// Asks a host with metadata whom it takes a login for, with the proof that a bound token needs. It refreshes nothing.
import { KeywrightError } from "../../errors.ts";
import type { Http } from "../../io/http.ts";
import { type Answer, unusable, jsonObject } from "../cloud-reply.ts";
import type { DpopKey } from "./dpop-key.ts";
import type { Login } from "./login-store.ts";
import { oauthFailure, provenRequest } from "./oauth-call.ts";

export interface WhoamiQuestion {
  readonly http: Http;
  readonly endpoint: string;
  /** undefined: the token is no bound one. */
  readonly dpop: DpopKey | undefined;
  /** What to do when the host does not accept the login. */
  readonly again: string;
}

/** The host's answer, as it came. Throws `authentication` when it does not accept the login. */
export async function loginWhoami(
  { host, accessToken, tokenType }: Pick<Login, "host" | "accessToken" | "tokenType">,
  { http, endpoint: url, dpop, again }: WhoamiQuestion,
): Promise<Answer> {
  const headers = { Authorization: `${tokenType} ${accessToken.reveal()}`, Accept: "application/json" };
  const reply = await provenRequest(http, { method: "GET", url, headers }, { dpop, accessToken });
  const json = jsonObject(reply.body);
  if (reply.status !== 200)
    throw oauthFailure({ ...reply, json }, { call: "whoami", host, secrets: [accessToken], hint: again });
  if (json === undefined) throw unusable("whoami", "is not a JSON object", reply.status);
  return json;
}

/** For a host whose metadata names no such endpoint. */
export function noWhoami(host: string): KeywrightError {
  return new KeywrightError("backend", `${host} does not say whom it takes a login for`, {
    hint: "'keywright auth status' shows what is known here.",
  });
}
