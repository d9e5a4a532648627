// /device: a person enters the code that a terminal shows, or opens the address that has it inside. It leads to the page
// that asks for a yes; it approves nothing.
import type { Core } from "../core.ts";
import { findByUserCode } from "../login/logins.ts";
import { readParameters } from "../parameters.ts";
import { browserOf, type Browser } from "../people/browsers.ts";
import { newEntryId } from "../records.ts";
import type { Endpoint, Incoming, Reply } from "../reply.ts";
import { devicePage, lockedPage } from "./device-page.ts";
import { isOpened, postedForm } from "./guard.ts";
import type { Guesser, Lock, LockedBy } from "./guesses.ts";
import { cookieHeaders, pageReply, seeOther } from "./page.ts";
import { newTicket } from "./ticket.ts";

export function deviceEndpoints(core: Core): readonly Endpoint[] {
  return [
    { method: "GET", path: "/device", handle: (incoming) => shown(core, incoming) },
    { method: "POST", path: "/device", handle: (incoming) => entered(core, incoming) },
  ];
}

/**
 * Opened from a terminal or a camera, the address with the code inside goes straight on. A link on somebody's page has
 * to be confirmed here first: it can neither try codes for its author nor use up the tries of who follows it.
 */
async function shown(core: Core, incoming: Incoming): Promise<Reply> {
  const browser = await browserOf(core, incoming);
  const code = codeOf(readParameters(incoming.query).get("user_code"));
  if (code !== undefined && isOpened(incoming)) return tried(core, incoming, browser, code);
  return formReply(core, browser, { code, wrong: false });
}

async function entered(core: Core, incoming: Incoming): Promise<Reply> {
  const { browser, form } = await postedForm(core, incoming);
  return tried(core, incoming, browser, form.get("user_code") ?? "");
}

/** From the look at the lock to the count nothing else comes in between. */
async function tried(core: Core, incoming: Incoming, browser: Browser, typed: string): Promise<Reply> {
  const guesser = { browser: browser.hash, address: incoming.address, user: browser.person?.user };
  const lock = core.memory.guesses.lock(guesser);
  if (lock !== undefined) return lockedReply(core, browser, lock);
  const pending = findByUserCode(core, typed);
  if (pending !== undefined) {
    const ticket = newTicket(core, incoming, pending);
    return seeOther(`/approve?login=${ticket.text}`, browser.setCookie, ticket.setCookie);
  }
  const closed = core.memory.guesses.wrong(guesser);
  if (closed.length === 0) return formReply(core, browser, { code: undefined, wrong: true });
  await auditLocks(core, guesser, browser, closed);
  const now = core.memory.guesses.lock(guesser);
  return now === undefined
    ? formReply(core, browser, { code: undefined, wrong: true })
    : lockedReply(core, browser, now);
}

function formReply(
  core: Core,
  browser: Browser,
  view: { readonly code: string | undefined; readonly wrong: boolean },
): Reply {
  const { csrf, person, setCookie } = browser;
  return pageReply(core.url, { ...devicePage({ csrf, person, ...view }), headers: cookieHeaders(setCookie) });
}

function lockedReply(core: Core, browser: Browser, { by, seconds }: Lock): Reply {
  const page = lockedPage(seconds, by === "strangers");
  return pageReply(core.url, { ...page, headers: { ...page.headers, ...cookieHeaders(browser.setCookie) } });
}

async function auditLocks(
  core: Core,
  { address }: Guesser,
  { person }: Browser,
  closed: readonly LockedBy[],
): Promise<void> {
  const entries = closed.map((by) => ({
    kind: "user_codes_locked",
    id: newEntryId(core.random),
    outcome: "denied",
    by,
    ...(person === undefined ? {} : { user: person.name }),
    ...(address === undefined ? {} : { address }),
  }));
  await core.journal.commit({ entries });
}

/** A text that can be a code (RFC 8628 section 6.1), in the form BCDF-GHJK. It asks nobody whether it is one. */
function codeOf(typed: string | undefined): string | undefined {
  const letters = (typed ?? "").replaceAll(/[ -]/g, "");
  if (!/^[BCDFGHJKLMNPQRSTVWXZbcdfghjklmnpqrstvwxz]{8}$/.test(letters)) return undefined;
  return `${letters.slice(0, 4)}-${letters.slice(4)}`.toUpperCase();
}
