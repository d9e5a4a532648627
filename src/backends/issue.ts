// The backend `issue`: makes an opaque token of the broker's own, for a registry that asks the broker whether it holds.
// It keeps nothing: whoever mints keeps the hash. Works only where something mints, that is in the broker.
import { KeywrightError } from "../errors.ts";
import type { Backend, RetrieveContext } from "../resolver/backend.ts";
import type { Location } from "../resolver/location.ts";
import { Secret } from "../secret.ts";

export interface Wish {
  /** The ref's name: whom the token is for. */
  readonly audience: string;
  /** The action: what it is good for. */
  readonly scope: string;
  /** Seconds. */
  readonly ttl: number;
  readonly principal: string;
}

/** Makes a token and remembers it; `expiresAt` in epoch seconds. */
export type Mint = (wish: Wish) => { readonly token: string; readonly expiresAt: number };

const DEFAULT_TTL = 600;
const LONGEST_TTL = 43_200;
const DEFAULT_USERNAME = "token";

export function issueBackend({ mint }: { readonly mint: Mint }): Backend {
  return {
    local: true,
    check: async () => undefined,
    retrieve: async (location: Location, context: RetrieveContext) => {
      const { ttl: most, username } = issueOptions(location);
      const { duration = 0 } = context.ask.kind === "registry" ? context.ask : {};
      const ttl = duration > 0 ? Math.min(most, duration) : most;
      const { token, expiresAt } = mint({
        audience: location.ref.name,
        scope: location.action,
        ttl,
        principal: context.principal.name,
      });
      return new Secret(token, { expiresAt, username: location.ref.username ?? username });
    },
  };
}

function issueOptions({ store }: Location): { readonly ttl: number; readonly username: string } {
  const { ttl = DEFAULT_TTL, username = DEFAULT_USERNAME } = store.options;
  if (typeof ttl !== "number" || !Number.isInteger(ttl) || ttl < 30 || ttl > LONGEST_TTL) {
    throw new KeywrightError(
      "configuration",
      `store ${store.name}: ttl is not a whole number of seconds from 30 to ${LONGEST_TTL}`,
    );
  }
  if (typeof username !== "string" || username === "") {
    throw new KeywrightError("configuration", `store ${store.name}: username is not a text`);
  }
  return { ttl, username };
}
