// What every endpoint of the broker works with, and the two questions they share: which client is this, and whose
// access token is this. The answers come from the database each time, so that a revocation holds from the next request.
import type { Clock } from "../io/clock.ts";
import type { Http } from "../io/http.ts";
import type { Backend } from "../resolver/backend.ts";
import { authenticate } from "./authenticate.ts";
import type { BrokerConfig } from "./config.ts";
import {
  readAuthorizationToken,
  readBearer,
  readDpop,
  type Assertion,
  type Credentials,
} from "./credentials.ts";
import type { Database } from "./database.ts";
import { isAlive } from "./introspection.ts";
import type { Health } from "./health.ts";
import type { Journal } from "./journal.ts";
import { authenticateByAssertion } from "./jwt/client-assertion.ts";
import { dpopChallenge, readProof } from "./jwt/dpop.ts";
import type { Memory } from "./memory.ts";
import type { Metrics } from "./metrics.ts";
import { hashNow, type Peppers } from "./pepper.ts";
import type { Sealing } from "./people/sealing.ts";
import { newEntryId, type Client, type KnownToken, type Random } from "./records.ts";
import type { Rates } from "./rates.ts";
import {
  invalidClient,
  invalidToken,
  refusal,
  Refused,
  tooManyRequests,
  type Incoming,
  type Reply,
} from "./reply.ts";
import { grantToken, SCOPE, type Granting, type GrantState, type TokenRequest } from "./token-grant.ts";
import { isTokenText, TOKEN_PREFIX, tokenHash } from "./token-text.ts";

export interface Core {
  /** Issuer, audience of the access tokens and base of every printed address. */
  readonly url: string;
  readonly config: BrokerConfig;
  readonly db: Database;
  readonly peppers: Peppers;
  readonly sealing: Sealing;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly random: Random;
  /** For what the broker itself asks: a provider, an issuer's keys. It follows no redirect. */
  readonly http: Http;
  /** Every backend but `issue`, by name. */
  readonly backends: Readonly<Record<string, Backend>>;
  /** Bounds what a stranger can make the audit grow by. */
  readonly failures: Budget;
  /** By the name of a client. */
  readonly rates: Rates;
  readonly metrics: Metrics;
  readonly health: Health;
  readonly memory: Memory;
}

export interface Budget {
  /** True when one more may be recorded now. */
  take(): boolean;
}

/** Throws Refused (`invalid_client`) after the failure is in the audit. */
export async function callingClient(
  core: Core,
  credentials: Credentials | Assertion | undefined,
  address: string | undefined,
): Promise<Client> {
  if (credentials === undefined) throw new Refused(invalidClient());
  const { named, authentication } =
    credentials.method === "assertion"
      ? await authenticateByAssertion(core, credentials)
      : authenticatedBySecret(core, credentials);
  if (authentication.ok) {
    takeTurn(core, authentication.client.name);
    return authentication.client;
  }
  if (core.failures.take()) {
    const entry = {
      kind: "client_authentication",
      id: newEntryId(core.random),
      outcome: "denied",
      client: named?.name ?? null, // A name that no client has may be a secret in the wrong field: it is not written.
      reason: authentication.reason,
      ...(credentials.method === "query" ? { query_credentials: true } : {}),
      ...(address === undefined ? {} : { address }),
    };
    await core.journal.commit({ entries: [entry] });
  }
  throw new Refused(invalidClient());
}

function authenticatedBySecret(core: Core, credentials: Credentials) {
  const named = core.db.client(credentials.id);
  const authentication = authenticate(credentials, named, core.peppers);
  if (!authentication.ok) return { named, authentication };
  return {
    named,
    authentication: { ok: true, client: freshlyHashed(core, authentication.client, credentials) } as const,
  };
}

/** Now that the secret is known, its hash follows a rotation of the pepper. */
function freshlyHashed({ db, peppers }: Core, client: Client, { secret }: Credentials): Client {
  if (client.pepper !== peppers.current())
    db.transaction((writer) => writer.rehash(client, hashNow(secret, peppers)));
  return client;
}

