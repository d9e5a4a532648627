// What a page of ours sent, and nobody else: the token of this browser in every form, and what browsers themselves say
// about where a request comes from.
import type { Core } from "../core.ts";
import { readForm, type Parameters } from "../parameters.ts";
import { browserOf, isCsrf, type Browser } from "../people/browsers.ts";
import { refusal, Refused, type Incoming } from "../reply.ts";
import { sayingPage } from "./frames.ts";
import { cookieHeaders, pageReply } from "./page.ts";

/** The form that this browser sent. Throws Refused, with a page. */
export async function postedForm(
  core: Core,
  incoming: Incoming,
): Promise<{ readonly browser: Browser; readonly form: Parameters }> {
  const browser = await browserOf(core, incoming);
  const form = readForm(incoming.header("content-type"), incoming.body);
  if (isOurs(core, incoming) && isCsrf(browser, form.get("csrf"))) return { browser, form };
  throw new Refused(pageReply(core.url, { ...STALE, headers: cookieHeaders(browser.setCookie) }));
}

const STALE = sayingPage({
  title: "This page is too old",
  status: 403,
  sign: "no",
  words: [
    "What you sent did not come from a page that this browser has open here. Go back, load the page again, and try once more.",
    "If that does not help: this site needs its cookie, so allow cookies for it.",
  ],
});

export type JsonObject = Readonly<Record<string, unknown>>;

/** The JSON object that the script of this browser sent. Throws Refused, with JSON. */
export async function postedJson(
  core: Core,
  incoming: Incoming,
): Promise<{ readonly browser: Browser; readonly body: JsonObject }> {
  const browser = await browserOf(core, incoming);
  const body = jsonOf(incoming);
  const csrf = body?.["csrf"];
  if (body === undefined)
    throw new Refused(refusal(400, "invalid_request", "The body must be a JSON object."));
  if (isOurs(core, incoming) && typeof csrf === "string" && isCsrf(browser, csrf)) return { browser, body };
  throw new Refused(refusal(403, "access_denied", "This page is too old. Load it again and try once more."));
}

function jsonOf({ header, body }: Incoming): JsonObject | undefined {
  if (!/^application\/json *(?:;|$)/i.test(header("content-type") ?? "")) return undefined;
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as JsonObject)
      : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Beside the token. Browsers say `Origin: null` for a form of a page with `Referrer-Policy: no-referrer`, and leave
 * `Sec-Fetch-Site` out over plain http, so what is not said is not held against anybody.
 */
function isOurs({ url }: Core, { header }: Incoming): boolean {
  const site = header("sec-fetch-site");
  if (site !== undefined && site !== "same-origin") return false;
  const origin = header("origin");
  return origin === undefined || origin === "null" || origin === new URL(url).origin;
}

/** Whether somebody opened this address, or went on to it from a page of ours: no page of others led here. */
export function isOpened({ header }: Incoming): boolean {
  const [site = "none", purpose = "document"] = [header("sec-fetch-site"), header("sec-fetch-dest")];
  return ["none", "same-origin"].includes(site) && purpose === "document";
}
