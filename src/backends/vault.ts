// vault: values from the KV engine (version 2) of an OpenBao or HashiCorp Vault server. It writes nothing there, renews and
// revokes nothing, and keeps no value: only the token that it reads with, in memory.
import { KeywrightError } from "../errors.ts";
import type { Clock } from "../io/clock.ts";
import { createHttp } from "../io/http.ts";
import type { Say } from "../io/log.ts";
import type { Environment } from "../io/spawn.ts";
import type { Backend } from "../resolver/backend.ts";
import { secretPathOf } from "../resolver/location.ts";
import type { SecretStore } from "../resolver/store.ts";
import { Secret } from "../secret.ts";
import { vaultRefOptions, vaultSettings, type VaultSettings } from "./vault-options.ts";
import { checkMount, read, type Place } from "./vault-read.ts";
import { vaultServer } from "./vault-server.ts";
import { vaultSession } from "./vault-session.ts";

export interface VaultBackendOptions {
  readonly env: Environment;
  readonly clock: Clock;
  readonly debug?: Say | undefined;
}

/** Bytes of an answer: a value of 1 MB, escaped, with room. */
const MOST = 8 * 1024 * 1024;

export function vaultBackend({ env, clock, debug }: VaultBackendOptions): Backend {
  const places = new Map<string, Place>();
  function placeOf(store: SecretStore): Place {
    const settings = vaultSettings(store);
    const key = JSON.stringify([store.name, settings]);
    let place = places.get(key);
    if (place === undefined) places.set(key, (place = made(store.name, settings)));
    return place;
  }
  function made(store: string, settings: VaultSettings): Place {
    const http = createHttp({ env, clock, requestTimeout: settings.timeout, most: MOST });
    const server = vaultServer(http, settings, debug);
    const session = vaultSession({ store, auth: settings.auth, server, env, clock });
    return { store, settings, server, session };
  }
  return {
    async retrieve(location) {
      const { ref, store } = location;
      const path = secretPathOf(location).split("/");
      const wanted = vaultRefOptions(ref, store);
      const place = placeOf(store);
      const deadline = clock.now() + place.settings.timeout;
      const fields = await read(place, path, { whose: `ref ${ref.name}`, version: wanted.version, deadline });
      return fields === undefined ? undefined : new Secret(fieldOf(fields, wanted.field, ref.name));
    },
    async check(store) {
      const place = placeOf(store);
      const deadline = clock.now() + place.settings.timeout;
      await place.server.health(deadline);
      const held = await place.session.check(deadline);
      if (held !== undefined) await checkMount(place, held, deadline);
    },
  };
}

/** Names of fields may be told, values not. */
function fieldOf(fields: Readonly<Record<string, unknown>>, wanted: string | undefined, ref: string): string {
  const names = Object.keys(fields);
  const only = names.length === 1 ? names[0] : undefined;
  const name = wanted ?? only ?? "value";
  if (!Object.hasOwn(fields, name)) {
    throw new KeywrightError(
      "backend",
      `the secret of ref ${ref} has no field '${name}' (it has ${names.length})`,
      {
        hint: `Give ref ${ref} the options { field: NAME }.`,
      },
    );
  }
  const value = fields[name];
  if (typeof value === "string") return value;
  throw new KeywrightError("backend", `the field '${name}' of ref ${ref} is no text`, {
    hint: "Write it as a string: a number or a structure has more than one spelling.",
  });
}
