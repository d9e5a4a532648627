// The key that logins are bound to (RFC 9449): made once a user, kept in a file of its own that nobody else can read, or
// in the system's keychain. It signs proofs; it sends nothing, and the private part leaves this file never.
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  sign,
  verify,
  type KeyObject,
} from "node:crypto";
import { join } from "node:path";
import { randomHex, sha256 } from "../../digest.ts";
import { KeywrightError } from "../../errors.ts";
import type { Clock } from "../../io/clock.ts";
import { ensurePrivateFolder, readPrivate, writePrivate, writing } from "../../io/files.ts";
import { keychain, type LoginPlace } from "../../io/keychain.ts";
import { withLock } from "../../io/lock.ts";
import type { Secret } from "../../secret.ts";

export interface DpopKey {
  /** RFC 7638, base64url: what tokens are bound to, as `cnf.jkt`. */
  readonly thumbprint: string;
  /** A proof for one request. `nonce`: what the server gave us last; undefined: it gave none. */
  proof(request: ProofRequest): string;
}

export interface ProofRequest {
  readonly method: string;
  readonly url: string;
  /** The token that goes with it, for `ath`; undefined: none does. */
  readonly accessToken?: Secret | undefined;
  readonly nonce?: string | undefined;
}

export interface DpopKeyOptions {
  readonly clock: Clock;
  /** Where a key that is not there yet is kept; undefined: in a file. */
  readonly place?: LoginPlace | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
}

interface PublicJwk {
  readonly kty: "EC";
  readonly crv: "P-256";
  readonly x: string;
  readonly y: string;
}

export function dpopKeyPath(home: string): string {
  return join(home, ".local", "state", "keywright", "dpop-key.json");
}

/** Makes the key if there is none. Throws `configuration` when it is there and cannot be used. */
export function dpopKey(home: string, options: DpopKeyOptions): DpopKey {
  const path = dpopKeyPath(home);
  const text = readPrivate(path) ?? writing(path, () => made(path, options));
  return keyOf(privateText(text, path, options), path, options.clock);
}

/** The thumbprint of an EC key, RFC 7638 §3: these members, in this order, without spaces. */
export function thumbprintOf({ crv, kty, x, y }: PublicJwk): string {
  return base64url(Buffer.from(sha256(JSON.stringify({ crv, kty, x, y })), "hex"));
}

/** Under a lock: two logins at the same time must not be bound to two keys, of which one is overwritten. */
function made(path: string, { clock, env, place = "file" }: DpopKeyOptions): string {
  ensurePrivateFolder(join(path, ".."));
  return withLock(`${path}.lock`, { clock, timeoutMs: 10_000 }, () => {
    const there = readPrivate(path);
    if (there !== undefined) return there;
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const key = JSON.stringify(privateKey.export({ format: "jwk" }));
    if (place === "file") return written(path, `{"v":1,"key":${key}}\n`);
    const name = `dpop-key-${randomHex(8)}`; // Not one for all: several homes may share a keychain.
    keychain(env).keep(name, key);
    return written(path, `${JSON.stringify({ v: 1, kept: "keychain", name })}\n`);
  });
}

function written(path: string, text: string): string {
  writePrivate(path, text, true);
  return text;
}

/** The key itself as JSON text; the file may say that it is in the keychain. */
function privateText(text: string, path: string, { env }: DpopKeyOptions): string {
  let said: unknown;
  try {
    said = JSON.parse(text);
  } catch {
    throw damaged(path);
  }
  const { v, kept, key, name } = (said ?? {}) as Readonly<Record<string, unknown>>;
  if (v !== 1) throw damaged(path);
  if (kept !== "keychain") return JSON.stringify(key ?? null);
  if (typeof name !== "string") throw damaged(path);
  const found = keychain(env).find(name);
  if (found === undefined) throw damaged(path, "the keychain has no such key any more");
  return found;
}

function keyOf(text: string, path: string, clock: Clock): DpopKey {
  const { key, jwk } = keysIn(text) ?? {};
  if (key === undefined || jwk === undefined) throw damaged(path);
  return {
    thumbprint: thumbprintOf(jwk),
    proof({ method, url, accessToken, nonce }) {
      const header = { typ: "dpop+jwt", alg: "ES256", jwk }; // RFC 9449 §4.2
      const payload = {
        jti: randomHex(16),
        htm: method,
        htu: withoutQuery(url),
        iat: Math.floor(clock.now()),
        ...(accessToken === undefined
          ? {}
          : { ath: base64url(Buffer.from(accessToken.fingerprint(), "hex")) }),
        ...(nonce === undefined ? {} : { nonce }),
      };
      const signed = `${base64url(JSON.stringify(header))}.${base64url(JSON.stringify(payload))}`;
      const signature = sign("sha256", Buffer.from(signed), { key, dsaEncoding: "ieee-p1363" }); // RFC 7518 §3.4
      return `${signed}.${base64url(signature)}`;
    },
  };
}

/** undefined: the text is no such key, or its two halves do not belong together. */
function keysIn(text: string): { readonly key: KeyObject; readonly jwk: PublicJwk } | undefined {
  try {
    const { kty, crv, x, y, d } = (JSON.parse(text) ?? {}) as Readonly<Record<string, unknown>>;
    if (kty !== "EC" || crv !== "P-256") return undefined;
    if (typeof x !== "string" || typeof y !== "string" || typeof d !== "string") return undefined;
    const jwk = { kty, crv, x, y } as const;
    const key = createPrivateKey({ key: { ...jwk, d }, format: "jwk" });
    const trial = Buffer.from("trial");
    const fits = verify(
      "sha256",
      trial,
      createPublicKey({ key: { ...jwk }, format: "jwk" }),
      sign("sha256", trial, key),
    );
    return fits ? { key, jwk } : undefined;
  } catch {
    return undefined;
  }
}

/** RFC 9449 §4.2, `htu`: without query and fragment. */
function withoutQuery(url: string): string {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
}

function base64url(data: string | Uint8Array): string {
  return Buffer.from(data).toString("base64url");
}

function damaged(path: string, why: string = "it is damaged"): KeywrightError {
  return new KeywrightError(
    "configuration",
    `the key that your logins are bound to cannot be used: ${why} (${path})`,
    {
      hint: `Those logins are lost: remove the file (rm '${path}') and run 'keywright auth login' again.`,
    },
  );
}
