// The deliberate differences about the menda cloud's host, and about the address that is asked for.
import { INDEX, type OracleCase } from "./case.ts";
import { type Expected, REGISTRY, type Rule, TOKEN } from "./rule.ts";

const ANSWERED: Expected = { answer: "registry.token-1" };
const UNASKED: Expected = { requests: [] };
const failed = (message: RegExp, error = "MendaKeyRingError"): Expected => ({ error, message, status: null });

const host = (one: OracleCase): string => one.env["MENDA_HOST"] ?? "";
const TLS_FAILED = /^HTTPSConnectionPool\(.*client_secret=env-secret .*CERTIFICATE_VERIFY_FAILED/;

const HOSTS: readonly Rule[] = [
  {
    id: "a proxy for loopback",
    reason: "Nothing meant for this machine goes through a proxy.",
    covers: (one) => host(one) === "{host}" && one.env["HTTP_PROXY"] !== undefined,
    theirs: { requests: [/ \| through a proxy$/, / \| through a proxy$/] },
    ours: { requests: [/ \| content-length: 0$/, / \| content-length: 0$/] },
  },
  {
    id: "a host that is no web address",
    reason: "The same refusal, in words that name what is wrong.",
    covers: (one) => host(one) !== "" && !/^(?:https?:\/\/.|\{)/.test(host(one)),
    theirs: failed(/^(?:Invalid URL|No connection adapters were found for) '/),
    ours: failed(/^the host of the menda account is not a plain https address$/),
  },
  {
    id: "a host with a query or a fragment",
    reason: "The original appends its path to the query, and so sends the credentials to another path.",
    covers: (one) => /[?#]/.test(host(one)),
    theirs: {
      error: "MendaCloudAPIError",
      message: /^oauth2\/token returned HTTP 404: /,
      status: 404,
      requests: [/^POST \?/],
    },
    ours: { ...failed(/^the host of the menda account is not a plain https address$/), requests: [] },
  },
  {
    id: "http to another machine",
    reason: "The original sends the client secret in the clear.",
    covers: (one) => /^http:\/\/(?!127\.)/.test(host(one)),
    theirs: { ...ANSWERED, requests: [TOKEN, REGISTRY] },
    ours: { ...failed(/^http:\/\/menda\.example is not https$/), ...UNASKED },
  },
  {
    id: "a host that does not answer",
    reason: "The original puts the client secret into its message.",
    covers: (one) => host(one).endsWith("{closed}"),
    theirs: failed(/^HTTPConnectionPool\(.*client_secret=env-secret .*Connection refused/),
    ours: failed(/^cannot reach http:\/\/127\.0\.0\.1:\{closed\}: nothing listens there \(ECONNREFUSED\)$/),
  },
  {
    id: "a certificate that is not trusted",
    reason: "The original puts the client secret into its message.",
    covers: (one) =>
      host(one) === "{https}" && !Object.keys(one.env).some((name) => /BUNDLE|CERT/.test(name)),
    theirs: failed(TLS_FAILED),
    ours: failed(/^the TLS connection to https:\/\/127\.0\.0\.1:\d+ failed: /),
  },
  {
    id: "CURL_CA_BUNDLE",
    reason:
      "A variable of curl's, which python-requests honours and uv does not; REQUESTS_CA_BUNDLE does the same.",
    covers: (one) => one.env["CURL_CA_BUNDLE"] !== undefined,
    theirs: { ...ANSWERED, requests: [TOKEN, REGISTRY] },
    ours: { ...failed(/^the TLS connection to https:\/\/127\.0\.0\.1:\d+ failed: /), ...UNASKED },
  },
  {
    id: "SSL_CERT_FILE",
    reason: "uv honours it, python-requests does not; who has set it for uv should not have to set another.",
    covers: (one) => one.env["SSL_CERT_FILE"] !== undefined,
    theirs: { ...failed(TLS_FAILED), requests: [] },
    ours: { ...ANSWERED, requests: [TOKEN, REGISTRY] },
  },
];

/** Where the original looks for its registry: anywhere in the text. */
const THEIR_PATTERN = /\.d\.codeartifact\.[a-z0-9-]+\.amazonaws\.com/;
const OUR_FORM =
  /^(?:https:\/\/(?:[a-z0-9]+@)?)?(?!xn--)[a-z0-9-]+\.d\.codeartifact\.[a-z0-9-]+\.amazonaws\.com(?::443)?(?:\/[a-z0-9/-]*)?$/i;

const SERVICES: readonly Rule[] = [
  {
    id: "an address that only looks like the registry",
    reason:
      "The original's pattern is not anchored: it would hand the token to another host, port or scheme.",
    covers: (one) =>
      THEIR_PATTERN.test(one.service) && !(OUR_FORM.test(one.service) && one.service.trim() === one.service),
    theirs: { ...ANSWERED, requests: [TOKEN, REGISTRY] },
    ours: { ...failed(/^refused /, "KeywrightError"), ...UNASKED },
  },
  {
    id: "the registry's host without a domain",
    reason: "It is no registry, and looks like one: it is refused out loud, and no other keyring is asked.",
    covers: (one) => one.service.startsWith("d.codeartifact."),
    theirs: { nothing: true },
    ours: failed(/^refused /, "KeywrightError"),
  },
  {
    id: "a host in capitals",
    reason: "A host has no case (RFC 3986 §3.2.2).",
    covers: (one) =>
      one.service !== INDEX && OUR_FORM.test(one.service) && /^https:\/\/[^/]*\.D\./.test(one.service),
    theirs: { nothing: true, requests: [] },
    ours: { ...ANSWERED, requests: [TOKEN, REGISTRY] },
  },
];

export const addressRules: readonly Rule[] = [...HOSTS, ...SERVICES];
