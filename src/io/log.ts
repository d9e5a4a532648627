// The log for whoever looks for a fault: lines on standard error, none unless somebody asks for them. It takes nothing
// out of a text, so nobody may hand it a value, a query string, a header or a body.

export const LOG_LEVELS = ["error", "warn", "info", "debug"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export type Say = (text: string) => void;

/** A level that is off is undefined, so that a text which nobody wants is not even made. */
export interface Log {
  readonly info: Say | undefined;
  readonly debug: Say | undefined;
}

/**
 * `error` and `warn` add nothing: errors and warnings are said in any case, in the words of each command. Another word
 * than the four is told, and counts as `warn`: a log must not keep an answer from coming.
 */
export function createLog(level: string, write: Say): Log {
  const rank = LOG_LEVELS.findIndex((known) => known === level);
  if (rank === -1) write(`KEYWRIGHT_LOG: not a log level; use one of ${LOG_LEVELS.join(", ")}\n`);
  const from = (wanted: LogLevel): Say | undefined =>
    rank >= LOG_LEVELS.indexOf(wanted) ? (text) => write(`${wanted}: ${printable(text)}\n`) : undefined;
  return { info: from("info"), debug: from("debug") };
}

function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
