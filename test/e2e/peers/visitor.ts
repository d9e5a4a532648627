// A person without a browser: keeps cookies, follows redirects, fills in the form that a page has and sends it. It runs no
// script, so what it can do works without one.
import assert from "node:assert/strict";

export interface Page {
  readonly url: URL;
  readonly status: number;
  readonly body: string;
}

export interface Visitor {
  /** Follows every redirect, except to where `stop` says true: that address is the page then, unvisited. */
  open(address: string | URL): Promise<Page>;
  /** Sends the page's form that has this button, or its only form. */
  send(
    page: Page,
    button?: { readonly name: string; readonly value: string },
    more?: Readonly<Record<string, string>>,
  ): Promise<Page>;
}

const MOST_REDIRECTS = 20;

export function visitor(stop: (url: URL) => boolean = () => false): Visitor {
  const jar = new Map<string, Map<string, string>>();
  const cookies = ({ host }: URL): Map<string, string> => {
    const known = jar.get(host) ?? new Map<string, string>();
    jar.set(host, known);
    return known;
  };

  async function request(url: URL, body: URLSearchParams | undefined): Promise<Page> {
    for (let hop = 0; hop < MOST_REDIRECTS; hop += 1) {
      const known = cookies(url);
      const cookie = [...known].map(([name, value]) => `${name}=${value}`).join("; ");
      const reply = await fetch(url, {
        method: body === undefined ? "GET" : "POST",
        redirect: "manual",
        headers: cookie === "" ? {} : { cookie },
        ...(body === undefined ? {} : { body }),
      });
      for (const line of reply.headers.getSetCookie()) keep(known, line);
      const location = reply.headers.get("location");
      if (location === null) return { url, status: reply.status, body: await reply.text() };
      await reply.arrayBuffer();
      url = new URL(location, url);
      body = undefined;
      if (stop(url)) return { url, status: reply.status, body: "" };
    }
    throw new Error(`more than ${MOST_REDIRECTS} redirects, at last to ${url.origin}${url.pathname}`);
  }

  return {
    open: (address) => request(new URL(address), undefined),
    send(page, button, more = {}) {
      const { action, fields } = formOf(page, button);
      const body = new URLSearchParams({ ...fields, ...more });
      if (button !== undefined) body.set(button.name, button.value);
      return request(new URL(action, page.url), body);
    },
  };
}

function keep(known: Map<string, string>, line: string): void {
  const [pair = "", ...attributes] = line.split(";").map((part) => part.trim());
  const [name = "", value = ""] = [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)];
  const ended = attributes.some((one) => /^max-age=0$/i.test(one) || /^expires=.*1970/i.test(one));
  if (ended) known.delete(name);
  else known.set(name, value);
}

interface Form {
  readonly action: string;
  readonly fields: Readonly<Record<string, string>>;
}

function formOf({ body, url }: Page, button: { readonly value: string } | undefined): Form {
  const forms = [...body.matchAll(/<form\b([^>]*)>(.*?)<\/form>/gs)];
  const fitting = forms.filter(
    ([, , inside = ""]) => button === undefined || inside.includes(`value="${button.value}"`),
  );
  assert.equal(fitting.length, 1, `forms at ${url.pathname}: ${forms.length}\n${body.slice(0, 2000)}`);
  const [, attributes = "", inside = ""] = fitting[0] ?? [];
  const fields = [...inside.matchAll(/<input\b([^>]*)>/g)].flatMap(([, text = ""]) => {
    const name = attributeOf(text, "name");
    return name === undefined ? [] : [[name, attributeOf(text, "value") ?? ""]];
  });
  return {
    action: attributeOf(attributes, "action") ?? url.href,
    fields: Object.fromEntries(fields) as Form["fields"],
  };
}

function attributeOf(text: string, name: string): string | undefined {
  const value = new RegExp(`\\b${name}="([^"]*)"`).exec(text)?.[1];
  return value?.replace(/&(amp|quot|lt|gt|#39|#x27);/g, (_, entity: string) => ENTITIES[entity] ?? "");
}

const ENTITIES: Readonly<Record<string, string>> = {
  amp: "&",
  quot: '"',
  lt: "<",
  gt: ">",
  "#39": "'",
  "#x27": "'",
};
