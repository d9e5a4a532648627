// An audit log that also tells the person who looks for a fault what it writes down. It is no sink, and changes nothing.
import type { AuditLog } from "../resolver/audit-log.ts";

export function toldAudit(
  log: AuditLog,
  say: (text: string) => void,
  shown: (url: string) => string,
): AuditLog {
  return {
    decision(entry) {
      const { ask, outcome, principal, ref, reason } = entry;
      const what = ask.kind === "registry" ? `${ask.action} ${shown(ask.url)}` : `secret ${ask.name}`;
      say(`${outcome}: ${what} for ${principal ?? "nobody"}, ref ${ref ?? "(none)"}: ${reason}`);
      return log.decision(entry);
    },
    issued(entry) {
      say(`issued: sha256 ${entry.sha256.slice(0, 12)}…, expires ${entry.expiresAt ?? "never"}`);
      return log.issued(entry);
    },
  };
}
