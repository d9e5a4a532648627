// A browser that speaks with the broker: its cookie, its row, and who it has proven to be. Before and after a login it
// has another id (session fixation). It shows no page and decides nothing about people.
import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { mayAct } from "../config.ts";
import type { Core } from "../core.ts";
import { limitKey } from "../proxies.ts";
import type { Person } from "../records.ts";
import { Refused, tooManyRequests, type Incoming } from "../reply.ts";
import type { Writer } from "../database-writing.ts";
import { cookieFor, cookieOf, endedCookie } from "./cookie.ts";

export interface Browser {
  /** SHA-256 of the cookie: the key of its row, if it has one. */
  readonly hash: Uint8Array;
  /** What each of its forms has to carry. */
  readonly csrf: string;
  /** Who has proven to be there within the last hour; undefined: nobody. */
  readonly person: Person | undefined;
  /** Has to be sent with the answer; undefined: the browser has its cookie already. */
  readonly setCookie: string | undefined;
  /** Of the request. */
  readonly address: string | undefined;
}

/** Seconds without a request, and altogether, after which a person has to prove again who it is. */
const IDLE = 900;
export const LONGEST = 3600;
/** Seconds that an unfinished login is remembered. */
const UNFINISHED = 600;
/** A row is written to at most so often, in seconds. */
const TOUCH_EVERY = 60;

/** The browser of a request, which is a new one when it has no cookie of ours. */
export async function browserOf(core: Core, incoming: Incoming): Promise<Browser> {
  const { address } = incoming;
  const sent = cookieOf(core.url, incoming.header("cookie"));
  if (sent === undefined) return { ...newBrowser(core), address };
  const hash = hashOf(sent);
  const nobody = { hash, csrf: csrfOf(sent), person: undefined, setCookie: undefined, address };
  const known = core.db.browser(hash);
  const now = core.clock.now();
  if (known === undefined || known.expiresAt <= now) return nobody;
  const { person, issuer } = known;
  // Whoever the provider of another day has proven may go on as nobody.
  if (person === undefined || issuer !== core.config.users?.provider?.issuer) return nobody;
  if (!mayAct(core.config.principals, person.principal)) return nobody;
  const expiresAt = Math.min(Math.floor(now) + IDLE, known.createdAt + LONGEST);
  if (expiresAt - known.expiresAt >= TOUCH_EVERY)
    await core.journal.act((writer) => writer.touchBrowser(hash, expiresAt), false);
  return { ...nobody, person };
}

function newBrowser(core: Core): Omit<Browser, "address"> & { readonly setCookie: string } {
  const text = Buffer.from(core.random(32)).toString("base64url");
  return { hash: hashOf(text), csrf: csrfOf(text), person: undefined, setCookie: cookieFor(core.url, text) };
}

/** Whether a form of this browser was sent: `given` is what it carried. */
export function isCsrf(browser: Browser, given: string | undefined): boolean {
  const [a, b] = [Buffer.from(browser.csrf), Buffer.from(given ?? "")];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** Remembers an unfinished login with this browser; what it had begun before is forgotten. Throws Refused. */
export async function keepPending(core: Core, browser: Browser, pending: object): Promise<void> {
  takeTurn(core, browser);
  const text = core.sealing.seal(
    Buffer.from(JSON.stringify({ ...pending, at: core.clock.now() })),
    aadOf(browser.hash),
  );
  const sealed = Buffer.from(text).toString("base64url");
  await core.journal.act((writer, now) => {
    const at = Math.floor(now);
    writer.keepPending(browser.hash, sealed, at, at + UNFINISHED);
  }, false);
}

/** Each browser that is new costs a row. */
function takeTurn({ db, memory, metrics }: Core, { hash, address }: Browser): void {
  if (address === undefined || db.browser(hash) !== undefined) return;
  const wait = memory.begun.take(limitKey(address));
  if (wait === undefined) return;
  metrics.limited("address");
  throw new Refused(tooManyRequests(wait));
}

/** What `keepPending` remembered, once: `fits` says whether it is used up now. undefined: nothing, or it is too old. */
export async function takePending<T extends object>(
  core: Core,
  { hash }: Browser,
  fits: (pending: Partial<T>) => boolean,
): Promise<T | undefined> {
  const sealed = core.db.pending(hash);
  const text = sealed && core.sealing.unseal(Buffer.from(sealed, "base64url"), aadOf(hash));
  if (sealed === undefined || text === undefined || text === "") return undefined;
  const pending = JSON.parse(Buffer.from(text).toString("utf8")) as T & { readonly at: number };
  if (core.clock.now() - pending.at >= UNFINISHED || !fits(pending)) return undefined;
  const first = await core.journal.act((writer) => writer.usePending(hash, sealed), false);
  return first ? pending : undefined;
}

/** Inside the journal: this person is in this browser from now on, under a new id. Returns the cookie to send. */
export function enter(core: Core, writer: Writer, old: Browser, person: Person, now: number): string {
  const fresh = newBrowser(core);
  const at = Math.floor(now);
  writer.endBrowser(old.hash);
  writer.addBrowser({ hash: fresh.hash, person, createdAt: at, expiresAt: at + IDLE });
  return fresh.setCookie;
}

/** Forgets who is in this browser. Returns the cookie that takes its own away. */
export async function logOut(core: Core, browser: Browser): Promise<string> {
  await core.journal.act((writer) => writer.endBrowser(browser.hash), false);
  return endedCookie(core.url);
}

function hashOf(text: string): Uint8Array {
  return createHash("sha256").update(text).digest();
}

function csrfOf(text: string): string {
  return createHmac("sha256", text).update("keywright csrf").digest("base64url");
}

function aadOf(hash: Uint8Array): string {
  return `browser ${Buffer.from(hash).toString("hex")}`;
}
