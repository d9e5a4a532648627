// Login with a passkey (WebAuthn Level 3), without a name: the authenticator says whose it is. What a registration needs
// is in registration.ts, the checks of the bytes are in webauthn.ts.
import type { Core } from "../core.ts";
import type { Incoming } from "../reply.ts";
import { letIn, turnedAway } from "./admit.ts";
import type { Browser } from "./browsers.ts";
import {
  begin,
  bytesOf,
  ceremonyOf,
  fieldsOf,
  finish,
  handleOf,
  hasPasskeys,
  personOf,
  TIMEOUT,
  type PasskeyStart,
  type PendingCeremony,
  type Refusal,
} from "./ceremony.ts";
import { safeReturn, type LoginEnd } from "./login-end.ts";
import { asserted } from "./webauthn.ts";

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
  const rpId = new URL(core.url).hostname;
  const publicKey = { challenge, rpId, timeout: TIMEOUT, userVerification: "required", allowCredentials: [] };
  return { ok: true, publicKey, setCookie: browser.setCookie };
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

/** In one step with what it counts: two answers with one sign count cannot both hold. */
function recognize(
  core: Core,
  sent: Readonly<Record<string, unknown>>,
  pending: PendingCeremony,
  how: { readonly browser: Browser; readonly incoming: Incoming },
): Promise<LoginEnd | Refusal> {
  const ceremony = ceremonyOf(core, pending);
  const answer = {
    clientDataJSON: bytesOf(sent["clientDataJSON"]),
    authenticatorData: bytesOf(sent["authenticatorData"]),
    signature: bytesOf(sent["signature"]),
  };
  return core.journal.act((writer, now): LoginEnd | Refusal => {
    const passkey = core.db.passkey(bytesOf(sent["id"]));
    if (passkey === undefined) return { failure: "bad_passkey", reason: "the passkey is not known" };
    const { user } = passkey;
    if (!handleOf(user).equals(bytesOf(sent["userHandle"])))
      return { failure: "bad_passkey", reason: "the passkey is another user's", user: user.name };
    const found = asserted(answer, passkey, ceremony);
    if (typeof found === "string") return { failure: "bad_passkey", reason: found, user: user.name };
    const person = personOf(core, user, now);
    if ("failure" in person) return person;
    writer.usePasskey(passkey.id, found.signCount, Math.floor(now));
    const { returnTo } = pending;
    return letIn(core, writer, person, { ...how, returnTo, method: "passkey", now });
  }, false);
}
