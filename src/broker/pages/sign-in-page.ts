// The pages on which a person says who it is: by a provider, by a passkey, or for the first time by an invitation. Only
// the passkey needs a script, and the pages say so to who has none.
import { PASSKEY_ASSET } from "./assets.ts";
import { NO_PASSKEY, NO_SCRIPT, signedInAs } from "./frames.ts";
import { html, type Html } from "./html.ts";
import type { Page } from "./page.ts";
import type { Person } from "../records.ts";
import { HOME } from "./return-to.ts";

/** `provider`: the host of the issuer. */
export function providerPage(provider: string, to: string): Page {
  return {
    title: "Sign in",
    main: html`<h1>Sign in</h1>
      <p>${reasonOf(to)}</p>
      <p class="deeds">
        <a class="button" href="/login/start?to=${encodeURIComponent(to)}">Continue with ${provider}</a>
      </p>`,
  };
}

export function passkeyPage(csrf: string, to: string): Page {
  return {
    title: "Sign in",
    script: PASSKEY_ASSET,
    passkey: "get",
    main: html`<h1>Sign in</h1>
      <p>${reasonOf(to)}</p>
      ${passkeyBox({ csrf, options: "/login/passkey/options", finish: "/login/passkey", task: "sign-in", to }, "Use your passkey")}
      ${NO_PASSKEY}`,
  };
}

export function invitePage(csrf: string): Page {
  return {
    title: "Your invitation",
    script: PASSKEY_ASSET,
    passkey: "create",
    main: html`<h1>Your invitation</h1>
      <p>
        A passkey lets you in here with the lock of your device: a finger, your face or its PIN. There is no
        password.
      </p>
      <p id="account" hidden>It is for the account <strong id="name"></strong>.</p>
      ${passkeyBox({ csrf, options: "/invite/options", finish: "/invite", task: "accept", to: "" }, "Make a passkey")}
      <p class="soft small">
        The invitation is good once. This device, or the place where it keeps passkeys, is then your key.
      </p>`,
  };
}

export function signedInPage(person: Person, csrf: string): Page {
  return {
    title: "You are signed in",
    after: signedInAs(person, csrf, undefined),
    main: html`<h1>You are signed in</h1>
      <p>If your terminal shows a code, enter it here.</p>
      <p class="deeds"><a class="button" href="/device">Enter a code</a></p>`,
  };
}

function reasonOf(to: string): string {
  return to === HOME
    ? "Say who you are."
    : "Say who you are. Then you see what wants to be approved; nothing is approved by signing in.";
}

interface Box {
  readonly csrf: string;
  readonly options: string;
  readonly finish: string;
  readonly task: "sign-in" | "accept";
  readonly to: string;
}

/** The button appears with the script; what it says is read out. */
function passkeyBox({ csrf, options, finish, task, to }: Box, words: string): Html {
  return html`<div
    id="passkey"
    data-csrf="${csrf}"
    data-options="${options}"
    data-finish="${finish}"
    data-task="${task}"
    data-to="${to}"
  >
    <p class="wrong" id="say" role="alert" hidden></p>
    <p class="deeds"><button type="button" id="go" hidden>${words}</button></p>
    ${NO_SCRIPT}
  </div>`;
}
