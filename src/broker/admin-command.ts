// An administrative request as it comes over the socket: one line of JSON, parsed once. It does nothing.
import { KeywrightError } from "../errors.ts";
import type { Actor, AdminCommand } from "./admin.ts";
import { readPeopleCommand } from "./people/people-commands.ts";

export interface AdminRequest {
  readonly command: AdminCommand;
  readonly actor: Actor;
}

/** Throws `usage` for what is no request of this version. */
export function parseAdminRequest(line: string): AdminRequest {
  const { command, actor } = objectOf(parsed(line));
  const { by, uid } = objectOf(actor);
  if (typeof by !== "string" || (uid !== undefined && typeof uid !== "number")) throw notOurs();
  return { command: commandOf(objectOf(command)), actor: { by: by.slice(0, 256), uid } };
}

function commandOf(fields: Readonly<Record<string, unknown>>): AdminCommand {
  const { op, name, file, force } = fields;
  switch (op) {
    case "client_create":
      return { op, client: clientOf(objectOf(fields["client"])) };
    case "client_revoke":
    case "client_rotate":
      return { op, name: textOf(name) };
    case "backup":
      return { op, file: textOf(file) };
    case "drop_peppers":
      return { op, force: force === true };
    case "client_list":
    case "reload":
    case "rotate_pepper":
    case "rotate_audit_key":
      return { op };
    default:
      return readPeopleCommand(fields, notOurs) ?? refused();
  }
}

function clientOf({ name, principal, resource, queryCredentials, jwks }: Readonly<Record<string, unknown>>) {
  return {
    name: textOf(name),
    principal: principal === undefined ? undefined : textOf(principal),
    resource: resource === undefined ? undefined : textOf(resource),
    queryCredentials: queryCredentials === true,
    jwks: jwks === undefined ? undefined : textOf(jwks),
  };
}

function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  throw notOurs();
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value === "object" && value !== null) return value as Record<string, unknown>;
  throw notOurs();
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    throw notOurs();
  }
}

function refused(): never {
  throw notOurs();
}

function notOurs(): KeywrightError {
  return new KeywrightError("usage", "the server does not understand this administrative command", {
    hint: "Use the keywright of the same version as the server.",
  });
}
