// A web server on 127.0.0.1 that waits for one answer of the browser on this machine (RFC 8252 §7.3): one exact path, one
// accepted answer, a free port. It does not know what the answer means, and nobody on another machine reaches it.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { KeywrightError } from "../errors.ts";

export interface Page {
  /** One line. */
  readonly title: string;
  readonly text: string;
}

/** What to do with an answer: `taken` ends the waiting, `not ours` is refused, and the waiting goes on. */
export type Verdict = { readonly is: "taken"; readonly page: Page } | { readonly is: "not ours" };

export interface LoopbackServer {
  /** `http://127.0.0.1:PORT` */
  readonly origin: string;
  /** The query of the answer that was taken. */
  readonly answer: Promise<URLSearchParams>;
  /** Frees the port, once what is being answered is answered. */
  close(): Promise<void>;
}

/** Throws `network` when no port can be opened. */
export async function loopbackServer(
  path: string,
  judge: (query: URLSearchParams) => Verdict,
): Promise<LoopbackServer> {
  const { promise, resolve } = Promise.withResolvers<URLSearchParams>();
  let page: Page | undefined;
  const server = createServer(
    { requestTimeout: 10_000, headersTimeout: 5_000, keepAlive: false },
    (request, reply) => {
      const query = asked(request, path, origin);
      if (typeof query === "number") return refuse(reply, query);
      const verdict = page === undefined ? judge(query) : undefined;
      if (verdict?.is === "taken") {
        page = verdict.page;
        // What the browser repeats (a reload, a look ahead) sees the page and changes nothing.
        reply.once("close", () => resolve(query));
      }
      return page === undefined || verdict?.is === "not ours" ? refuse(reply, 400) : show(reply, page);
    },
  );
  server.maxConnections = 20;
  await new Promise<void>((opened, failed) => {
    server.once("error", (error: NodeJS.ErrnoException) => failed(noPort(error)));
    server.listen({ host: "127.0.0.1", port: 0 }, opened);
  });
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const close = (): Promise<void> =>
    new Promise((closed) => {
      server.close(() => closed());
      server.closeAllConnections();
    });
  return { origin, answer: promise, close };
}

/** The query of a request that is for us, or the status that it is refused with. */
function asked(
  { method, url = "", headers }: IncomingMessage,
  path: string,
  origin: string,
): URLSearchParams | number {
  // A page elsewhere can have a name of its own point to 127.0.0.1; the Host then is that name.
  if (`http://${headers.host}` !== origin) return 421;
  const mark = url.indexOf("?");
  if ((mark < 0 ? url : url.slice(0, mark)) !== path) return 404;
  if (method !== "GET") return 405;
  return new URLSearchParams(mark < 0 ? "" : url.slice(mark));
}

const HEADERS = {
  "Content-Type": "text/html; charset=utf-8",
  "Content-Security-Policy":
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "Cache-Control": "no-store",
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
  Connection: "close",
};

function show(reply: ServerResponse, { title, text }: Page): void {
  const head =
    `<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">` +
    `<meta name="color-scheme" content="light dark"><title>${escaped(title)}</title>`;
  const body = `<main><h1>${escaped(title)}</h1><p>${escaped(text)}</p></main>`;
  reply
    .writeHead(200, HEADERS)
    .end(`<!doctype html><html lang="en"><head>${head}</head><body>${body}</body></html>\n`);
}

function refuse(reply: ServerResponse, status: number): void {
  reply
    .writeHead(status, { ...HEADERS, "Content-Type": "text/plain; charset=utf-8" })
    .end("not for this address\n");
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`);
}

function noPort({ code }: NodeJS.ErrnoException): KeywrightError {
  return new KeywrightError(
    "network",
    `no port of 127.0.0.1 can be opened for the answer of the browser (${code})`,
    {
      hint: "Log in with --device instead.",
    },
  );
}
