// menda: a registry token from a menda cloud, for the account that the environment or a menda profile names. It knows
// who would ask from local files alone; what talks to the network is loaded only when something is fetched.
import { sha256 } from "../digest.ts";
import { loginsIn, mendaAccount, type MendaAccount } from "../account/account.ts";
import type { AmbientSource } from "../account/ambient/ambient-source.ts";
import type { Protocol } from "../account/cloud.ts";
import type { LoginSession } from "../account/login/holder.ts";
import { KeywrightError } from "../errors.ts";
import type { Clock } from "../io/clock.ts";
import type { Http } from "../io/http.ts";
import type { Say } from "../io/log.ts";
import type { Address } from "../resolver/address.ts";
import type { Backend, Upstream } from "../resolver/backend.ts";
import type { Location } from "../resolver/location.ts";
import type { OptionValue, SecretStore } from "../resolver/store.ts";
import { Secret } from "../secret.ts";

export interface MendaBackendOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string | undefined;
  readonly clock: Clock;
  readonly debug?: Say | undefined;
}

export interface MendaSettings {
  readonly profile: string | undefined;
  readonly protocol: Protocol;
  /** Seconds for one request. */
  readonly requestTimeout: number;
  /** Seconds for everything. */
  readonly timeout: number;
}

/** How long a token is kept when the cloud does not say how long it lives. */
const UNSAID_LIFETIME = 600;
const PROTOCOLS: readonly Protocol[] = ["auto", "menda", "standard"];
const OPTIONS = ["profile", "protocol", "request_timeout", "timeout"];

export function mendaBackend({ env, home, clock, debug }: MendaBackendOptions): Backend {
  const accountFor = async ({ profile }: MendaSettings): Promise<MendaAccount> => {
    const named = profile === undefined ? {} : { profile };
    return mendaAccount({
      env,
      home,
      now: clock.now(),
      logins: await loginsIn(home, { env, clock }),
      ...named,
    });
  };
  const sessionFor = async (
    account: MendaAccount,
    http: Http,
    deadline: number,
  ): Promise<LoginSession | undefined> => {
    const store = account.kind === "user" && account.login ? await loginsIn(home, { env, clock }) : undefined;
    if (store === undefined || home === undefined) return undefined;
    const { loginSession } = await import("../account/login/fresh-login.ts");
    return loginSession({ http, clock, store, home, env, deadline, debug, moreAmbient });
  };

  return {
    async retrieve(location) {
      const settings = mendaSettings(location.store);
      const url = addressUrl(location);
      const account = await accountFor(settings);
      const { createHttp } = await import("../io/http.ts");
      const { registryToken } = await import("../account/cloud.ts");
      const { hostMemory } = await import("../account/host-memory.ts");
      const { protocol, requestTimeout, timeout } = settings;
      const now = clock.now();
      const deadline = now + timeout;
      const http = createHttp({ env, clock, requestTimeout, debug });
      const session = await sessionFor(account, http, deadline);
      const options = { http, memory: hostMemory(home), protocol, now, deadline, session };
      const secret = await registryToken(account, { url, action: location.action }, options);
      return new Secret(secret.reveal(), {
        username: secret.username,
        expiresAt: secret.expiresAt ?? Math.floor(now) + UNSAID_LIFETIME,
        upstream: upstreamOf(account).principal,
      });
    },
    async check() {
      // Nothing is needed but an account, and which one that is, each store says for itself.
    },
    async upstream(location) {
      return upstreamOf(await accountFor(mendaSettings(location.store)));
    },
    async describe({ store }) {
      const { describeMenda } = await import("./menda-describe.ts");
      const settings = mendaSettings(store);
      return describeMenda({
        account: accountFor(settings),
        protocol: settings.protocol,
        home,
        now: clock.now(),
      });
    },
  };
}

/** What a job on AWS shows as its identity; the account's room cannot know it. */
async function moreAmbient(): Promise<readonly AmbientSource[]> {
  return [(await import("../aws/ambient-identity.ts")).awsAmbient];
}

function upstreamOf(account: MendaAccount): Upstream {
  if (account.kind === "machine") return { endpoint: account.host, principal: account.clientId };
  // The same through all refreshes of a login, and another one for whoever logs in next.
  const login = account.login?.id ?? sha256(account.cached.reveal());
  return { endpoint: account.host, principal: `user:${account.profile}:${login.slice(0, 16)}` };
}

function addressUrl({ address, ref }: Location): string {
  if (address === undefined) {
    throw new KeywrightError(
      "configuration",
      `the store ${ref.store} (menda) holds registry tokens, no secrets`,
      {
        hint: `Give the ref ${ref.name} a match, or another store.`,
      },
    );
  }
  return urlOf(address);
}

/** An address without a scheme (a bare host) is https: nothing else is ever asked for without saying so. */
function urlOf({ scheme = "https", host, port, path }: Address): string {
  const usual = port === (scheme === "https" ? 443 : 80);
  return `${scheme}://${host}${usual ? "" : `:${port}`}${path}/`;
}

/** Throws `configuration`. */
export function mendaSettings({ name, options }: SecretStore): MendaSettings {
  const fault = (key: string, wanted: string): KeywrightError =>
    new KeywrightError("configuration", `store ${name}: ${key} must be ${wanted}`);
  const unknown = Object.keys(options).find((key) => !OPTIONS.includes(key));
  if (unknown !== undefined) {
    const hint = `The options of a menda store are ${OPTIONS.join(", ")}.`;
    throw new KeywrightError("configuration", `store ${name}: unknown option ${unknown}`, { hint });
  }
  const seconds = (key: string, value: OptionValue | undefined, otherwise: number): number => {
    if (value === undefined) return otherwise;
    if (typeof value !== "number" || !(value > 0 && value <= 3600))
      throw fault(key, "a number of seconds, at most 3600");
    return value;
  };
  const { profile, protocol = "auto", request_timeout: requestTimeout, timeout } = options;
  if (profile !== undefined && (typeof profile !== "string" || profile === ""))
    throw fault("profile", "a name");
  const known = PROTOCOLS.find((each) => each === protocol);
  if (known === undefined) throw fault("protocol", PROTOCOLS.join(", "));
  return {
    profile,
    protocol: known,
    requestTimeout: seconds("request_timeout", requestTimeout, 10),
    timeout: seconds("timeout", timeout, 20),
  };
}
