// What every page has: the frame around it, and the headers that keep strangers out of it. No script but ours, from a
// file of ours; nothing may show a page inside its own; nothing is kept.
import type { Reply } from "../reply.ts";
import { ICON_ASSET, STYLE_ASSET, type Asset } from "./assets.ts";
import { html, htmlText, type Html } from "./html.ts";

export interface Page {
  readonly title: string;
  readonly main: Html;
  /** Below the sheet. */
  readonly after?: Html | undefined;
  readonly script?: Asset | undefined;
  /** Which passkey call the page makes. */
  readonly passkey?: "get" | "create" | undefined;
  /** The origin that the answer to its form leads to, beside ours. */
  readonly formLeadsTo?: string | undefined;
  readonly status?: number | undefined;
  readonly headers?: Reply["headers"];
}

/** `url`: what the broker calls itself; its host stands in the head of the page, to compare. */
export function pageReply(url: string, page: Page): Reply {
  return {
    status: page.status ?? 200,
    body: `<!doctype html>\n${htmlText(frame(url, page))}\n`,
    headers: {
      "Content-Type": "text/html; charset=utf-8",
      "Content-Security-Policy": policyOf(page),
      "X-Frame-Options": "DENY",
      "Referrer-Policy": "no-referrer",
      "Cross-Origin-Opener-Policy": "same-origin",
      "Cross-Origin-Resource-Policy": "same-origin",
      "Permissions-Policy": permissionsOf(page),
      Vary: "Cookie",
      ...page.headers,
    },
  };
}

/** `cookies`: those that are defined are set. A 303 is followed by GET, whatever came (RFC 9700 section 4.12). */
export function seeOther(location: string, ...cookies: readonly (string | undefined)[]): Reply {
  return {
    status: 303,
    body: undefined,
    headers: { Location: location, "Referrer-Policy": "no-referrer", ...cookieHeaders(...cookies) },
  };
}

export function cookieHeaders(
  ...cookies: readonly (string | undefined)[]
): Readonly<Record<string, string[]>> {
  const set = cookies.filter((cookie) => cookie !== undefined);
  return set.length === 0 ? {} : { "Set-Cookie": set };
}

function policyOf({ script, formLeadsTo }: Page): string {
  return [
    "default-src 'none'",
    "style-src 'self'",
    "img-src 'self'",
    ...(script === undefined
      ? []
      : [
          "script-src 'self'",
          "connect-src 'self'",
          "require-trusted-types-for 'script'",
          "trusted-types 'none'",
        ]),
    // Chromium holds the redirects that follow a form to it, too.
    formLeadsTo === undefined ? "form-action 'self'" : `form-action 'self' ${formLeadsTo}`,
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ].join("; ");
}

const NEVER = ["camera", "geolocation", "microphone", "payment", "usb"];

function permissionsOf({ passkey }: Page): string {
  const passkeys = ["get", "create"].map(
    (call) => `publickey-credentials-${call}=${call === passkey ? "(self)" : "()"}`,
  );
  return [...passkeys, ...NEVER.map((name) => `${name}=()`)].join(", ");
}

function frame(url: string, { title, main, after, script }: Page): Html {
  return html`<html lang="en">
    <head>
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <meta name="robots" content="noindex" />
      <meta name="color-scheme" content="light dark" />
      <title>${title} · keywright</title>
      <link rel="icon" href="${ICON_ASSET.path}" type="image/svg+xml" />
      <link rel="stylesheet" href="${STYLE_ASSET.path}" />
      ${script === undefined ? undefined : html` <script src="${script.path}" defer></script>`}
    </head>
    <body>
      <header>${KEY}<strong>keywright</strong><span>${hostOf(url)}</span></header>
      <main>${main}</main>
      ${after === undefined ? undefined : html` <footer>${after}</footer>`}
    </body>
  </html>`;
}

function hostOf(url: string): string {
  return new URL(url).host;
}

const KEY = html`<svg
  viewBox="0 0 24 24"
  fill="none"
  stroke="currentColor"
  stroke-width="2"
  stroke-linecap="round"
  stroke-linejoin="round"
  aria-hidden="true"
>
  <path d="M8 3.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9Zm3.2 7.7 9.3 9.3M17 17l2.5-2.5" />
</svg>`;
