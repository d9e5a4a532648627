// What keywright says when a command failed: lines for people, or one JSON object for scripts. Both go to standard
// error, so that standard output holds an answer or nothing.
import type { KeywrightError } from "../errors.ts";

/** With `--json` in the command line, also one that cannot be understood, a failure is JSON. */
export function wantsJson(argv: readonly string[]): boolean {
  const end = argv.indexOf("--");
  return argv.slice(0, end === -1 ? undefined : end).includes("--json");
}

export function failureText({ code, message, hint }: KeywrightError, json: boolean): string {
  if (json) return `${JSON.stringify({ error: { code, message, hint: hint ?? null } })}\n`;
  return `keywright: ${message}\n${hint === undefined ? "" : `  ${hint}\n`}`;
}
