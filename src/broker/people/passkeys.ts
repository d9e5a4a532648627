// Login with a passkey (WebAuthn Level 3), without a name: the authenticator says whose it is. What a registration needs
// is in registration.ts, a yes by passkey in approving.ts, the answer itself is read in assertion.ts.
import type { Core } from "../core.ts";
import type { Incoming } from "../reply.ts";
import { letIn, turnedAway } from "./admit.ts";
import { assertionStart, provenBy } from "./assertion.ts";
import type { Browser } from "./browsers.ts";
import {
  begin,
  fieldsOf,
  finish,
  hasPasskeys,
  type PasskeyStart,
  type PendingCeremony,
  type Refusal,
} from "./ceremony.ts";
import { safeReturn, type LoginEnd } from "./login-end.ts";

export type { PasskeyStart } from "./ceremony.ts";
export { finishRegistration, passkeyRegistrationOptions } from "./registration.ts";

/** `returnTo`: a path of ours. */
export async function passkeyLoginOptions(
  core: Core,
  browser: Browser,
  returnTo: string,
): Promise<PasskeyStart> {
  if (!hasPasskeys(core)) return { ok: false, failure: "no_passkeys" };
  const challenge = await begin(core, browser, { kind: "assertion", returnTo: safeReturn(returnTo) });
  return assertionStart(core, browser, challenge);
}

/** `body`: `{ id, clientDataJSON, authenticatorData, signature, userHandle }`, all base64url. */
export async function finishPasskeyLogin(
  core: Core,
  browser: Browser,
  incoming: Incoming,
  body: unknown,
): Promise<LoginEnd> {
  const pending = await finish(core, browser, "assertion");
  const end: LoginEnd | Refusal =
    pending === undefined
      ? { failure: "stale", reason: "no login was begun in this browser" }
      : await recognize(core, fieldsOf(body), pending, { browser, incoming });
  if ("ok" in end) return end;
  const { failure, reason, user } = end;
  const who = user === undefined ? {} : { user };
  return turnedAway(core, incoming, { method: "passkey", failure, reason, who });
}

function recognize(
  core: Core,
  sent: Readonly<Record<string, unknown>>,
  pending: PendingCeremony,
  how: { readonly browser: Browser; readonly incoming: Incoming },
): Promise<LoginEnd | Refusal> {
  return core.journal.act((writer, now): LoginEnd | Refusal => {
    const person = provenBy(core, writer, sent, pending, now);
    if ("failure" in person) return person;
    const { returnTo } = pending;
    return letIn(core, writer, person, { ...how, returnTo, method: "passkey", now });
  }, false);
}
