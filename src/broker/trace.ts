// Trace context (W3C, level 1): the `traceparent` that a caller sent, if it is one. It starts no trace of its own.

export interface Trace {
  readonly traceId: string;
  /** The span of the caller. */
  readonly parentId: string;
  /** The header as it came, fit to be passed on. */
  readonly header: string;
}

const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-.*)?$/;

/** Section 3.2: version ff, zero ids, and anything after the flags of version 00 are no trace context. */
export function readTraceparent(header: string | undefined): Trace | undefined {
  if (header === undefined || header.length > 256) return undefined;
  const [, version, traceId = "", parentId = "", more] = TRACEPARENT.exec(header) ?? [];
  if (version === undefined || version === "ff" || (version === "00" && more !== undefined)) return undefined;
  return /^0+$/.test(traceId) || /^0+$/.test(parentId) ? undefined : { traceId, parentId, header };
}
