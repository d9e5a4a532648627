// Somebody with a passkey at the approve page: what the script of the page sends, sent by hand.
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { newTokenText } from "../../../src/broker/token-text.ts";
import type { Person } from "../../../src/broker/records.ts";
import { authenticator, type Authenticator, type Changes, type Sent } from "../people/authenticator.ts";
import { hiddenOf, visitor, type House, type Seen, type Visitor } from "./house.ts";

/** The person has a passkey from now on, made with an invitation in a browser of its own. */
export async function passkeyOf(house: House, person: Person): Promise<Authenticator> {
  const { core, clock, url } = house;
  const invite = newTokenText("kwi_", randomBytes);
  const hash = createHash("sha256").update(invite).digest();
  core.db.transaction((writer) => writer.addInvite(hash, person.user, clock.time, clock.time + 3600));
  const key = authenticator(url);
  const who = visitor(house);
  const csrf = csrfOf(await who.get("/invite"));
  const { publicKey } = await told(who, "/invite/options", { csrf, invite });
  const made = await send(who, "/invite", { csrf, invite, ...key.create(publicKey) });
  assert.equal(made.status, 200, made.text);
  return key;
}

export function send(who: Visitor, path: string, body: object, headers: object = {}): Promise<Seen> {
  return who.post(path, JSON.stringify(body), { "Content-Type": "application/json", ...headers });
}

export async function told(who: Visitor, path: string, body: object): Promise<{ readonly publicKey: Sent }> {
  const seen = await send(who, path, body);
  assert.equal(seen.status, 200, seen.text);
  return JSON.parse(seen.text) as { readonly publicKey: Sent };
}

/** What every page has that asks for something. */
export function csrfOf({ text }: Seen): string {
  return /(?:data-csrf|name="csrf" value)="([^"]{43})"/.exec(text)?.[1] ?? "";
}

export interface Touch {
  /** The fields of the approve page's form. */
  readonly form: Readonly<Record<string, string>>;
  /** What the passkey says to the challenge of this page, as the form carries it. */
  readonly passkey: string;
}

/** Opens the approve page, asks for a challenge, and touches the passkey; the form is not sent. */
export async function touched(
  who: Visitor,
  approve: string,
  key: Authenticator,
  changes: Changes = {},
): Promise<Touch> {
  const form = hiddenOf((await who.get(approve)).text, "/approve");
  const { csrf, login } = form;
  const { publicKey } = await told(who, "/approve/passkey/options", { csrf, login });
  return { form, passkey: JSON.stringify(key.get(publicKey, changes)) };
}

export function yes(who: Visitor, { form, passkey }: Touch, headers: Readonly<Record<string, string>> = {}) {
  return who.post("/approve", { ...form, decision: "approve", passkey }, headers);
}
