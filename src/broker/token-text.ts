// The text of tokens, codes and client secrets: a prefix, 256 random bits and a checksum, in [A-Za-z0-9_-] only, so that
// scanners find a leaked one without asking anybody. The checksum proves nothing; the hash in the database does.
import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import type { Random } from "./records.ts";

export const TOKEN_PREFIX = "kw_";
export const SECRET_PREFIX = "kws_";
export const REFRESH_PREFIX = "kwr_";
export const DEVICE_PREFIX = "kwd_";
/** Of an authorization code. */
export const CODE_PREFIX = "kwc_";
export const INVITE_PREFIX = "kwi_";

type Prefix =
  | typeof TOKEN_PREFIX
  | typeof SECRET_PREFIX
  | typeof REFRESH_PREFIX
  | typeof DEVICE_PREFIX
  | typeof CODE_PREFIX
  | typeof INVITE_PREFIX;

const SHAPE = /^(kw[srdci]?_)([A-Za-z0-9_-]{43})([A-Za-z0-9_-]{6})$/;

export function newTokenText(prefix: Prefix, random: Random): string {
  const body = Buffer.from(random(32)).toString("base64url");
  return `${prefix}${body}${checksum(prefix, body)}`;
}

/** True for a text that `newTokenText` can have made with this prefix. */
export function isTokenText(prefix: string, text: string): boolean {
  const [, found = "", body = "", sum] = SHAPE.exec(text) ?? [];
  return found === prefix && sum === checksum(prefix, body);
}

export function tokenHash(text: string): Uint8Array {
  return createHash("sha256").update(text).digest();
}

function checksum(prefix: string, body: string): string {
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(`${prefix}${body}`));
  return sum.toString("base64url");
}
