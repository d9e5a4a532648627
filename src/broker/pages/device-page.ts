// The page that takes the code of a terminal (RFC 8628 section 3.3), and the one that says that it takes none for now.
import type { Person } from "../records.ts";
import { html } from "./html.ts";
import { signedInAs, SIGNS } from "./frames.ts";
import type { Page } from "./page.ts";
import { lengthWords } from "./words.ts";

export interface DeviceView {
  readonly csrf: string;
  readonly person: Person | undefined;
  /** In the form BCDF-GHJK: of these letters only, so that there is nothing in it to be afraid of. */
  readonly code: string | undefined;
  readonly wrong: boolean;
}

/** One text for unknown, expired and used: whoever guesses learns nothing. */
const WRONG =
  "This code is not known, or it has expired. Start the login in your terminal again: it shows a new one.";

export function devicePage({ csrf, person, code, wrong }: DeviceView): Page {
  return {
    title: "Enter the code",
    status: wrong ? 400 : 200,
    after: person === undefined ? undefined : signedInAs(person, csrf, undefined),
    main: html`<h1>Enter the code from your terminal</h1>
      ${wrong ? html`<p class="wrong" id="why" role="alert">${WRONG}</p>` : undefined}
      <form method="post" action="/device">
        <input type="hidden" name="csrf" value="${csrf}" />
        <label for="code">Code</label>
        <input
          id="code"
          name="user_code"
          value="${code}"
          required
          autofocus
          autocomplete="off"
          autocapitalize="characters"
          autocorrect="off"
          spellcheck="false"
          maxlength="40"
          aria-describedby="${wrong ? "why hint" : "hint"}"
          ${wrong ? html` aria-invalid="true"` : undefined}
        />
        <p class="soft small" id="hint">Eight letters. Capitals, spaces and the dash do not matter.</p>
        <div class="deeds"><button>Continue</button></div>
      </form>`,
  };
}

/** `signIn`: whether signing in would open the form again at once. */
export function lockedPage(seconds: number, signIn: boolean): Page {
  return {
    title: "Too many wrong codes",
    status: 429,
    headers: { "Retry-After": String(seconds) },
    main: html`${SIGNS.no}
      <h1>Too many wrong codes</h1>
      <p>
        No code is taken ${signIn ? "from strangers" : "here"} for now. Try again in
        ${lengthWords(Math.max(60, Math.ceil(seconds / 60) * 60))}.
      </p>
      <p class="soft">
        ${
          signIn
            ? html`Somebody has been guessing codes. If you have an account here, you need not wait:
                <a href="/login?to=/device">sign in</a> first.`
            : "Then start the login in your terminal again, so that you have a fresh code."
        }
      </p>`,
  };
}
