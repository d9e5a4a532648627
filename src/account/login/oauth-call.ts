// A call to an OAuth endpoint: a form goes there, JSON comes back. With a key, it carries a proof (RFC 9449), and is sent
// a second time when the server wants its own nonce in it. It decides nothing about what was answered.
import { type ErrorCode, KeywrightError } from "../../errors.ts";
import type { Http, HttpReply, HttpRequest } from "../../io/http.ts";
import type { Secret } from "../../secret.ts";
import { type Answer, formEncoded, jsonObject } from "../cloud-reply.ts";
import type { DpopKey } from "./dpop-key.ts";
import { redacted } from "../redact.ts";

export interface OauthCall {
  readonly http: Http;
  readonly url: string;
  /** undefined values are left out. */
  readonly form: Readonly<Record<string, string | undefined>>;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** undefined: without a proof. */
  readonly dpop?: DpopKey | undefined;
  /** Epoch seconds; undefined: only the limit of one request. */
  readonly deadline: number | undefined;
}

export interface OauthReply {
  readonly status: number;
  /** undefined: the body is no JSON object. */
  readonly json: Answer | undefined;
  /** Names in lower case. */
  readonly headers: HttpReply["headers"];
  readonly body: string;
}

/** The reply, whatever its status. Throws what Http throws. */
export async function oauthCall({
  http,
  url,
  form,
  headers,
  dpop,
  deadline,
}: OauthCall): Promise<OauthReply> {
  const body = formOf(form);
  const sent = {
    "Content-Type": "application/x-www-form-urlencoded",
    Accept: "application/json",
    ...headers,
  };
  const reply = await provenRequest(http, { method: "POST", url, headers: sent, body, deadline }, { dpop });
  return { ...reply, json: jsonObject(reply.body) };
}

export interface Proving {
  /** undefined: the request goes as it is. */
  readonly dpop: DpopKey | undefined;
  /** The token that goes with it. */
  readonly accessToken?: Secret | undefined;
}

/** The nonce that each origin gave last (RFC 9449 §8.2), as long as this process lives. */
const nonces = new Map<string, string>();

/** A request with its proof. Once more, when the server refuses it for want of its nonce (RFC 9449 §8, §9). */
export async function provenRequest(
  http: Http,
  request: HttpRequest,
  { dpop, accessToken }: Proving,
): Promise<HttpReply> {
  if (dpop === undefined) return http.request(request);
  const { origin } = new URL(request.url);
  const attempt = async (): Promise<HttpReply> => {
    const { method, url } = request;
    const proof = dpop.proof({ method, url, accessToken, nonce: nonces.get(origin) });
    const reply = await http.request({ ...request, headers: { ...request.headers, DPoP: proof } });
    const nonce = reply.headers["dpop-nonce"];
    if (nonce !== undefined && /^[\u0021\u0023-\u005b\u005d-\u007e]{1,1024}$/.test(nonce))
      nonces.set(origin, nonce);
    return reply;
  };
  const before = nonces.get(origin);
  const reply = await attempt();
  return wantsNonce(reply) && nonces.get(origin) !== before ? attempt() : reply;
}

function wantsNonce({ status, headers, body }: HttpReply): boolean {
  if (status === 400) return jsonObject(body)?.["error"] === "use_dpop_nonce";
  return status === 401 && /error="?use_dpop_nonce"?/.test(headers["www-authenticate"] ?? "");
}

/** What the errors of RFC 6749 §5.2, RFC 8628 §3.5 and RFC 9449 §5 mean for whoever reads them. */
const WORDS: Readonly<Record<string, readonly [code: ErrorCode, means: string]>> = {
  invalid_grant: ["authentication", "the login has ended, or was withdrawn"],
  invalid_client: ["authentication", "it does not know this program as a client"],
  unauthorized_client: ["denied", "this program may not log in in this way"],
  unsupported_grant_type: ["backend", "it does not offer this way to log in"],
  invalid_scope: ["denied", "it does not give what was asked for"],
  invalid_request: ["backend", "it did not understand the question"],
  access_denied: ["denied", "the login was refused"],
  expired_token: ["timed_out", "nobody approved the login in time"],
  invalid_dpop_proof: ["authentication", "it does not accept the proof; check the clock of this machine"],
  use_dpop_nonce: ["backend", "it keeps asking for another nonce"],
  invalid_target: ["denied", "it does not give tokens for that"],
  temporarily_unavailable: ["network", "it cannot answer at the moment"],
  server_error: ["backend", "it failed"],
};

export interface OauthFault {
  /** What was asked, as the rest of "… answered": `the login`, `the refresh of the login`. */
  readonly call: string;
  readonly host: string;
  /** Everything of ours that was sent. */
  readonly secrets: readonly (Secret | undefined)[];
  /** What `invalid_grant` means here; undefined: that the login has ended. */
  readonly grant?: string | undefined;
  readonly hint?: string | undefined;
}

/** An answer that is a refusal, in words: what the server's code means, then what it said itself, without our secrets. */
export function oauthFailure(
  reply: Pick<OauthReply, "status" | "json" | "body">,
  fault: OauthFault,
): KeywrightError {
  const { error, error_description: description, detail } = reply.json ?? {};
  const [code, means] = (typeof error === "string" && Object.hasOwn(WORDS, error)
    ? WORDS[error]
    : undefined) ?? [byStatus(reply.status), undefined];
  const meant = error === "invalid_grant" ? (fault.grant ?? means) : means;
  const said = [description, detail, error].find((text) => typeof text === "string" && text !== "") ?? "";
  const quote = shown(String(said), fault.secrets);
  const what = [meant, quote === "" ? undefined : `"${quote}"`]
    .filter((part) => part !== undefined)
    .join(": ");
  const status = `HTTP ${reply.status}`;
  return new KeywrightError(
    code,
    `${fault.host} refused ${fault.call}: ${what === "" ? status : `${what} (${status})`}`,
    {
      hint: fault.hint,
    },
  );
}

function byStatus(status: number): ErrorCode {
  if (status === 401 || status === 403) return "authentication";
  return status === 429 || status === 502 || status === 503 || status === 504 ? "network" : "backend";
}

function shown(text: string, secrets: OauthFault["secrets"]): string {
  return redacted(text, secrets).replace(/\p{C}/gu, " ").trim().slice(0, 300);
}

function formOf(form: OauthCall["form"]): string {
  return Object.entries(form)
    .flatMap(([name, value]) => (value === undefined ? [] : [`${formEncoded(name)}=${formEncoded(value)}`]))
    .join("&");
}
