// The client's side of a menda cloud: a menda account → a registry token, in the form that the host speaks. It caches
// nothing but the host's metadata, keeps a login fresh by what it is handed, and decides nothing about who may ask.
import { asKeywrightError, KeywrightError, MendaKeyRingError } from "../errors.ts";
import type { Http, HttpReply, HttpRequest } from "../io/http.ts";
import type { Action } from "../resolver/ask.ts";
import { Secret } from "../secret.ts";
import { againFor, type MendaAccount } from "./account.ts";
import { type Answer, answerOf, formEncoded, type ReplyContext, textOf, unusable } from "./cloud-reply.ts";
import {
  authorization,
  proven,
  unbindable,
  withLogin,
  type Holder,
  type LoginSession,
} from "./login/holder.ts";
import type { HostMemory } from "./host-memory.ts";
import { hostMetadata, type HostMetadata } from "./host-metadata.ts";

/** `auto`: as the host's metadata says. The others are said by the user, and nothing else is tried. */
export type Protocol = "auto" | "menda" | "standard";

export interface CloudOptions {
  readonly http: Http;
  readonly memory: HostMemory;
  readonly protocol: Protocol;
  /** Epoch seconds. */
  readonly now: number;
  /** Epoch seconds at which everything must be over; undefined: no such limit. */
  readonly deadline: number | undefined;
  /** For an account with a login of ours; undefined: there is none. */
  readonly session?: LoginSession | undefined;
}

export interface RegistryQuestion {
  readonly url: string;
  readonly action: Action;
}

/** A registry token. Throws MendaKeyRingError or one of its subclasses, as menda-keyring 0.0.2 does. */
export async function registryToken(
  account: MendaAccount,
  question: RegistryQuestion,
  options: CloudOptions,
): Promise<Secret> {
  try {
    const metadata = await metadataOf(account, options);
    const form = speaksMenda(account, options) ? undefined : metadata;
    const ask = (holder: Holder) => exchanged(account, holder, question, form, options);
    return await withHolder(account, metadata, options, ask);
  } catch (thrown) {
    if (thrown instanceof MendaKeyRingError) throw thrown;
    // The original raises everything as MendaKeyRingError; programs that catch it go on doing so.
    const { code, message, hint } = asKeywrightError(thrown);
    throw new MendaKeyRingError(code, message, { hint });
  }
}

/** A person's token in the cache that is shared with menda-cli is good for the menda form only, whatever else the host has. */
function speaksMenda(account: MendaAccount, { protocol }: CloudOptions): boolean {
  const shared = account.kind === "user" && (account.login?.shared ?? true);
  return shared && protocol !== "standard";
}

/** Calls `ask` with the account's token; a login's is fresh, see `withLogin`. */
export async function withHolder<T>(
  account: MendaAccount,
  metadata: HostMetadata | undefined,
  options: CloudOptions,
  ask: (holder: Holder) => Promise<T>,
): Promise<T> {
  if (account.kind === "user" && account.login !== undefined) {
    if (options.session === undefined)
      throw new KeywrightError("internal", "a login is used without its session");
    return withLogin(account.login, options.session, ask);
  }
  return ask({ token: account.cached ?? (await accessToken(account, metadata, options)), dpop: undefined });
}

export async function metadataOf(
  account: MendaAccount,
  options: CloudOptions,
): Promise<HostMetadata | undefined> {
  const { protocol, memory } = options;
  if (protocol === "menda" || (protocol === "auto" && memory.saidMenda(account.host))) return undefined;
  return hostMetadata({ ...options, host: account.host, required: options.protocol === "standard" });
}

