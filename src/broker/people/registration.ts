// The registration of a passkey, with the token of an invitation (users.ts makes them), and the first login by it.
import type { Core } from "../core.ts";
import { newEntryId } from "../records.ts";
import type { Incoming } from "../reply.ts";
import { INVITE_PREFIX, isTokenText, tokenHash } from "../token-text.ts";
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
  type Refusal,
} from "./ceremony.ts";
import { HOME, type LoginEnd } from "./login-end.ts";
import type { User } from "./people-reading.ts";
import { ALGORITHMS, registered, type NewPasskey } from "./webauthn.ts";

/** `invite`: the token of the link (`kwi_…`). */
export async function passkeyRegistrationOptions(
  core: Core,
  browser: Browser,
  invite: string,
): Promise<PasskeyStart> {
  if (!hasPasskeys(core)) return { ok: false, failure: "no_passkeys" };
  const user = invitedBy(core, invite);
  if (user === undefined) return { ok: false, failure: "bad_invite" };
  const pending = { kind: "registration", returnTo: HOME, invite: hashText(invite) } as const;
  const challenge = await begin(core, browser, pending);
  const { hostname } = new URL(core.url);
  const publicKey = {
    challenge,
    rp: { id: hostname, name: `keywright at ${hostname}` },
    user: { id: handleOf(user).toString("base64url"), name: user.name, displayName: user.name },
    pubKeyCredParams: ALGORITHMS.map((alg) => ({ type: "public-key", alg })),
    timeout: TIMEOUT,
    excludeCredentials: core.db
      .passkeyIds(user.id)
      .map((id) => ({ type: "public-key", id: Buffer.from(id).toString("base64url") })),
    authenticatorSelection: {
      residentKey: "required",
      requireResidentKey: true,
      userVerification: "required",
    },
    attestation: "none",
  };
  return { ok: true, publicKey, setCookie: browser.setCookie };
}

/**
 * `body`: the JSON that the page sends, parsed: `{ invite, id, clientDataJSON, authenticatorData, publicKey,
 * publicKeyAlgorithm }`, the last a number, the others base64url (`getAuthenticatorData()`, `getPublicKey()`).
 */
export async function finishRegistration(
  core: Core,
  browser: Browser,
  incoming: Incoming,
  body: unknown,
): Promise<LoginEnd> {
  const sent = fieldsOf(body);
  const invite = typeof sent["invite"] === "string" ? sent["invite"] : "";
  const pending = await finish(core, browser, "registration");
  const no = ({ failure, reason, user }: Refusal): Promise<LoginEnd> =>
    turnedAway(core, incoming, {
      method: "invitation",
      failure,
      reason,
      who: user === undefined ? {} : { user },
    });
  if (pending === undefined)
    return no({ failure: "stale", reason: "no registration was begun in this browser" });
  if (pending.invite !== hashText(invite))
    return no({ failure: "bad_invite", reason: "it was begun with another invitation" });
  const passkey = registered(attestedIn(sent), ceremonyOf(core, pending));
  if (typeof passkey === "string") return no({ failure: "bad_passkey", reason: passkey });
  const end = await keep(core, passkey, { browser, incoming, invite });
  return "ok" in end ? end : no(end);
}

function attestedIn(sent: Readonly<Record<string, unknown>>) {
  return {
    id: bytesOf(sent["id"]),
    clientDataJSON: bytesOf(sent["clientDataJSON"]),
    authenticatorData: bytesOf(sent["authenticatorData"]),
    publicKey: bytesOf(sent["publicKey"]),
    algorithm: Number(sent["publicKeyAlgorithm"]),
  };
}

function keep(
  core: Core,
  passkey: NewPasskey,
  {
    browser,
    incoming,
    invite,
  }: { readonly browser: Browser; readonly incoming: Incoming; readonly invite: string },
): Promise<LoginEnd | Refusal> {
  return core.journal.act((writer, now): LoginEnd | Refusal => {
    const user = invitedBy(core, invite);
    if (user === undefined)
      return { failure: "bad_invite", reason: "the invitation is unknown, used or too old" };
    const person = personOf(core, user, now);
    if ("failure" in person) return person;
    const at = Math.floor(now);
    if (!writer.addPasskey({ ...passkey, user: user.id, at }))
      return { failure: "bad_passkey", reason: "there is a passkey with this id", user: user.name };
    writer.useInvite(tokenHash(invite), at);
    writer.append(now, { kind: "passkey_added", id: newEntryId(core.random), user: user.name });
    return letIn(core, writer, person, { browser, incoming, returnTo: HOME, method: "invitation", now });
  }, false);
}

function invitedBy(core: Core, invite: string): User | undefined {
  return isTokenText(INVITE_PREFIX, invite)
    ? core.db.invited(tokenHash(invite), core.clock.now())
    : undefined;
}

function hashText(invite: string): string {
  return Buffer.from(tokenHash(invite)).toString("base64url");
}
