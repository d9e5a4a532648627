// The broker as an HTTP application: hono routes, this file adds what holds for every path: a body cap, JSON errors,
// no caching, one log line. It knows no endpoint by name.
import { Hono, type Context } from "hono";
import { asKeywrightError } from "../errors.ts";
import type { Clock } from "../io/clock.ts";
import { newEntryId, type Random } from "./records.ts";
import { refusal, Refused, type Endpoint, type Reply } from "./reply.ts";
import { logLine } from "./request-log.ts";

export interface AppOptions {
  readonly endpoints: readonly Endpoint[];
  readonly clock: Clock;
  readonly random: Random;
  /** One line, without a newline. */
  log(line: string): void;
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
    app.on(method, path, (context) => serve(options, context, async () => handle(await incomingOf(context))));
  }
  for (const path of new Set(endpoints.map((endpoint) => endpoint.path))) {
    const allow = endpoints.filter((endpoint) => endpoint.path === path).map(({ method }) => method);
    const reply = refusal(405, "method_not_allowed", "This path does not take this method.", {
      Allow: allow.join(", "),
    });
    app.all(path, (context) => serve(options, context, async () => reply));
  }
  app.notFound((context) =>
    serve(options, context, async () => refusal(404, "not_found", "There is nothing at this path.")),
  );
  return app;
}

async function serve(
  { clock, random, log }: AppOptions,
  context: Context,
  answer: () => Promise<Reply>,
): Promise<Response> {
  const begun = clock.now();
  const id = newEntryId(random);
  let reply: Reply;
  try {
    reply = await answer();
  } catch (thrown) {
    reply = thrown instanceof Refused ? thrown.reply : failed(thrown, id, log);
  }
  const { method, path } = context.req;
  log(logLine({ method, path, status: reply.status, seconds: clock.now() - begun, id }));
  return toResponse(reply, id);
}

function toResponse({ status, body, headers }: Reply, id: string): Response {
  const all = { ...HEADERS, "X-Request-Id": id, ...headers };
  if (body === undefined) return new Response(null, { status, headers: all });
  return new Response(JSON.stringify(body), {
    status,
    headers: { "Content-Type": "application/json", ...all },
  });
}

/** A defect, or a disk that failed: the log says where, never with a message that could quote what came in. */
function failed(thrown: unknown, id: string, log: (line: string) => void): Reply {
  const { code, cause } = asKeywrightError(thrown);
  const source = cause instanceof Error ? cause : thrown instanceof Error ? thrown : undefined;
  const frames =
    source?.stack
      ?.split("\n")
      .filter((line) => line.startsWith("    at "))
      .slice(0, 3) ?? [];
  log(
    `error ${code} ${source?.name ?? typeof thrown} ${id}${frames.map((frame) => ` ${frame.trim()}`).join("")}`,
  );
  return code === "audit"
    ? refusal(503, "temporarily_unavailable", "The audit could not be written, so nothing was handed out.")
    : refusal(500, "server_error", "The broker failed; its log says where.");
}

async function incomingOf(context: Context) {
  const { raw } = context.req;
  const at = raw.url.indexOf("?");
  return {
    header: (name: string) => raw.headers.get(name) ?? undefined,
    query: at === -1 ? "" : raw.url.slice(at + 1),
    body: raw.method === "POST" ? await bodyOf(raw) : "",
  };
}

const TOO_LARGE = refusal(413, "invalid_request", `The body is larger than ${BODY_CAP} bytes.`, {
  Connection: "close",
});

async function bodyOf(request: Request): Promise<string> {
  const length = request.headers.get("content-length");
  if (Number(length ?? 0) > BODY_CAP) throw new Refused(TOO_LARGE);
  if (length !== null) return request.text(); // The HTTP parser does not let more than that through.
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body ?? []) {
    size += chunk.length;
    if (size > BODY_CAP) throw new Refused(TOO_LARGE);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