export async function accessToken(
  account: MendaAccount,
  metadata: HostMetadata | undefined,
  { http, deadline }: CloudOptions,
): Promise<Secret> {
  if (account.kind === "user") return account.cached;
  const secret = account.clientSecret.reveal();
  let call = "oauth2/token";
  let reply: HttpReply;
  if (metadata === undefined) {
    const query = formOf({
      grant_type: "client_credentials",
      client_id: account.clientId,
      client_secret: secret,
    });
    const url = `${account.host}/api/v1/auth/oauth2/token?${query}`;
    reply = await http.request({ method: "POST", url, deadline });
  } else {
    const url = metadata.tokenEndpoint;
    if (url === undefined) throw unusable("the OAuth metadata", "has no token_endpoint", undefined);
    call = callOf(url);
    const pair = `${formEncoded(account.clientId)}:${formEncoded(secret)}`; // RFC 6749 §2.3.1
    const headers = {
      Authorization: `Basic ${Buffer.from(pair).toString("base64")}`,
      "Content-Type": "application/x-www-form-urlencoded",
      Accept: "application/json",
    };
    reply = await http.request({
      method: "POST",
      url,
      headers,
      body: formOf({ grant_type: "client_credentials" }),
      deadline,
    });
  }
  const answer = answerOf(reply, contextOf(account, call, undefined, metadata !== undefined));
  return new Secret(textOf(answer, "access_token", call));
}

async function exchanged(
  account: MendaAccount,
  holder: Holder,
  { url, action }: RegistryQuestion,
  metadata: HostMetadata | undefined,
  { http, deadline }: CloudOptions,
): Promise<Secret> {
  const endpoint = metadata?.registryEndpoint;
  const call = endpoint === undefined ? "registry/token" : callOf(endpoint);
  const { token } = holder;
  if (endpoint === undefined && holder.dpop !== undefined) throw unbindable(account.host);
  const request: HttpRequest =
    endpoint === undefined
      ? {
          method: "POST",
          url: `${account.host}/api/v1/auth/registry/token`,
          headers: { authorizationToken: `Bearer ${token.reveal()}`, "Content-Type": "application/json" },
          deadline,
        }
      : {
          method: "POST",
          url: endpoint,
          headers: {
            ...authorization(holder),
            "Content-Type": "application/json",
            Accept: "application/json",
          },
          body: JSON.stringify({ url, action }),
          deadline,
        };
  const reply = await proven(http, request, holder);
  const answer = answerOf(reply, contextOf(account, call, token, endpoint !== undefined));
  return new Secret(textOf(answer, "token", call), {
    username: usernameOf(answer),
    expiresAt: expiryOf(answer, call),
  });
}

function usernameOf({ username }: Answer): string | undefined {
  return typeof username === "string" && username !== "" ? username : undefined;
}

/** Epoch seconds, or a date of ISO 8601. A time that cannot be read is an error: a lease must not outlive its token. */
function expiryOf({ expires_at: value }: Answer, call: string): number | undefined {
  if (value === undefined || value === null) return undefined;
  const seconds = typeof value === "string" ? Date.parse(value) / 1000 : value;
  if (typeof seconds !== "number" || !Number.isFinite(seconds))
    throw unusable(call, "has an expires_at that is no time", undefined);
  return Math.floor(seconds);
}

function contextOf(
  account: MendaAccount,
  call: string,
  token: Secret | undefined,
  standard: boolean,
): ReplyContext {
  const asked = { call, host: account.host, standard };
  if (account.kind === "user") {
    const again = againFor(account.profile).replace(/\.$/, "");
    const unaccepted = `${again}, or ask who runs ${account.host} for access.`;
    return { ...asked, secrets: [token, account.cached], unaccepted };
  }
  const where =
    account.profile === undefined
      ? "MENDA_CLIENT_ID and MENDA_CLIENT_SECRET"
      : `the profile ${account.profile}`;
  const unaccepted = `Check the client id and secret of ${where}, or ask who runs ${account.host} for access.`;
  return { ...asked, secrets: [token, account.cached, account.clientSecret], unaccepted };
}

function callOf(endpoint: string): string {
  return new URL(endpoint).pathname.slice(1);
}

function formOf(fields: Readonly<Record<string, string>>): string {
  return Object.entries(fields)
    .map(([name, value]) => `${formEncoded(name)}=${formEncoded(value)}`)
    .join("&");
}
