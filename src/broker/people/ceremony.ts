// What a registration and a login with a passkey share: the challenge that a browser has to answer once, and where. The
// checks of the bytes are in webauthn.ts.
import { createHash } from "node:crypto";
import { mayAct } from "../config.ts";
import type { Core } from "../core.ts";
import type { Person } from "../records.ts";
import { keepPending, takePending, type Browser } from "./browsers.ts";
import type { LoginFailure } from "./login-end.ts";
import type { User } from "./people-reading.ts";
import type { Ceremony } from "./webauthn.ts";

/** Binary values are base64url: what `PublicKeyCredential.parseCreationOptionsFromJSON` takes. */
export type PasskeyStart =
  | { readonly ok: true; readonly publicKey: object; readonly setCookie: string | undefined }
  | { readonly ok: false; readonly failure: LoginFailure };

export interface PendingCeremony {
  readonly kind: "registration" | "assertion" | "approval";
  /** base64url. */
  readonly challenge: string;
  /** Of a registration: the hash of its invitation, base64url. */
  readonly invite?: string;
  /** Of an approval: the one login that its yes is for. */
  readonly login?: string;
  readonly returnTo: string;
}

/** Why a ceremony failed; `user`: whose passkey it was. */
export interface Refusal {
  readonly failure: LoginFailure;
  readonly reason: string;
  readonly user?: string;
}

/** Milliseconds that the browser waits for the person. */
export const TIMEOUT = 300_000;

/** Returns the challenge. */
export async function begin(
  core: Core,
  browser: Browser,
  pending: Omit<PendingCeremony, "challenge">,
): Promise<string> {
  const challenge = Buffer.from(core.random(32)).toString("base64url");
  await keepPending(core, browser, { ...pending, challenge });
  return challenge;
}

/** What was begun in this browser, for this login if it is about one; used up with the first answer, a wrong one too. */
export function finish(
  core: Core,
  browser: Browser,
  kind: PendingCeremony["kind"],
  login?: string,
): Promise<PendingCeremony | undefined> {
  return takePending<PendingCeremony>(
    core,
    browser,
    (pending) => pending.kind === kind && pending.login === login,
  );
}

export function ceremonyOf({ url }: Core, { challenge }: PendingCeremony): Ceremony {
  const { origin, hostname } = new URL(url);
  return { origin, rpId: hostname, challenge };
}

/** What an authenticator keeps instead of a name: it says nothing about the person, and never changes. */
export function handleOf({ id, createdAt }: Pick<User, "id" | "createdAt">): Buffer {
  return createHash("sha256").update(`keywright user ${id} ${createdAt}`).digest();
}

/** With a provider it alone says who somebody is. */
export function hasPasskeys({ config }: Core): boolean {
  return config.users?.provider === undefined;
}

/** A user with passkeys, as it is let in; or why it is not. */
export function personOf(core: Core, user: User, now: number): Person | Refusal {
  const { config } = core;
  const { id, name, principal, disabledAt } = user;
  if (!hasPasskeys(core))
    return { failure: "no_passkeys", reason: "people come from a provider here", user: name };
  if (disabledAt !== undefined) return { failure: "disabled", reason: "the user is disabled", user: name };
  if (principal === undefined || !mayAct(config.principals, principal))
    return { failure: "no_principal", reason: "the user's principal is none any more", user: name };
  return { user: id, name, principal, upstream: undefined, provenAt: Math.floor(now) };
}

export function fieldsOf(body: unknown): Readonly<Record<string, unknown>> {
  return typeof body === "object" && body !== null ? (body as Record<string, unknown>) : {};
}

/** What is no base64url is no bytes at all, which fit nothing. */
export function bytesOf(value: unknown): Buffer {
  const fits = typeof value === "string" && /^[A-Za-z0-9_-]*$/.test(value);
  return fits ? Buffer.from(value, "base64url") : Buffer.alloc(0);
}
