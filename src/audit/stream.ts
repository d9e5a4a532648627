// Audit sinks that keep nothing here: lines on stderr, lines for the system's log, and none. Without a place to read
// the last line from there is no chain; whoever collects the lines keeps them.
import { KeywrightError } from "../errors.ts";
import type { Clock } from "../io/clock.ts";
import type { Ask } from "../resolver/ask.ts";
import type { AuditLog } from "../resolver/audit-log.ts";
import { decisionFields, issuedFields, type ChainFields } from "./chain.ts";

export interface StreamAuditOptions {
  readonly clock: Clock;
  newId(): string;
  /** The address of an ask, fit to be written. */
  describe(ask: Ask): string | undefined;
}

/** `write` must throw when the line did not get out. */
export function stderrAudit(options: StreamAuditOptions, write: (text: string) => void): AuditLog {
  return streamAudit(options, "stderr", async (line) => write(`${line}\n`));
}

/** util-linux's logger (busybox's cannot say that it failed, and is told so): Node has no datagram sockets for /dev/log. */
const LOGGERS = ["/usr/bin/logger", "/bin/logger"] as const;

const LOGGER_OPTIONS = [
  "--tag",
  "keywright",
  "--priority",
  "auth.notice",
  "--socket-errors=on",
  "--size",
  "16KiB",
];

export function syslogAudit(options: StreamAuditOptions, loggers: readonly string[] = LOGGERS): AuditLog {
  return streamAudit(options, "syslog", async (line) => {
    const [{ existsSync }, { spawnCapture }] = await Promise.all([
      import("node:fs"),
      import("../io/spawn.ts"),
    ]);
    const logger = loggers.find((path) => existsSync(path));
    if (logger === undefined) throw new Error(`there is none of ${loggers.join(", ")}`);
    const { code, stderr } = await spawnCapture(logger, LOGGER_OPTIONS, {
      env: {},
      input: `${line}\n`,
      limit: 5,
    });
    if (code !== 0) throw new Error(`${logger}: ${stderr.toString().trim() || `it ended with ${code}`}`);
  });
}

export function noAudit(newId: () => string): AuditLog {
  return { decision: async () => newId(), issued: async () => undefined };
}

function streamAudit(
  options: StreamAuditOptions,
  sink: string,
  write: (line: string) => Promise<void>,
): AuditLog {
  const put = async (fields: ChainFields): Promise<void> => {
    const time = new Date(options.clock.now() * 1000).toISOString();
    try {
      await write(JSON.stringify({ time, ...fields }));
    } catch (cause) {
      throw new KeywrightError(
        "audit",
        `the audit entry could not be written to ${sink}: ${(cause as Error).message}`,
        {
          hint: "Repair it, or set another `audit` in the configuration: file, stderr, syslog or none.",
          cause,
        },
      );
    }
  };
  return {
    decision: async (entry) => {
      const id = options.newId();
      await put(decisionFields(id, entry, options.describe(entry.ask)));
      return id;
    },
    issued: async (entry) => put(issuedFields(options.newId(), entry)),
  };
}
