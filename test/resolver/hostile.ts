// The catalogue of hostile addresses around one form of host, and the look-alikes that other programs are known to fall for. Every
// one must be refused while a ref for that form is configured, whatever else is.

/** A host is `label.service.eu-west-1.suffix`. */
export interface HostShape {
  readonly label: string;
  readonly service: string;
  readonly suffix: string;
}

export const IPV4: HostShape = {
  label: "dom-123456789012",
  service: "d.codeartifact",
  suffix: "amazonaws.com",
};
export const DUALSTACK: HostShape = { label: "dom-123456789012", service: "codeartifact", suffix: "on.aws" };
export const VPCE: HostShape = {
  label: "vpce-0a1b2c3d-4e5f6a7b",
  service: "d.codeartifact",
  suffix: "vpce.amazonaws.com",
};

export function hostOf({ label, service, suffix }: HostShape): string {
  return `${label}.${service}.eu-west-1.${suffix}`;
}

export function hostileOf(shape: HostShape): readonly string[] {
  const { label, service, suffix } = shape;
  const host = hostOf(shape);
  const top = suffix.slice(suffix.lastIndexOf(".") + 1);
  const stem = suffix.slice(0, suffix.lastIndexOf("."));
  return [
    // look-alike hosts
    `https://${host}.evil.example/pypi/r/simple/`,
    `https://evil-${host}.evil.example/`,
    `https://${label}.${service}.evil.example/pypi/r/simple/`,
    `https://${label}.${service}.eu-west-1.${stem}.evil.example/pypi/r/`,
    `https://${label}.${service}.eu-west-1.${stem}.example/pypi/r/`,
    `https://${label}.${service}.eu-west-1.${suffix}evil.example/`,
    `https://${label}.${service}.eu-west-1.${suffix.slice(0, -1)}/pypi/r/`,
    `https://${label}-${dashed(service)}-eu-west-1-${dashed(stem)}.${top}/pypi/r/simple/`,
    `https://${label}${service.includes(".") ? "." : "-"}${dashed(service)}.eu-west-1.${suffix}/pypi/r/simple/`,
    `https://${label}.${service}.eu-west-1.${dashed(suffix)}.example/`,
    `https://${label.replace("-", "_")}.${service}.eu-west-1.${suffix}/`,
    `https://a.b.${service}.eu-west-1.${suffix}/pypi/r/simple/`,
    `https://${label}.${service}.eu.west.1.${suffix}/pypi/r/simple/`,
    `https://.${service}.eu-west-1.${suffix}/`,
    `https://dom..${service}.eu-west-1.${suffix}/`,
    `https://${label}.${service}..${suffix}/`,
    `https://*.${service}.*.${suffix}/`,
    // user information
    `https://${host}@evil.example/`,
    `https://${host}:443@evil.example/`,
    `https://aws@${host}@evil.example/`,
    `https://aws:secret@${host}/pypi/r/simple/`,
    `https://:@${host}/pypi/r/simple/`,
    `https://@${host}/pypi/r/simple/`,
    `https://evil.example@${host}/pypi/r/simple/`,
    `https://evil.example:80@${host}/`,
    `https://root@${host}/pypi/r/simple/`,
    `https://a%40b@${host}/`,
    `aws@${host}`,
    `${host}@evil.example`,
    // backslashes
    `https://evil.example\\@${host}/`,
    `https://${host}\\@evil.example/`,
    `https://${host}\\.evil.example/`,
    `https:\\\\${host}\\pypi`,
    `\\\\${host}\\share`,
    // full-width and other letters, IDN
    `https://${label}.${service}.eu-west-1.${fullWidth(suffix)}/pypi/r/simple/`,
    `https://${label}.${service}.eu-west-1.${stem}\u3002${top}/pypi/r/simple/`,
    `https://${label}\uff0e${service}.eu-west-1.${suffix}/`,
    `https://${label}.${service.replace("i", "\u0456")}.eu-west-1.${suffix}/`,
    `https://${label}.${service}.eu-west-1.${suffix}\u200b/`,
    `https://${label}.${service}.eu-west-1.${suffix}\u2044pypi/`,
    `https://d\u00f6m.${service}.eu-west-1.${suffix}/`,
    `https://xn--0.${service}.eu-west-1.${suffix}/`,
    `https://\u212aelvin.${service}.eu-west-1.${suffix}/`,
    // percent signs
    `https://${label}.${service}.eu-west-1.${stem}%2e${top}/pypi/r/simple/`,
    `https://${host.replaceAll(".", "%2e")}/`,
    `https://${label}.${service}.eu-west-1.${stem}%252e${top}/`,
    `https://${label}.${escapedFirst(service)}.eu-west-1.${suffix}/`,
    `https://${host}%00.evil.example/`,
    `https://${host}%2f.evil.example/`,
    `https://${host}%40evil.example/`,
    `https%3a%2f%2f${host}/`,
    // trailing dots, ports
    `https://${host}./pypi/r/simple/`,
    `${host}.`,
    `https://${host}:8443/pypi/r/simple/`,
    `https://${host}:80/pypi/r/simple/`,
    `https://${host}:0443/`,
    `https://${host}:+443/`,
    `https://${host}:/`,
    `https://${host}:443443/`,
    `https://${host}:99999/`,
    `https://${host}:443:443/`,
    `${host}:8443`,
    `${host}:`,
    // other schemes
    `http://${host}/pypi/r/simple/`,
    `ftp://${host}/`,
    `file://${host}/`,
    `ws://${host}/`,
    `git+https://${host}/`,
    `sparse+https://${host}/`,
    `javascript://${host}/%0aalert(1)`,
    `//${host}/pypi/r/simple/`,
    `https:${host}/pypi/r/simple/`,
    `https:/${host}/pypi/r/simple/`,
    `https:///${host}/pypi/r/simple/`,
    `https:////${host}/`,
    `://${host}/`,
    `view-source:https://${host}/`,
    // the pattern where it does not belong
    `https://evil.example/${host}/pypi/r/simple/`,
    `https://evil.example/?next=https://${host}/`,
    `https://evil.example/#${host}`,
    `https://evil.example/https://${host}/simple/`,
    `https://evil.example;${host}/`,
    `https://evil.example,${host}/`,
    `https://${host},evil.example/`,
    `https://${host};evil.example/`,
    `https://[${host}]/`,
    `https://(${host})/`,
    // path, query, fragment
    `https://${host}/pypi/../npm/r/`,
    `https://${host}/pypi/./r/simple/`,
    `https://${host}/pypi/%2e%2e/npm/`,
    `https://${host}/pypi/%2E/npm/`,
    `https://${host}/pypi%2fr/simple/`,
    `https://${host}/pypi%5cr/simple/`,
    `https://${host}/pypi/%00/simple/`,
    `https://${host}/pypi/%0d%0a/simple/`,
    `https://${host}/pypi/%252e%252e/npm/`,
    `https://${host}//pypi/r/simple/`,
    `https://${host}/pypi//r/simple/`,
    `https://${host}/pypi/r/simple//`,
    `https://${host}/pypi/r/simple/?x=1`,
    `https://${host}?x=1`,
    `https://${host}#frag`,
    `https://${host}/pypi/r/simple/#frag`,
    `https://${host}/pypi/%zz/`,
    `https://${host}/pypi/r/simple/"`,
    `https://${host}/<script>`,
    // white space and control characters
    ` https://${host}/pypi/r/simple/`,
    `https://${host}/pypi/r/simple/ `,
    `https://${host} /pypi/r/simple/`,
    `https://${host} .evil.example/`,
    `https://${host}\t/pypi/`,
    `https://${host}\n/pypi/`,
    `https://${host}/pypi/r/simple/\n`,
    `https://${host}/pypi/r/simple/\r\nHost: evil.example`,
    `https://${label}.${service}.eu-west-1.${brokenAt(suffix)}/`,
    `https://${host}\u0000.evil.example/`,
    `https://${host}/\u007f`,
    `https://${host}/\u0085`,
    // length
    `https://${host}/${"a".repeat(10_000)}`,
    `https://${"a".repeat(10_000)}.${host}/`,
    "a".repeat(10_000),
    `${service}.`.repeat(Math.ceil(1950 / (service.length + 1))),
  ];
}

