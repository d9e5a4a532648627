// Reads one secret of a KV version 2 engine, and tells "not there" from "not allowed" from "not accepted": the server gives
// the same answer to the last two, and an older engine the first to everything.
import { KeywrightError } from "../errors.ts";
import type { VaultSettings } from "./vault-options.ts";
import { isObject, type VaultReply, type VaultServer } from "./vault-server.ts";
import type { Held, Session } from "./vault-session.ts";

export interface Place {
  /** The name of the store. */
  readonly store: string;
  readonly settings: VaultSettings;
  readonly server: VaultServer;
  readonly session: Session;
}

export interface Reading {
  /** For errors: `ref api_key`. */
  readonly whose: string;
  /** undefined: the newest. */
  readonly version: number | undefined;
  /** Epoch seconds. */
  readonly deadline: number;
}

type Fields = Readonly<Record<string, unknown>>;

/** The fields of a secret; undefined: there is none, or this version is deleted or destroyed. */
export async function read(
  place: Place,
  path: readonly string[],
  reading: Reading,
): Promise<Fields | undefined> {
  const { server, settings, session } = place;
  const { version, deadline } = reading;
  const get = (held: Held): Promise<VaultReply> =>
    server.request({
      method: "GET",
      path: [...settings.mount.split("/"), "data", ...path],
      query: version === undefined ? "" : `?version=${version}`,
      token: held.token,
      deadline,
    });
  const held = await session.token(deadline);
  const reply = await get(held);
  if (reply.status !== 403) return fieldsOf(reply, place, reading);
  if (held.fresh || (await isAccepted(server, held, deadline))) throw denied(place, reading);
  const again = await session.renewed(held, deadline);
  if (again === undefined) throw notAccepted(place);
  const second = await get(again);
  if (second.status === 403) throw denied(place, reading);
  return fieldsOf(second, place, reading);
}

/** Throws `authentication` for a token that is not accepted, `configuration` unless the mount is a KV engine of version 2. */
export async function checkMount(place: Place, held: Held, deadline: number): Promise<void> {
  const { server, settings } = place;
  if (!held.fresh && !(await isAccepted(server, held, deadline))) throw notAccepted(place);
  const path = ["sys", "internal", "ui", "mounts", ...settings.mount.split("/")];
  const { status, json } = await server.request({ method: "GET", path, token: held.token, deadline });
  if (status === 403 || status === 404) {
    throw new KeywrightError(
      "denied",
      `${server.origin} shows store ${place.store} no engine at its mount (HTTP ${status})`,
      {
        hint: "Check the option mount, and that a policy there lets this login read below it.",
      },
    );
  }
  const data = isObject(json?.["data"]) ? json["data"] : {};
  const options = isObject(data["options"]) ? data["options"] : {};
  if (data["type"] !== "kv" || options["version"] !== "2") throw notVersion2(place);
}

/** Some tokens may not even look themselves up: those count as not accepted, and the message says both. */
async function isAccepted(server: VaultServer, { token }: Held, deadline: number): Promise<boolean> {
  const path = ["auth", "token", "lookup-self"];
  return (await server.request({ method: "GET", path, token, deadline })).status === 200;
}

function fieldsOf({ status, json }: VaultReply, place: Place, { whose }: Reading): Fields | undefined {
  const data = isObject(json?.["data"]) ? json["data"] : undefined;
  if (status === 404) {
    // A deleted or destroyed version comes with its metadata, a missing one with an empty list of errors.
    if (data !== undefined && data["data"] === null) return undefined;
    if (Array.isArray(json?.["errors"]) && json["errors"].length === 0) return undefined;
    throw Array.isArray(json?.["warnings"]) ? notVersion2(place) : noEngine(place);
  }
  if (status >= 200 && status < 300 && data !== undefined && isObject(data["data"])) return data["data"];
  throw new KeywrightError(
    "backend",
    `${place.server.origin} answered ${whose} with something else than a secret (HTTP ${status})`,
    {
      hint: "Check that the option mount names a KV engine of version 2.",
    },
  );
}

function denied({ server, store }: Place, { whose }: Reading): KeywrightError {
  return new KeywrightError(
    "denied",
    `${server.origin} does not let store ${store} read ${whose} (HTTP 403)`,
    {
      hint: "The login is accepted there: a policy there has to allow reading MOUNT/data/PATH.",
    },
  );
}

function notAccepted({ server, store }: Place): KeywrightError {
  return new KeywrightError(
    "authentication",
    `${server.origin} does not accept the token of store ${store} (HTTP 403)`,
    {
      hint: "It has ended or was revoked, or it may neither read this nor look itself up: give the store a new one.",
    },
  );
}

function noEngine({ server, store }: Place): KeywrightError {
  return new KeywrightError(
    "configuration",
    `${server.origin} has no engine at the mount of store ${store}`,
    {
      hint: "Check the options mount and namespace.",
    },
  );
}

function notVersion2({ server, store }: Place): KeywrightError {
  return new KeywrightError(
    "configuration",
    `the mount of store ${store} at ${server.origin} is no KV engine of version 2`,
    {
      hint: "Check the option mount; an engine of version 1 can be upgraded: bao kv enable-versioning MOUNT.",
    },
  );
}
