// The nonces that the broker gives to clients whose clock is off (RFC 9449 section 8). They are stored nowhere: each is a
// minute of our clock with an HMAC over it.
import { createHmac, timingSafeEqual } from "node:crypto";
import { keyOf, type Peppers } from "../pepper.ts";

const MINUTE = 60;
/** Minutes that one is good for, and so the longest that a proof with it can be used in. */
export const NONCE_MINUTES = 5;

/** `now` in epoch seconds. */
export function newNonce(peppers: Peppers, now: number): string {
  const minute = Math.floor(now / MINUTE);
  return `${minute}.${mac(peppers, peppers.current(), minute)}`;
}

/** True: it is one of ours, and not too old. */
export function isFreshNonce(peppers: Peppers, nonce: string, now: number): boolean {
  const [, digits = ""] = /^([0-9]{1,12})\.[A-Za-z0-9_-]{43}$/.exec(nonce) ?? [];
  const minute = Number(digits);
  const age = Math.floor(now / MINUTE) - minute;
  if (digits === "" || age < 0 || age > NONCE_MINUTES) return false;
  return peppers.numbers().some((number) => isSame(nonce, `${minute}.${mac(peppers, number, minute)}`));
}

function mac(peppers: Peppers, number: number, minute: number): string {
  return createHmac("sha256", keyOf(peppers, number)).update(`dpop nonce ${minute}`).digest("base64url");
}

function isSame(one: string, other: string): boolean {
  return one.length === other.length && timingSafeEqual(Buffer.from(one), Buffer.from(other));
}
