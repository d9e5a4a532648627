// From the token of a workload to the one rule that it fits. Whose token it is, is read before it is believed, but only to
// pick an issuer that the configuration names; nothing is asked of any other. What the token says is never repeated.
import {
  NO_WORKLOADS,
  type IssuerSettings,
  type WorkloadRule,
  type WorkloadSettings,
} from "../../config/workloads.ts";
import type { Core } from "../core.ts";
import { readCompact, type ReadJwt } from "../jwt/compact.ts";
import type { JsonObject } from "../jwt/json-object.ts";
import { verifyRead } from "../jwt/verify.ts";
import { fit, type Miss } from "./fitting.ts";
import { keysOf } from "./issuer-keys.ts";

export interface Subject {
  readonly ok: true;
  readonly issuer: IssuerSettings;
  readonly rule: WorkloadRule;
  readonly payload: JsonObject;
  /** Epoch seconds, whole. */
  readonly expiresAt: number;
}

export interface NoSubject {
  readonly ok: false;
  /** For the audit: what is wrong, in our own words. */
  readonly reason: string;
  readonly issuer?: IssuerSettings | undefined;
  /** undefined: it was not verified. */
  readonly payload?: JsonObject | undefined;
  readonly misses?: readonly Miss[] | undefined;
}

/** Seconds that the clocks of broker and issuer may be apart. */
export const LEEWAY = 60;

/** Throws KeywrightError when the issuer's keys cannot be had. */
export async function readSubject(core: Core, text: string): Promise<Subject | NoSubject> {
  const claimed = readClaimed(core.config.workloads ?? NO_WORKLOADS, text, core.url);
  if (!claimed.ok) return claimed;
  const { read, issuer, audience, rules } = claimed;
  const now = core.clock.now();
  const verified = await verifyRead(read, keysOf(core, issuer), jwtRules(issuer, audience), now);
  if (!verified.ok) return { ok: false, reason: `the token ${verified.reason}`, issuer };
  const { payload } = verified;
  const expiresAt = Math.floor(payload["exp"] as number);
  const fitting = fit(issuer, rules, payload);
  if (fitting.rule === undefined) {
    const { reason, misses } = fitting;
    return { ok: false, reason, issuer, payload, misses };
  }
  return { ok: true, issuer, rule: fitting.rule, payload, expiresAt };
}

/** What a token says of itself, and which rules could be meant by it. */
export interface Claimed {
  readonly ok: true;
  readonly issuer: IssuerSettings;
  readonly audience: string;
  readonly rules: readonly WorkloadRule[];
  /** Nobody has verified it. */
  readonly read: ReadJwt;
}

/** Asks nobody. `url`: the broker's, which is the audience of rules that name none. */
export function readClaimed(
  { issuers, rules }: WorkloadSettings,
  text: string,
  url: string,
): Claimed | NoSubject {
  const read = readCompact(text);
  if (!read.ok) return { ok: false, reason: `the token ${read.reason}` };
  const { payload } = read;
  const issuer = issuers.find((one) => one.issuer === payload["iss"]);
  if (issuer === undefined) return { ok: false, reason: "the token is by no issuer that is configured" };
  const aud = singleOf(payload["aud"]);
  const own = rules.filter((rule) => rule.issuer === issuer.name && (rule.audience ?? url) === aud);
  return own.length === 0
    ? { ok: false, reason: "the token is for another audience", issuer }
    : { ok: true, issuer, audience: aud as string, rules: own, read };
}

function jwtRules({ issuer, algorithms, maxLife }: IssuerSettings, audience: string) {
  return { issuer, audience, algorithms, typ: [undefined, "JWT"], leeway: LEEWAY, maxLife, requireIat: true };
}

/** A list of one is how Kubernetes writes it; a list of more is no answer to whom the token is for. */
function singleOf(aud: unknown): unknown {
  return Array.isArray(aud) && aud.length === 1 ? aud[0] : aud;
}
