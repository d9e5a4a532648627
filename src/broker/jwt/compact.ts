// The compact form of a signed JWT (RFC 7515 section 3.1, RFC 7519), taken apart. It verifies nothing: what it returns
// is what a stranger wrote.
import { isJsonObject, readJsonObject, type JsonObject } from "./json-object.ts";

/** Bytes; a token of a CI service has some 2,000. */
export const LARGEST_JWT = 16 * 1024;

export interface JwtHeader extends JsonObject {
  readonly alg: string;
  /** undefined: the one key that fits. */
  readonly kid?: string;
}

/** Taken apart, and not verified. */
export interface ReadJwt {
  readonly ok: true;
  readonly text: string;
  readonly header: JwtHeader;
  readonly payload: JsonObject;
}

export type Compact = ReadJwt | { readonly ok: false; readonly reason: string };

/** Keys, and places of keys, that a header brings along itself (RFC 8725 section 3.10), and what changes the reading. */
const REFUSED_HEADERS = ["crit", "b64", "jku", "x5u", "x5c", "enc", "zip"];
const LONGEST_KID = 512;

/** `ownKey`: the header carries the key itself, as that of a proof (RFC 9449) does; any other must not. */
export function readCompact(text: string, most = LARGEST_JWT, ownKey = false): Compact {
  if (text.length > most) return refused("is too long");
  const parts = text.split(".");
  if (parts.length !== 3) return refused(parts.length === 5 ? "is encrypted" : "is no JWT");
  if (!parts.every(isBase64url)) return refused("is no JWT");
  const [header, payload] = parts.slice(0, 2).map(readPart);
  if (header === undefined || payload === undefined)
    return refused("has a part that is no plain JSON object");
  const { alg, kid, jwk } = header;
  if (typeof alg !== "string" || alg === "") return refused("names no algorithm");
  if (kid !== undefined && (typeof kid !== "string" || kid.length > LONGEST_KID))
    return refused("names its key in a way that cannot be");
  const bad = REFUSED_HEADERS.find((name) => Object.hasOwn(header, name));
  if (bad !== undefined) return refused(`has a header that is not accepted: ${bad}`);
  if (ownKey !== isJsonObject(jwk) || (!ownKey && jwk !== undefined))
    return refused(ownKey ? "brings no key" : "has a header that is not accepted: jwk");
  return { ok: true, text, header: header as JwtHeader, payload };
}

/** A media type without what may be left out (RFC 7515 section 4.1.9), in lower case. */
export function shortType(typ: unknown): string | undefined {
  return typeof typ === "string" ? typ.toLowerCase().replace(/^application\/(?=[^/]+$)/, "") : undefined;
}

/** In the one spelling that its bytes have, so that one signature has one text. */
function isBase64url(part: string): boolean {
  return part !== "" && Buffer.from(part, "base64url").toString("base64url") === part;
}

const STRICT = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function readPart(part: string): JsonObject | undefined {
  try {
    return readJsonObject(STRICT.decode(Buffer.from(part, "base64url")));
  } catch {
    return undefined;
  }
}

function refused(reason: string): Compact {
  return { ok: false, reason };
}
