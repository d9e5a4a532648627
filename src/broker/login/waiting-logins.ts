// Logins that wait for a person: beginning one, finding it by its code, and what the person says. Each decision is one
// step of the journal. It shows no page and knows no protocol.
import { mayAct } from "../config.ts";
import type { Core } from "../core.ts";
import type { Writer } from "../database-writing.ts";
import { limitKey } from "../proxies.ts";
import { newEntryId, type Person, type Random } from "../records.ts";
import type { NewLogin, PendingLogin, StoredLogin } from "./login-records.ts";
import { LOGIN_LIFE, PACE, PUBLIC_CLIENT } from "./public-client.ts";
import { readUserCode, userCodeHash, userCodeOf } from "./user-codes.ts";

/** How many may wait at once: altogether, and of one address or IPv6 network. Who shares it has to wait, too. */
export const MOST_WAITING = 5000;
export const MOST_WAITING_OF_ADDRESS = 100;

export type Asked = Pick<
  NewLogin,
  "kind" | "face" | "scope" | "hash" | "challenge" | "jkt" | "redirectUri" | "clientState"
> & {
  readonly address: string | undefined;
  readonly agent: string | undefined;
};

/** undefined: too many wait already. What it returns is on the disk. */
export function beginLogin(core: Core, asked: Asked): Promise<PendingLogin | undefined> {
  return core.journal.act((writer, now) => {
    if (tooManyWait(core, asked.address, now)) return undefined;
    const login = { ...newLogin(core, asked.kind === "device"), ...asked, createdAt: Math.floor(now) };
    const stored = { ...login, agent: asked.agent?.slice(0, 200), expiresAt: login.createdAt + LOGIN_LIFE };
    writer.addLogin(stored);
    return pendingOf(core, stored);
  }, false);
}

/** Whether one more from this address would be one too many. */
export function tooManyWait({ db }: Core, address: string | undefined, now: number): boolean {
  if (db.waitingLogins(now) >= MOST_WAITING) return true;
  return fromAddress(db.waitingAddresses(now), address) >= MOST_WAITING_OF_ADDRESS;
}

/** How many of these addresses are limited together with this one: the /64 of an IPv6 address counts, not the address. */
function fromAddress(addresses: readonly string[], address: string | undefined): number {
  if (address === undefined) return 0;
  const key = limitKey(address);
  return addresses.filter((one) => one === address || limitKey(one) === key).length;
}

/** A number and a user code that no other login has. */
function newLogin(core: Core, withCode: boolean): Pick<NewLogin, "id" | "userCode" | "client" | "pace"> {
  const number = core.peppers.current();
  const key = core.peppers.key(number);
  const fixed = { client: PUBLIC_CLIENT, pace: PACE };
  for (;;) {
    const id = randomNumber(core.random);
    const userCode = withCode && key !== undefined ? userCodeHash(userCodeOf(id, key), key) : undefined;
    if (core.db.login(id) !== undefined) continue;
    if (userCode !== undefined && core.db.loginByUserCode(userCode) !== undefined) continue;
    return { ...fixed, id, userCode };
  }
}

/** Below 2^48, so that no number comes twice and none tells how many there were. */
function randomNumber(random: Random): number {
  return Buffer.from(random(6)).readUIntBE(0, 6);
}

/** By what a person typed. undefined: it is no code, unknown, expired or decided; nobody can tell these apart. */
export function findByUserCode(core: Core, typed: string): PendingLogin | undefined {
  const code = readUserCode(typed);
  if (code === undefined) return undefined;
  for (const number of core.peppers.numbers()) {
    const key = core.peppers.key(number);
    const found = key && core.db.loginByUserCode(userCodeHash(code, key));
    if (found !== undefined) return waiting(core, found);
  }
  return undefined;
}

export function findPending(core: Core, id: number): PendingLogin | undefined {
  const found = core.db.login(id);
  return found && waiting(core, found);
}

function waiting(core: Core, login: StoredLogin): PendingLogin | undefined {
  const waits = login.state === "pending" && core.clock.now() < login.expiresAt;
  return waits ? pendingOf(core, login) : undefined;
}

function pendingOf(core: Core, login: NewLogin): PendingLogin {
  const { id, kind, face, client, scope, jkt, address, agent, createdAt, expiresAt, redirectUri } = login;
  const shown = { id, kind, face, client, scope, address, agent, createdAt, expiresAt, redirectUri };
  return { ...shown, userCode: codeOf(core, login), bound: jkt !== undefined };
}

/** undefined for one without, and for one whose pepper was dropped meanwhile. */
function codeOf({ peppers }: Core, { id, userCode }: NewLogin): string | undefined {
  if (userCode === undefined) return undefined;
  for (const number of peppers.numbers()) {
    const key = peppers.key(number);
    const code = key && userCodeOf(id, key);
    if (key && code && Buffer.compare(userCodeHash(code, key), userCode) === 0) return code;
  }
  return undefined;
}

/** False: somebody was faster, it expired, or the person may not come in (any more). */
export function approve(
  core: Core,
  pending: PendingLogin,
  person: Person,
  address: string | undefined,
): Promise<boolean> {
  return core.journal.act(
    (writer, now) => approveNow(core, writer, now, { pending, person, address }),
    false,
  );
}

/** The same as a part of a step of the journal. */
export function approveNow(
  core: Core,
  writer: Writer,
  now: number,
  decided: Decided & { readonly person: Person },
): boolean {
  const { pending, person } = decided;
  if (!mayAct(core.config.principals, person.principal)) return false;
  if (!writer.approveLogin(pending.id, person, now)) return false;
  tell(core, writer, now, "login_approved", decided);
  return true;
}

/** `person`: who says no; undefined: nobody who is known. False: somebody was faster, or it expired. */
export function deny(
  core: Core,
  pending: PendingLogin,
  person: Person | undefined,
  address: string | undefined,
): Promise<boolean> {
  return core.journal.act((writer, now) => {
    if (!writer.denyLogin(pending.id, now)) return false;
    tell(core, writer, now, "login_denied", { pending, person, address });
    return true;
  }, false);
}

interface Decided {
  readonly pending: PendingLogin;
  readonly person: Person | undefined;
  readonly address: string | undefined;
}

function tell(
  core: Core,
  writer: Writer,
  now: number,
  kind: string,
  { pending, person, address }: Decided,
): void {
  writer.append(now, {
    kind,
    id: newEntryId(core.random),
    login: pending.id,
    how: pending.kind,
    face: pending.face,
    client: pending.client,
    user: person?.name ?? null,
    principal: person?.principal ?? null,
    ...(address === undefined ? {} : { address }),
    ...(pending.address === undefined ? {} : { asked_from: pending.address }),
  });
}
