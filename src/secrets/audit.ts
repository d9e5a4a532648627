// Where an application's questions are written down: the chain in a file, a stream of the process, or what the caller
// gives. Only the file that nobody asked for may fail without a refusal.
import { defaultAuditPath, openAudit } from "../audit/open.ts";
import { decisionFields, issuedFields, type ChainFields } from "../audit/chain.ts";
import { randomHex } from "../digest.ts";
import { KeywrightError } from "../errors.ts";
import type { Clock } from "../io/clock.ts";
import { writeStandardError } from "../io/surroundings.ts";
import { AUDIT_SINKS, type AuditLog, type AuditSink } from "../resolver/audit-log.ts";

/** One entry as a function gets it: `kind` is `decision` or `issued`; never a value, never a backend's path. */
export type AuditEntry = ChainFields & { readonly time: string };

/**
 * `file` (at its usual place), `stderr`, `syslog` or `none`; a file of its own; a function, which throws (or rejects)
 * when it could not keep the entry; or an AuditLog.
 */
export type AuditChoice =
  | AuditSink
  | { readonly file: string; readonly maxBytes?: number; readonly maxFiles?: number }
  | ((entry: AuditEntry) => void | Promise<void>)
  | AuditLog;

export interface AuditSurroundings {
  readonly home: string | undefined;
  readonly clock: Clock;
  /** Hears that the usual file could not be written; nobody asked for it, so the answers go on. */
  warn(text: string): void;
}

/** `choice` undefined: the usual file, and a warning when it cannot be written. */
export function auditFor(choice: AuditChoice | undefined, around: AuditSurroundings): AuditLog {
  const newId = drawnIds();
  if (choice !== undefined && !isChoice(choice)) {
    throw new KeywrightError("configuration", "the option audit names no sink", {
      hint: `It is ${AUDIT_SINKS.join(", ")}, { file: … }, a function, or an AuditLog.`,
    });
  }
  if (typeof choice === "function") return strict(functionAudit(choice, around.clock, newId));
  if (typeof choice === "object" && "decision" in choice) return strict(choice);
  const file = typeof choice === "object" ? choice : undefined;
  return openAudit({
    sink: typeof choice === "string" ? choice : "file",
    configured: choice !== undefined,
    path: file?.file ?? (around.home === undefined ? undefined : defaultAuditPath(around.home)),
    maxBytes: file?.maxBytes,
    maxFiles: file?.maxFiles,
    clock: around.clock,
    newId,
    describe: () => undefined,
    stderr: writeStandardError,
    warn: around.warn,
  });
}

/** Held at run time, too: what a slip made of the wish for a sink must not become the usual file. */
function isChoice(choice: unknown): choice is AuditChoice {
  if (typeof choice !== "object")
    return typeof choice === "function" || AUDIT_SINKS.includes(choice as AuditSink);
  if (choice === null) return false;
  return "decision" in choice || ("file" in choice && typeof choice.file === "string" && choice.file !== "");
}

/** Many from one draw: a draw takes longer than a decision, and an id is no secret. */
function drawnIds(): () => string {
  let drawn = "";
  return () => {
    if (drawn === "") drawn = randomHex(1024);
    const id = drawn.slice(0, 16);
    drawn = drawn.slice(16);
    return id;
  };
}

function functionAudit(
  sink: (entry: AuditEntry) => void | Promise<void>,
  clock: Clock,
  newId: () => string,
): AuditLog {
  const put = async (fields: ChainFields): Promise<void> =>
    sink(Object.freeze({ time: new Date(clock.now() * 1000).toISOString(), ...fields }));
  return {
    async decision(entry) {
      const id = newId();
      await put(decisionFields(id, entry, undefined));
      return id;
    },
    issued: async (entry) => put(issuedFields(newId(), entry)),
  };
}

/** Whatever a caller's sink throws is a refusal. */
function strict(log: AuditLog): AuditLog {
  return {
    decision: (entry) => kept(() => log.decision(entry)),
    issued: (entry) => kept(() => log.issued(entry)),
  };
}

async function kept<T>(write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (cause) {
    if (cause instanceof KeywrightError && cause.code === "audit") throw cause;
    const hint = "Nothing was handed out. Repair the sink that was given as `audit`.";
    throw new KeywrightError("audit", "the audit entry could not be written", { hint, cause });
  }
}
