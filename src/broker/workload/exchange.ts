// Token exchange (RFC 8693): a workload shows the token that its platform gave it, and gets an access token that ends no
// later. Each token is good once; one that a platform hands out again, again for who holds the key of its first use.
import { createHash } from "node:crypto";
import { PRESETS } from "../../config/workload-presets.ts";
import { NO_WORKLOADS } from "../../config/workloads.ts";
import { asKeywrightError } from "../../errors.ts";
import { mayAct } from "../config.ts";
import type { Core } from "../core.ts";
import type { Writer } from "../database-writing.ts";
import type { Parameters } from "../parameters.ts";
import { newEntryId, type Token } from "../records.ts";
import { ok, refusal, Refused, tooManyRequests, type Incoming, type Reply } from "../reply.ts";
import { SCOPE } from "../token-grant.ts";
import { newTokenText, TOKEN_PREFIX, tokenHash } from "../token-text.ts";
import { ACCESS_TOKEN_TYPE, readExchange } from "./request.ts";
import { LEEWAY, readClaimed, readSubject, type NoSubject, type Subject } from "./subject.ts";

/** One text for every token that is not accepted: the audit tells why. */
const NOT_ACCEPTED = refusal(
  400,
  "invalid_grant",
  "The subject token is not accepted here; the broker's audit says why.",
);
const NO_KEYS = refusal(
  503,
  "temporarily_unavailable",
  "The keys of the issuer could not be had, so the token could not be checked.",
);

/** `jkt`: the key that the access token is bound to (RFC 9449); undefined: none. Throws Refused. */
export async function exchangeToken(
  core: Core,
  form: Parameters,
  incoming: Incoming,
  jkt: string | undefined,
): Promise<Reply> {
  const text = readExchange(form, incoming, core.url);
  const subject = await subjectOf(core, text, incoming);
  if (!subject.ok) throw await denied(core, subject, incoming);
  if (!mayAct(core.config.principals, subject.rule.principal))
    throw await denied(core, { ...subject, ok: false, reason: "principals has no such principal" }, incoming);
  takeTurn(core, subject.rule.name);
  const accessToken = newTokenText(TOKEN_PREFIX, core.random);
  const issue = { hash: tokenHash(accessToken), uses: usesOf(subject, text, jkt), jkt };
  const token = await issued(core, subject, issue, incoming);
  if (typeof token === "string") throw await denied(core, { ...subject, ok: false, reason: token }, incoming);
  return ok({
    access_token: accessToken,
    issued_token_type: ACCESS_TOKEN_TYPE,
    token_type: jkt === undefined ? "Bearer" : "DPoP",
    expires_in: token.expiresAt - token.issuedAt,
    scope: token.scope,
  });
}

interface Issue {
  readonly hash: Uint8Array;
  readonly uses: Uses;
  readonly jkt: string | undefined;
}

/** Uses up the workload's token, and writes ours and the audit, in one step. A text: why there is none. */
function issued(core: Core, subject: Subject, issue: Issue, incoming: Incoming): Promise<Token | string> {
  const { hash, uses, jkt } = issue;
  const about = { ...entryOf(core, incoming), ...subjectFields(subject) };
  const bound = jkt === undefined ? {} : { jkt };
  const sha256 = Buffer.from(hash).toString("hex");
  return core.journal.act((writer, now): Token | string => {
    if (subject.expiresAt - Math.floor(now) < 1) return "the token has expired";
    if (!mayUse(core, writer, uses, subject.expiresAt)) return "the token was used before";
    const token = newToken(core, subject, issue, now);
    const end = new Date(token.expiresAt * 1000).toISOString();
    writer.addToken(token);
    writer.append(now, { ...about, ...bound, outcome: "granted", sha256, expires_at: end });
    return token;
  }, false);
}

