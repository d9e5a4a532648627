// The provider's token endpoint: asks it with a code or a refresh token, and makes sure of the id_token that it answers
// with (OpenID Connect Core 3.1.3.7 and 12.2). Nothing that it answered gets into a message.
import { createHash, timingSafeEqual } from "node:crypto";
import { asKeywrightError } from "../../errors.ts";
import { readJsonObject, type JsonObject } from "../jwt/json-object.ts";
import { verifyJwt, type Verified } from "../jwt/verify.ts";
import type { Claims } from "./claims.ts";
import { clientSecretOf, type Provider } from "./discovery.ts";

export type TokenAnswer =
  | {
      readonly ok: true;
      readonly idToken: string | undefined;
      readonly accessToken: string | undefined;
      readonly refreshToken: string | undefined;
    }
  /** `final`: it says no; otherwise nobody knows. */
  | { readonly ok: false; readonly final: boolean; readonly reason: string };

const TIMEOUT = 10;
const LARGEST = 256 * 1024;
const LONGEST_TOKEN = 16 * 1024;

/** Errors after which asking again is no use (RFC 6749 section 5.2, OpenID Connect Core section 3.1.2.6). */
const FINAL: ReadonlySet<unknown> = new Set([
  "invalid_grant",
  "access_denied",
  "login_required",
  "consent_required",
  "interaction_required",
  "account_selection_required",
]);

export async function askForTokens(
  provider: Provider,
  grant: Readonly<Record<string, string>>,
): Promise<TokenAnswer> {
  try {
    const { tokenEndpoint } = await provider.metadata();
    const { authorization, form } = authenticated(provider, grant);
    const reply = await provider.http.request({
      method: "POST",
      url: tokenEndpoint,
      headers: {
        Accept: "application/json",
        "Content-Type": "application/x-www-form-urlencoded",
        ...authorization,
      },
      body: form.toString(),
      timeout: TIMEOUT,
      most: LARGEST,
    });
    return answerOf(reply.status, readJsonObject(reply.body));
  } catch (thrown) {
    const { code, message } = asKeywrightError(thrown);
    if (code === "internal") throw thrown;
    return { ok: false, final: false, reason: message };
  }
}

function answerOf(status: number, body: JsonObject | undefined): TokenAnswer {
  if (status === 200 && body !== undefined) {
    return {
      ok: true,
      idToken: textOf(body["id_token"]),
      accessToken: textOf(body["access_token"]),
      refreshToken: textOf(body["refresh_token"]),
    };
  }
  const error = body?.["error"];
  const known = FINAL.has(error) || error === "invalid_client" || error === "unauthorized_client";
  const said = known ? ` (${String(error)})` : "";
  const final = status >= 400 && status < 500 && FINAL.has(error);
  return { ok: false, final, reason: `the provider answered ${status}${said}` };
}

/** RFC 6749 section 2.3.1: id and secret are form-encoded before they become the two halves of Basic. */
function authenticated({ settings }: Provider, grant: Readonly<Record<string, string>>) {
  const secret = clientSecretOf(settings);
  if (secret === undefined) {
    return {
      authorization: {},
      form: new URLSearchParams({ ...grant, client_id: settings.clientId }),
    };
  }
  const pair = [settings.clientId, secret].map(formEncoded).join(":");
  return {
    authorization: { Authorization: `Basic ${Buffer.from(pair).toString("base64")}` },
    form: new URLSearchParams(grant),
  };
}

function formEncoded(text: string): string {
  return new URLSearchParams({ "": text }).toString().slice(1);
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" && value.length <= LONGEST_TOKEN ? value : undefined;
}

export interface IdTokenRules {
  /** undefined: it must have none, or the one of the login, which nobody remembers (section 12.2). */
  readonly nonce: string | undefined;
  readonly accessToken: string | undefined;
}

export type Proven =
  | { readonly ok: true; readonly subject: string; readonly claims: Claims }
  /** `final`: it does not hold; otherwise nobody can say now. */
  | { readonly ok: false; readonly final: boolean; readonly reason: string };

/** How far the clocks may be apart, and the longest life of an id_token, in seconds. */
const LEEWAY = 60;
const LONGEST_LIFE = 86_400;

export async function proveIdToken(
  provider: Provider,
  text: string | undefined,
  rules: IdTokenRules,
  now: number,
): Promise<Proven> {
  if (text === undefined) return no("the provider gave no id_token");
  const { issuer, clientId } = provider.settings;
  let verified: Verified;
  try {
    const { algorithms } = await provider.metadata();
    const wanted = { issuer, audience: clientId, algorithms, leeway: LEEWAY, maxLife: LONGEST_LIFE };
    verified = await verifyJwt(text, provider.keys, { ...wanted, requireIat: true }, now);
  } catch (thrown) {
    const { code, message } = asKeywrightError(thrown);
    if (code === "internal") throw thrown;
    return { ok: false, final: false, reason: message };
  }
  if (!verified.ok) return no(`the id_token ${verified.reason}`);
  const { header, payload } = verified;
  const { sub, azp, nonce, at_hash: accessHash } = payload;
  if (typeof sub !== "string" || sub === "" || sub.length > 255) return no("the id_token has no subject");
  if (azp !== undefined && azp !== clientId) return no("the id_token was made for another client");
  if (rules.nonce !== undefined && !same(nonce, rules.nonce)) return no("the id_token has another nonce");
  if (accessHash !== undefined && !same(accessHash, halfHash(header.alg, rules.accessToken ?? "")))
    return no("the id_token belongs to another access token");
  return { ok: true, subject: sub, claims: payload };
}

/** OpenID Connect Core section 3.1.3.6; Ed25519 hashes with SHA-512. */
function halfHash(alg: string, accessToken: string): string {
  const hash = alg.startsWith("Ed") ? "sha512" : `sha${alg.slice(-3)}`;
  const digest = createHash(hash).update(accessToken).digest();
  return digest.subarray(0, digest.length / 2).toString("base64url");
}

function same(given: unknown, wanted: string): boolean {
  const [a, b] = [Buffer.from(typeof given === "string" ? given : ""), Buffer.from(wanted)];
  return a.length === b.length && timingSafeEqual(a, b);
}

function no(reason: string): Proven {
  return { ok: false, final: true, reason };
}
