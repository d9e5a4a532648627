// The page on which a person says yes or no to a login that waits, and those that say what came of it. It shows who
// asks, from where, since when and for what, and the code to compare (RFC 8628 section 3.3 and 5.4).
import type { PendingLogin } from "../login/logins.ts";
import type { Person } from "../records.ts";
import { html, strangersText, type Html, type Piece } from "./html.ts";
import { PASSKEY_ASSET } from "./assets.ts";
import { NO_PASSKEY, NO_SCRIPT, sayingPage, signedInAs } from "./frames.ts";
import type { Page } from "./page.ts";
import { addressWords, agentWords, clientWords, scopeWords, whenWords } from "./words.ts";

export interface ApproveView {
  readonly csrf: string;
  readonly ticket: string;
  readonly pending: PendingLogin;
  /** undefined: who it is, a passkey says together with the yes. */
  readonly person: Person | undefined;
  /** Why the passkey that was shown is worth nothing. */
  readonly wrong?: string | undefined;
  /** The address of this browser. */
  readonly address: string | undefined;
  readonly now: number;
}

export function approvePage(view: ApproveView): Page {
  const { csrf, ticket, pending, person } = view;
  return {
    title: "Approve a login",
    formLeadsTo: pending.redirectUri === undefined ? undefined : cspOrigin(pending.redirectUri),
    main: html`<h1>Let this program act for you?</h1>
      ${pending.userCode === undefined ? undefined : codeBox(pending.userCode)} ${facts(view)}
      <p class="care" id="care">
        ${
          pending.userCode === undefined
            ? "Only go on if you started this yourself just now, on this computer."
            : "Only go on if you started this yourself just now and the code in your terminal is the same."
        }
      </p>
      ${person === undefined ? passkeyForm(view) : plainForm(view)}`,
    ...(person === undefined
      ? { script: PASSKEY_ASSET, passkey: "get" }
      : { after: signedInAs(person, csrf, `/approve?login=${ticket}`) }),
  };
}

function hidden({ csrf, ticket }: ApproveView): Html {
  return html`<input type="hidden" name="csrf" value="${csrf}" />
    <input type="hidden" name="login" value="${ticket}" />`;
}

function plainForm(view: ApproveView): Html {
  return html`<form method="post" action="/approve" class="deeds">
    ${hidden(view)}
    <button name="decision" value="approve" aria-describedby="care">Approve</button>
    <button name="decision" value="deny">Deny</button>
  </form>`;
}

/** The script puts the passkey's answer into this form; it shows the button, which is of no use without it. */
function passkeyForm(view: ApproveView): Html {
  const { csrf, ticket, wrong } = view;
  return html`<form
      method="post"
      action="/approve"
      id="passkey"
      data-csrf="${csrf}"
      data-options="/approve/passkey/options"
      data-task="approve"
      data-login="${ticket}"
    >
      ${hidden(view)}
      <p class="wrong" id="say" role="alert" ${wrong === undefined ? html` hidden` : undefined}>${wrong}</p>
      ${NO_SCRIPT}
      <div class="deeds">
        <button type="button" id="go" aria-describedby="care" hidden>Approve with your passkey</button>
        <button name="decision" value="deny">Deny</button>
      </div>
    </form>
    ${NO_PASSKEY}`;
}

/** What a Content-Security-Policy can name it by; undefined: an IPv6 address, for which it has no form. */
export function cspOrigin(redirectUri: string): string | undefined {
  const { origin, hostname } = new URL(redirectUri);
  return hostname.startsWith("[") ? undefined : origin;
}

function codeBox(code: string): Html {
  return html`<p class="code"><span>Is this the code in your terminal?</span> <strong>${code}</strong></p>`;
}

function facts({ pending, person, address, now }: ApproveView): Html {
  // Of a login by the browser it is the browser's own.
  const agent = pending.kind === "code" ? undefined : agentWords(pending.agent);
  const port = pending.redirectUri === undefined ? undefined : new URL(pending.redirectUri).port;
  return html`<dl>
    ${fact("Who asks", html`${clientWords(pending)}${agent === undefined ? undefined : html`<br /><span class="soft small">It calls itself “${agent}”</span>`}`)}
    ${fact("From where", addressWords(pending.address, address))}
    ${fact("Since when", whenWords(pending.createdAt, now))}
    ${fact("For what", html`${capital(scopeWords(pending.scope))}, as ${person === undefined ? "the person whom your passkey names" : principalName(person)}`)}
    ${port === undefined ? undefined : fact("Goes to", html`This computer, port ${port}`)}
  </dl>`;
}

function fact(name: string, value: Piece): Html {
  return html`<div>
    <dt>${name}</dt>
    <dd>${value}</dd>
  </div>`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function principalName({ principal }: Person): Html {
  return html`<strong>${strangersText(principal, 64)}</strong>`;
}

export function approvedPage(person: Person): Page {
  return sayingPage({
    title: "Approved",
    sign: "yes",
    words: [
      "You can close this window and go back to your terminal.",
      html`The program acts for <strong>${strangersText(person.name, 80)}</strong> now, as
        ${principalName(person)}.`,
    ],
  });
}

export function deniedPage(): Page {
  return sayingPage({
    title: "Denied",
    sign: "no",
    words: [
      "Nothing was handed out. You can close this window.",
      "If somebody sent you here or gave you that code, tell whoever runs this server.",
    ],
  });
}

/** One text for unknown, expired, decided and begun elsewhere. */
export function gonePage(): Page {
  return sayingPage({
    title: "There is nothing to approve here",
    sign: "no",
    status: 404,
    words: [
      "This login is not known in this browser, was decided already, or took too long.",
      html`Start it in your terminal again, or <a href="/device">enter its code</a>.`,
    ],
  });
}

/** For where no redirect may follow a form: it leads on by itself, and has a link in case it does not. */
export function leadOnPage(location: string): Page {
  return {
    ...sayingPage({
      title: "Back to your terminal",
      sign: "yes",
      words: [html`<a class="button" href="${location}">Continue</a>`],
    }),
    headers: { Refresh: `0; url=${location}` },
  };
}
