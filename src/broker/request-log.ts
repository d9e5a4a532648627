// The request log: one line a request, without anything that could be a secret. No query, no header, no body.

export interface Served {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly seconds: number;
  readonly id: string;
}

export function logLine({ method, path, status, seconds, id }: Served): string {
  return `${method} ${shownPath(path)} ${status} ${(seconds * 1000).toFixed(1)}ms ${id}`;
}

/** A segment that is long or not plain may be a value in the wrong place (`/oauth2/token%3Fclient_secret=…`). */
function shownPath(path: string): string {
  const segments = path.split("/").slice(0, 8);
  return segments.map((segment) => (/^[a-z0-9._-]{0,32}$/.test(segment) ? segment : "…")).join("/");
}
