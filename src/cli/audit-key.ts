// `keywright audit key` and `rotate-key`: the key that signs a broker's checkpoints. The private half is never shown.
import type { Command } from "commander";
import { readAuditKey } from "../audit/audit-key.ts";
import { administered } from "./administer.ts";
import type { CliContext } from "./context.ts";
import { dataFolder } from "./data-folder.ts";

interface KeyOptions {
  readonly data?: string;
  readonly json?: boolean;
}

export function addAuditKey(audit: Command, context: CliContext): void {
  audit
    .command("key")
    .description("print the public keys that verify a broker's checkpoints, oldest first, PEM")
    .option("--data <folder>", "the broker's data folder (default: ~/.local/share/keywright)")
    .option("--json", "as JSON, for scripts")
    .addHelpText(
      "after",
      "\nKeep it apart from the broker:\n  keywright audit key --data ./broker > broker-audit.pub",
    )
    .action(({ data, json }: KeyOptions) => {
      const { name, publicKeys } = readAuditKey(dataFolder(data, context));
      context.out(
        json === true ? `${JSON.stringify({ key: name, public_keys: publicKeys })}\n` : publicKeys.join(""),
      );
    });
  audit
    .command("rotate-key")
    .description("make a new key; the old one signs that the new one follows it, and is destroyed")
    .option("--data <folder>", "the broker's data folder (default: ~/.local/share/keywright)")
    .option("--json", "as JSON, for scripts")
    .addHelpText(
      "after",
      "\nA running broker signs with it from the next checkpoint on. Whoever has the old public key can verify on:\n" +
        "the checkpoints of the new key carry the old key's word for it.\n\nExample:\n  keywright audit rotate-key --data ./broker",
    )
    .action(async ({ data, json }: KeyOptions) => {
      const result = await administered(dataFolder(data, context), { op: "rotate_audit_key" }, context);
      context.out(
        json === true ? `${JSON.stringify(result)}\n` : `${result["key"]} follows ${result["follows"]}\n`,
      );
    });
}
