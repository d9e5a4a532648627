// The broker as an HTTP application: finds the endpoint of a path, and adds what holds for every one: limits by address,
// JSON errors, no caching, one log line, metrics. All paths are fixed, so a table is all the router there is.
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { asKeywrightError, KeywrightError } from "../errors.ts";
import type { Clock } from "../io/clock.ts";
import { isDatabaseFault } from "./data-fault.ts";
import { bodyOf, headerOf, respond, targetOf } from "./exchange.ts";
import type { Metrics } from "./metrics.ts";
import { limitKey, type Proxies } from "./proxies.ts";
import type { Rates } from "./rates.ts";
import { newEntryId, type Random } from "./records.ts";
import { refusal, Refused, tooManyRequests, type Endpoint, type Incoming, type Reply } from "./reply.ts";
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

/** Never throws, and answers every request. */
export function createApp(options: AppOptions): RequestListener {
  const routes = routesOf(options.endpoints);
  return (request, response) => void serve(options, routes, request, response);
}

/** The words of metrics, never what was asked for but what it met; and what answers. */
interface Route {
  readonly path: string;
  readonly method: string;
  handle(incoming: Incoming): Reply | Promise<Reply>;
}

type Routes = ReadonlyMap<string, { readonly methods: ReadonlyMap<string, Route>; readonly other: Route }>;

const NOWHERE: Route = {
  path: "none",
  method: "other",
  handle: () => refusal(404, "not_found", "There is nothing at this path."),
};

function routesOf(endpoints: readonly Endpoint[]): Routes {
  return new Map(
    endpoints.map(({ path }) => {
      const here = endpoints.filter((endpoint) => endpoint.path === path);
      const allow = here.map(({ method }) => method).join(", ");
      const reply = refusal(405, "method_not_allowed", "This path does not take this method.", {
        Allow: allow,
      });
      const methods = new Map(here.map((endpoint) => [endpoint.method as string, endpoint]));
      return [path, { methods, other: { path, method: "other", handle: () => reply } }] as const;
    }),
  );
}

/** HEAD is a GET whose body node:http leaves out (RFC 9110 section 9.3.2). */
function routeOf(routes: Routes, path: string, method: string): Route {
  const found = routes.get(path);
  return found === undefined
    ? NOWHERE
    : (found.methods.get(method === "HEAD" ? "GET" : method) ?? found.other);
}

async function serve(
  options: AppOptions,
  routes: Routes,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { steady, random, log, proxies, metrics } = options;
  const begun = steady.now();
  const id = newEntryId(random);
  const { method = "" } = request;
  const { path, query } = targetOf(request);
  const route = routeOf(routes, path, method);
  const header = (name: string): string | undefined => headerOf(request, name);
  const trace = readTraceparent(header("traceparent"));
  const address = proxies.clientOf(request.socket.remoteAddress, header);
  const answer = async (): Promise<Reply> => {
    const body = method === "POST" ? await bodyOf(request) : "";
    return route.handle({ header, query, body, address, trace });
  };
  const reply = await limited(options, address, () => settled(answer, id, log));
  const seconds = steady.now() - begun;
  metrics.request(route.path, route.method, reply.status, seconds);
  log.request({ method, path, status: reply.status, seconds, id, address, trace });
  respond(response, reply, id);
}

async function settled(answer: () => Promise<Reply>, id: string, log: BrokerLog): Promise<Reply> {
  try {
    return await answer();
  } catch (thrown) {
    if (!(thrown instanceof Refused)) return failed(thrown, id, log);
    const { cause } = thrown;
    if (cause instanceof KeywrightError) log.event("warn", `${cause.code} ${id}: ${wordsOf(cause)}`);
    return thrown.reply;
  }
}

function wordsOf({ message, hint }: KeywrightError): string {
  return hint === undefined ? message : `${message} (${hint})`;
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
