// Lets a person into a browser, in one step with its entry in the audit: a user of a provider is made at its first
// login. What was proven, and by what, is for the callers.
import { createHash } from "node:crypto";
import type { ProviderSettings } from "../../config/users.ts";
import { mayAct } from "../config.ts";
import type { Core } from "../core.ts";
import type { Writer } from "../database-writing.ts";
import { newEntryId, type Person } from "../records.ts";
import type { Incoming } from "../reply.ts";
import { enter, type Browser } from "./browsers.ts";
import { emailOf, principalOf, shownName, type Claims } from "./claims.ts";
import type { LoginEnd, LoginFailure } from "./login-end.ts";
import type { User } from "./people-reading.ts";

/** What proved who somebody is. */
type Method = "provider" | "passkey" | "invitation";

export interface ProvenClaims {
  readonly subject: string;
  readonly claims: Claims;
  readonly refreshToken: string | undefined;
}

/** Whom the claims make of a person; undefined: no rule fits, or its principal is none any more. */
export function admittedAs(
  { config }: Core,
  { principals }: ProviderSettings,
  claims: Claims,
): string | undefined {
  const principal = principalOf(claims, principals);
  return principal !== undefined && mayAct(config.principals, principal) ? principal : undefined;
}

/** Which a provider's refresh token is sealed for. */
export function ownerOf(user: number): string {
  return `upstream of user ${user}`;
}

export async function admitFromProvider(
  core: Core,
  settings: ProviderSettings,
  proven: ProvenClaims,
  how: { readonly browser: Browser; readonly incoming: Incoming; readonly returnTo: string },
): Promise<LoginEnd> {
  const { subject, claims, refreshToken } = proven;
  const principal = admittedAs(core, settings, claims);
  const no = (failure: LoginFailure, reason: string): Promise<LoginEnd> =>
    turnedAway(core, how.incoming, { method: "provider", failure, reason, who: subjectOf(proven) });
  if (principal === undefined) return no("no_principal", "no rule gives a principal");
  const end = await core.journal.act((writer, now): LoginEnd => {
    const known = core.db.userBySubject(settings.issuer, subject);
    if (known?.disabledAt !== undefined) return { ok: false, failure: "disabled" };
    const user = known ?? newUser(core, writer, settings, proven, now);
    writer.changeUser(user.id, { principal: undefined, email: emailOf(claims) });
    const upstream =
      refreshToken === undefined ? undefined : core.sealing.seal(Buffer.from(refreshToken), ownerOf(user.id));
    const person = { user: user.id, name: user.name, principal, upstream, provenAt: Math.floor(now) };
    return letIn(core, writer, person, { ...how, method: "provider", now });
  }, false);
  return end.ok ? end : no(end.failure, "the user is disabled");
}

/** Inside the journal: the person is in the browser, and the audit says so. */
export function letIn(
  core: Core,
  writer: Writer,
  person: Person,
  how: {
    readonly browser: Browser;
    readonly incoming: Incoming;
    readonly returnTo: string;
    readonly method: Method;
    readonly now: number;
  },
): LoginEnd {
  const { browser, incoming, returnTo, method, now } = how;
  tellProven(core, writer, person, { incoming, method, now });
  return { ok: true, person, returnTo, setCookie: enter(core, writer, browser, person, now) };
}

/** Inside the journal: the audit says who has proven to be there, and by what. */
export function tellProven(
  core: Core,
  writer: Writer,
  { name, principal }: Person,
  { incoming, method, now }: { readonly incoming: Incoming; readonly method: Method; readonly now: number },
): void {
  const entry = { ...entryOf(core, incoming, method), outcome: "allowed", user: name, principal };
  writer.append(now, entry);
}

/** `who`: what the audit may know of somebody who has proven something. */
export async function turnedAway(
  core: Core,
  incoming: Incoming,
  {
    method,
    failure,
    reason,
    who = {},
  }: {
    readonly method: Method;
    readonly failure: LoginFailure;
    readonly reason: string;
    readonly who?: Readonly<Record<string, string>>;
  },
): Promise<LoginEnd> {
  if (core.failures.take()) {
    const entry = { ...entryOf(core, incoming, method), outcome: "denied", ...who, reason };
    await core.journal.commit({ entries: [entry] });
  }
  return { ok: false, failure };
}

function entryOf(core: Core, { address }: Incoming, method: Method) {
  return {
    kind: "user_login",
    id: newEntryId(core.random),
    method,
    ...(address === undefined ? {} : { address }),
  };
}

/** Signed by the provider, so it is no secret in a wrong field; hashed, since it may be an address of a person. */
function subjectOf({ subject }: ProvenClaims): Readonly<Record<string, string>> {
  return { subject: createHash("sha256").update(subject).digest("base64url") };
}

function newUser(
  core: Core,
  writer: Writer,
  settings: ProviderSettings,
  { subject, claims }: ProvenClaims,
  now: number,
): Pick<User, "id" | "name"> {
  const { issuer } = settings;
  const digest = createHash("sha256")
    .update(JSON.stringify([issuer, subject]))
    .digest("hex");
  const name = freeName(core, shownName(claims, settings) ?? `user-${digest.slice(0, 8)}`);
  const createdAt = Math.floor(now);
  const id = writer.addUser({
    name,
    principal: undefined,
    issuer,
    subject,
    email: emailOf(claims),
    createdAt,
  });
  writer.append(now, { kind: "user_created", id: newEntryId(core.random), user: name, issuer });
  return { id, name };
}

/** Two people of one name are two users: `alice`, `alice-2`. */
function freeName({ db }: Core, wanted: string): string {
  let name = wanted;
  for (let number = 2; db.userNamed(name) !== undefined; number += 1) name = `${wanted}-${number}`;
  return name;
}
