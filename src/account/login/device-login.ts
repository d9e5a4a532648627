// The login for a browser on any machine, by the device authorization grant (RFC 8628) with PKCE: shows a code, and asks until
// a person has confirmed it. It opens no browser and keeps nothing.
import { KeywrightError } from "../../errors.ts";
import type { Clock } from "../../io/clock.ts";
import type { DpopKey } from "./dpop-key.ts";
import type { Http } from "../../io/http.ts";
import { unusable } from "../cloud-reply.ts";
import { type DeviceCode, deviceCodeIn, type Granted, grantedBy } from "./login-answer.ts";
import { polled, type Polled } from "./login-polling.ts";
import { oauthCall, oauthFailure, type OauthReply } from "./oauth-call.ts";
import { newPkce } from "./pkce.ts";

export interface Person {
  readonly clock: Clock;
  /** Resolves after that many seconds. */
  readonly wait: (seconds: number) => Promise<void>;
  /** Told once what the person has to do, and until when (epoch seconds). */
  readonly show: (code: DeviceCode, expiresAt: number) => Promise<void>;
}

export interface DeviceLoginOptions extends Person {
  readonly host: string;
  readonly http: Http;
  readonly deviceEndpoint: string;
  readonly tokenEndpoint: string;
  readonly clientId: string;
  /** undefined: what the host gives by itself. */
  readonly scope: string | undefined;
  /** undefined: the tokens are good for whoever has them. */
  readonly dpop: DpopKey | undefined;
  /** What to do when it failed. */
  readonly again: string;
}

const GRANT = "urn:ietf:params:oauth:grant-type:device_code";

/** Throws `authentication` when nobody confirmed in time, `denied` when somebody refused. */
export async function deviceLogin(options: DeviceLoginOptions): Promise<Granted> {
  const { http, host, clientId, scope, dpop, clock, again } = options;
  const pkce = newPkce();
  const begun = await oauthCall({
    http,
    url: options.deviceEndpoint,
    // RFC 8628 knows no PKCE; a host that does not know it here ignores it (RFC 6749 §3.2).
    form: { client_id: clientId, scope, code_challenge: pkce.challenge, code_challenge_method: "S256" },
    // The page can say then that the login will be bound; a host that does not look for it here ignores it.
    dpop,
    deadline: undefined,
  });
  if (begun.status !== 200) throw oauthFailure(begun, { call: "the login", host, secrets: [], hint: again });
  const call = "device authorization";
  const code = deviceCodeIn(begun.json ?? noObject(call, begun.status), call, host, true);
  const expiresAt = clock.now() + code.expiresIn;
  await options.show(code, expiresAt);
  const ask = async (): Promise<Polled<Granted>> => {
    const form = {
      grant_type: GRANT,
      client_id: clientId,
      device_code: code.deviceCode.reveal(),
      code_verifier: pkce.verifier.reveal(),
    };
    const { tokenEndpoint: url } = options;
    const reply = await oauthCall({ http, url, form, dpop, deadline: undefined });
    return answered(reply, { host, secrets: [code.deviceCode, pkce.verifier], again });
  };
  const expired = (): KeywrightError =>
    new KeywrightError("authentication", "nobody confirmed the code in time", { hint: again });
  return polled(ask, { ...options, interval: code.interval, expiresAt, expired });
}

interface Asked {
  readonly host: string;
  readonly secrets: readonly (DeviceCode["deviceCode"] | undefined)[];
  readonly again: string;
}

/** RFC 8628 §3.5. */
function answered(reply: OauthReply, { host, secrets, again }: Asked): Polled<Granted> {
  const { status, json } = reply;
  if (status === 200) {
    const call = "the token request";
    return { is: "done", result: grantedBy(json ?? noObject(call, status), call) };
  }
  const error = json?.["error"];
  if (error === "authorization_pending") return { is: "pending" };
  if (error === "slow_down") return { is: "slow_down" };
  if (error === "access_denied") throw refused(again);
  if (error === "expired_token")
    throw new KeywrightError("authentication", "nobody confirmed the code in time", { hint: again });
  const fault = oauthFailure(reply, { call: "the login", host, secrets, hint: again });
  // A server or gateway that stumbles does not end it.
  if (status === 429 || status >= 500) return { is: "failing", fault };
  throw fault;
}

export function refused(again: string): KeywrightError {
  return new KeywrightError("denied", "the login was refused in the browser", { hint: again });
}

function noObject(call: string, status: number): never {
  throw unusable(call, "is not a JSON object", status);
}
