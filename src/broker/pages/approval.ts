// /approve: who is signed in says yes or no to a login that this browser knows (ticket.ts); and /oauth2/authorize, where
// a program on the same machine begins one (RFC 6749 section 4.1, RFC 8252). Looking at a page never approves.
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
import { browserOf } from "../people/browsers.ts";
import type { Person } from "../records.ts";
import { invalidRequest, type Endpoint, type Incoming, type Reply } from "../reply.ts";
import { approvedPage, approvePage, cspOrigin, deniedPage, gonePage, leadOnPage } from "./approve-page.ts";
import { createDecided, type Decided } from "./decided.ts";
import { postedForm } from "./guard.ts";
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

async function shown(core: Core, incoming: Incoming): Promise<Reply> {
  const { csrf, person, setCookie } = await browserOf(core, incoming);
  const ticket = readParameters(incoming.query).get("login") ?? "";
  const pending = ticketLogin(core, incoming, ticket);
  if (pending === undefined) return pageReply(core.url, { ...gonePage(), headers: cookieHeaders(setCookie) });
  if (person === undefined) return seeOther(signInPath(core, `/approve?login=${ticket}`), setCookie);
  const { address } = incoming;
  const view = { csrf, ticket, pending, person, address, now: core.clock.now() };
  return pageReply(core.url, { ...approvePage(view), headers: cookieHeaders(setCookie) });
}

async function answered(core: Core, decided: Decided, incoming: Incoming): Promise<Reply> {
  const { browser, form } = await postedForm(core, incoming);
  const ticket = form.get("login") ?? "";
  const decision = form.get("decision");
  const { person } = browser;
  if (person === undefined) {
    const known = ticketLogin(core, incoming, ticket) !== undefined;
    return known ? seeOther(signInPath(core, `/approve?login=${ticket}`)) : pageReply(core.url, gonePage());
  }
  if (decision !== "approve" && decision !== "deny")
    throw invalidRequest("The decision is neither yes nor no.");
  return decided.once(
    `${person.user} ${ticket}`,
    async () => {
      const pending = ticketLogin(core, incoming, ticket);
      return pending === undefined ? undefined : outcome(core, pending, person, decision, incoming.address);
    },
    pageReply(core.url, gonePage()),
  );
}

/** undefined: somebody was faster, or it expired. */
async function outcome(
  core: Core,
  pending: PendingLogin,
  person: Person,
  decision: "approve" | "deny",
  address: string | undefined,
): Promise<Reply | undefined> {
  const said = decision === "approve" ? approve : deny;
  if (!(await said(core, pending, person, address))) return undefined;
  if (pending.kind === "device")
    return pageReply(core.url, decision === "approve" ? approvedPage() : deniedPage());
  return leadOn(
    core,
    decision === "approve" ? await codeRedirect(core, pending.id) : deniedRedirect(core, pending.id),
  );
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
