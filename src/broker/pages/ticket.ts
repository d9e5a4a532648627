// Which browser may decide about which login: the one that its code was entered in, or that began it. The proof is a
// ticket in the address of the page, good only together with a cookie of its own, which outlives a change of who is
// signed in. Nobody gets to a login by its number.
import { createHmac, timingSafeEqual } from "node:crypto";
import type { Core } from "../core.ts";
import { findPending, type PendingLogin } from "../login/logins.ts";
import { keyOf } from "../pepper.ts";
import type { Incoming } from "../reply.ts";

export interface Ticket {
  readonly text: string;
  /** Has to be sent with the answer; undefined: the browser has its cookie already. */
  readonly setCookie: string | undefined;
}

const COOKIE = /^[A-Za-z0-9_-]{43}$/;
const SHAPE = /^([1-9][0-9]{0,15})\.([A-Za-z0-9_-]{43})$/;

export function newTicket(core: Core, incoming: Incoming, pending: PendingLogin): Ticket {
  const known = cookieOf(core, incoming);
  const cookie = known ?? Buffer.from(core.random(32)).toString("base64url");
  const text = `${pending.id}.${sealOf(core, cookie, pending).toString("base64url")}`;
  return { text, setCookie: known === undefined ? cookieText(core, cookie) : undefined };
}

/** The login that waits and that this browser may decide about; undefined for whatever else. */
export function ticketLogin(
  core: Core,
  incoming: Incoming,
  text: string | undefined,
): PendingLogin | undefined {
  const cookie = cookieOf(core, incoming);
  const [, id, seal = ""] = SHAPE.exec(text ?? "") ?? [];
  if (cookie === undefined || id === undefined) return undefined;
  const pending = findPending(core, Number(id));
  if (pending === undefined) return undefined;
  const [ours, given] = [sealOf(core, cookie, pending), Buffer.from(seal, "base64url")];
  return ours.length === given.length && timingSafeEqual(ours, given) ? pending : undefined;
}

/** Numbers are given again one day: the time is a part of it. */
function sealOf({ peppers }: Core, cookie: string, { id, createdAt, kind }: PendingLogin): Buffer {
  return createHmac("sha256", keyOf(peppers, peppers.current()))
    .update(`keywright ticket\n${cookie}\n${kind}\n${id}\n${createdAt}`)
    .digest();
}

/** With `__Host-` nobody else can have set it (RFC 6265bis section 4.1.3.2); browsers know that over https only. */
function nameFor(url: string): string {
  return url.startsWith("https:") ? "__Host-keywright-logins" : "keywright-logins";
}

function cookieText({ url }: Core, cookie: string): string {
  const secure = url.startsWith("https:") ? "; Secure" : "";
  return `${nameFor(url)}=${cookie}; Path=/; HttpOnly; SameSite=Lax${secure}`;
}

/** undefined: none, or two, of which one was planted. */
function cookieOf({ url }: Core, { header }: Incoming): string | undefined {
  const start = `${nameFor(url)}=`;
  const all = (header("cookie") ?? "").split(/[;,]/).map((part) => part.trim());
  const found = all.filter((part) => part.startsWith(start)).map((part) => part.slice(start.length));
  return found.length === 1 && COOKIE.test(found[0] ?? "") ? found[0] : undefined;
}
