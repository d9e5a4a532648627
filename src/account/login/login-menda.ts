// The login at a menda cloud, which resembles RFC 8628 without being it: exactly what menda-cli 0.5.0 sends, and its messages.
// Where menda-cli crashes on an answer, this goes on or says what is wrong. It opens no browser and keeps nothing.
import { KeywrightError } from "../../errors.ts";
import type { Http, HttpReply } from "../../io/http.ts";
import { type Answer, formEncoded, unusable, jsonObject } from "../cloud-reply.ts";
import type { Person } from "./device-login.ts";
import { type DeviceCode, deviceCodeIn, type Granted, grantedBy } from "./login-answer.ts";
import { polled, type Polled } from "./login-polling.ts";
import { newPkce, type Pkce } from "./pkce.ts";
import { redacted } from "../redact.ts";

export interface MendaLoginOptions extends Person {
  /** Without a slash at its end. */
  readonly host: string;
  readonly http: Http;
  /** What to do when the code expired. */
  readonly again: string;
}

const GRANT = "urn:ietf:params:oauth:grant-type:device_code";

export interface MendaGranted extends Granted {
  readonly clientId: string;
}

/** Throws `authentication` with the cloud's own words when it refuses. */
export async function mendaLogin(options: MendaLoginOptions): Promise<MendaGranted> {
  const { clock, host } = options;
  const pkce = newPkce();
  const clientId = await discovered(options);
  const code = await started(clientId, pkce, options);
  const expiresAt = clock.now() + code.expiresIn;
  await options.show(code, expiresAt);
  let state = "pending";
  const ask = async (): Promise<Polled<Granted>> => {
    const reply = await options.http.request({
      method: "POST",
      url: `${host}/api/v1/auth/device/token`,
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({
        client_id: clientId,
        redirect_uri: `${originOf(host)}/auth/device/callback`,
        device_code: code.deviceCode.reveal(),
        grant_type: GRANT,
        code_verifier: pkce.verifier.reveal(),
      }),
    });
    const answer = jsonObject(reply.body);
    if (answer?.["detail"] === "authorized") state = "authorized";
    return answered(reply, answer, { secrets: [code.deviceCode, pkce.verifier], again: options.again });
  };
  const expired = (): KeywrightError => failed(`Device code expired: ${state}.`, options.again);
  return { ...(await polled(ask, { ...options, interval: code.interval, expiresAt, expired })), clientId };
}

/** Which client this cloud takes us for. */
async function discovered({ host, http, again }: MendaLoginOptions): Promise<string> {
  const { hostname } = new URL(host);
  const reply = await http.request({
    method: "GET",
    url: `${host}/api/v1/auth/discovery?hostname=${formEncoded(hostname)}`,
  });
  const answer = jsonObject(reply.body);
  if (answer === undefined) {
    const said = `server returned non-JSON response (status ${reply.status})`;
    throw failed(`Failed to resolve tenant config for '${hostname}': ${said}`, again);
  }
  if (reply.status !== 200) throw failed(detailOf(answer, []) ?? "Failed to resolve tenant config", again);
  const clientId = answer["app_client_id"];
  if (typeof clientId === "string" && clientId !== "") return clientId;
  throw failed(`Tenant config for '${hostname}' is missing app_client_id`, again);
}

async function started(
  clientId: string,
  { challenge }: Pkce,
  options: MendaLoginOptions,
): Promise<DeviceCode> {
  const { host, http } = options;
  const query = Object.entries({
    client_id: clientId,
    scope: "openid",
    code_challenge: challenge,
    code_challenge_method: "S256",
  });
  const asked = query.map(([name, value]) => `${name}=${formEncoded(value)}`).join("&");
  const reply = await http.request({ method: "POST", url: `${host}/api/v1/auth/device/authorize?${asked}` });
  const answer = jsonObject(reply.body);
  if (reply.status !== 200)
    throw failed(detailOf(answer, []) ?? `device/authorize returned HTTP ${reply.status}`, options.again);
  if (answer === undefined) throw unusable("device/authorize", "is not a JSON object", reply.status);
  return deviceCodeIn(answer, "device/authorize", host, false);
}

interface Asked {
  readonly secrets: readonly DeviceCode["deviceCode"][];
  readonly again: string;
}

/** Pending is a `detail` of "pending" or "authorized", whatever the status; plain RFC 8628, which crashes menda-cli, will do too. */
function answered(reply: HttpReply, answer: Answer | undefined, { secrets, again }: Asked): Polled<Granted> {
  const { status } = reply;
  if (status === 200) {
    if (answer === undefined) throw unusable("device/token", "is not a JSON object", status);
    return { is: "done", result: grantedBy(answer, "device/token") };
  }
  const error = answer?.["error"];
  const detail = answer?.["detail"];
  if (error === "slow_down") return { is: "slow_down" };
  if (detail === "pending" || detail === "authorized") return { is: "pending" };
  if (error === "authorization_pending" && detail === undefined) return { is: "pending" };
  const said = answer === undefined ? undefined : detailOf(answer, secrets);
  const fault = failed(said ?? `device/token returned HTTP ${status}`, again);
  // Words of the cloud end it; a gateway that stumbles (a page, no words) does not.
  if (said === undefined && (status === 429 || status >= 500)) return { is: "failing", fault };
  throw fault;
}

/** What the cloud says in words: a `detail` that is text, what is in the list of a 422, or an error of RFC 6749. */
function detailOf(answer: Answer | undefined, secrets: Asked["secrets"]): string | undefined {
  const { detail, error_description: description, error } = answer ?? {};
  const listed = Array.isArray(detail)
    ? detail.flatMap((one: unknown) => (isMessage(one) ? [one.msg] : [])).join("; ")
    : detail;
  const said = [listed, description, error].find((text) => typeof text === "string" && text.trim() !== "");
  if (typeof said !== "string") return undefined;
  return redacted(said, secrets).replace(/\p{C}/gu, " ").slice(0, 800);
}

function isMessage(one: unknown): one is { readonly msg: string } {
  return typeof one === "object" && one !== null && "msg" in one && typeof one.msg === "string";
}

/** With the advice that menda-cli gives: it looks for words in the message. */
function failed(message: string, again: string): KeywrightError {
  const words = message.toLowerCase();
  if (words.includes("device code")) {
    const hint = `The authentication session expired. ${again}`;
    return new KeywrightError("authentication", message, { hint });
  }
  const network = words.includes("network") || words.includes("connection");
  const hint = "Check your network connection and Menda Cloud URL in profile configuration.";
  return new KeywrightError("authentication", message, { hint: network ? hint : undefined });
}

/** As Python's urljoin takes it off: as it was written. */
function originOf(host: string): string {
  return /^https?:\/\/[^/?#]+/.exec(host)?.[0] ?? host;
}
