// Address: a registry's address by one strict ASCII grammar. What does not fit it is never ours; what `match.ts`
// makes of the rest (refused or foreign) is not decided here. Grammar: RFC 3986 narrowed to what index clients send.

/** A registry address that passed the strict grammar. */
export interface Address {
  /** undefined: a bare `host[:port]`, as pip and uv ask after the URL got no answer. */
  readonly scheme: "https" | "http" | undefined;
  /** Lower case, no trailing dot; an IPv6 literal keeps its brackets. */
  readonly host: string;
  /** 443 (80 for http) when the text names none. */
  readonly port: number;
  /** As given, "" or beginning with "/", without slashes at its end. */
  readonly path: string;
  /** The user name in front of the host; undefined: none. There is never a password. */
  readonly username: string | undefined;
}

/** Longest text that is looked at, in characters. */
export const LONGEST_ADDRESS = 2048;

const HOST = String.raw`(\[::1\]|[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?)`;
const PORT = String.raw`(?::([1-9][0-9]{0,4}))?`;
const PATH = String.raw`((?:/(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})*)*)`;
const URL_FORM = new RegExp(String.raw`^(https?)://(?:([A-Za-z0-9._~-]{1,64})@)?${HOST}${PORT}${PATH}$`, "i");
const BARE_FORM = new RegExp(`^${HOST}${PORT}$`);
/** Escapes that hide a dot, a slash, a backslash, a percent sign or a control character. */
const HIDING_ESCAPE = /%(?:2[ef5]|5c|[01][0-9a-f]|7f)/i;

/**
 * Reads an address. Returns undefined for whatever does not fit the grammar, and `"disagree"` when it fits but the
 * URL parser of the platform reads it differently (`127.1`, `0x7f.1`, an invalid punycode label, …).
 */
export function parseAddress(text: string): Address | "disagree" | undefined {
  if (text.length > LONGEST_ADDRESS) return undefined;
  const bare = BARE_FORM.exec(text);
  if (bare !== null) return agreed(`https://${text}/`, address(undefined, undefined, bare[1], bare[2], ""));
  const url = URL_FORM.exec(text);
  if (url === null) return undefined;
  const [, scheme = "", username, host, port, path = ""] = url;
  if (!isPlainPath(path)) return undefined;
  return agreed(text, address(scheme.toLowerCase() as "https" | "http", username, host, port, path));
}

/** True for a path without empty (but for the end), `.` or `..` segments and without escapes that hide them. */
export function isPlainPath(path: string): boolean {
  if (HIDING_ESCAPE.test(path)) return false;
  const segments = path.split("/").slice(1);
  return segments.every(
    (segment, at) => segment !== "." && segment !== ".." && (segment !== "" || at === segments.length - 1),
  );
}

/** The address as it may be written to a log or shown: without user information, query or fragment, printable, short. */
export function showAddress(text: string): string {
  const plain = text.slice(0, LONGEST_ADDRESS).replace(/[?#].*$/s, "");
  const scheme = /^[a-z][a-z0-9+.-]*:\/\//i.exec(plain)?.[0] ?? "";
  const shown = plain.includes("@") ? `${scheme}***@${plain.slice(plain.lastIndexOf("@") + 1)}` : plain;
  const printable = shown.replace(
    /[^\x20-\x7e]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return printable.length > 200 ? `${printable.slice(0, 200)}…` : printable;
}

function address(
  scheme: "https" | "http" | undefined,
  username: string | undefined,
  host = "",
  port: string | undefined,
  path: string,
): Address {
  const fallback = scheme === "http" ? 80 : 443;
  return {
    scheme,
    host: host.toLowerCase(),
    port: port === undefined ? fallback : Number(port),
    path: path.replace(/\/$/, ""),
    username,
  };
}

function agreed(text: string, read: Address): Address | "disagree" {
  if (!URL.canParse(text)) return "disagree";
  const url = new URL(text);
  const fallback = url.protocol === "http:" ? 80 : 443;
  const same =
    url.hostname === read.host &&
    (url.port === "" ? fallback : Number(url.port)) === read.port &&
    url.pathname.replace(/\/$/, "") === read.path &&
    url.username === (read.username ?? "") &&
    url.password === "" &&
    url.search === "" &&
    url.hash === "";
  return same ? read : "disagree";
}
