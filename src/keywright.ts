// Composes a ready keywright from configuration. What is not needed for a cached answer is loaded by the part that needs it.
import { randomHex } from "./digest.ts";
import { CLIENT_BACKENDS, clientBackends, optionChecks } from "./all-backends.ts";
import { openAudit, defaultAuditPath } from "./audit/open.ts";
import { cachedBackend } from "./backends/cached.ts";
import type { Configuration } from "./config/configuration.ts";
import { readConfig } from "./config/snapshot.ts";
import { asKeywrightError, KeywrightError } from "./errors.ts";
import { discoverIdentity } from "./identity/discover.ts";
import { systemClock, type Clock } from "./io/clock.ts";
import type { Log } from "./io/log.ts";
import { parentProcess, type Parent } from "./io/parent.ts";
import { beganAt } from "./io/process.ts";
import { showAddress } from "./resolver/address.ts";
import type { Ask } from "./resolver/ask.ts";
import type { AuditLog } from "./resolver/audit-log.ts";
import type { Backend } from "./resolver/backend.ts";
import type { Explanation } from "./resolver/explain.ts";
import type { RuntimeIdentity } from "./resolver/identity.ts";
import { matchFault } from "./resolver/match.ts";
import { createRefs } from "./resolver/refs.ts";
import { resolve, type House } from "./resolver/resolve.ts";
import type { SecretStore } from "./resolver/store.ts";
import type { Secret } from "./secret.ts";
import { VERSION } from "./version.ts";

export interface KeywrightOptions {
  /** Defaults to the environment of this process. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  /** The home folder; undefined: there is none, so nothing is remembered and no user configuration read. */
  readonly home?: string | undefined;
  readonly clock?: Clock | undefined;
  /** Writes to standard error, for the audit sink of that name. */
  readonly err?: ((text: string) => void) | undefined;
  /** Tells the user something that does not keep an answer from coming, one sentence. */
  readonly warn?: ((text: string) => void) | undefined;
  /** Hears what happens, for whoever looks for a fault; never a value. */
  readonly log?: Log | undefined;
  /** Who asks; undefined: the process above us. One that answers undefined: repeated questions say nothing (cached.ts). */
  readonly parent?: (() => Parent | undefined) | undefined;
}

export interface StoreState {
  readonly store: string;
  readonly backend: string;
  /** undefined: it is ready. */
  readonly fault: KeywrightError | undefined;
}

export interface Keywright {
  readonly identity: RuntimeIdentity;
  /**
   * Answers an ask. Returns undefined when it is allowed and there is no such value. Throws a KeywrightError: `unknown`
   * (no ref answers), `refused`, `denied`, `audit`, or what went wrong at the backend.
   */
  resolve(ask: Ask): Promise<Secret | undefined>;
  /** What `resolve` would do and why; asks nobody, writes nothing down. `identity`: instead of our own. */
  explain(ask: Ask, identity?: RuntimeIdentity): Promise<Explanation>;
  /** Every store, and what keeps it from being used; reads no value. */
  check(): Promise<readonly StoreState[]>;
  /** The names of all secrets that a ref answers to, whoever may have them. */
  readonly secretNames: readonly string[];
  /** The variables of the environment that hold values or credentials of stores, whether they are set or not. */
  storeVariables(): Promise<readonly string[]>;
  /** Whose an address is, without asking anybody. */
  classify(address: string): "ours" | "refused" | "foreign";
}

/** Throws `configuration` when the configuration cannot be read or is not valid. */
export async function openKeywright(options: KeywrightOptions = {}): Promise<Keywright> {
  const env = options.env ?? process.env;
  const clock = options.clock ?? systemClock;
  const { home, log, parent = parentProcess } = options;
  const debug = log?.debug;
  const config = await readConfig({
    debug,
    home,
    env,
    kind: "client",
    backends: CLIENT_BACKENDS,
    optionChecks,
    matchFault,
    version: VERSION,
  });
  const identity = discoverIdentity(config.identity);
  const tries = async (host: string): Promise<boolean> =>
    (await import("./io/netrc.ts")).hasNetrcEntry(host, { env, home });
  const cached = (backend: Backend): Backend =>
    cachedBackend(backend, { debug, home, clock, parent, began: beganAt, tries });
  debug?.(`identity: ${shownIdentity(identity)}`);
  const house: House = {
    refs: createRefs(config.refs),
    stores: config.stores,
    policies: config.policies,
    backends: Object.fromEntries(
      Object.entries(clientBackends({ debug, env, home, clock })).map(([name, one]) => [name, cached(one)]),
    ),
    audit: await heard(auditOf(config, { ...options, clock }), log),
    now: () => clock.now(),
    auditUnknown: false,
  };
  return {
    identity,
    resolve(ask) {
      debug?.(`${shownAsk(ask)}: ${house.refs.find(ask).outcome}`);
      return resolve(house, ask, identity);
    },
    async explain(ask, as = identity) {
      const { explain } = await import("./resolver/explain.ts");
      return explain(house, ask, as);
    },
    check: () => Promise.all([...config.stores.values()].map((store) => stateOf(store, house))),
    secretNames: config.refs.flatMap(({ name, match }) => (match === undefined ? [name] : [])),
    async storeVariables() {
      const { storeVariables } = await import("./store-variables.ts");
      return storeVariables(config.stores, config.refs);
    },
    classify: (url) => house.refs.find({ kind: "registry", url, action: "read" }).outcome,
  };
}

async function stateOf(store: SecretStore, { backends }: House): Promise<StoreState> {
  const state = { store: store.name, backend: store.backend };
  try {
    await backends[store.backend]?.check(store);
    return { ...state, fault: undefined };
  } catch (thrown) {
    return { ...state, fault: asKeywrightError(thrown) };
  }
}

async function heard(audit: AuditLog, log: Log | undefined): Promise<AuditLog> {
  if (log?.info === undefined) return audit;
  const { toldAudit } = await import("./audit/told.ts");
  return toldAudit(audit, log.info, showAddress);
}

function shownAsk(ask: Ask): string {
  return ask.kind === "registry" ? `${ask.action} ${showAddress(ask.url)}` : `secret ${ask.name}`;
}

function shownIdentity(identity: RuntimeIdentity): string {
  const fields = Object.entries(identity) as [string, RuntimeIdentity["role"]][];
  return fields
    .map(([name, known]) => `${name} ${known?.value ?? "?"} (${known?.attestation ?? "-"})`)
    .join(", ");
}

function auditOf({ audit }: Configuration, options: KeywrightOptions & { readonly clock: Clock }): AuditLog {
  const { clock, home, err, warn = () => {} } = options;
  return openAudit({
    sink: audit.sink,
    configured: audit.configured,
    path: audit.path ?? (home === undefined ? undefined : defaultAuditPath(home)),
    maxBytes: audit.maxBytes,
    maxFiles: audit.maxFiles,
    clock,
    newId: () => randomHex(8),
    describe: (ask) => (ask.kind === "registry" ? showAddress(ask.url) : undefined),
    stderr(text) {
      if (err === undefined)
        throw new KeywrightError("audit", "the audit goes to standard error, and there is none");
      err(text);
    },
    warn,
  });
}
