// The administration of people: invite, list, disable, enable, and the end of sessions, each with its entry in the same
// chain as everything else. A running broker sees the change at its next request. A link is returned once and kept nowhere.
import { randomBytes } from "node:crypto";
import { isIP } from "node:net";
import { KeywrightError } from "../../errors.ts";
import { isPrincipalName } from "../../resolver/principal.ts";
import type { Circumstances } from "../clients.ts";
import type { OpenData } from "../data-folder.ts";
import type { Writer } from "../database-writing.ts";
import type { UserIdentity } from "../ledger.ts";
import { newEntryId } from "../records.ts";
import { INVITE_PREFIX, newTokenText, tokenHash } from "../token-text.ts";
import type { User } from "./people-reading.ts";

export interface Invitation {
  readonly name: string;
  /** undefined: as it was; a new user needs one. */
  readonly principal: string | undefined;
  /** undefined: as it was, or none. */
  readonly email: string | undefined;
  /** True: the passkeys that the user has are lost, and end. */
  readonly replace: boolean;
}

export interface Invited {
  readonly link: string;
  /** Epoch seconds. */
  readonly expiresAt: number;
  /** True: there was no such user before. */
  readonly isNew: boolean;
}

/** How long an invitation is good, in seconds. */
export const INVITATION_LIFE = 86_400;

/** `url`: the broker's. Throws `usage` for an invitation that cannot be. */
export function inviteUser(
  { db }: OpenData,
  invitation: Invitation,
  url: string,
  how: Circumstances,
): Invited {
  checkInvitation(invitation);
  checkUrl(url);
  const at = Math.floor(how.now);
  const token = newTokenText(INVITE_PREFIX, randomBytes);
  const known = db.userNamed(invitation.name);
  db.transaction((writer) => {
    const { id, principal } =
      known === undefined ? added(writer, invitation, at) : changed(writer, known, invitation);
    if (known !== undefined && invitation.replace) writer.endPasskeys(identityOf(known), at);
    writer.addInvite(tokenHash(token), id, at, at + INVITATION_LIFE);
    writer.append(how.now, {
      ...entry("user_invited", how),
      user: invitation.name,
      principal,
      new: known === undefined,
      ...(invitation.replace ? { passkeys: "replaced" } : {}),
    });
  });
  // Behind the `#`, a browser sends it to nobody, and no log has it.
  return { link: `${url}/invite#${token}`, expiresAt: at + INVITATION_LIFE, isNew: known === undefined };
}

/** Everything of it ends at once. Throws `not_found`; one that is disabled already stays so. */
export function disableUser({ db }: OpenData, name: string, how: Circumstances): number {
  const user = db.userNamed(name) ?? nobody(name);
  const sessions = db.sessions(user.id).filter(({ expiresAt }) => expiresAt > how.now).length;
  db.transaction((writer) => {
    writer.disableUser(user.id, Math.floor(how.now));
    writer.append(how.now, { ...entry("user_disabled", how), user: name, sessions });
  });
  return sessions;
}

/** It may log in again; nothing that ended comes back. */
export function enableUser({ db }: OpenData, name: string, how: Circumstances): void {
  const user = db.userNamed(name) ?? nobody(name);
  db.transaction((writer) => {
    writer.enableUser(user.id);
    writer.append(how.now, { ...entry("user_enabled", how), user: name });
  });
}

/** What ends: a session by its name, all of one user, or all there are. Returns how many. Throws `not_found`. */
export function endUserSessions(
  { db }: OpenData,
  { user: name, session }: { readonly user: string | undefined; readonly session: string | undefined },
  how: Circumstances,
): number {
  const user = name === undefined ? undefined : (db.userNamed(name) ?? nobody(name));
  let ended = 0;
  db.transaction((writer) => {
    ended = writer.endSessions(user?.id, Math.floor(how.now), "ended by an administrator", session);
    if (session !== undefined && ended === 0) throw noSession(session);
    // Whoever still is in a browser could begin a new one with a click.
    if (session === undefined) writer.endBrowsers(user?.id);
    const which = session === undefined ? {} : { session };
    writer.append(how.now, { ...entry("sessions_ended", how), user: name ?? null, ...which, ended });
  });
  return ended;
}

function added(writer: Writer, { name, principal, email = "" }: Invitation, createdAt: number) {
  if (principal === undefined)
    throw usage(
      `there is no user '${name}', and a new one needs a principal`,
      "Name whom it acts as with --principal.",
    );
  return { id: writer.addUser({ name, principal, email, createdAt }), principal };
}

function changed(writer: Writer, user: User, invitation: Invitation) {
  const { id, name, issuer, disabledAt } = user;
  if (issuer !== undefined)
    throw usage(
      `'${name}' is known by its provider, and needs no passkey`,
      "Choose another name for a new user.",
    );
  if (disabledAt !== undefined)
    throw usage(`the user '${name}' is disabled`, "`keywright user enable` it first.");
  const { principal = user.principal ?? "", email = user.email } = invitation;
  writer.changeUser(id, { principal, email });
  return { id, principal };
}

function checkInvitation({ name, principal, email }: Invitation): void {
  if (!/^[a-z0-9][a-z0-9._@+-]{0,63}$/.test(name)) {
    throw usage(
      "that cannot be the name of a user",
      "Use lower-case letters, digits and . _ @ + -, at most 64 of them, beginning with a letter or a digit.",
    );
  }
  if (principal !== undefined && !isPrincipalName(principal)) {
    throw usage(
      `'${principal}' is not the name of a principal`,
      "Use lower-case letters, digits and underscores, beginning with a letter.",
    );
  }
  if (
    email !== undefined &&
    !/^[\u0021-\u003f\u0041-\u007e]{1,64}@[\u0021-\u003f\u0041-\u007e]{1,189}$/.test(email)
  )
    throw usage("--email is no e-mail address", "For example alice@team.example.");
}

/** WebAuthn Level 3 section 5.1.2: the id of a site is a host name, and the page a secure context. */
function checkUrl(url: string): void {
  const { protocol, hostname } = new URL(url);
  const isName = isIP(hostname.replace(/^\[|\]$/g, "")) === 0;
  if (isName && (protocol === "https:" || hostname === "localhost")) return;
  throw usage(
    "passkeys need an https address with a host name, or http://localhost",
    "Give the server such an address with --url.",
  );
}

function identityOf({ id, name, createdAt }: User): UserIdentity {
  return { id, name, createdAt };
}

function entry(kind: string, { by, uid }: Circumstances) {
  return { kind, id: newEntryId(randomBytes), by, ...(uid === undefined ? {} : { by_uid: uid }) };
}

function nobody(name: string): never {
  throw new KeywrightError("not_found", `there is no user '${name}'`, {
    hint: "`keywright user list` shows those that there are.",
  });
}

function noSession(name: string): KeywrightError {
  return new KeywrightError("not_found", `there is no session '${name}'`, {
    hint: "`keywright user sessions` shows those that there are.",
  });
}

function usage(message: string, hint: string): KeywrightError {
  return new KeywrightError("usage", message, { hint });
}