async function subjectOf(core: Core, text: string, incoming: Incoming): Promise<Subject | NoSubject> {
  try {
    return await readSubject(core, text);
  } catch (thrown) {
    const failure = asKeywrightError(thrown);
    if (failure.code === "internal") throw thrown;
    const { issuer } = readClaimed(core.config.workloads ?? NO_WORKLOADS, text, core.url);
    await tell(core, { ok: false, reason: "the keys of the issuer could not be had", issuer }, incoming);
    throw new Refused(NO_KEYS, failure);
  }
}

function newToken(
  { url, config }: Core,
  { rule, expiresAt }: Subject,
  { hash, jkt }: Issue,
  now: number,
): Token {
  const issuedAt = Math.floor(now);
  return {
    hash,
    kind: "access",
    client: undefined,
    name: rule.name,
    principal: rule.principal,
    audience: url,
    scope: SCOPE,
    jkt,
    issuedAt,
    expiresAt: Math.min(issuedAt + config.accessTokenTtl, expiresAt),
  };
}

interface Uses {
  readonly once: Uint8Array;
  /** The same with the key; undefined: it is good once, whoever comes. */
  readonly byKey: Uint8Array | undefined;
}

/** By `jti` where there is one, else by what is signed: a signature can be written in more than one way. */
function usesOf({ issuer, payload }: Subject, text: string, jkt: string | undefined): Uses {
  const { jti } = payload;
  const which =
    typeof jti === "string" ? ["jti", issuer.issuer, jti] : ["token", text.slice(0, text.lastIndexOf("."))];
  const again = jkt !== undefined && PRESETS[issuer.preset].handsOutAgain === true;
  return { once: hashOf(which), byKey: again ? hashOf([...which, jkt]) : undefined };
}

function hashOf(words: readonly string[]): Uint8Array {
  return createHash("sha256")
    .update(JSON.stringify(["workload", ...words]))
    .digest();
}

function mayUse({ db }: Core, writer: Writer, { once, byKey }: Uses, expiresAt: number): boolean {
  const until = expiresAt + LEEWAY;
  if (!writer.useOnce(once, until)) return byKey !== undefined && db.wasUsed(byKey);
  if (byKey !== undefined) writer.useOnce(byKey, until);
  return true;
}

async function denied(core: Core, subject: NoSubject, incoming: Incoming): Promise<Refused> {
  await tell(core, subject, incoming);
  return new Refused(NOT_ACCEPTED);
}

/** Bounded: strangers have as many tokens that fit nothing as they like. */
async function tell(core: Core, subject: NoSubject, incoming: Incoming): Promise<void> {
  if (!core.failures.take()) return;
  const { reason, misses = [] } = subject;
  const rules = misses.length === 0 ? {} : { rules: misses };
  const entry = {
    ...entryOf(core, incoming),
    outcome: "denied",
    reason,
    ...subjectFields(subject),
    ...rules,
  };
  await core.journal.commit({ entries: [entry] });
}

function entryOf({ random }: Core, { address }: Incoming) {
  return { kind: "token_exchange", id: newEntryId(random), ...(address === undefined ? {} : { address }) };
}

const LONGEST_SUB = 300;

/** `sub` only of a token that was verified. */
function subjectFields(subject: Subject | NoSubject) {
  const { issuer, payload } = subject;
  const rule = "rule" in subject ? subject.rule : undefined;
  const sub = payload?.["sub"];
  return {
    ...(issuer === undefined ? {} : { issuer: issuer.name, iss: issuer.issuer }),
    ...(typeof sub === "string" ? { sub: sub.slice(0, LONGEST_SUB) } : {}),
    ...(rule === undefined
      ? {}
      : {
          rule: rule.name,
          principal: rule.principal,
          claims: rule.claims.map(({ path }) => path.join(".")),
        }),
  };
}

/** Only who has shown who it is: nobody can use up the turns of another, of a client of the same name either (core.ts). */
function takeTurn({ rates, metrics }: Core, rule: string): void {
  const wait = rates.take(`workload ${rule}`);
  if (wait === undefined) return;
  metrics.limited("client");
  throw new Refused(tooManyRequests(wait));
}
