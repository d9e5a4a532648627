// Speaks to an OpenBao or Vault server: one request each, its JSON and status back, and what is wrong with the server as a
// whole as an error. Neither a path, a header nor a body goes into an error or the log.
import { KeywrightError } from "../errors.ts";
import type { Http } from "../io/http.ts";
import type { Say } from "../io/log.ts";
import type { Secret } from "../secret.ts";
import type { VaultSettings } from "./vault-options.ts";

export interface VaultRequest {
  readonly method: "GET" | "POST";
  /** Segments below /v1/, not encoded. */
  readonly path: readonly string[];
  readonly query?: string | undefined;
  readonly token?: Secret | undefined;
  readonly body?: Readonly<Record<string, string>> | undefined;
  /** Seconds: the answer comes wrapped. */
  readonly wrapTtl?: number | undefined;
  /** Epoch seconds. */
  readonly deadline: number;
}

export interface VaultReply {
  readonly status: number;
  /** undefined: the body is no JSON object. */
  readonly json: Readonly<Record<string, unknown>> | undefined;
}

export interface VaultServer {
  /** Scheme and host. */
  readonly origin: string;
  /** Statuses 200 to 299, 400, 403 and 404 come back. Throws `locked` (sealed), `backend`, and what the connection throws. */
  request(request: VaultRequest): Promise<VaultReply>;
  /** Throws what keeps the server from answering anything: `locked` (sealed), `backend`, `network`. */
  health(deadline: number): Promise<void>;
}

export function vaultServer(
  http: Http,
  { address, namespace }: VaultSettings,
  debug: Say | undefined,
): VaultServer {
  const { origin } = new URL(address);
  async function send(request: VaultRequest, common: Readonly<Record<string, string>>): Promise<VaultReply> {
    const { method, path, query = "", token, body, wrapTtl, deadline } = request;
    const { status, body: text } = await http.request({
      method,
      url: `${address}/v1/${path.map(encodeURIComponent).join("/")}${query}`,
      headers: {
        "X-Vault-Request": "true",
        ...common,
        ...(token === undefined ? {} : { "X-Vault-Token": token.reveal() }),
        ...(wrapTtl === undefined ? {} : { "X-Vault-Wrap-TTL": `${wrapTtl}s` }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      deadline,
    });
    debug?.(`vault ${origin}: HTTP ${status}`);
    return { status, json: objectOf(text) };
  }
  return {
    origin,
    async request(request) {
      const reply = await send(request, namespace === undefined ? {} : { "X-Vault-Namespace": namespace });
      const fault = serverFault(reply.status, origin);
      if (fault !== undefined) throw fault;
      return reply;
    },
    async health(deadline) {
      const { status } = await send({ method: "GET", path: ["sys", "health"], deadline }, {});
      // A standby (429) hands reads on, and a performance standby (473) answers them.
      const fault = [200, 429, 473].includes(status) ? undefined : serverFault(status, origin);
      if (fault !== undefined) throw fault;
      if (status === 404) throw noServer(origin);
    },
  };
}

const NO_SERVER = "Check that the option address names an OpenBao or Vault server, without /v1.";
const PASSED = [400, 403, 404];

function serverFault(status: number, origin: string): KeywrightError | undefined {
  if ((status >= 200 && status < 300) || PASSED.includes(status)) return undefined;
  if (status === 503)
    return new KeywrightError("locked", `${origin} is sealed, or in maintenance (HTTP 503)`, {
      hint: "Unseal it: bao operator unseal (or vault operator unseal).",
    });
  const [what, hint] = FAULTS[status >= 300 && status < 400 ? 300 : status] ?? [
    "failed",
    "Look at the server's log.",
  ];
  return new KeywrightError("backend", `${origin} ${what} (HTTP ${status})`, { hint });
}

const FAULTS: Readonly<Record<number, readonly [what: string, hint: string]>> = {
  300: ["sends us to another server, which is not followed", "Let the option address name the active node."],
  405: ["does not know this request", NO_SERVER],
  412: ["has not caught up with a write yet", "Try again."],
  429: [
    "is a standby, or limits the rate",
    "Let the option address name the active node, or ask less often.",
  ],
  472: [
    "is the standby of a disaster recovery, which answers nothing",
    "Let the option address name the primary.",
  ],
  473: ["is a standby that cannot answer this", "Let the option address name the active node."],
  501: ["is not initialised", "Initialise it: bao operator init (or vault operator init)."],
};

function noServer(origin: string): KeywrightError {
  return new KeywrightError("backend", `${origin} answers, but not as an OpenBao or Vault server`, {
    hint: NO_SERVER,
  });
}

function objectOf(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    return isObject(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
