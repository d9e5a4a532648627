// private_key_jwt (RFC 7523 section 3, draft-ietf-oauth-rfc7523bis): a client shows who it is by a short-lived JWT that
// it signs with its own key, for this broker alone, once.
import { createHash } from "node:crypto";
import type { Clock } from "../../io/clock.ts";
import type { Authentication } from "../authenticate.ts";
import type { Assertion } from "../credentials.ts";
import type { Journal } from "../journal.ts";
import type { Client } from "../records.ts";
import { ASSERTION_ALGORITHMS } from "./algorithms.ts";
import { readCompact } from "./compact.ts";
import { staticJwks } from "./jwks.ts";
import { verifyRead, type JwtRules, type KeySource } from "./verify.ts";

/** What an assertion is checked with: a part of the broker's Core. */
export interface AssertionHouse {
  readonly url: string;
  readonly clock: Clock;
  readonly db: { client(name: string): Client | undefined };
  readonly journal: Journal;
}

/** Seconds: the longest life, and how far the clocks may be apart. */
const LONGEST = 300;
const LEEWAY = 30;
const TYPES = [undefined, "JWT", "client-authentication+jwt"];

/** `named`: the client that it says it is, for the audit. */
export async function authenticateByAssertion(
  { url, clock, db, journal }: AssertionHouse,
  { assertion, id }: Assertion,
): Promise<{ readonly named: Client | undefined; readonly authentication: Authentication }> {
  const read = readCompact(assertion);
  const subject = read.ok ? read.payload["sub"] : undefined;
  const named = typeof subject === "string" ? db.client(subject) : undefined;
  const failed = (reason: string) => ({ named, authentication: { ok: false, reason } }) as const;
  if (!read.ok) return failed(`the assertion ${read.reason}`);
  if (named === undefined) return failed("no client of this name");
  if (named.jwks === undefined) return failed("this client has a secret, and no key to sign with");
  if (id !== undefined && id !== named.name)
    return failed("client_id names another client than the assertion");
  const now = clock.now();
  const verified = await verifyRead(read, keysOf(named, named.jwks), rulesFor(named, url), now);
  if (!verified.ok) return failed(`the assertion ${verified.reason}`);
  const { jti, exp } = verified.payload as { readonly jti: string; readonly exp: number };
  const used = createHash("sha256").update(`assertion ${named.id} ${jti}`).digest();
  const once = await journal.act((writer) => writer.useOnce(used, Math.ceil(exp) + LEEWAY), false);
  return once
    ? { named, authentication: { ok: true, client: named } }
    : failed("the assertion was used before");
}

/** As long as the client is remembered, its keys are read once. */
const remembered = new WeakMap<Client, KeySource>();

function keysOf(client: Client, jwks: string): KeySource {
  const keys = remembered.get(client) ?? staticJwks(jwks);
  remembered.set(client, keys);
  return keys;
}

/** The issuer, as one text: an assertion for another server of the client, or for several, is worth nothing here. */
function rulesFor({ name }: Client, url: string): JwtRules {
  return {
    issuer: name,
    audience: url,
    singleAudience: true,
    algorithms: ASSERTION_ALGORITHMS,
    typ: TYPES,
    leeway: LEEWAY,
    maxLife: LONGEST,
    requireJti: true,
  };
}
