// `keywright audit`: what was asked here or at a broker, and whether that record is whole. It changes neither.
import type { Command } from "commander";
import { addAuditKey } from "./audit-key.ts";
import { addAuditShow } from "./audit-show.ts";
import { addAuditVerify } from "./audit-verify.ts";
import type { CliContext } from "./context.ts";

export function addAudit(program: Command, context: CliContext): void {
  const audit = program
    .command("audit")
    .description("show and verify the record of what was asked and answered");
  addAuditShow(audit, context);
  addAuditVerify(audit, context);
  addAuditKey(audit, context);
}
