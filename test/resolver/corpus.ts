// Addresses and what must become of each, used by the resolver's tests and by those of the whole command.
import { HOST_MATCHES } from "../../src/resolver/codeartifact.ts";
import { DUALSTACK, hostileOf, hostOf, IPV4, VPCE } from "./hostile.ts";

export const CODEARTIFACT = HOST_MATCHES.ipv4;
export const HOST = hostOf(IPV4);

/** Every one of these must be refused, whatever else is configured. */
export const HOSTILE: readonly string[] = hostileOf(IPV4);

/** The refs' matches for the three forms of host, and what must be refused with all of them. */
export const MATCHES = HOST_MATCHES;
export const HOSTILE_BY_FORM: Readonly<Record<keyof typeof MATCHES, readonly string[]>> = {
  ipv4: HOSTILE,
  dualstack: hostileOf(DUALSTACK),
  vpce: hostileOf(VPCE),
};

/** With the loopback ref `127.0.0.1:8801/feed` and `localhost:8802` configured, these are refused too. */
export const HOSTILE_LOOPBACK: readonly string[] = [
  "http://127.1:8801/feed/simple/",
  "http://2130706433:8801/feed/",
  "http://0x7f000001:8801/feed/",
  "http://0177.0.0.1:8801/feed/",
  "http://127.0.0.1:08801/feed/",
  "http://127.0.0.1:88010/feed/",
  "http://127.0.0.1:8801.evil.example/feed/",
  "http://127.0.0.1:8801@evil.example/feed/",
  "http://evil.example/127.0.0.1:8801/feed/",
  "http://localhost:8802@evil.example/",
  "http://localhost:8802.evil.example/",
];

/** With only the CodeArtifact ref configured, these are ours. */
export const OURS: readonly string[] = [
  `https://${HOST}/pypi/repo/simple/`,
  `https://${HOST}/pypi/repo/simple`,
  `https://aws@${HOST}/pypi/repo/simple/`,
  `https://${HOST}:443/pypi/repo/simple/`,
  `HTTPS://${HOST.toUpperCase()}/pypi/repo/simple/`,
  `https://${HOST}/`,
  `https://${HOST}`,
  HOST,
  `${HOST}:443`,
  HOST.toUpperCase(),
  "https://my-long-domain-name2-000000000000.d.codeartifact.ap-southeast-2.amazonaws.com/pypi/a-b.c_d/simple/pkg/",
  `https://${HOST}/pypi/repo/simple/demo/1.0/demo-1.0%2Blocal-py3-none-any.whl`,
];

/** With the refs of all three forms, these are ours too. */
export const OURS_BY_FORM: readonly string[] = [
  `https://${hostOf(DUALSTACK)}/pypi/repo/simple/`,
  `https://aws@${hostOf(DUALSTACK)}/pypi/repo/simple`,
  hostOf(DUALSTACK),
  `HTTPS://${hostOf(DUALSTACK).toUpperCase()}:443/npm/repo/`,
  `https://${hostOf(VPCE)}/pypi/d/dom-123456789012/repo/simple/`,
  `https://aws@${hostOf(VPCE)}/maven/d/my-2nd-domain-123456789012/repo/`,
];

/** These are somebody else's: silent, without network. */
export const FOREIGN: readonly string[] = [
  "",
  "aws",
  "12345",
  "pdm-pypi-pypi",
  "poetry-repository-private",
  "python-poetry-check",
  "https://packages.example/simple/",
  "https://user@packages.example/simple/",
  "https://user:secret@packages.example/simple/",
  "http://packages.example/simple/",
  "packages.example",
  "packages.example:8443",
  "https://s3.eu-west-1.amazonaws.com/bucket/",
  "https://codeartifact.eu-west-1.amazonaws.com/v1/domain",
  "https://codeartifact.eu-west-1.api.aws/v1/domain",
  "https://packages.example/my-codeartifact-mirror/simple/",
  "codeartifact",
  "login item (me@mail.example)",
  "system",
  "http://127.0.0.1:9000/simple/",
  "localhost:9000",
];
