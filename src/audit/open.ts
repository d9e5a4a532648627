// Opens the audit that the configuration names. Only a sink that somebody asked for is worth a refusal: the default
// file, when it cannot be written, is given up with one warning.
import { asKeywrightError, KeywrightError } from "../errors.ts";
import type { AuditLog, AuditSink } from "../resolver/audit-log.ts";
import { fileAudit, type FileAuditOptions } from "./file.ts";
import { noAudit, stderrAudit, syslogAudit } from "./stream.ts";

export interface OpenAuditOptions extends Omit<FileAuditOptions, "path"> {
  readonly sink: AuditSink;
  /** True when a configuration file names the sink; false for the default. */
  readonly configured: boolean;
  /** Where the file is; undefined: there is no home folder to put it in. */
  readonly path: string | undefined;
  /** Where the sink `stderr` writes; throws when that fails. */
  stderr(text: string): void;
  /** Tells the user something, one sentence without a newline. */
  warn(text: string): void;
}

/** The file that is written when nothing else is configured. */
export function defaultAuditPath(home: string): string {
  return `${home}/.local/state/keywright/audit.jsonl`;
}

/** The log's methods throw `audit` when a configured sink fails. */
export function openAudit(options: OpenAuditOptions): AuditLog {
  const { sink, configured, path, newId } = options;
  if (sink === "none") return noAudit(newId);
  if (sink === "stderr") return stderrAudit(options, options.stderr);
  if (sink === "syslog") return syslogAudit(options);
  const log = path === undefined ? HOMELESS : fileAudit({ ...options, path });
  return configured ? log : orWarn(log, options);
}

function orWarn(log: AuditLog, { newId, warn }: OpenAuditOptions): AuditLog {
  let off = false;
  const giveUp = (thrown: unknown): void => {
    const { message, hint } = asKeywrightError(thrown);
    off = true;
    warn(`${message}; going on without an audit${hint === undefined ? "" : `. ${hint}`}`);
  };
  return {
    decision: async (entry) => {
      if (!off) {
        try {
          return await log.decision(entry);
        } catch (thrown) {
          giveUp(thrown);
        }
      }
      return newId();
    },
    issued: async (entry) => {
      if (!off) await log.issued(entry).catch(giveUp);
    },
  };
}

const HOMELESS: AuditLog = { decision: noHome, issued: noHome };

async function noHome(): Promise<never> {
  throw new KeywrightError("audit", "there is no home folder for the audit file", {
    hint: "Set HOME, or set `audit` in the configuration.",
  });
}
