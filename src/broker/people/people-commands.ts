// The administrative commands about people: what each is, how it is read from a line of the socket, and what it answers.
// users.ts does it.
import type { Clock } from "../../io/clock.ts";
import { KeywrightError } from "../../errors.ts";
import type { Circumstances } from "../clients.ts";
import { mayAct, type BrokerConfig } from "../config.ts";
import type { OpenData } from "../data-folder.ts";
import type { Session } from "../records.ts";
import type { ListedUser } from "./people-reading.ts";
import { disableUser, enableUser, endUserSessions, inviteUser, type Invitation } from "./users.ts";

export type PeopleCommand =
  /** `url`: where people reach the broker; a server that runs knows better. */
  | { readonly op: "user_invite"; readonly invitation: Invitation; readonly url: string | undefined }
  | { readonly op: "user_list" }
  | { readonly op: "user_disable" | "user_enable"; readonly name: string }
  | { readonly op: "user_sessions"; readonly name: string | undefined }
  | {
      readonly op: "user_sessions_end";
      readonly name: string | undefined;
      /** undefined: all of them. */
      readonly session: string | undefined;
    };

/** What `user list` shows. */
export type ShownUser = Omit<ListedUser, "id" | "subject">;
/** What `user sessions` shows. */
export type ShownSession = Omit<Session, "id" | "user" | "upstream" | "jkt"> & { readonly bound: boolean };

interface PeopleHouse {
  readonly data: OpenData;
  readonly clock: Clock;
  readonly url?: string | undefined;
  /** undefined: no server runs. */
  readonly config?: (() => Pick<BrokerConfig, "principals" | "users">) | undefined;
}

/** `tell`: writes the entry of a command that only looks. */
export function administerPeople(
  { data, clock, url, config }: PeopleHouse,
  command: PeopleCommand,
  how: Circumstances,
  tell: (kind: string, fields: Readonly<Record<string, unknown>>) => void,
): object {
  switch (command.op) {
    case "user_invite":
      checkInForce(config?.(), command.invitation, data.db.userNamed(command.invitation.name)?.principal);
      return inviteUser(data, command.invitation, knownUrl(url ?? command.url), how);
    case "user_disable":
      return { sessions: disableUser(data, command.name, how) };
    case "user_enable":
      enableUser(data, command.name, how);
      return {};
    case "user_list":
      tell("users_listed", {});
      return { users: data.db.users(clock.now()).map(shownUser) };
    case "user_sessions":
      tell("sessions_listed", { user: command.name ?? null });
      return { sessions: sessionsOf(data, command.name, clock.now()) };
    case "user_sessions_end":
      return { ended: endUserSessions(data, { user: command.name, session: command.session }, how) };
  }
}

/** undefined: it is no command about people. Throws `usage`, by `notOurs`, for one that is not whole. */
export function readPeopleCommand(
  fields: Readonly<Record<string, unknown>>,
  notOurs: () => KeywrightError,
): PeopleCommand | undefined {
  const text = (value: unknown): string => {
    if (typeof value === "string") return value;
    throw notOurs();
  };
  const maybe = (value: unknown): string | undefined => (value === undefined ? undefined : text(value));
  const { op, name } = fields;
  switch (op) {
    case "user_invite": {
      const { invitation, url } = fields;
      if (typeof invitation !== "object" || invitation === null) throw notOurs();
      const { principal, email, replace, name: invited } = invitation as Record<string, unknown>;
      const read = { name: text(invited), principal: maybe(principal), email: maybe(email) };
      return { op, invitation: { ...read, replace: replace === true }, url: maybe(url) };
    }
    case "user_disable":
    case "user_enable":
      return { op, name: text(name) };
    case "user_sessions":
      return { op, name: maybe(name) };
    case "user_sessions_end":
      return { op, name: maybe(name), session: maybe(fields["session"]) };
    case "user_list":
      return { op };
    default:
      return undefined;
  }
}

/** An invitation whose person would be turned away is told to who invites. Throws `usage`. */
function checkInForce(
  config: Pick<BrokerConfig, "principals" | "users"> | undefined,
  { principal }: Invitation,
  before: string | undefined,
): void {
  if (config?.users?.provider !== undefined)
    throw new KeywrightError("usage", "people come from a provider here, and need no invitation", {
      hint: "users.provider.principals in the server's configuration says who of them gets in.",
    });
  const wanted = principal ?? before;
  if (config !== undefined && wanted !== undefined && !mayAct(config.principals, wanted))
    throw new KeywrightError("usage", `the server's principals do not list '${wanted}'`, {
      hint: "Choose one of them, or add it to the configuration and reload the server first.",
    });
}

function knownUrl(url: string | undefined): string {
  if (url !== undefined && URL.canParse(url)) return new URL(url).href.replace(/\/$/, "");
  throw new KeywrightError(
    "usage",
    "no server runs on this data folder, so the address of the link is not known",
    {
      hint: "Start the server first, or say where people reach it with --url.",
    },
  );
}

function sessionsOf({ db }: OpenData, name: string | undefined, now: number): readonly ShownSession[] {
  const user = name === undefined ? undefined : db.userNamed(name);
  if (name !== undefined && user === undefined) {
    throw new KeywrightError("not_found", `there is no user '${name}'`, {
      hint: "`keywright user list` shows those that there are.",
    });
  }
  return db
    .sessions(user?.id)
    .filter(({ expiresAt }) => expiresAt > now)
    .map(({ id: _id, user: _user, upstream: _upstream, jkt, ...session }) => ({
      ...session,
      bound: jkt !== undefined,
    }));
}

function shownUser({ id: _id, subject: _subject, ...user }: ListedUser): ShownUser {
  return user;
}
