// verifyJwt: whether a JWT is one that its issuer made for us, and is good now (RFC 7519, RFC 8725). signature.ts checks
// the signature; everything else is checked here, and before it, so that a stranger's token makes nobody fetch keys. That a
// `jti` is used only once is for the caller.
import { ALGORITHM_KEYS } from "./algorithms.ts";
import { readCompact, shortType, type JwtHeader, type ReadJwt } from "./compact.ts";
import type { JsonObject } from "./json-object.ts";
import { isSigned, type VerifyKey } from "./signature.ts";

export interface KeySource {
  /**
   * The key that this header names, fit for its algorithm; undefined: there is none. Throws KeywrightError (`network`,
   * `timed_out`, `backend`) when the keys cannot be had.
   */
  key(header: JwtHeader): Promise<VerifyKey | undefined>;
}

export interface JwtRules {
  /** Compared character by character. */
  readonly issuer: string;
  /** `aud` is this text, or a list that has it. */
  readonly audience: string;
  /** What else may stand in such a list; undefined: nothing. */
  readonly audiences?: readonly string[] | undefined;
  /** True: `aud` must be a single text, no list (draft-ietf-oauth-rfc7523bis). */
  readonly singleAudience?: boolean | undefined;
  readonly algorithms: readonly string[];
  /** The types that the header may name; undefined in it: none. undefined: any. */
  readonly typ?: readonly (string | undefined)[] | undefined;
  /** Seconds that the clocks may be apart; at most 60. */
  readonly leeway: number;
  /** The longest life in seconds, counted from `iat` and from now. */
  readonly maxLife?: number | undefined;
  readonly requireJti?: boolean | undefined;
  readonly requireIat?: boolean | undefined;
}

export type Verified =
  | { readonly ok: true; readonly header: JwtHeader; readonly payload: JsonObject }
  /** `reason` is ours alone, fit for the audit: nothing of the token is in it. */
  | { readonly ok: false; readonly reason: string };

const MOST_LEEWAY = 60;
const LONGEST_JTI = 512;

/** `now` in epoch seconds. Throws what `keys` throws. */
export async function verifyJwt(
  text: string,
  keys: KeySource,
  rules: JwtRules,
  now: number,
): Promise<Verified> {
  const read = readCompact(text);
  return read.ok ? verifyRead(read, keys, rules, now) : read;
}

/** The same for one that was taken apart already. */
export async function verifyRead(
  { text, header, payload }: ReadJwt,
  keys: KeySource,
  rules: JwtRules,
  now: number,
): Promise<Verified> {
  const fault = headerFault(header, rules) ?? claimFault(payload, rules) ?? timeFault(payload, rules, now);
  if (fault !== undefined) return { ok: false, reason: fault };
  const key = await keys.key(header);
  if (key === undefined) return { ok: false, reason: "is signed by a key that its issuer does not have" };
  if (key.alg !== header.alg || !(await isSigned(text, key)))
    return { ok: false, reason: "has a wrong signature" };
  return { ok: true, header, payload };
}

function headerFault({ alg, typ }: JwtHeader, { algorithms, typ: types }: JwtRules): string | undefined {
  if (!ALGORITHM_KEYS.has(alg) || !algorithms.includes(alg))
    return "is signed by an algorithm that is not accepted";
  if (types === undefined) return undefined;
  const wanted = types.map((one) => (one === undefined ? undefined : shortType(one)));
  return wanted.includes(typ === undefined ? undefined : (shortType(typ) ?? ""))
    ? undefined
    : "is of another type";
}

function claimFault(payload: JsonObject, rules: JwtRules): string | undefined {
  const { iss, jti } = payload;
  if (iss !== rules.issuer) return "is by another issuer";
  if (!isForUs(payload["aud"], rules)) return "is for another audience";
  if (jti === undefined) return rules.requireJti === true ? "has no jti" : undefined;
  return typeof jti === "string" && jti !== "" && jti.length <= LONGEST_JTI
    ? undefined
    : "has a jti that cannot be";
}

function isForUs(aud: unknown, { audience, audiences = [], singleAudience = false }: JwtRules): boolean {
  if (!Array.isArray(aud)) return aud === audience;
  const known = (one: unknown): boolean => one === audience || audiences.includes(one as string);
  return !singleAudience && aud.includes(audience) && aud.every(known);
}

function timeFault({ exp, nbf, iat }: JsonObject, rules: JwtRules, now: number): string | undefined {
  const leeway = Math.max(0, Math.min(rules.leeway, MOST_LEEWAY));
  if (exp === undefined) return "has no end";
  if (![exp, nbf ?? 0, iat ?? 0].every(isTime) || nbf === null || iat === null)
    return "has a time that is none";
  if (iat === undefined && rules.requireIat === true) return "does not say when it was made";
  const [end, start, made] = [exp as number, nbf as number | undefined, iat as number | undefined];
  if (now >= end + leeway) return "has expired";
  if (start !== undefined && start > now + leeway) return "is not good yet";
  if (made !== undefined && made > now + leeway) return "was made in the future";
  if (made !== undefined && made >= end) return "ended before it was made";
  const { maxLife = Infinity } = rules;
  const tooLong = end - now > maxLife + leeway || (made !== undefined && end - made > maxLife);
  return tooLong ? "lives too long" : undefined;
}

/** RFC 7519 section 2: NumericDate, which may have a fraction. */
function isTime(value: unknown): boolean {
  return typeof value === "number" && Number.isFinite(value) && value >= 0;
}
