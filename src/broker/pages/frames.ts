// Pieces that several pages share: who is signed in, a page that only says something, and the two signs.
import type { Person } from "../records.ts";
import { html, strangersText, type Html } from "./html.ts";
import type { Page } from "./page.ts";

/** `to`: where to go on after another person has signed in. */
export function signedInAs({ name }: Person, csrf: string, to: string | undefined): Html {
  return html`<form class="leave" method="post" action="/logout">
    <input type="hidden" name="csrf" value="${csrf}" />${
      to === undefined ? undefined : html`<input type="hidden" name="to" value="${to}" />`
    }
    <p>Signed in as <strong>${strangersText(name, 80)}</strong></p>
    <button>${to === undefined ? "Sign out" : "Not you? Sign out"}</button>
  </form>`;
}

/** Beside a button that asks for a passkey. */
export const NO_SCRIPT = html`<noscript
  ><p class="care">
    Browsers offer passkeys through JavaScript only. Allow it for this page, and load the page again.
  </p></noscript
>`;
export const NO_PASSKEY = html`<p class="soft small">
  No passkey yet? Ask whoever runs this server for an invitation.
</p>`;

export interface Saying {
  readonly title: string;
  readonly words: readonly (string | Html)[];
  readonly sign?: "yes" | "no" | undefined;
  readonly status?: number | undefined;
  readonly headers?: Page["headers"];
  readonly after?: Html | undefined;
}

/** A page on which there is nothing to do but to read. */
export function sayingPage({ title, words, sign, status, headers, after }: Saying): Page {
  return {
    title,
    status,
    headers,
    after,
    main: html`${sign === undefined ? undefined : SIGNS[sign]}
      <h1>${title}</h1>
      ${words.map((text, index) => html`<p${index === 0 ? undefined : html` class="soft"`}>${text}</p>`)}`,
  };
}

export const SIGNS = {
  yes: signOf("sign", "m7.5 12.5 3 3 6-6.5"),
  no: signOf("sign no", "m8.5 8.5 7 7m0-7-7 7"),
};

function signOf(name: string, path: string): Html {
  return html`<svg
    class="${name}"
    viewBox="0 0 24 24"
    fill="none"
    stroke="currentColor"
    stroke-width="1.7"
    stroke-linecap="round"
    stroke-linejoin="round"
    aria-hidden="true"
  >
    <circle cx="12" cy="12" r="10" />
    <path d="${path}" />
  </svg>`;
}
