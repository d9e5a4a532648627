// A login of a job or machine: its ambient identity's token is exchanged at the broker (RFC 8693) for an access token. No
// refresh token comes of it: whoever needs another one exchanges again.
import { KeywrightError } from "../../errors.ts";
import type { Clock } from "../../io/clock.ts";
import type { Http } from "../../io/http.ts";
import { Secret } from "../../secret.ts";
import type { Ambient } from "../ambient/ambient.ts";
import { claimsOf, whoIs } from "../ambient/ambient-claims.ts";
import { type Answer, textOf, unusable } from "../cloud-reply.ts";
import type { DpopKey } from "./dpop-key.ts";
import type { Login } from "./login-store.ts";
import { oauthCall, oauthFailure } from "./oauth-call.ts";

const GRANT = "urn:ietf:params:oauth:grant-type:token-exchange";
const JWT = "urn:ietf:params:oauth:token-type:jwt";
const ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token";
const CLIENT = "keywright";
const SCOPE = "registry";

export interface WorkloadLoginOptions {
  /** Without a slash at its end; the audience of the identity token, unless another one is configured. */
  readonly host: string;
  /** What the host publishes; undefined: it publishes nothing, so that it takes no identity tokens. */
  readonly metadata:
    | {
        readonly tokenEndpoint: string | undefined;
        /** undefined: it does not say. */
        readonly grantTypes?: readonly string[] | undefined;
      }
    | undefined;
  readonly profile: string;
  readonly http: Http;
  readonly clock: Clock;
  /** The key that the login will be bound to; undefined: the host binds none. */
  readonly dpop: DpopKey | undefined;
  /** Epoch seconds; undefined: only the limits of each request. */
  readonly deadline: number | undefined;
}

/**
 * A new login, kept nowhere yet. Throws what `Ambient.token` throws before anything is sent to the host; `authentication`
 * or `denied` when the host refuses, with whom it was shown.
 */
export async function workloadLogin(ambient: Ambient, options: WorkloadLoginOptions): Promise<Login> {
  const { host, profile, http, clock, dpop, deadline } = options;
  const tokenEndpoint = endpointOf(options);
  const identity = await ambient.token(ambient.audience ?? host);
  const form = {
    grant_type: GRANT,
    subject_token: identity.reveal(),
    subject_token_type: JWT,
    requested_token_type: ACCESS_TOKEN,
    scope: SCOPE,
  };
  const asked = clock.now();
  const reply = await oauthCall({ http, url: tokenEndpoint, form, dpop, deadline });
  if (reply.status !== 200) throw refused(reply, ambient, identity, options);
  if (reply.json === undefined) throw unusable("the token exchange", "is not a JSON object", reply.status);
  const bound = boundOf(reply.json, dpop);
  return {
    host,
    profile,
    accessToken: new Secret(textOf(reply.json, "access_token", "the token exchange")),
    expiresAt: asked + lifeOf(reply.json),
    tokenType: bound ? "DPoP" : "Bearer",
    refreshToken: undefined,
    scope: typeof reply.json["scope"] === "string" ? reply.json["scope"] : SCOPE,
    source: "workload",
    workload: ambient.name,
    tokenEndpoint,
    clientId: CLIENT,
    bound,
    shared: false,
    createdAt: asked,
  };
}

function endpointOf({ host, metadata }: WorkloadLoginOptions): string {
  const { tokenEndpoint, grantTypes } = metadata ?? {};
  if (tokenEndpoint !== undefined && (grantTypes === undefined || grantTypes.includes(GRANT)))
    return tokenEndpoint;
  throw new KeywrightError("configuration", `${host} takes no identity of a job or machine`, {
    hint: "Its metadata does not offer token exchange (RFC 8693). Use a host that does, or a client id and secret.",
  });
}

function boundOf({ token_type: type }: Answer, dpop: DpopKey | undefined): boolean {
  const said = typeof type === "string" ? type.toLowerCase() : "";
  if (said === "bearer") return false;
  if (said === "dpop" && dpop !== undefined) return true;
  throw unusable("the token exchange", "has no token_type that was asked for", undefined);
}

function lifeOf({ expires_in: seconds }: Answer): number {
  if (typeof seconds === "number" && Number.isFinite(seconds) && seconds > 0) return seconds;
  throw unusable("the token exchange", "does not say how long the token lives", undefined);
}

function refused(
  reply: Parameters<typeof oauthFailure>[0],
  { title }: Ambient,
  identity: Secret,
  { host }: WorkloadLoginOptions,
): KeywrightError {
  const who = whoIs(claimsOf(identity, title));
  const client = reply.status >= 400 && reply.status < 500 && reply.status !== 429;
  const { code, message } = oauthFailure(reply, {
    call: `the identity of ${title}`,
    host,
    secrets: [identity],
    grant: "it does not accept this identity",
    hint: undefined,
  });
  return new KeywrightError(code, client ? `${message}; it was shown ${who}` : message, {
    hint: client
      ? `The audit of ${host} says why; whoever runs it needs a rule under workloads that names these ids.`
      : "Try again later; if it stays like this, ask who runs the host.",
  });
}