/** Addresses that fooled a program, by its name and what it did; each is refused with the refs of all three forms. */
export const FOOLED: Readonly<Record<string, string>> = {
  "partifact 0.5.0: dots that were any character":
    "https://dom-123456789012-d-codeartifact-eu-west-1-amazonaws.com/pypi/repo",
  "poetry-codeartifact-auth-plugin 0.3.1: no end to the expression":
    "https://dom-123456789012.d.codeartifact.evil.example/",
  "poetry-codeartifact-auth-plugin 0.3.1: no end, and the real host in the path":
    "https://dom-123456789012.d.codeartifact.evil.example/dom-123456789012.d.codeartifact.eu-west-1.amazonaws.com/",
  "poetry-codeartifact-auth-plugin 0.3.1: the word anywhere in the address":
    "https://evil.example/d.codeartifact/simple/",
  "vouch (0ec91e0): whatever follows amazonaws is a suffix":
    "sparse+https://dom-123456789012.d.codeartifact.us-east-1.amazonaws.evil.example/",
  "vouch (0ec91e0): whatever follows amazonaws is a suffix, without sparse+":
    "https://dom-123456789012.d.codeartifact.us-east-1.amazonaws.evil.example/cargo/repo/",
  "vouch (0ec91e0): whatever follows amazonaws, as a country":
    "https://dom-123456789012.d.codeartifact.cn-north-1.amazonaws.cn/cargo/repo/",
  "a cargo index at the real host, which only cargo's own protocol may ask for":
    "sparse+https://dom-123456789012.d.codeartifact.us-east-1.amazonaws.com/cargo/repo/",
  "artifacts-keyring 1.0.0: a suffix without its dot":
    "https://evil.dom-123456789012.d.codeartifact.us-east-1.amazonaws.com/",
  "artifacts-keyring 1.0.0: a suffix without its dot, at the domain itself":
    "https://evildom-123456789012.d.codeartifact.us-east-1.evilamazonaws.com/",
  "dual-stack guessed with the d of the other form":
    "https://dom-123456789012.d.codeartifact.eu-west-1.on.aws/pypi/repo/simple/",
  "dual-stack: a suffix with a letter more":
    "https://dom-123456789012.codeartifact.eu-west-1.on.awsx/pypi/repo/",
  "dual-stack: at somebody's own domain":
    "https://dom-123456789012.codeartifact.eu-west-1.on-aws.example/pypi/repo/",
  "vpc endpoint: the domain in front of it":
    "https://dom-123456789012.vpce-0a1b-2c3d.d.codeartifact.eu-west-1.vpce.amazonaws.com/pypi/d/dom-123456789012/repo/",
  "vpc endpoint: at somebody's own domain":
    "https://vpce-0a1b-2c3d.d.codeartifact.eu-west-1.vpce.amazonaws.com.evil.example/pypi/d/dom-123456789012/repo/",
  "containerd-like: the real host as user information":
    "https://dom-123456789012.d.codeartifact.eu-west-1.amazonaws.com@evil.example/pypi/repo/simple/",
};

