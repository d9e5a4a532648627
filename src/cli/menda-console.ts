// What `menda` says, and where: messages to standard error, data to standard output, as menda-cli 0.5.0 does it.
import type { CliContext } from "./context.ts";

export interface MendaOptions {
  readonly output: "text" | "json";
  readonly quiet: boolean;
}

export interface MendaConsole {
  readonly json: boolean;
  /** For people only. */
  info(text: string): void;
  success(text: string): void;
  warning(text: string): void;
  /** Said even when all else is quiet. */
  error(text: string): void;
  /** An answer that a program can read. */
  data(value: object): void;
}

export function mendaConsole(
  context: Pick<CliContext, "out" | "err">,
  { output, quiet }: MendaOptions,
): MendaConsole {
  const json = output === "json";
  const tell = (status: string, message: string, text: string): void =>
    context.err(json ? `${JSON.stringify({ status, message })}\n` : `${text}\n`);
  return {
    json,
    info(text) {
      if (!quiet && !json) context.err(`${text}\n`);
    },
    success(text) {
      if (!quiet) tell("success", text, `✓ ${text}`);
    },
    warning(text) {
      if (!quiet) tell("warning", text, text);
    },
    error(text) {
      tell("error", text, text);
    },
    data(value) {
      if (!quiet) context.out(`${JSON.stringify(value)}\n`);
    },
  };
}
