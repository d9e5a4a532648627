// /approve: who is signed in, or shows a passkey, says yes or no to a login that this browser knows (ticket.ts); and
// /oauth2/authorize, where a program on the same machine begins one (RFC 6749 section 4.1, RFC 8252). Looking at a page
// never approves.
import { DEFAULT_USERS } from "../../config/users.ts";
import type { Core } from "../core.ts";
import {
  approve,
  beginCodeLogin,
  codeRedirect,
  deniedRedirect,
  deny,
  type PendingLogin,
} from "../login/logins.ts";
import { readParameters } from "../parameters.ts";
import { approveByPasskey, passkeyApprovalOptions } from "../people/approving.ts";
import { browserOf, type Browser } from "../people/browsers.ts";
import { invalidRequest, refusal, Refused, type Endpoint, type Incoming, type Reply } from "../reply.ts";
import {
  approvedPage,
  approvePage,
  cspOrigin,
  deniedPage,
  gonePage,
  leadOnPage,
  type ApproveView,
} from "./approve-page.ts";
import { createDecided, type Decided } from "./decided.ts";
import { FAILURES, passkeyStartReply } from "./failures.ts";
import { postedForm, postedJson } from "./guard.ts";
import { cookieHeaders, pageReply, seeOther } from "./page.ts";
import { signInPath } from "./return-to.ts";
import { newTicket, ticketLogin } from "./ticket.ts";

export function approvalEndpoints(core: Core): readonly Endpoint[] {
  const decided = createDecided(core.clock);
  return [
    { method: "GET", path: "/approve", handle: (incoming) => shown(core, incoming) },
    { method: "POST", path: "/approve", handle: (incoming) => answered(core, decided, incoming) },
    { method: "GET", path: "/oauth2/authorize", handle: (incoming) => begun(core, incoming) },
  ];
}

/** What the script of the approve page asks: JSON both ways. */
export function approvalScriptEndpoints(core: Core): readonly Endpoint[] {
  const path = "/approve/passkey/options";
  return [{ method: "POST", path, handle: (incoming) => challenged(core, incoming) }];
}

/** Without a provider a passkey says who it is, and says yes with the same touch; a provider has to be asked before. */
function isByPasskey({ config }: Core): boolean {
  return (config.users ?? DEFAULT_USERS).provider === undefined;
}

async function shown(core: Core, incoming: Incoming): Promise<Reply> {
  const browser = await browserOf(core, incoming);
  const { person, setCookie } = browser;
  const ticket = readParameters(incoming.query).get("login") ?? "";
  const pending = ticketLogin(core, incoming, ticket);
  if (pending === undefined) return pageReply(core.url, { ...gonePage(), headers: cookieHeaders(setCookie) });
  if (person === undefined && !isByPasskey(core))
    return seeOther(signInPath(core, `/approve?login=${ticket}`), setCookie);
  const page = approvePage(viewOf(core, incoming, { browser, ticket, pending }));
  return pageReply(core.url, { ...page, headers: cookieHeaders(setCookie) });
}

interface Asked {
  readonly browser: Browser;
  readonly ticket: string;
  readonly pending: PendingLogin;
}

function viewOf({ clock }: Core, { address }: Incoming, { browser, ticket, pending }: Asked): ApproveView {
  const { csrf, person } = browser;
  return { csrf, ticket, pending, person, address, now: clock.now() };
}

async function challenged(core: Core, incoming: Incoming): Promise<Reply> {
  const { browser, body } = await postedJson(core, incoming);
  const ticket = typeof body["login"] === "string" ? body["login"] : undefined;
  const pending = isByPasskey(core) ? ticketLogin(core, incoming, ticket) : undefined;
  if (pending === undefined) return refusal(404, "access_denied", GONE);
  return passkeyStartReply(await passkeyApprovalOptions(core, browser, pending));
}

