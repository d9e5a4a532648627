// The broker's log: one line a request, and one for whatever else happens; text or JSON. Nothing in it could be a
// secret: no query, no header, no body.
import type { Clock } from "../io/clock.ts";
import type { Trace } from "./trace.ts";

export interface Served {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly seconds: number;
  readonly id: string;
  readonly address: string;
  readonly trace: Trace | undefined;
}

export const LOG_FORMATS = ["text", "json"] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];

export interface BrokerLog {
  request(served: Served): void;
  /** Anything else; `text` quotes nothing that came in. */
  event(level: "info" | "warn" | "error", text: string): void;
}

/** `write` takes one line, without a newline. */
export function createBrokerLog(format: LogFormat, clock: Clock, write: (line: string) => void): BrokerLog {
  if (format === "text")
    return { request: (served) => write(logLine(served)), event: (_, text) => write(text) };
  const line = (level: string, fields: object): void =>
    write(JSON.stringify({ time: new Date(clock.now() * 1000).toISOString(), level, ...fields }));
  return {
    request: ({ method, path, status, seconds, id, address, trace }) =>
      line(status >= 500 ? "error" : "info", {
        message: "request",
        method,
        path: shownPath(path),
        status,
        ms: Number((seconds * 1000).toFixed(1)),
        request_id: id,
        address,
        ...(trace === undefined ? {} : { trace_id: trace.traceId, parent_id: trace.parentId }),
      }),
    event: (level, message) => line(level, { message }),
  };
}

function logLine({ method, path, status, seconds, id, address, trace }: Served): string {
  const line = `${method} ${shownPath(path)} ${status} ${(seconds * 1000).toFixed(1)}ms ${address} ${id}`;
  return trace === undefined ? line : `${line} trace=${trace.traceId}/${trace.parentId}`;
}

/** A segment that is long or not plain may be a value in the wrong place (`/oauth2/token%3Fclient_secret=…`). */
function shownPath(path: string): string {
  const segments = path.split("/").slice(0, 8);
  return segments.map((segment) => (/^[a-z0-9._-]{0,32}$/.test(segment) ? segment : "…")).join("/");
}
