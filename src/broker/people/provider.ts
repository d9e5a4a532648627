// The broker as a client of an OIDC provider: sends a browser there, and makes out who came back (authorization code
// with PKCE, state and nonce; RFC 6749, RFC 7636, RFC 9207, RFC 9700). The words for people are in pages/.
import { createHash, timingSafeEqual } from "node:crypto";
import { asKeywrightError, KeywrightError } from "../../errors.ts";
import type { Core } from "../core.ts";
import { readParameters, type Parameters } from "../parameters.ts";
import { Refused, type Incoming } from "../reply.ts";
import { admitFromProvider, turnedAway, type ProvenClaims } from "./admit.ts";
import { browserOf, keepPending, takePending, type Browser } from "./browsers.ts";
import { providerOf, type Metadata, type Provider } from "./discovery.ts";
import { safeReturn, type LoginEnd, type LoginFailure } from "./login-end.ts";
import { askForTokens, proveIdToken } from "./provider-tokens.ts";

export type { LoginEnd, LoginFailure } from "./login-end.ts";

export type LoginStart =
  | { readonly ok: true; readonly redirect: string; readonly setCookie: string | undefined }
  /** `cause`: what is wrong with the provider, for the log. */
  | { readonly ok: false; readonly failure: LoginFailure; readonly cause?: KeywrightError };

interface PendingLogin {
  readonly kind: "provider";
  readonly issuer: string;
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
  readonly returnTo: string;
}

/** Where the provider sends the browser back to; it has to be registered there. */
export function callbackUri(core: Core): string {
  return `${core.url}/login/callback`;
}

/** `returnTo`: a path of ours. */
export async function startProviderLogin(
  core: Core,
  browser: Browser,
  returnTo: string,
): Promise<LoginStart> {
  const provider = providerOf(core);
  if (provider === undefined) return { ok: false, failure: "no_provider" };
  const { settings } = provider;
  const metadata = await metadataOf(provider);
  if (metadata instanceof KeywrightError) return { ok: false, failure: "unreachable", cause: metadata };
  const [state, nonce, verifier] = [secret(core), secret(core), secret(core)];
  const pending: PendingLogin = {
    kind: "provider",
    issuer: settings.issuer,
    state,
    nonce,
    verifier,
    returnTo: safeReturn(returnTo),
  };
  await keepPending(core, browser, pending);
  const redirect = new URL(metadata.authorizationEndpoint);
  const asked = {
    response_type: "code",
    client_id: settings.clientId,
    redirect_uri: callbackUri(core),
    scope: settings.scopes.join(" "),
    state,
    nonce,
    code_challenge: createHash("sha256").update(verifier).digest("base64url"),
    code_challenge_method: "S256",
    // OpenID Connect Core section 11: without it `offline_access` is ignored.
    ...(settings.scopes.includes("offline_access") ? { prompt: "consent" } : {}),
  };
  for (const [name, value] of Object.entries(asked)) redirect.searchParams.set(name, value);
  return { ok: true, redirect: redirect.href, setCookie: browser.setCookie };
}

/** GET `/login/callback`. */
export async function finishProviderLogin(core: Core, incoming: Incoming): Promise<LoginEnd> {
  const browser = await browserOf(core, incoming);
  const provider = providerOf(core);
  const params = parametersOf(incoming);
  const turned = (failure: LoginFailure, reason: string): Promise<LoginEnd> =>
    turnedAway(core, incoming, { method: "provider", failure, reason });
  if (provider === undefined) return turned("no_provider", "no provider is configured");
  if (params === undefined) return turned("stale", "a parameter came twice");
  const given = Buffer.from(params.get("state") ?? "");
  const pending = await takePending<PendingLogin>(core, browser, ({ kind, issuer, state }) => {
    const wanted = Buffer.from(state ?? "");
    const fits = wanted.length === given.length && wanted.length > 0 && timingSafeEqual(wanted, given);
    return kind === "provider" && issuer === provider.settings.issuer && fits;
  });
  if (pending === undefined) return turned("stale", "no such login was begun in this browser");
  const { returnTo } = pending;
  const redeemed = await redeem(core, provider, params, pending);
  if (!redeemed.ok) return { ...(await turned(redeemed.failure, redeemed.reason)), returnTo };
  return admitFromProvider(core, provider.settings, redeemed, { browser, incoming, returnTo });
}

type Redeemed =
  | ({ readonly ok: true } & ProvenClaims)
  | { readonly ok: false; readonly failure: LoginFailure; readonly reason: string };

async function redeem(
  core: Core,
  provider: Provider,
  params: Parameters,
  { nonce, verifier }: PendingLogin,
): Promise<Redeemed> {
  const fault = await answerFault(provider, params);
  if (fault !== undefined) return fault;
  const answer = await askForTokens(provider, {
    grant_type: "authorization_code",
    code: params.get("code") as string,
    redirect_uri: callbackUri(core),
    code_verifier: verifier,
  });
  if (!answer.ok) return no(answer.final ? "unproven" : "unreachable", answer.reason);
  const { idToken, accessToken, refreshToken } = answer;
  const proven = await proveIdToken(provider, idToken, { nonce, accessToken }, core.clock.now());
  if (!proven.ok) return no(proven.final ? "unproven" : "unreachable", proven.reason);
  return { ok: true, subject: proven.subject, claims: proven.claims, refreshToken };
}

/** RFC 9207 section 2.4: whoever answered has to be the one that was asked. */
async function answerFault(provider: Provider, params: Parameters): Promise<Redeemed | undefined> {
  const iss = params.get("iss");
  if (iss !== undefined && iss !== provider.settings.issuer)
    return no("unproven", "another provider answered");
  const metadata = iss === undefined ? await metadataOf(provider) : undefined;
  if (metadata !== undefined && "sendsIssuer" in metadata && metadata.sendsIssuer)
    return no("unproven", "the answer does not say which provider it is by");
  if (params.has("error")) return no("refused", "the provider, or the person there, said no");
  return params.has("code") ? undefined : no("unproven", "the provider answered without a code");
}

function no(failure: LoginFailure, reason: string): Extract<Redeemed, { readonly ok: false }> {
  return { ok: false, failure, reason };
}

/** Or why they cannot be had now. */
async function metadataOf(provider: Provider): Promise<Metadata | KeywrightError> {
  try {
    return await provider.metadata();
  } catch (thrown) {
    const failure = asKeywrightError(thrown);
    if (failure.code === "internal") throw thrown;
    return failure;
  }
}

/** undefined: a parameter came twice. */
function parametersOf({ query }: Incoming): Parameters | undefined {
  try {
    return readParameters(query);
  } catch (thrown) {
    if (thrown instanceof Refused) return undefined;
    throw thrown;
  }
}

/** 256 bits, as RFC 7636 section 4.1 wants a verifier. */
function secret({ random }: Core): string {
  return Buffer.from(random(32)).toString("base64url");
}
