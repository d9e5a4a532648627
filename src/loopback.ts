// This machine itself, by name or number: the only hosts that may be spoken to without TLS, and that no proxy is asked for.

const OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])";
const IPV4 = new RegExp(`^127(?:\\.${OCTET}){3}$`);

/** `host` in lower case, an IPv6 literal in its brackets, as `URL.hostname` gives it. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "[::1]" || IPV4.test(host);
}
