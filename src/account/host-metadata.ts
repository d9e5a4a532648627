// Which form a menda host speaks: the standard form if it publishes RFC 8414 metadata, the menda form after a definite
// 404 or 410. Anything else is an error, so that nobody on the way can talk a client into the older form.
import { KeywrightError, MendaKeyRingError } from "../errors.ts";
import type { Http } from "../io/http.ts";
import type { HostMemory } from "./host-memory.ts";

export interface HostMetadata {
  /** undefined: the host announces none. */
  readonly tokenEndpoint: string | undefined;
  /** `keywright_registry_endpoint`; undefined: the registry step is menda's. */
  readonly registryEndpoint: string | undefined;
  /** undefined: no login in the browser on this machine; likewise the three below. */
  readonly authorizationEndpoint: string | undefined;
  readonly deviceEndpoint: string | undefined;
  readonly revocationEndpoint: string | undefined;
  /** `keywright_whoami_endpoint`. */
  readonly whoamiEndpoint: string | undefined;
  /** True: tokens can be bound to a key of ours (RFC 9449 §5.1). */
  readonly dpop: boolean;
  /** True: the answer of the browser has to say `iss` (RFC 9207 §3). */
  readonly saysIssuer: boolean;
  readonly grantTypes: readonly string[];
  /** undefined: the host does not say which there are. */
  readonly scopes: readonly string[] | undefined;
}

export interface MetadataQuestion {
  /** Without a slash at its end. */
  readonly host: string;
  readonly http: Http;
  readonly memory: HostMemory;
  /** Epoch seconds. */
  readonly now: number;
  /** Epoch seconds. */
  readonly deadline: number | undefined;
  /** True: a host without metadata is an error too. */
  readonly required: boolean;
}

/** The host's metadata, asked for at most once a day; undefined: it has none, for certain, and never had. */
export async function hostMetadata(question: MetadataQuestion): Promise<HostMetadata | undefined> {
  const { host, memory, now, required } = question;
  const remembered = memory.answer(host, now);
  const strict = required || memory.hadMetadata(host);
  if (remembered !== undefined && !(remembered === null && strict)) {
    return remembered === null ? undefined : checked(remembered, host);
  }
  const answer = await fetched(question, memory.hadMetadata(host));
  if (answer !== undefined) {
    const metadata = checked(answer, host);
    memory.keep(host, answer, now);
    return metadata;
  }
  if (!strict) memory.keep(host, null, now);
  return undefined;
}

/** The user may know better than a gateway that answers 403 for what is not there. */
function mendaHint(host: string): string {
  return `If this host is a menda cloud without metadata, say so once: keywright host menda ${host}`;
}

/** The metadata as JSON data, unchecked; undefined after a definite "there is none". */
async function fetched(
  { host, http, deadline, required }: MetadataQuestion,
  hadMetadata: boolean,
): Promise<unknown> {
  const reply = await http.request({
    method: "GET",
    url: metadataUrl(host),
    headers: { Accept: "application/json" },
    deadline,
  });
  if (reply.status === 404 || reply.status === 410) {
    if (hadMetadata) {
      const hint = `If its operator took it away on purpose, run: keywright host forget ${host}`;
      throw broken(
        `${host} had OAuth metadata before and answers HTTP ${reply.status} for it now`,
        hint,
        reply.status,
      );
    }
    if (!required) return undefined;
    const hint = "Set 'protocol: auto' or 'protocol: menda' in the options of the store.";
    throw broken(`${host} has no OAuth metadata (HTTP ${reply.status})`, hint, reply.status);
  }
  if (reply.status !== 200) {
    throw broken(
      `${host} answered HTTP ${reply.status} when asked for its OAuth metadata`,
      mendaHint(host),
      reply.status,
    );
  }
  try {
    return JSON.parse(reply.body) as unknown;
  } catch {
    throw broken(`the OAuth metadata of ${host} is not JSON`, mendaHint(host));
  }
}

/** RFC 8414 §3.1: the well-known part goes between the host and the issuer's path. */
function metadataUrl(host: string): string {
  const url = URL.parse(host);
  const web = url?.protocol === "https:" || url?.protocol === "http:";
  if (!web || `${url.search}${url.hash}${url.username}${url.password}` !== "") {
    throw new KeywrightError("configuration", "the host of the menda account is not a plain https address", {
      hint: "It must look like https://menda.example, without user name, query or fragment.",
    });
  }
  const path = url.pathname === "/" ? "" : url.pathname.replace(/\/+$/, "");
  return `${url.origin}/.well-known/oauth-authorization-server${path}`;
}

function checked(answer: unknown, host: string): HostMetadata {
  if (typeof answer !== "object" || answer === null || Array.isArray(answer)) {
    throw broken(`the OAuth metadata of ${host} is not a JSON object`, mendaHint(host));
  }
  const data = answer as Readonly<Record<string, unknown>>;
  const issuer = data["issuer"];
  if (issuer !== host) {
    const said = typeof issuer === "string" ? `says its issuer is ${printable(issuer)}` : "names no issuer";
    const hint =
      "RFC 8414 wants both to be the same; if that issuer is the right one, write it as the host of the profile.";
    throw broken(`the OAuth metadata of ${host} ${said}`, hint);
  }
  return {
    tokenEndpoint: endpoint(data, "token_endpoint", host),
    registryEndpoint: endpoint(data, "keywright_registry_endpoint", host),
    authorizationEndpoint: endpoint(data, "authorization_endpoint", host),
    deviceEndpoint: endpoint(data, "device_authorization_endpoint", host),
    revocationEndpoint: endpoint(data, "revocation_endpoint", host),
    whoamiEndpoint: endpoint(data, "keywright_whoami_endpoint", host),
    dpop: words(data["dpop_signing_alg_values_supported"]).includes(DPOP_ALG),
    saysIssuer: data["authorization_response_iss_parameter_supported"] === true,
    // RFC 8414 §2: what holds when it is left out.
    grantTypes:
      data["grant_types_supported"] === undefined
        ? ["authorization_code", "implicit"]
        : words(data["grant_types_supported"]),
    scopes: data["scopes_supported"] === undefined ? undefined : words(data["scopes_supported"]),
  };
}

/** The one that dpop-key.ts signs with. */
const DPOP_ALG = "ES256";

function words(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((word) => typeof word === "string") : [];
}

function endpoint(data: Readonly<Record<string, unknown>>, name: string, host: string): string | undefined {
  const value = data[name];
  if (value === undefined) return undefined;
  const url = typeof value === "string" ? URL.parse(value) : null;
  if (url === null || url.username !== "" || url.password !== "" || url.hash !== "") {
    throw broken(`the OAuth metadata of ${host} has a ${name} that is not a URL`, undefined);
  }
  if (url.origin !== URL.parse(host)?.origin) {
    const hint = "Credentials are sent to the host's own origin only; tell the operator of the host.";
    throw broken(
      `the OAuth metadata of ${host} has a ${name} on another origin, ${printable(url.origin)}`,
      hint,
    );
  }
  return url.href;
}

function printable(text: string): string {
  return text.slice(0, 200).replace(/[^\u0020-\u007e]/g, "?");
}

function broken(message: string, hint: string | undefined, statusCode?: number): MendaKeyRingError {
  return new MendaKeyRingError("backend", message, { hint, statusCode });
}
