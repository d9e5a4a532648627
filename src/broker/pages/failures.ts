// What the pages say when somebody did not come in, and when the broker refuses or fails: in words that help, and that
// tell a stranger nothing. Nothing that came in is in them.
import { KeywrightError } from "../../errors.ts";
import type { Core } from "../core.ts";
import type { PasskeyStart } from "../people/passkeys.ts";
import type { LoginFailure } from "../people/provider.ts";
import { refusal, Refused, type Endpoint, type Reply } from "../reply.ts";
import { sayingPage } from "./frames.ts";
import { html } from "./html.ts";
import { cookieHeaders, pageReply, type Page } from "./page.ts";
import { HOME } from "./return-to.ts";

interface Failure {
  readonly status: number;
  readonly title: string;
  readonly words: string;
}

const failure = (status: number, title: string, words: string): Failure => ({ status, title, words });

export const FAILURES: Readonly<Record<LoginFailure, Failure>> = {
  no_provider: failure(404, "There is no provider here", "People sign in to this server with a passkey."),
  no_passkeys: failure(404, "There are no passkeys here", "People sign in to this server with its provider."),
  stale: failure(
    400,
    "That took too long",
    "The sign-in was not begun in this browser, was finished already, or is too old. Begin it once more.",
  ),
  refused: failure(403, "Not signed in", "The provider, or you there, said no. You can try again."),
  unreachable: failure(503, "The provider does not answer", "Try again in a moment. Nothing is lost."),
  unproven: failure(
    403,
    "Not signed in",
    "What the provider said could not be proven. Try again; if it stays so, tell whoever runs this server.",
  ),
  no_principal: failure(
    403,
    "You have no role here",
    "You are who you say, but nothing here was given to you. Ask whoever runs this server for a role.",
  ),
  disabled: failure(403, "Your account is switched off", "Whoever runs this server can switch it on again."),
  bad_passkey: failure(
    403,
    "Not signed in",
    "This passkey is not known here, or its answer could not be proven. Try again, or try another one.",
  ),
  bad_invite: failure(
    404,
    "The invitation is not good any more",
    "It was used, is too old, or is not whole. Ask whoever sent it for a new one.",
  ),
};

/** `to`: where the person wanted to go. */
export function failurePage(name: LoginFailure, to = HOME): Page {
  const { status, title, words } = FAILURES[name];
  const back = to === HOME ? "/login" : `/login?to=${encodeURIComponent(to)}`;
  return sayingPage({
    title,
    status,
    sign: "no",
    words: [words, html`<a href="${back}">Back to the sign-in</a>`],
  });
}

/** For the script. */
export function refusedLogin(name: LoginFailure): Reply {
  const { status, title, words } = FAILURES[name];
  return refusal(status, status >= 500 ? "temporarily_unavailable" : "access_denied", `${title}. ${words}`);
}

/** What the script asks the browser's passkeys. */
export function passkeyStartReply(start: PasskeyStart): Reply {
  if (!start.ok) return refusedLogin(start.failure);
  return { status: 200, body: { publicKey: start.publicKey }, headers: cookieHeaders(start.setCookie) };
}

/** The same endpoint, with refusals and known failures as pages: the log hears of them as everywhere. */
export function asPage({ url }: Core, endpoint: Endpoint): Endpoint {
  return {
    ...endpoint,
    async handle(incoming) {
      try {
        return paged(url, await endpoint.handle(incoming));
      } catch (thrown) {
        if (thrown instanceof Refused)
          throw new Refused(
            paged(url, thrown.reply),
            thrown.cause instanceof KeywrightError ? thrown.cause : undefined,
          );
        const error = thrown instanceof KeywrightError ? thrown : defectOf(thrown);
        throw new Refused(pageReply(url, failedPage(error)), error);
      }
    },
  };
}

/** Where it happened, never its message, which could quote what came in. */
function defectOf(thrown: unknown): KeywrightError {
  const frames =
    thrown instanceof Error ? (thrown.stack ?? "").split("\n").filter((line) => /^ {4}at /.test(line)) : [];
  const where = frames.slice(0, 3).map((frame) => ` ${frame.trim()}`);
  return new KeywrightError(
    "internal",
    `a page failed with ${thrown instanceof Error ? thrown.name : typeof thrown}${where.join("")}`,
  );
}

function failedPage({ code }: KeywrightError): Page {
  const words =
    code === "audit"
      ? "The audit could not be written, so nothing was done."
      : "The log of the server says why. Nothing was approved by this.";
  return sayingPage({
    title: "That did not work",
    status: code === "audit" || code === "network" ? 503 : 500,
    sign: "no",
    words: [words, "Try again in a moment."],
  });
}

/** A refusal in JSON, as a page: its words are ours. */
function paged(url: string, reply: Reply): Reply {
  if (typeof reply.body !== "object" || reply.status < 400) return reply;
  const { detail } = reply.body as { readonly detail?: string };
  const words = [detail ?? "The server refused this.", "Go back, or start again in your terminal."];
  const { headers } = reply;
  return pageReply(
    url,
    sayingPage({ title: "That cannot be done", status: reply.status, sign: "no", words, headers }),
  );
}
