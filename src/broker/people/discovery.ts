// The configured OIDC provider: its metadata (OpenID Connect Discovery 1.0), remembered for a while, and its keys. Who
// somebody is, it does not say.
import { readFileSync } from "node:fs";
import type { ProviderSettings } from "../../config/users.ts";
import { KeywrightError } from "../../errors.ts";
import type { Http } from "../../io/http.ts";
import { isLoopback } from "../../loopback.ts";
import type { Core } from "../core.ts";
import { ISSUER_ALGORITHMS } from "../jwt/algorithms.ts";
import { issuerHttp } from "../jwt/issuer-http.ts";
import { readJsonObject, type JsonObject } from "../jwt/json-object.ts";
import { createJwks } from "../jwt/jwks.ts";
import type { KeySource } from "../jwt/verify.ts";

export interface Metadata {
  readonly authorizationEndpoint: string;
  readonly tokenEndpoint: string;
  /** What its id_tokens may be signed with. */
  readonly algorithms: readonly string[];
  /** True: every answer of its authorization endpoint has `iss` (RFC 9207). */
  readonly sendsIssuer: boolean;
}

export interface Provider {
  readonly settings: ProviderSettings;
  readonly http: Http;
  readonly keys: KeySource;
  /** Throws `network`, `timed_out` or `backend`. */
  metadata(): Promise<Metadata>;
}

/** How long metadata count, and how long after a failure nobody asks again, in seconds. */
const FRESH = 3600;
const PAUSE = 5;
const TIMEOUT = 5;
const LARGEST = 256 * 1024;

const KNOWN = new WeakMap<Http, WeakMap<ProviderSettings, Provider>>();

/** The same one for as long as the configuration is the same; undefined: none is configured. */
export function providerOf({ config, http, clock }: Core): Provider | undefined {
  const settings = config.users?.provider;
  if (settings === undefined) return undefined;
  const here = KNOWN.get(http) ?? new WeakMap<ProviderSettings, Provider>();
  KNOWN.set(http, here);
  const provider = here.get(settings) ?? createProvider(settings, http, clock);
  here.set(settings, provider);
  return provider;
}

function createProvider(settings: ProviderSettings, plain: Http, clock: Core["clock"]): Provider {
  const http = issuerHttp(plain, settings);
  let kept: { readonly metadata: Metadata; readonly at: number } | undefined;
  let failed: { readonly thrown: unknown; readonly at: number } | undefined;
  let fetching: Promise<Metadata> | undefined;
  const fetched = async (): Promise<Metadata> => {
    try {
      const metadata = await fetchMetadata(settings, http);
      [kept, failed] = [{ metadata, at: clock.now() }, undefined];
      return metadata;
    } catch (thrown) {
      failed = { thrown, at: clock.now() };
      throw thrown;
    } finally {
      fetching = undefined;
    }
  };
  return {
    settings,
    http,
    keys: createJwks({ http, clock, issuer: settings.issuer }),
    async metadata() {
      if (kept !== undefined && Math.abs(clock.now() - kept.at) < FRESH) return kept.metadata;
      if (failed !== undefined && Math.abs(clock.now() - failed.at) < PAUSE) throw failed.thrown;
      return (fetching ??= fetched());
    },
  };
}

async function fetchMetadata({ issuer }: ProviderSettings, http: Http): Promise<Metadata> {
  const url = `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
  const headers = { Accept: "application/json" };
  const reply = await http.request({ method: "GET", url, headers, timeout: TIMEOUT, most: LARGEST });
  const document = reply.status === 200 ? readJsonObject(reply.body) : undefined;
  if (document === undefined) throw wrong(`answered ${reply.status} without metadata`);
  // Section 4.3: or another one could speak in its name.
  if (document["issuer"] !== issuer) throw wrong("has the metadata of another issuer");
  return {
    authorizationEndpoint: endpointOf(document, "authorization_endpoint"),
    tokenEndpoint: endpointOf(document, "token_endpoint"),
    algorithms: algorithmsOf(document),
    sendsIssuer: document["authorization_response_iss_parameter_supported"] === true,
  };
}

function endpointOf(document: JsonObject, name: string): string {
  const value = document[name];
  const url = typeof value === "string" ? URL.parse(value) : null;
  const safe = url?.protocol === "https:" || (url?.protocol === "http:" && isLoopback(url.hostname));
  if (url === null || !safe || url.hash !== "") throw wrong(`has no usable ${name}`);
  return url.href;
}

function algorithmsOf(document: JsonObject): readonly string[] {
  const listed = document["id_token_signing_alg_values_supported"];
  const usable = ISSUER_ALGORITHMS.filter((name) => Array.isArray(listed) && listed.includes(name));
  if (usable.length === 0) throw wrong("signs its id_tokens with nothing that is accepted");
  return usable;
}

/** The secret of its file as it is now. Throws `configuration`; undefined: the broker is a public client there. */
export function clientSecretOf({ clientSecretFile }: ProviderSettings): string | undefined {
  if (clientSecretFile === undefined) return undefined;
  const text = secretIn(clientSecretFile).replace(/\r?\n$/, "");
  if (/^[\u0020-\u007e]{1,1024}$/.test(text)) return text;
  throw new KeywrightError("configuration", `${clientSecretFile} is no file with one client secret in it`);
}

function secretIn(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (thrown) {
    const code = (thrown as NodeJS.ErrnoException).code ?? "failed";
    throw new KeywrightError("configuration", `${path} cannot be read (${code})`, {
      hint: "users.provider.client_secret_file names it; the user that runs the broker has to be able to read it.",
    });
  }
}

function wrong(what: string): KeywrightError {
  return new KeywrightError("backend", `the provider ${what}`, {
    hint: "Compare users.provider.issuer with the `issuer` of the provider's metadata.",
  });
}
