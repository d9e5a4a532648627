// The contract of every backend: Location → Secret. A backend does not know policies; it is called only with what was granted.
import type { Secret } from "../secret.ts";
import type { Ask } from "./ask.ts";
import type { RuntimeIdentity } from "./identity.ts";
import type { Location } from "./location.ts";
import type { Principal } from "./principal.ts";
import type { SecretStore } from "./store.ts";

export interface RetrieveContext {
  readonly ask: Ask;
  readonly principal: Principal;
  readonly identity: RuntimeIdentity;
  /** The id of the audit entry that allowed this. */
  readonly decision: string;
  /** W3C `traceparent` of the request behind this, for whatever the backend asks upstream; undefined: none. */
  readonly trace?: string | undefined;
  /** True: do not answer from a cache. */
  readonly fresh?: boolean | undefined;
}

/** Whom the upstream would see, from local evidence only: what separates one lease from another. */
export interface Upstream {
  /** Origin (or another stable name) of what mints. */
  readonly endpoint: string;
  /** A name, key id or hash; never the credential itself. */
  readonly principal: string;
  /** Seconds that a file of the user's, besides the configuration, lets the token live; undefined: none says it. */
  readonly duration?: number | undefined;
}

/** One line of an explanation: what, and how it is. */
export interface Fact {
  readonly name: string;
  readonly value: string;
}

export interface Backend {
  /**
   * Fetches the value. Returns undefined when there is no such thing at this location;
   * throws a KeywrightError when it should be there and could not be had.
   */
  retrieve(location: Location, context: RetrieveContext): Promise<Secret | undefined>;
  /** Throws a KeywrightError that says why this store cannot be used now (`keywright check`); reads no value. */
  check(store: SecretStore): Promise<void>;
  /** Local evidence of who will ask upstream, no network. A backend without it is never wrapped in a cache. */
  upstream?(location: Location, context: RetrieveContext): Promise<Upstream>;
  /**
   * What `retrieve` would do, in words for `explain`: no value, no credential, no path of a secret, and nothing that
   * asks the network or a program. A secret's backend has nothing to add beyond the name of its store.
   */
  describe?(location: Location, context: RetrieveContext): Promise<readonly Fact[]>;
  /** True: the value is made here, in the transaction that also holds the audit entries. */
  readonly local?: boolean | undefined;
}
