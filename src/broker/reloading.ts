// The configuration that can be exchanged while the broker serves: a request is answered wholly by the one that was in
// force when it came in. One that does not load leaves the old one in force; both ways there is an audit entry.
import { randomBytes } from "node:crypto";
import { sha256 } from "../digest.ts";
import { asKeywrightError } from "../errors.ts";
import type { Actor } from "./admin.ts";
import { BROKER_BACKENDS, checkBrokerConfig, type BrokerConfig } from "./config.ts";
import type { Core } from "./core.ts";
import { endpointsOf } from "./endpoints.ts";
import { newEntryId } from "./records.ts";
import type { Endpoint } from "./reply.ts";

export interface Reloading {
  readonly endpoints: readonly Endpoint[];
  /** Throws what is wrong with the new one. */
  reload(actor: Actor): Promise<object>;
  /** What is in force now. */
  config(): BrokerConfig;
}

export interface ReloadOptions {
  /** Reads the configuration anew; undefined: there are no files to read. */
  readonly load: (() => Promise<BrokerConfig>) | undefined;
  /** Hears what is in force from now on. */
  applied?(config: BrokerConfig): void;
  log(line: string): void;
}

export function reloadable(core: Core, { load, log, applied }: ReloadOptions): Reloading {
  let current = endpointsOf(core);
  let config = core.config;
  let last: Promise<unknown> = Promise.resolve();
  const append = (actor: Actor, kind: string, fields: Readonly<Record<string, unknown>>): void => {
    const who = { by: actor.by, ...(actor.uid === undefined ? {} : { by_uid: actor.uid }) };
    const entry = { kind, id: newEntryId(randomBytes), ...fields, ...who };
    core.db.transaction((writer) => writer.append(core.clock.now(), entry));
  };
  const exchange = async (actor: Actor): Promise<object> => {
    let next: BrokerConfig;
    try {
      next = load === undefined ? config : await load();
      checkBrokerConfig(next, [...Object.keys(core.backends), ...BROKER_BACKENDS]);
    } catch (thrown) {
      const { code, message } = asKeywrightError(thrown);
      log(`the configuration was not reloaded, the old one stays in force: ${message}`);
      append(actor, "configuration_refused", { code, reason: message });
      throw thrown;
    }
    append(actor, "configuration_reloaded", { before: digestOf(config), config: digestOf(next) });
    const endpoints = endpointsOf({ ...core, config: next });
    [current, config] = [endpoints, next];
    applied?.(next);
    log("the configuration was reloaded");
    return { config: digestOf(next) };
  };
  return {
    endpoints: current.map(({ method, path }, at) => ({
      method,
      path,
      handle: (incoming) => (current[at] as Endpoint).handle(incoming),
    })),
    config: () => config,
    reload: (actor) => {
      const turn = last.then(() => exchange(actor));
      last = turn.catch(() => undefined);
      return turn;
    },
  };
}

/** Names what is in force, so that the audit shows whether anything changed. */
function digestOf(config: BrokerConfig): string {
  return sha256(
    JSON.stringify(config, (_key, value: unknown) => (value instanceof Map ? [...value] : value)),
  );
}