/** Throws Refused after the refusal is in the audit; what it returns is on the disk. */
export async function issueAccessToken(
  core: Core,
  client: Client,
  request: TokenRequest,
): Promise<Extract<Granting, { readonly allowed: true }>> {
  const granting = grantToken(request, grantState(core, client), core.clock.now(), core.random);
  await core.journal.commit(granting.writes);
  if (!granting.allowed) throw new Refused(granting.response);
  return granting;
}

/** What a grant to this client needs to know. */
function grantState({ url, config }: Core, client: Client): GrantState {
  return { client, url, principals: config.principals, ttl: config.accessTokenTtl };
}

/** A living token of any kind; undefined for everything else. */
export function livingToken(core: Core, text: string | undefined): KnownToken | undefined {
  if (text === undefined || !isTokenText(TOKEN_PREFIX, text)) return undefined;
  const token = core.db.token(tokenHash(text));
  return token !== undefined && isAlive(token, core.config.principals, core.clock.now()) ? token : undefined;
}

/**
 * The access token of whoever asks, by `Authorization`: `Bearer`, or for a token that is bound to a key `DPoP` with a
 * proof (RFC 9449 section 7). `path` and `method`: of the endpoint. Throws Refused.
 */
export async function callingToken(
  core: Core,
  incoming: Incoming,
  path: string,
  method: "GET" | "POST",
): Promise<KnownToken> {
  const header = incoming.header("authorization");
  const bearer = readBearer(header);
  if (bearer !== undefined) return unboundToken(core, accessToken(core, bearer));
  const accessText = readDpop(header);
  const token = accessToken(
    core,
    accessText,
    accessText === undefined ? invalidToken() : unknownBoundToken(),
  );
  const proof = await readProof(core, incoming, { method, path, accessToken: accessText });
  if (proof === undefined || proof.jkt !== token.jkt) throw keyNotShown();
  takeTurn(core, turnsOf(token));
  return token;
}

/** The same by `authorizationToken`, the header of the menda clients, which cannot show a key. Throws Refused. */
export function callingMendaToken(core: Core, incoming: Incoming): KnownToken {
  const token = livingToken(core, readAuthorizationToken(incoming.header("authorizationtoken")));
  if (!isAccess(core, token)) throw new Refused(invalidToken());
  return unboundToken(core, token);
}

/** One of the menda face (its scope says so) is none here. */
function accessToken(core: Core, text: string | undefined, otherwise: Reply = invalidToken()): KnownToken {
  const token = livingToken(core, text);
  if (!isAccess(core, token) || token.scope !== SCOPE) throw new Refused(otherwise);
  return token;
}

/** RFC 9449 section 7.1: who came with the scheme DPoP is answered by it. */
function unknownBoundToken(): Reply {
  return { ...invalidToken(), headers: { "WWW-Authenticate": dpopChallenge("invalid_token") } };
}

function isAccess({ url }: Core, token: KnownToken | undefined): token is KnownToken {
  return token !== undefined && token.kind === "access" && token.audience === url;
}

function unboundToken(core: Core, token: KnownToken): KnownToken {
  if (token.jkt !== undefined) throw keyNotShown();
  takeTurn(core, turnsOf(token));
  return token;
}

/** For a token that is bound to a key, from whoever did not show that key. */
export function keyNotShown(): Refused {
  const description =
    "This access token is bound to a key: send it as DPoP, with a proof signed by that key.";
  return new Refused(
    refusal(401, "invalid_token", description, { "WWW-Authenticate": dpopChallenge("invalid_token") }),
  );
}

/** All people have the same public client, so each has turns of its own; no client's name has a space in it. */
function turnsOf({ clientName, client, user }: KnownToken): string {
  if (user !== undefined) return `user ${user.id}`;
  return client === undefined ? `workload ${clientName}` : clientName;
}

/** Only who has shown who it is: nobody can use up the turns of another. */
function takeTurn({ rates, metrics }: Core, client: string): void {
  const wait = rates.take(client);
  if (wait === undefined) return;
  metrics.limited("client");
  throw new Refused(tooManyRequests(wait));
}

/** So many in any minute of the clock. */
export function createBudget(clock: Clock, perMinute: number): Budget {
  let minute = 0;
  let taken = 0;
  return {
    take() {
      const now = Math.floor(clock.now() / 60);
      if (now !== minute) [minute, taken] = [now, 0];
      taken += 1;
      return taken <= perMinute;
    },
  };
}