/**
 * A no needs no name: the ticket is there only where the code was entered, or the login begun, and who has seen a code
 * that nobody should have must be able to stop it (CVE-2026-5807: and nobody else may).
 */
async function answered(core: Core, decided: Decided, incoming: Incoming): Promise<Reply> {
  const { browser, form } = await postedForm(core, incoming);
  const ticket = form.get("login") ?? "";
  const decision = form.get("decision");
  if (decision !== "approve" && decision !== "deny")
    throw invalidRequest("The decision is neither yes nor no.");
  const passkey = isByPasskey(core) ? form.get("passkey") : undefined;
  if (decision === "approve" && browser.person === undefined && passkey === undefined) {
    const known = ticketLogin(core, incoming, ticket) !== undefined;
    return known ? seeOther(signInPath(core, `/approve?login=${ticket}`)) : pageReply(core.url, gonePage());
  }
  return decided.once(
    `${Buffer.from(browser.hash).toString("base64url")} ${ticket}`,
    async () => {
      const pending = ticketLogin(core, incoming, ticket);
      if (pending === undefined) return undefined;
      const asked = { browser, ticket, pending };
      return decision === "deny" ? denied(core, incoming, asked) : approved(core, incoming, asked, passkey);
    },
    pageReply(core.url, gonePage()),
  );
}

/** undefined: somebody was faster, or it expired. */
async function denied(core: Core, { address }: Incoming, { browser, pending }: Asked) {
  if (!(await deny(core, pending, browser.person, address))) return undefined;
  return pending.kind === "device"
    ? pageReply(core.url, deniedPage())
    : leadOn(core, deniedRedirect(core, pending.id));
}

/** undefined: somebody was faster, or it expired. Throws Refused, with the page to try again on. */
async function approved(core: Core, incoming: Incoming, asked: Asked, passkey: string | undefined) {
  const { pending } = asked;
  const person =
    passkey === undefined
      ? await approvedBy(core, incoming, asked)
      : await touched(core, incoming, asked, passkey);
  if (person === undefined) return undefined;
  return pending.kind === "device"
    ? pageReply(core.url, approvedPage(person))
    : leadOn(core, await codeRedirect(core, pending.id));
}

async function approvedBy(core: Core, { address }: Incoming, { browser: { person }, pending }: Asked) {
  return person !== undefined && (await approve(core, pending, person, address)) ? person : undefined;
}

async function touched(core: Core, incoming: Incoming, asked: Asked, passkey: string) {
  const end = await approveByPasskey(core, asked.browser, incoming, asked.pending, jsonIn(passkey));
  if (end.ok) return end.person;
  if (end.failure === undefined) return undefined;
  const { status, title, words } = FAILURES[end.failure];
  const wrong = end.failure === "stale" ? STALE : `${title}. ${words}`;
  const view = viewOf(core, incoming, asked);
  throw new Refused(pageReply(core.url, { ...approvePage({ ...view, person: undefined, wrong }), status }));
}

const GONE = "This login was decided already, or took too long. Start it in your terminal again.";
const STALE = "That took too long, or another page asked for your passkey meanwhile. Try again.";

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Chromium lets a form lead only where its page said it would, and a policy cannot name an IPv6 address. */
function leadOn({ url }: Core, location: string): Reply {
  return cspOrigin(location) === undefined ? pageReply(url, leadOnPage(location)) : seeOther(location);
}

/** A fault that may not be sent to the client is shown (RFC 6749 section 4.1.2.1). */
async function begun(core: Core, incoming: Incoming): Promise<Reply> {
  const begin = await beginCodeLogin(core, readParameters(incoming.query), incoming);
  if (begin.ok) {
    const ticket = newTicket(core, incoming, begin.pending);
    return seeOther(`/approve?login=${ticket.text}`, ticket.setCookie);
  }
  if (begin.redirect !== undefined) return seeOther(begin.redirect);
  return begin.reply ?? pageReply(core.url, gonePage());
}
