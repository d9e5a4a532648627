// The administration of a broker: one command in, its result out, each an entry in the same chain with the user of the
// operating system who gave it. The running server and a command that holds the folder's lock both do it here.
import { randomBytes } from "node:crypto";
import { readAuditKey, rotateAuditKey } from "../audit/audit-key.ts";
import { KeywrightError } from "../errors.ts";
import type { Clock } from "../io/clock.ts";
import {
  createClient,
  createSigningClient,
  revokeClient,
  rotateClient,
  type Circumstances,
  type NewClient,
} from "./clients.ts";
import type { BrokerConfig } from "./config.ts";
import type { OpenData } from "./data-folder.ts";
import { administerPeople, type PeopleCommand } from "./people/people-commands.ts";
import { newEntryId, type Client } from "./records.ts";

export type AdminCommand =
  | PeopleCommand
  | { readonly op: "client_create"; readonly client: NewClient }
  | { readonly op: "client_list" }
  | { readonly op: "client_revoke" | "client_rotate"; readonly name: string }
  | { readonly op: "reload" }
  /** The entry only: whoever asks makes the copy. */
  | { readonly op: "backup"; readonly file: string }
  | { readonly op: "rotate_pepper" }
  | { readonly op: "rotate_audit_key" }
  | { readonly op: "drop_peppers"; readonly force: boolean };

/** Who gives the command. What it says is believed: only the same user, or root, gets this far. */
export interface Actor {
  readonly by: string;
  readonly uid?: number | undefined;
}

export interface AdminHouse {
  readonly data: OpenData;
  readonly clock: Clock;
  /** Where people reach the server; undefined: none runs. */
  readonly url?: string | undefined;
  /** undefined: no server runs, so there is nothing to reload. */
  readonly reload?: ((actor: Actor) => Promise<object>) | undefined;
  /** What is in force; undefined: no server runs, so nobody knows. */
  readonly config?: (() => BrokerConfig) | undefined;
}

/** What `client list` shows. */
export type ShownClient = Omit<Client, "id" | "secretHash" | "generation">;

export async function administer(house: AdminHouse, command: AdminCommand, actor: Actor): Promise<object> {
  const { data, clock, reload } = house;
  const how = { now: clock.now(), ...actor };
  switch (command.op) {
    case "client_create":
      return { secret: newClient(data, command.client, how) };
    case "client_rotate":
      return { secret: rotateClient(data, command.name, how) };
    case "client_revoke":
      revokeClient(data, command.name, how);
      return {};
    case "client_list":
      tell(house, actor, "clients_listed", {});
      return { clients: data.db.clients().map(shown) };
    case "backup":
      tell(house, actor, "backup_made", { file: command.file });
      return {};
    case "rotate_pepper":
      return rotatePepper(house, actor);
    case "rotate_audit_key":
      return rotateKey(house, actor);
    case "drop_peppers":
      return dropPeppers(house, actor, command.force);
    case "reload":
      if (reload !== undefined) return reload(actor);
      throw new KeywrightError("usage", "no server runs on this data folder, so there is nothing to reload", {
        hint: "A server reads its configuration when it starts.",
      });
    default:
      return administerPeople(house, command, how, (kind, fields) => tell(house, actor, kind, fields));
  }
}

/** The entry comes first: a pepper that is not in the audit would be one that nobody made. */
function rotatePepper(house: AdminHouse, actor: Actor): object {
  const { peppers } = house.data;
  tell(house, actor, "pepper_rotated", { pepper: peppers.current() + 1 });
  return { pepper: peppers.rotate(), waiting: waiting(house.data) };
}

/** The checkpoints from now on are signed by the new key, with the old one's word for it. */
function rotateKey(house: AdminHouse, actor: Actor): object {
  const { folder } = house.data;
  tell(house, actor, "audit_key_rotated", { key: readAuditKey(folder).name });
  const { old, next } = rotateAuditKey(folder);
  return { key: next.name, follows: old };
}

function dropPeppers(house: AdminHouse, actor: Actor, force: boolean): object {
  const { peppers, db } = house.data;
  const needed = waiting(house.data);
  if (needed.length > 0 && !force) {
    throw new KeywrightError(
      "usage",
      `the old peppers are still needed by ${needed.length} ${needed.length === 1 ? "client" : "clients"}: ${needed.join(", ")}`,
      {
        hint: "A client changes to the new pepper when it authenticates, or when you rotate it; --force shuts these out until you rotate them.",
      },
    );
  }
  const current = peppers.current();
  const dropped = peppers.numbers().filter((number) => number !== current);
  tell(house, actor, "peppers_dropped", { peppers: dropped, shut_out: needed });
  db.ledger.append([{ kind: "peppers_dropped", below: current }]);
  peppers.dropOld();
  return { dropped, shut_out: needed };
}

/** Its secret; undefined: it signs with its own key. */
function newClient(data: OpenData, client: NewClient, how: Circumstances): string | undefined {
  const { jwks } = client;
  if (jwks === undefined) return createClient(data, client, how);
  createSigningClient(data, { ...client, jwks }, how);
  return undefined;
}

/** The clients whose secret is hashed with an older pepper. */
function waiting({ db, peppers }: OpenData): readonly string[] {
  const waits = ({ jwks, pepper }: Client): boolean => jwks === undefined && pepper !== peppers.current();
  return db.clients().flatMap((client) => (waits(client) ? [client.name] : []));
}

function tell(
  { data, clock }: AdminHouse,
  { by, uid }: Actor,
  kind: string,
  fields: Readonly<Record<string, unknown>>,
): void {
  const who = { by, ...(uid === undefined ? {} : { by_uid: uid }) };
  data.db.transaction((writer) =>
    writer.append(clock.now(), { kind, id: newEntryId(randomBytes), ...fields, ...who }),
  );
}

function shown({ id: _id, secretHash: _hash, generation: _generation, ...client }: Client): ShownClient {
  return client;
}
