// A yes to a login that waits, by a passkey and in one step: what proves who somebody is says yes to the one login that its
// challenge was made for, and to nothing else. Nobody is signed in by it, and no page is shown.
import type { Core } from "../core.ts";
import { approveNow, type PendingLogin } from "../login/logins.ts";
import type { Person } from "../records.ts";
import type { Incoming } from "../reply.ts";
import { tellProven, turnedAway } from "./admit.ts";
import { assertionStart, provenBy } from "./assertion.ts";
import type { Browser } from "./browsers.ts";
import {
  begin,
  fieldsOf,
  finish,
  type PasskeyStart,
  type PendingCeremony,
  type Refusal,
} from "./ceremony.ts";
import { HOME, type LoginFailure } from "./login-end.ts";

export type ApprovalEnd =
  | { readonly ok: true; readonly person: Person }
  /** undefined: the login was decided meanwhile, or took too long. */
  | { readonly ok: false; readonly failure: LoginFailure | undefined };

export async function passkeyApprovalOptions(
  core: Core,
  browser: Browser,
  login: PendingLogin,
): Promise<PasskeyStart> {
  const pending = { kind: "approval", login: nameOf(login), returnTo: HOME } as const;
  return assertionStart(core, browser, await begin(core, browser, pending));
}

/** `body`: as of `finishPasskeyLogin`. Approved is on the disk. */
export async function approveByPasskey(
  core: Core,
  browser: Browser,
  incoming: Incoming,
  login: PendingLogin,
  body: unknown,
): Promise<ApprovalEnd> {
  const pending = await finish(core, browser, "approval", nameOf(login));
  const end: ApprovalEnd | Refusal =
    pending === undefined
      ? { failure: "stale", reason: "no approval of this login was begun in this browser" }
      : await decide(core, fieldsOf(body), pending, { login, incoming });
  if ("ok" in end) return end;
  const { failure, reason, user } = end;
  await turnedAway(core, incoming, {
    method: "passkey",
    failure,
    reason,
    who: user === undefined ? {} : { user },
  });
  return { ok: false, failure };
}

function decide(
  core: Core,
  sent: Readonly<Record<string, unknown>>,
  pending: PendingCeremony,
  { login, incoming }: { readonly login: PendingLogin; readonly incoming: Incoming },
): Promise<ApprovalEnd | Refusal> {
  return core.journal.act((writer, now): ApprovalEnd | Refusal => {
    const person = provenBy(core, writer, sent, pending, now);
    if ("failure" in person) return person;
    tellProven(core, writer, person, { incoming, method: "passkey", now });
    const { address } = incoming;
    const approved = approveNow(core, writer, now, { pending: login, person, address });
    return approved ? { ok: true, person } : { ok: false, failure: undefined };
  }, false);
}

/** Numbers are given again one day: the time is a part of it. */
function nameOf({ id, createdAt }: PendingLogin): string {
  return `${id} ${createdAt}`;
}
