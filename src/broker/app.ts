// The broker as an HTTP application: hono routes, this file adds what holds for every path: limits by address, a body
// cap, JSON errors, no caching, one log line, metrics. It knows no endpoint by name.
import { Hono, type Context } from "hono";
import type { IncomingMessage } from "node:http";
import { asKeywrightError } from "../errors.ts";
import type { Clock } from "../io/clock.ts";
import { isDatabaseFault } from "./data-fault.ts";
import type { Metrics } from "./metrics.ts";
import { limitKey, type Proxies } from "./proxies.ts";
import type { Rates } from "./rates.ts";
import { newEntryId, type Random } from "./records.ts";
import { refusal, Refused, tooManyRequests, type Endpoint, type Reply } from "./reply.ts";
import type { BrokerLog } from "./request-log.ts";
import { readTraceparent } from "./trace.ts";

export interface AppOptions {
  readonly endpoints: readonly Endpoint[];
  /** For durations only. */
  readonly steady: Clock;
  readonly random: Random;
  readonly proxies: Proxies;
  /** By address: all requests, and those that were refused. */
  readonly rates: { readonly requests: Rates; readonly failures: Rates };
  readonly metrics: Metrics;
  readonly log: BrokerLog;
}

/** Largest request body, in bytes. */
export const BODY_CAP = 16 * 1024;

const HEADERS = {
  "Cache-Control": "no-store",
  "X-Content-Type-Options": "nosniff",
};

export function createApp(options: AppOptions): Hono {
  const app = new Hono();
  const { endpoints } = options;
  for (const { method, path, handle } of endpoints) {
    const route = { path, method };
    app.on(method, path, (context) =>
      serve(options, route, context, async (address) => handle(await incomingOf(context, address))),
    );
  }
  for (const path of new Set(endpoints.map((endpoint) => endpoint.path))) {
    const allow = endpoints.filter((endpoint) => endpoint.path === path).map(({ method }) => method);
    const reply = refusal(405, "method_not_allowed", "This path does not take this method.", {
      Allow: allow.join(", "),
    });
    app.all(path, (context) => serve(options, { path, method: "other" }, context, async () => reply));
  }
  app.notFound((context) =>
    serve(options, NOWHERE, context, async () => refusal(404, "not_found", "There is nothing at this path.")),
  );
  return app;
}

/** The words of metrics: never what was asked for, but what it met. */
interface Route {
  readonly path: string;
  readonly method: string;
}

const NOWHERE: Route = { path: "none", method: "other" };

async function serve(
  options: AppOptions,
  route: Route,
  context: Context,
  answer: (address: string) => Promise<Reply>,
): Promise<Response> {
  const { steady, random, log, proxies, metrics } = options;
  const begun = steady.now();
  const id = newEntryId(random);
  const { method, path, raw } = context.req;
  const header = (name: string): string | undefined => raw.headers.get(name) ?? undefined;
  const address = proxies.clientOf(peerOf(context), header);
  const reply = await limited(options, address, () => settled(() => answer(address), id, log));
  const seconds = steady.now() - begun;
  metrics.request(route.path, route.method, reply.status, seconds);
  const trace = readTraceparent(header("traceparent"));
  log.request({ method, path, status: reply.status, seconds, id, address, trace });
  return toResponse(reply, id);
}

async function settled(answer: () => Promise<Reply>, id: string, log: BrokerLog): Promise<Reply> {
  try {
    return await answer();
  } catch (thrown) {
    return thrown instanceof Refused ? thrown.reply : failed(thrown, id, log);
  }
}

/** Whoever asks too often, or was refused too often, is not even heard. */
async function limited(
  { rates, metrics }: AppOptions,
  address: string,
  answer: () => Promise<Reply>,
): Promise<Reply> {
  const key = limitKey(address);
  const failing = rates.failures.wait(key);
  const wait = failing ?? rates.requests.take(key);
  if (wait !== undefined) {
    metrics.limited(failing === undefined ? "address" : "failures");
    return tooManyRequests(wait);
  }
  const reply = await answer();
  if (reply.status >= 400 && reply.status < 500 && reply.status !== 429) rates.failures.take(key);
  return reply;
}

function peerOf(context: Context): string | undefined {
  const { incoming } = context.env as { readonly incoming?: IncomingMessage };
  return incoming?.socket.remoteAddress;
}

const PLAIN_TEXT = "text/plain; version=0.0.4; charset=utf-8";

function toResponse({ status, body, headers }: Reply, id: string): Response {
  const all = { ...HEADERS, "X-Request-Id": id, ...headers };
  if (body === undefined) return new Response(null, { status, headers: all });
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return new Response(text, {
    status,
    headers: {
      "Content-Type": typeof body === "string" ? PLAIN_TEXT : "application/json",
      "Content-Length": String(Buffer.byteLength(text)), // Without it the executable answers in chunks.
      ...all,
    },
  });
}

/** A defect, or a disk that failed: the log says where, never with a message that could quote what came in. */
function failed(thrown: unknown, id: string, log: BrokerLog): Reply {
  const { code, cause } = asKeywrightError(thrown);
  const source = cause instanceof Error ? cause : thrown instanceof Error ? thrown : undefined;
  const frames =
    source?.stack
      ?.split("\n")
      .filter((line) => line.startsWith("    at "))
      .slice(0, 3) ?? [];
  const where = frames.map((frame) => ` ${frame.trim()}`).join("");
  log.event("error", `error ${code} ${source?.name ?? typeof thrown} ${id}${where}`);
  if (code === "audit")
    return refusal(
      503,
      "temporarily_unavailable",
      "The audit could not be written, so nothing was handed out.",
    );
  return isDatabaseFault(source)
    ? refusal(503, "temporarily_unavailable", "The database could not be read, so nothing was handed out.")
    : refusal(500, "server_error", "The broker failed; its log says where.");
}

async function incomingOf(context: Context, address: string) {
  const { raw } = context.req;
  const at = raw.url.indexOf("?");
  return {
    header: (name: string) => raw.headers.get(name) ?? undefined,
    query: at === -1 ? "" : raw.url.slice(at + 1),
    body: raw.method === "POST" ? await bodyOf(raw) : "",
    address,
  };
}

const TOO_LARGE = refusal(413, "invalid_request", `The body is larger than ${BODY_CAP} bytes.`, {
  Connection: "close",
});

const CUT_OFF = refusal(400, "invalid_request", "The body did not come as it was announced.", {
  Connection: "close",
});

async function bodyOf(request: Request): Promise<string> {
  const length = request.headers.get("content-length");
  if (Number(length ?? 0) > BODY_CAP) throw new Refused(TOO_LARGE);
  try {
    // The HTTP parser does not let more through than was announced.
    return length !== null ? await request.text() : await unannounced(request);
  } catch (thrown) {
    throw thrown instanceof Refused ? thrown : new Refused(CUT_OFF);
  }
}

async function unannounced(request: Request): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body ?? []) {
    size += chunk.length;
    if (size > BODY_CAP) throw new Refused(TOO_LARGE);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
