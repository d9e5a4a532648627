// The deliberate differences about what the menda cloud answers.
import type { Reply } from "./case.ts";
import { bothCalls, type Expected, REGISTRY, replies, type Rule, TOKEN } from "./rule.ts";

const failed = (message: RegExp): Expected => ({ error: "MendaKeyRingError", message });
const quoting = (text: string): RegExp => new RegExp(text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
const success = ({ status, fault }: Reply): boolean => status >= 200 && status < 300 && fault === undefined;
const redirects = ({ headers = [] }: Reply): boolean => headers.some((line) => line.startsWith("Location:"));
const SMALL = 100_000;

/** The JSON value of a successful answer; undefined: it is no JSON, or no success. */
function valueOf(reply: Reply): unknown {
  if (!success(reply) || reply.body.length > SMALL) return undefined;
  try {
    return JSON.parse(reply.body);
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function fieldOf(reply: Reply, field: string): unknown {
  const value = valueOf(reply);
  return isObject(value) ? value[field] : undefined;
}

const WORDS = "The same refusal; the original gives Python's words for what its code stumbled over.";

const BODIES: readonly Rule[] = [
  ...bothCalls(
    "an answer that is no JSON",
    WORDS,
    (reply) =>
      success(reply) &&
      reply.body.length < SMALL &&
      valueOf(reply) === undefined &&
      !reply.body.includes("NaN"),
    (call) => [
      failed(/^(?:Expecting|Extra data)/),
      failed(quoting(`the answer of ${call} is not a JSON object`)),
    ],
  ),
  ...bothCalls(
    "an answer that is no object",
    WORDS,
    (reply) => valueOf(reply) !== undefined && !isObject(valueOf(reply)),
    (call) => [
      failed(/indices must be integers|'NoneType' object is not subscriptable/),
      failed(quoting(`the answer of ${call} is not a JSON object`)),
    ],
  ),
  ...bothCalls(
    "an answer without the token",
    WORDS,
    (reply, field) => isObject(valueOf(reply)) && fieldOf(reply, field) === undefined,
    (call, field) => [
      failed(new RegExp(`^'${field}'$`)),
      failed(quoting(`the answer of ${call} has no ${field}`)),
    ],
  ),
  {
    id: "an access token that is no text",
    reason: "The original sends what Python makes of it: 'Bearer None', 'Bearer 17', 'Bearer '.",
    covers: replies("token", (reply) =>
      ["", null, 17].some((value) => value === fieldOf(reply, "access_token")),
    ),
    theirs: {
      answer: "registry.token-1",
      requests: [TOKEN, /\| authorizationtoken: Bearer(?: None| 17)? \|/],
    },
    ours: { ...failed(/^the answer of oauth2\/token has no access_token$/), requests: [TOKEN] },
  },
  {
    id: "a registry token that is null",
    reason: "To the original this is 'not mine', and the installer goes on without a password.",
    covers: replies("registry", (reply) => fieldOf(reply, "token") === null),
    theirs: { nothing: true },
    ours: failed(/^the answer of registry\/token has no token$/),
  },
  {
    id: "a registry token that is a number",
    reason: "No cloud means that; a password is a text.",
    covers: replies("registry", (reply) => fieldOf(reply, "token") === 17),
    theirs: { answer: "17" },
    ours: failed(/^the answer of registry\/token has no token$/),
  },
  {
    id: "a registry token that is empty",
    reason: "An empty password is no answer.",
    covers: replies("registry", (reply) => fieldOf(reply, "token") === ""),
    theirs: { answer: "" },
    ours: failed(/^the answer of registry\/token has no token$/),
  },
  {
    id: "NaN at oauth2/token",
    reason: "NaN is no JSON (RFC 8259 §6).",
    covers: replies("token", ({ body }) => /: NaN\b/.test(body)),
    theirs: { answer: "registry.token-1", requests: [TOKEN, REGISTRY] },
    ours: { ...failed(/is not a JSON object$/), requests: [TOKEN] },
  },
  {
    id: "NaN at registry/token",
    reason: "NaN is no JSON (RFC 8259 §6).",
    covers: replies("registry", ({ body }) => /: NaN\b/.test(body)),
    theirs: { answer: "t" },
    ours: failed(/is not a JSON object$/),
  },
  {
    id: "a huge answer of oauth2/token",
    reason: "An answer of more than 1 MB is not read to its end.",
    covers: replies("token", ({ body }) => body.length > SMALL),
    theirs: { answer: "registry.token-1", requests: [TOKEN, REGISTRY] },
    ours: { ...failed(/ answered with more than 1 MB$/), requests: [TOKEN] },
  },
  {
    id: "a huge answer of registry/token",
    reason: "An answer of more than 1 MB is not read to its end.",
    covers: replies("registry", ({ body }) => body.length > SMALL),
    theirs: { answer: "t" },
    ours: failed(/ answered with more than 1 MB$/),
  },
];

const apiError = (call: string): Expected => ({
  error: "MendaCloudAPIError",
  message: new RegExp(`^${call} returned HTTP \\d+: `),
});

const STATUSES: readonly Rule[] = [
  ...bothCalls(
    "a status that is neither success nor error",
    "To python-requests everything below 400 and from 600 on is fine, so the original looks for a token in it.",
    (reply) => (reply.status >= 600 || (reply.status >= 300 && reply.status < 400)) && !redirects(reply),
    (call, field) => [failed(new RegExp(`^(?:'${field}'|Expecting value: .*)$`)), apiError(call)],
  ),
  {
    id: "redirects at oauth2/token",
    reason: "The original goes wherever it is sent, and takes the token from there.",
    covers: replies("token", redirects),
    theirs: { answer: "registry.token-1", requests: [TOKEN, /^(?:GET|POST) \/moved/, /Bearer moved/] },
    ours: { ...apiError("oauth2/token"), requests: [TOKEN] },
  },
  {
    id: "redirects at registry/token",
    reason:
      "The original goes wherever it is sent, and takes the login with it: python-requests keeps the header.",
    covers: replies("registry", redirects),
    theirs: {
      answer: "moved",
      requests: [TOKEN, REGISTRY, /^(?:GET|POST) \/moved \| authorizationtoken: Bearer access/],
    },
    ours: { ...apiError("registry/token"), requests: [TOKEN, REGISTRY] },
  },
  ...bothCalls(
    "an error in Latin-1",
    "What is quoted is read as UTF-8, whatever it says it is; JSON is UTF-8 (RFC 8259 §8.1).",
    ({ latin1 }) => latin1 === true,
    (call) => [
      {
        error: "MendaCloudAPIError",
        message: quoting(`${call} returned HTTP 400: refus\u00e9`),
        status: 400,
      },
      {
        error: "MendaCloudAPIError",
        message: quoting(`${call} returned HTTP 400: refus\ufffd`),
        status: 400,
      },
    ],
  ),
  {
    id: "the client secret, quoted",
    reason: "What we sent is taken out of what we quote.",
    covers: replies("token", ({ body }) => body.includes("{query}")),
    theirs: { error: "MendaCloudAPIError", message: /client_secret=env-secret$/, status: 401 },
    ours: {
      error: "MendaCloudAPIError",
      message: /^oauth2\/token returned HTTP 401: .*client_secret=\[secret\]$/,
      status: 401,
    },
  },
  {
    id: "the access token, quoted",
    reason: "What we sent is taken out of what we quote.",
    covers: replies("registry", ({ body }) => body.includes("{bearer}")),
    theirs: { error: "MendaCloudAPIError", message: /: no: access\.token-1$/, status: 401 },
    ours: {
      error: "MendaCloudAPIError",
      message: /^registry\/token returned HTTP 401: no: \[secret\]$/,
      status: 401,
    },
  },
];

const FAULTS: readonly Rule[] = [
  ...bothCalls(
    "a connection that ends early",
    WORDS,
    ({ fault }) => fault === "hang up",
    () => [
      failed(/^\('Connection broken: IncompleteRead/),
      failed(/^cannot reach .*: it closed the connection/),
    ],
  ),
  ...bothCalls(
    "silence",
    "The same refusal, in words; and we wait 10 seconds (20 in all), the original 30 for each call.",
    ({ fault }) => fault === "silence",
    () => [failed(/Read timed out\. \(read timeout=0\.4\)$/), failed(/^no answer from .* within 0\.4 s$/)],
  ),
];

export const replyRules: readonly Rule[] = [...BODIES, ...STATUSES, ...FAULTS];
