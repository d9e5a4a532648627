// Invitations, registrations and logins with a software authenticator, and the steps of WebAuthn Level 3 that both
// ceremonies have.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import type { TestContext } from "node:test";
import { administer } from "../../../src/broker/admin.ts";
import type { LoginEnd } from "../../../src/broker/people/login-end.ts";
import {
  finishPasskeyLogin,
  finishRegistration,
  passkeyLoginOptions,
  passkeyRegistrationOptions,
} from "../../../src/broker/people/passkeys.ts";
import { authenticator, type Authenticator, type Changes, type Sent } from "./authenticator.ts";
import { peopleHouse, visitor, type House, type Visitor } from "./house.ts";

export const URL_OF_OURS = "https://keywright.example";

export async function invited(
  { data, clock }: House,
  name = "anna",
  more: { readonly principal?: string; readonly replace?: boolean } = { principal: "ci" },
): Promise<string> {
  const invitation = { name, principal: more.principal, email: undefined, replace: more.replace ?? false };
  const command = { op: "user_invite", invitation, url: URL_OF_OURS } as const;
  const { link } = (await administer({ data, clock }, command, { by: "tester" })) as {
    readonly link: string;
  };
  const [start, token = ""] = link.split("#");
  assert.equal(start, `${URL_OF_OURS}/invite`);
  return token;
}

export async function register(
  { core }: House,
  who: Visitor,
  key: Authenticator,
  invite: string,
  change: (sent: Sent) => Sent = (sent) => sent,
  changes: Changes = {},
): Promise<LoginEnd> {
  const start = await passkeyRegistrationOptions(core, await who.browser(), invite);
  if (!start.ok) return start;
  const body = change({ ...key.create(start.publicKey as Sent, changes), invite });
  const end = await finishRegistration(core, await who.browser(), who.incoming(), body);
  if (end.ok) who.take(end.setCookie);
  return end;
}

export async function logIn(
  { core }: House,
  who: Visitor,
  key: Authenticator,
  change: (sent: Sent) => Sent = (sent) => sent,
  changes: Changes = {},
): Promise<LoginEnd> {
  const start = await passkeyLoginOptions(core, await who.browser(), "/approve?id=7");
  assert.ok(start.ok);
  const body = change(key.get(start.publicKey as Sent, changes));
  const end = await finishPasskeyLogin(core, await who.browser(), who.incoming(), body);
  if (end.ok) who.take(end.setCookie);
  return end;
}

export async function withPasskey(t: TestContext, algorithm = -7) {
  const house = peopleHouse(t);
  const key = authenticator(URL_OF_OURS, algorithm);
  const end = await register(house, visitor(house), key, await invited(house));
  assert.ok(end.ok);
  return { house, key };
}

export const having =
  (changed: Sent) =>
  (sent: Sent): Sent => ({ ...sent, ...changed });

/** Steps of section 7.1 (registration) and 7.2 (login): a change of what is signed, or of what is sent. */
export const BOTH: readonly (readonly [string, Changes, Sent, RegExp])[] = [
  ["another challenge", { challenge: randomBytes(32).toString("base64url") }, {}, /challenge/],
  ["no challenge", { challenge: "" }, {}, /challenge/],
  ["another origin", { origin: "https://evil.example" }, {}, /origin/],
  ["an origin below ours", { origin: "https://a.keywright.example" }, {}, /origin/],
  ["our origin without TLS", { origin: "http://keywright.example" }, {}, /origin/],
  ["our host, another port", { origin: "https://keywright.example:8443" }, {}, /origin/],
  ["in a frame of another site", { client: { crossOrigin: true } }, {}, /frame/],
  ["in a frame that names its site", { client: { topOrigin: "https://evil.example" } }, {}, /frame/],
  ["for another site", { rpId: "evil.example" }, {}, /another site/],
  ["nobody present", { flags: 0x44 }, {}, /present/],
  ["nobody verified", { flags: 0x41 }, {}, /verified/],
  ["backed up and cannot be", { flags: 0x55 }, {}, /backed up/],
  ["client data that is no JSON", { clientDataJSON: "{" }, {}, /JSON/],
  ["client data that is a list", { clientDataJSON: "[]" }, {}, /ceremony|JSON/],
  ["nothing at all", {}, { authenticatorData: "", clientDataJSON: "" }, /JSON/],
  ["authenticator's data cut short", {}, { authenticatorData: "AAAA" }, /short/],
];