/** More of them, which look like none of ours: they are somebody else's, and nothing is asked for them. */
export const FOOLED_ELSEWHERE: Readonly<Record<string, string>> = {
  "partifact 0.5.0: dots that were letters":
    "https://dom-123456789012xd-codeartifact.eu-west-1xamazonaws.com/pypi/repo/simple/",
  "poetry-codeartifact-auth-plugin 0.3.1: the word in the host":
    "https://mycodeartifact.evil.example/simple/",
  "poetry-codeartifact-auth-plugin 0.3.1: the word in the path": "https://evil.example/codeartifact/simple/",
  "vouch (0ec91e0): any cargo registry": "https://crates.evil.example/index/",
};

const ESCAPED: Readonly<Record<string, string>> = { d: "%64", c: "%63" };

function escapedFirst(text: string): string {
  return `${ESCAPED[text[0] ?? ""]}${text.slice(1)}`;
}

function dashed(text: string): string {
  return text.replaceAll(".", "-");
}

/** The first letter as its full-width form, which IDNA maps back. */
function fullWidth(text: string): string {
  return String.fromCharCode((text.codePointAt(0) ?? 0) + 0xfee0) + text.slice(1);
}

function brokenAt(text: string): string {
  return `${text.slice(0, 3)}\n${text.slice(3)}`;
}
