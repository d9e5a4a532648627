// The cookie of a browser, read and written: one name over https, another on loopback, where browsers know no __Host-
// over plain http. It knows nothing of what it stands for.

/** 256 bits as base64url. */
const TEXT = /^[A-Za-z0-9_-]{43}$/;

/** RFC 6265bis section 4.1.3.2: with __Host- no other host, and no path, can have set it. */
function nameFor(url: string): { readonly name: string; readonly secure: string } {
  return url.startsWith("https:")
    ? { name: "__Host-keywright", secure: "; Secure" }
    : { name: "keywright", secure: "" };
}

/** The `Set-Cookie` for a browser. It goes when the browser is closed. */
export function cookieFor(url: string, text: string): string {
  const { name, secure } = nameFor(url);
  return `${name}=${text}; Path=/; HttpOnly; SameSite=Lax${secure}`;
}

export function endedCookie(url: string): string {
  return `${cookieFor(url, "")}; Max-Age=0`;
}

/** Ours among those of the header; undefined: none, one that we cannot have made, or two, of which one was planted. */
export function cookieOf(url: string, header: string | undefined): string | undefined {
  const start = `${nameFor(url).name}=`;
  const found = (header ?? "")
    .split(/[;,]/)
    .map((part) => part.trim())
    .filter((part) => part.startsWith(start));
  const [text = ""] = found.map((part) => part.slice(start.length));
  return found.length === 1 && TEXT.test(text) ? text : undefined;
}
