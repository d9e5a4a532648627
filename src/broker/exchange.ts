// One HTTP exchange between node:http and the endpoints: a request becomes an Incoming, a Reply becomes a response. It
// caps the body and decides nothing else.
import type { IncomingMessage, ServerResponse } from "node:http";
import { refusal, Refused, type Reply } from "./reply.ts";

/** Largest request body, in bytes. */
export const BODY_CAP = 16 * 1024;

/** A header as it was sent; undefined: not at all. Sent more than once, the values are joined by a comma. */
export function headerOf({ rawHeaders }: IncomingMessage, name: string): string | undefined {
  let found: string | undefined;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const key = rawHeaders[at] as string;
    if (key.length !== name.length || key.toLowerCase() !== name) continue;
    const value = rawHeaders[at + 1] as string;
    found = found === undefined ? value : `${found}, ${value}`;
  }
  return found;
}

/** Path and query of a target, which server.ts has found to be plain. */
export function targetOf({ url = "" }: IncomingMessage): { readonly path: string; readonly query: string } {
  const at = url.indexOf("?");
  return at === -1 ? { path: url, query: "" } : { path: url.slice(0, at), query: url.slice(at + 1) };
}

const TOO_LARGE = refusal(413, "invalid_request", `The body is larger than ${BODY_CAP} bytes.`, {
  Connection: "close",
});

const CUT_OFF = refusal(400, "invalid_request", "The body did not come as it was announced.", {
  Connection: "close",
});

/** The body as UTF-8 text. Throws Refused when it is too large or does not come whole. */
export function bodyOf(request: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    let over = false;
    const refuse = (reply: Reply): void => {
      if (over) return;
      over = true;
      request.resume(); // What still comes is thrown away, so that the answer is heard.
      reject(new Refused(reply));
    };
    if (Number(request.headers["content-length"] ?? 0) > BODY_CAP) return refuse(TOO_LARGE);
    request.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size > BODY_CAP) refuse(TOO_LARGE);
      else chunks.push(chunk);
    });
    request.once("end", () => {
      over = true;
      resolve(chunks.length === 1 ? String(chunks[0]) : Buffer.concat(chunks).toString("utf8"));
    });
    request.once("error", () => refuse(CUT_OFF));
    request.once("close", () => refuse(CUT_OFF));
  });
}

const PLAIN_TEXT = "text/plain; version=0.0.4; charset=utf-8";

export function respond(response: ServerResponse, { status, body, headers }: Reply, id: string): void {
  const all: Record<string, string | number | string[]> = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Request-Id": id,
    ...headers,
  };
  if (body === undefined) {
    response.writeHead(status, all).end();
    return;
  }
  const text = typeof body === "string" ? body : JSON.stringify(body);
  all["Content-Type"] ??= typeof body === "string" ? PLAIN_TEXT : "application/json";
  all["Content-Length"] = Buffer.byteLength(text); // Without it the executable answers in chunks.
  response.writeHead(status, all).end(text);
}
