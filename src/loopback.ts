// The only hosts that may be spoken to without TLS, and that no proxy is asked for: this machine itself by name or number
// and, for who asks for it, the metadata services of a cloud machine.

const OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])";
const IPV4 = new RegExp(`^127(?:\\.${OCTET}){3}$`);

/** `host` in lower case, an IPv6 literal in its brackets, as `URL.hostname` gives it. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "[::1]" || IPV4.test(host);
}

/** Where AWS machines, ECS tasks and EKS pods ask for their own credentials, as `URL.hostname` gives it. */
export const METADATA_HOSTS: ReadonlySet<string> = new Set([
  "169.254.169.254",
  "[fd00:ec2::254]",
  "169.254.170.2",
  "169.254.170.23",
  "[fd00:ec2::23]",
]);
