// What a passkey says when somebody is asked for one (WebAuthn Level 3, section 7.2): the question, and whom its answer
// proves. What comes of that, a sign-in or a yes, is for passkeys.ts and approving.ts.
import type { Core } from "../core.ts";
import type { Writer } from "../database-writing.ts";
import type { Person } from "../records.ts";
import type { Browser } from "./browsers.ts";
import {
  bytesOf,
  ceremonyOf,
  handleOf,
  personOf,
  TIMEOUT,
  type PasskeyStart,
  type PendingCeremony,
  type Refusal,
} from "./ceremony.ts";
import { asserted } from "./webauthn.ts";

/** For whichever passkey of ours the person picks. */
export function assertionStart({ url }: Core, { setCookie }: Browser, challenge: string): PasskeyStart {
  const rpId = new URL(url).hostname;
  const publicKey = { challenge, rpId, timeout: TIMEOUT, userVerification: "required", allowCredentials: [] };
  return { ok: true, publicKey, setCookie };
}

/** Inside the journal, in one step with what it counts: two answers with one sign count cannot both hold. */
export function provenBy(
  core: Core,
  writer: Writer,
  sent: Readonly<Record<string, unknown>>,
  pending: PendingCeremony,
  now: number,
): Person | Refusal {
  const ceremony = ceremonyOf(core, pending);
  const answer = {
    clientDataJSON: bytesOf(sent["clientDataJSON"]),
    authenticatorData: bytesOf(sent["authenticatorData"]),
    signature: bytesOf(sent["signature"]),
  };
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
  return person;
}
