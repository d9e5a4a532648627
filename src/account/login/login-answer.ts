// What a host answered to a login → data: the tokens, or the code that a person has to confirm. It is forgiving about what is
// there besides, and strict about what it shows or sends on.
import { isLoopback } from "../../loopback.ts";
import { Secret } from "../../secret.ts";
import { type Answer, textOf, unusable } from "../cloud-reply.ts";

/** The tokens that a login gave. */
export interface Granted {
  readonly accessToken: Secret;
  /** Only menda clouds and OpenID providers give one. */
  readonly idToken: Secret | undefined;
  readonly refreshToken: Secret | undefined;
  /** Seconds. */
  readonly expiresIn: number;
  readonly tokenType: string;
  /** undefined: as asked for (RFC 6749 §5.1). */
  readonly scope: string | undefined;
}

/** A code that waits for a person. */
export interface DeviceCode {
  readonly deviceCode: Secret;
  /** As the person reads it; printable ASCII. */
  readonly userCode: string;
  readonly page: string;
  /** The page with the code in it already; undefined: there is none. */
  readonly complete: string | undefined;
  /** Seconds. */
  readonly expiresIn: number;
  /** Seconds between two questions. */
  readonly interval: number;
}

/** For a token whose life nobody says: short enough that it is refreshed, or asked for, before it can do harm. */
const UNSAID_LIFE = 300;
/** RFC 8628 §3.2: what counts when `interval` is left out. */
const UNSAID_INTERVAL = 5;
const TOKEN = /^[\u0021-\u007e]+$/;

export function grantedBy(answer: Answer, call: string): Granted {
  return {
    accessToken: tokenOf(answer, "access_token", call) ?? missing("access_token", call),
    idToken: tokenOf(answer, "id_token", call),
    refreshToken: tokenOf(answer, "refresh_token", call),
    expiresIn: secondsOf(answer, "expires_in", call) ?? UNSAID_LIFE,
    tokenType: textOf(answer, "token_type", call),
    scope: typeof answer["scope"] === "string" ? answer["scope"] : undefined,
  };
}

/** @param host relative pages are below it. @param anywhere true: the page may be of another origin (RFC 8628 does not say). */
export function deviceCodeIn(answer: Answer, call: string, host: string, anywhere: boolean): DeviceCode {
  const page = pageOf(textOf(answer, "verification_uri", call), call, host, anywhere);
  const complete = answer["verification_uri_complete"];
  const userCode = textOf(answer, "user_code", call);
  if (!/^[\u0020-\u007e]{1,100}$/.test(userCode))
    throw unusable(call, "has a user_code that cannot be shown", undefined);
  return {
    deviceCode: new Secret(textOf(answer, "device_code", call)),
    userCode,
    page,
    complete:
      typeof complete === "string" && complete !== "" ? pageOf(complete, call, host, anywhere) : undefined,
    expiresIn: secondsOf(answer, "expires_in", call) ?? missing("expires_in", call),
    interval: secondsOf(answer, "interval", call) ?? UNSAID_INTERVAL,
  };
}

/** An empty one and null are none, as menda clouds have it; white space and control characters cannot be sent on. */
function tokenOf(answer: Answer, field: string, call: string): Secret | undefined {
  const value = answer[field];
  if (value === undefined || value === null || value === "") return undefined;
  if (typeof value !== "string" || !TOKEN.test(value))
    throw unusable(call, `has a ${field} that is no token`, undefined);
  return new Secret(value);
}

/** Digits in a string are taken too, as the model of menda-cli takes them. */
function secondsOf(answer: Answer, field: string, call: string): number | undefined {
  const value = answer[field];
  if (value === undefined || value === null) return undefined;
  const seconds = typeof value === "string" && /^[0-9]{1,9}$/.test(value) ? Number(value) : value;
  if (typeof seconds === "number" && Number.isFinite(seconds) && seconds >= 0 && seconds < 1e9)
    return seconds;
  throw unusable(call, `has an ${field} that is no number of seconds`, undefined);
}

function pageOf(said: string, call: string, host: string, anywhere: boolean): string {
  const url = URL.parse(said, `${host}/`);
  const plain = url?.protocol === "http:" && isLoopback(url.hostname);
  if (url === null || !(url.protocol === "https:" || plain) || `${url.username}${url.password}` !== "")
    throw unusable(call, "names a page that is no https address", undefined);
  if (!anywhere && url.origin !== new URL(host).origin)
    throw unusable(call, "names a page on another origin than the host", undefined);
  return url.href;
}

function missing(field: string, call: string): never {
  throw unusable(call, `has no ${field}`, undefined);
}
