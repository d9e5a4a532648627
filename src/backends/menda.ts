// menda: a registry token from a menda cloud, for the account that the environment or a menda profile names. It knows
// who would ask from local files alone; what talks to the network is loaded only when something is fetched.
import { sha256 } from "../digest.ts";
import { mendaAccount, type MendaAccount } from "../account/account.ts";
import type { Protocol } from "../account/cloud.ts";
import { KeywrightError } from "../errors.ts";
import type { Clock } from "../io/clock.ts";
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
  const accountFor = ({ profile }: MendaSettings): MendaAccount =>
    mendaAccount({ env, home, now: clock.now(), ...(profile === undefined ? {} : { profile }) });

  return {
    async retrieve(location) {
      const settings = mendaSettings(location.store);
      const url = addressUrl(location);
      const account = accountFor(settings);
      const { createHttp } = await import("../io/http.ts");
      const { registryToken } = await import("../account/cloud.ts");
      const { hostMemory } = await import("../account/host-memory.ts");
      const now = clock.now();
      const secret = await registryToken(
        account,
        { url, action: location.action },
        {
          http: createHttp({ env, clock, requestTimeout: settings.requestTimeout, debug }),
          memory: hostMemory(home),
          protocol: settings.protocol,
          now,
          deadline: now + settings.timeout,
        },
      );
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
      return upstreamOf(accountFor(mendaSettings(location.store)));
    },
    async describe({ store }) {
      const { describeMenda } = await import("./menda-describe.ts");
      const settings = mendaSettings(store);
      return describeMenda({ account: () => accountFor(settings), protocol: settings.protocol, home });
    },
  };
}

function upstreamOf(account: MendaAccount): Upstream {
  if (account.kind === "machine") return { endpoint: account.host, principal: account.clientId };
  const login = sha256(account.cached.reveal()).slice(0, 16);
  return { endpoint: account.host, principal: `user:${account.profile}:${login}` };
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
