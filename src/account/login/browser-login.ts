// The login for a browser on this machine: authorization code with PKCE, answered on loopback (RFC 6749 §4.1, 7636, 8252, 9207).
// It neither finds nor starts the browser, and keeps nothing.
import { timingSafeEqual } from "node:crypto";
import { randomHex, sha256 } from "../../digest.ts";
import { KeywrightError } from "../../errors.ts";
import type { Http } from "../../io/http.ts";
import { loopbackServer, type Verdict } from "../../io/loopback-server.ts";
import { Secret } from "../../secret.ts";
import { unusable } from "../cloud-reply.ts";
import { refused } from "./device-login.ts";
import type { DpopKey } from "./dpop-key.ts";
import { type Granted, grantedBy } from "./login-answer.ts";
import { oauthCall, oauthFailure } from "./oauth-call.ts";
import { newPkce, type Pkce } from "./pkce.ts";

export interface BrowserLoginOptions {
  readonly host: string;
  readonly http: Http;
  readonly authorizationEndpoint: string;
  readonly tokenEndpoint: string;
  readonly clientId: string;
  /** undefined: what the host gives by itself. */
  readonly scope: string | undefined;
  /** undefined: the tokens are good for whoever has them. */
  readonly dpop: DpopKey | undefined;
  /** True: an answer without `iss` is not the host's (RFC 9207 §2.4). */
  readonly saysIssuer: boolean;
  /** Resolves after that many seconds, or once the signal says that nobody waits any more. */
  readonly wait: (seconds: number, signal: AbortSignal) => Promise<void>;
  /** Told once which page the person has to see. */
  readonly open: (page: string) => void;
  /** What to do when it failed. */
  readonly again: string;
}

const PATH = "/callback";
/** Seconds that a person has. */
const PATIENCE = 300;

/** Throws `timed_out` when no answer came, `denied` when the login was refused in the browser. */
export async function browserLogin(options: BrowserLoginOptions): Promise<Granted> {
  const { host, again } = options;
  const state = new Secret(randomHex(24));
  const pkce = newPkce();
  const server = await loopbackServer(PATH, (query) => judged(query, state, options));
  const redirectUri = `${server.origin}${PATH}`;
  const over = new AbortController();
  try {
    options.open(pageFor(redirectUri, state, pkce, options));
    const late = options.wait(PATIENCE, over.signal).then(() => undefined);
    const answer = await Promise.race([server.answer, late]);
    if (answer === undefined) {
      const hint = `${again} Without a browser on this machine: --device.`;
      throw new KeywrightError("timed_out", `no answer came from the browser in ${PATIENCE / 60} minutes`, {
        hint,
      });
    }
    const error = answer.get("error");
    if (error === "access_denied") throw refused(again);
    if (error !== null) throw failedAt(host, error, answer.get("error_description"), again);
    return await redeemed(new Secret(answer.get("code") ?? ""), redirectUri, pkce, options);
  } finally {
    over.abort();
    await server.close();
  }
}

function pageFor(redirectUri: string, state: Secret, pkce: Pkce, options: BrowserLoginOptions): string {
  const page = new URL(options.authorizationEndpoint);
  const { clientId, scope, dpop } = options;
  const wanted = {
    response_type: "code",
    client_id: clientId,
    redirect_uri: redirectUri,
    ...(scope === undefined ? {} : { scope }),
    state: state.reveal(),
    code_challenge: pkce.challenge,
    code_challenge_method: "S256",
    ...(dpop === undefined ? {} : { dpop_jkt: dpop.thumbprint }), // RFC 9449 §10
  };
  for (const [name, value] of Object.entries(wanted)) page.searchParams.set(name, value);
  return page.href;
}

/** Whoever does not know the state is somebody else, and cannot end the waiting. */
function judged(query: URLSearchParams, state: Secret, { host, saysIssuer }: BrowserLoginOptions): Verdict {
  const once = (name: string): string | undefined =>
    query.getAll(name).length === 1 ? (query.get(name) ?? "") : undefined;
  const said = once("state");
  if (said === undefined || !same(said, state.reveal())) return { is: "not ours" };
  const issuers = query.getAll("iss");
  // RFC 9207 §2.4: an answer of another server, or of none, is none.
  if (issuers.length > 1 || issuers.some((issuer) => issuer !== host) || (saysIssuer && issuers.length === 0))
    return { is: "not ours" };
  if (once("error") !== undefined && !query.has("code")) {
    const text = "keywright was told. You can close this window.";
    return { is: "taken", page: { title: "Not logged in", text } };
  }
  if (!/^[\u0021-\u007e]{1,4096}$/.test(once("code") ?? "") || query.has("error")) return { is: "not ours" };
  const text = "keywright goes on in the terminal. You can close this window.";
  return { is: "taken", page: { title: "Almost done", text } };
}

/** In a time that does not depend on where they differ. */
function same(a: string, b: string): boolean {
  return timingSafeEqual(Buffer.from(sha256(a)), Buffer.from(sha256(b)));
}

async function redeemed(
  code: Secret,
  redirectUri: string,
  pkce: Pkce,
  options: BrowserLoginOptions,
): Promise<Granted> {
  const { http, host, clientId, dpop, tokenEndpoint, again } = options;
  const form = {
    grant_type: "authorization_code",
    code: code.reveal(),
    redirect_uri: redirectUri,
    client_id: clientId,
    code_verifier: pkce.verifier.reveal(),
  };
  const reply = await oauthCall({ http, url: tokenEndpoint, form, dpop, deadline: undefined });
  if (reply.status !== 200)
    throw oauthFailure(reply, { call: "the login", host, secrets: [code, pkce.verifier], hint: again });
  const call = "the token request";
  if (reply.json === undefined) throw unusable(call, "is not a JSON object", reply.status);
  return grantedBy(reply.json, call);
}

/** In the words of `oauthFailure`, for an error that came by way of the browser. */
function failedAt(host: string, error: string, description: string | null, again: string): KeywrightError {
  const json = { error, ...(description === null ? {} : { error_description: description }) };
  return oauthFailure({ status: 302, json, body: "" }, { call: "the login", host, secrets: [], hint: again });
}
