// `keywright audit verify`: whether the record is whole, by its own chain and by checkpoints that were kept elsewhere.
import type { Command } from "commander";
import { readFileSync } from "node:fs";
import { verifyChain, type Verdict } from "../audit/read.ts";
import { readCheckpoints, readPublicKeys, type Witness } from "../audit/verify-checkpoints.ts";
import { KeywrightError } from "../errors.ts";
import { sourceOf, withSource, type SourceOptions } from "./audit-source.ts";
import type { CliContext } from "./context.ts";

interface VerifyOptions extends SourceOptions {
  readonly checkpoint?: string;
  readonly key?: string;
}

const EXAMPLES = `
A chain shows what happened between its first and its last entry. That its end was cut off, or that all of it was
written anew, only shows by checkpoints: lines that the broker signed (\`checkpoints\` in its configuration) and that were
kept out of reach of whoever can write its data. Their public key comes from \`keywright audit key\`; without --key the one
in the data folder is taken.

Examples:
  keywright audit verify
  keywright audit verify --data ./broker --json
  keywright audit verify --data ./broker --checkpoint /mnt/elsewhere/checkpoints.jsonl --key broker-audit.pub`;

export function addAuditVerify(audit: Command, context: CliContext): void {
  withSource(audit.command("verify"))
    .description("check that no entry was changed, taken out or put in; exit code 9 when one was")
    .option("--checkpoint <file>", "checkpoints of this chain, one a line")
    .option("--key <file>", "the public keys that sign them, PEM")
    .option("--json", "the result as JSON, for scripts")
    .addHelpText("after", EXAMPLES)
    .action((options: VerifyOptions) => verify(options, context));
}

async function verify(options: VerifyOptions, context: CliContext): Promise<void> {
  const source = await sourceOf(options, context);
  const witness = await witnessOf(options);
  const verdict = verifyChain(source.after(0, true), { whole: source.whole, witness });
  const checkpoints = witness && { number: witness.checkpoints, count: witness.count };
  if (options.json === true) context.out(`${JSON.stringify({ ...verdict, checkpoints })}\n`);
  if (!verdict.ok) throw faultOf(verdict);
  if (options.json !== true) context.out(`${successOf(verdict, source.place, witness)}\n`);
}

async function witnessOf({ checkpoint, key, data }: VerifyOptions): Promise<Witness | undefined> {
  if (checkpoint === undefined) {
    if (key === undefined) return undefined;
    throw new KeywrightError("usage", "--key is for checkpoints", {
      hint: "Name them with --checkpoint FILE.",
    });
  }
  return readCheckpoints(
    textOf(checkpoint),
    checkpoint,
    readPublicKeys(await pemOf(key, data), key ?? data ?? ""),
  );
}

async function pemOf(key: string | undefined, data: string | undefined): Promise<string> {
  if (key !== undefined) return textOf(key);
  if (data !== undefined) {
    const { readAuditKey } = await import("../audit/audit-key.ts");
    return readAuditKey(data).publicKeys.join("");
  }
  throw new KeywrightError("usage", "checkpoints prove nothing without the public key that signs them", {
    hint: "Give it with --key FILE; `keywright audit key --data DIR` prints it.",
  });
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    const { code = "unknown error" } = cause as NodeJS.ErrnoException;
    throw new KeywrightError(
      code === "ENOENT" ? "not_found" : "configuration",
      `${file} cannot be read (${code})`,
      {
        cause,
      },
    );
  }
}

function faultOf(verdict: Extract<Verdict, { ok: false }>): KeywrightError {
  return new KeywrightError("audit", `${verdict.place}: entry ${verdict.seq} ${verdict.fault}`, {
    hint: "Everything before it is whole. Compare with a backup, and keep this file as evidence.",
  });
}

function successOf(
  { count, first, head }: Extract<Verdict, { ok: true }>,
  place: string,
  witness: Witness | undefined,
): string {
  if (head === undefined) return `no entries in ${place}`;
  const signed =
    witness === undefined ? "" : `; the first ${witness.count} as ${witness.checkpoints} checkpoints say`;
  return `${count} ${count === 1 ? "entry" : "entries"} (${first} to ${head.seq}), whole${signed}; head ${head.hash}`;
}
