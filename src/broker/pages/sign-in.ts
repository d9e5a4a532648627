// /login, /invite and /logout: who sits at this browser. What proves it is people/; here are only the pages around it.
import { DEFAULT_USERS } from "../../config/users.ts";
import type { Core } from "../core.ts";
import { readParameters } from "../parameters.ts";
import { browserOf, logOut } from "../people/browsers.ts";
import {
  finishPasskeyLogin,
  finishRegistration,
  passkeyLoginOptions,
  passkeyRegistrationOptions,
} from "../people/passkeys.ts";
import { finishProviderLogin, startProviderLogin, type LoginEnd } from "../people/provider.ts";
import { Refused, type Endpoint, type Incoming, type Reply } from "../reply.ts";
import { postedForm, postedJson } from "./guard.ts";
import { failurePage, passkeyStartReply, refusedLogin } from "./failures.ts";
import { cookieHeaders, pageReply, seeOther } from "./page.ts";
import { HOME, returnPath } from "./return-to.ts";
import { invitePage, passkeyPage, providerPage, signedInPage } from "./sign-in-page.ts";

export function signInEndpoints(core: Core): readonly Endpoint[] {
  return [
    { method: "GET", path: "/login", handle: (incoming) => shown(core, incoming) },
    { method: "GET", path: "/login/start", handle: (incoming) => started(core, incoming) },
    { method: "GET", path: "/login/callback", handle: (incoming) => cameBack(core, incoming) },
    { method: "GET", path: "/invite", handle: (incoming) => invited(core, incoming) },
    { method: "POST", path: "/logout", handle: (incoming) => left(core, incoming) },
  ];
}

/** What the script asks: JSON both ways, refusals too. */
export function passkeyEndpoints(core: Core): readonly Endpoint[] {
  return [
    post("/login/passkey/options", async (incoming) => {
      const { browser, body } = await postedJson(core, incoming);
      return passkeyStartReply(await passkeyLoginOptions(core, browser, returnPath(textOf(body["to"]))));
    }),
    post("/login/passkey", async (incoming) => {
      const { browser, body } = await postedJson(core, incoming);
      return endReply(await finishPasskeyLogin(core, browser, incoming, body));
    }),
    post("/invite/options", async (incoming) => {
      const { browser, body } = await postedJson(core, incoming);
      return passkeyStartReply(await passkeyRegistrationOptions(core, browser, textOf(body["invite"]) ?? ""));
    }),
    post("/invite", async (incoming) => {
      const { browser, body } = await postedJson(core, incoming);
      const end = await finishRegistration(core, browser, incoming, body);
      return endReply(end.ok ? { ...end, returnTo: HOME } : end);
    }),
  ];
}

function post(path: string, handle: Endpoint["handle"]): Endpoint {
  return { method: "POST", path, handle };
}

async function shown(core: Core, incoming: Incoming): Promise<Reply> {
  const { csrf, person, setCookie } = await browserOf(core, incoming);
  const given = readParameters(incoming.query).get("to");
  const to = returnPath(given);
  if (person !== undefined && given === to) return seeOther(to, setCookie);
  const { provider } = core.config.users ?? DEFAULT_USERS;
  const page =
    person !== undefined
      ? signedInPage(person, csrf)
      : provider === undefined
        ? passkeyPage(csrf, to)
        : providerPage(new URL(provider.issuer).host, to);
  return pageReply(core.url, { ...page, headers: cookieHeaders(setCookie) });
}

/** By GET, since a policy for forms cannot know where a provider leads on to. It begins a login, and proves nothing. */
async function started(core: Core, incoming: Incoming): Promise<Reply> {
  const browser = await browserOf(core, incoming);
  const to = returnPath(readParameters(incoming.query).get("to"));
  const start = await startProviderLogin(core, browser, to);
  if (start.ok) return seeOther(start.redirect, start.setCookie);
  throw new Refused(pageReply(core.url, failurePage(start.failure, to)), start.cause);
}

async function cameBack(core: Core, incoming: Incoming): Promise<Reply> {
  const end = await finishProviderLogin(core, incoming);
  return end.ok
    ? seeOther(returnPath(end.returnTo), end.setCookie)
    : pageReply(core.url, failurePage(end.failure, returnPath(end.returnTo)));
}

async function invited(core: Core, incoming: Incoming): Promise<Reply> {
  const { csrf, setCookie } = await browserOf(core, incoming);
  return pageReply(core.url, { ...invitePage(csrf), headers: cookieHeaders(setCookie) });
}

async function left(core: Core, incoming: Incoming): Promise<Reply> {
  const { browser, form } = await postedForm(core, incoming);
  const given = form.get("to");
  const to = returnPath(given);
  const ended = await logOut(core, browser);
  return seeOther(given === to ? `/login?to=${encodeURIComponent(to)}` : "/login", ended);
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function endReply(end: LoginEnd): Reply {
  if (!end.ok) return refusedLogin(end.failure);
  return { status: 200, body: { to: returnPath(end.returnTo) }, headers: cookieHeaders(end.setCookie) };
}
